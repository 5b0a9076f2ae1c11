/* fuzz_sio_payload.c - bodies of Engine.IO: progress, and there and back. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "base64.h"
#include "sio/engine/jsonp.h"
#include "sio/engine/payload.h"
#include "sio/engine/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(bool good)
{
	if (!good)
		abort();
}

/* Decode base64 so that the packet is as the sender had it. */
static bool
decode(struct eio_packet *p, char *room)
{
	ssize_t n;

	if (p->form != EIO_BASE64)
		return true;
	n = ws_base64_decode(p->data, p->len, (uint8_t *)room);
	if (n < 0)
		return false;
	check((size_t)n <= p->len / 4 * 3);
	*p = (struct eio_packet){ p->type, EIO_BINARY, room, (size_t)n };
	return true;
}

/* Write a packet alone and read it again. */
static void
there_and_back(
    int protocol, enum eio_framing framing, const struct eio_packet *p)
{
	size_t bound = eio_payload_bound(framing, p), size;
	char *body = malloc(bound), *room = malloc(bound);
	struct eio_payload payload;
	struct eio_packet again;

	check(body != NULL && room != NULL);
	size = eio_payload_write(framing, p, true, body);
	check(size <= bound);
	eio_payload_begin(&payload, protocol, framing, body, size);
	/* A separator in a text cannot be told from one behind it. */
	if (framing != EIO_SEPARATED || p->form != EIO_TEXT || p->len == 0 ||
	    memchr(p->data, 0x1e, p->len) == NULL) {
		check(eio_payload_next(&payload, &again));
		check(decode(&again, room));
		check(again.type == p->type && again.len == p->len);
		check((again.form == EIO_TEXT) == (p->form == EIO_TEXT));
		check(p->len == 0 || memcmp(again.data, p->data, p->len) == 0);
		check(payload.ended && !payload.failed);
	}
	free(body);
	free(room);
}

static void
take_apart(int protocol, enum eio_framing framing, const char *in, size_t len)
{
	struct eio_payload payload;
	struct eio_packet p;
	char *room = malloc(len + 1);
	size_t before = 0;

	check(room != NULL);
	eio_payload_begin(&payload, protocol, framing, in, len);
	while (eio_payload_next(&payload, &p)) {
		check(payload.at > before || payload.ended);
		check(payload.at <= len);
		check(p.data >= in && p.data + p.len <= in + payload.at);
		before = payload.at;
		if (!decode(&p, room))
			continue;
		/* Protocol 4 has no binary data but messages. */
		if (p.form == EIO_TEXT || p.type == EIO_MESSAGE)
			there_and_back(protocol, framing, &p);
	}
	check(payload.ended || payload.failed);
	check(!eio_payload_next(&payload, &p));
	free(room);
}

static void
forms(const char *in, size_t len)
{
	struct ws_span value = eio_query_find((struct ws_span){ in, len }, "d");
	struct sio_text script = { 0 };
	char *copy = malloc(len + 1);

	check(copy != NULL);
	if (value.at != NULL) {
		ssize_t n = ws_url_decode(
		    value, copy, value.len, WS_URL_PLUS | WS_URL_LENIENT);

		check(value.at >= in && value.at + value.len <= in + len);
		check(n >= 0 && (size_t)n <= value.len);
	}
	memcpy(copy, in, len);
	check(eio_jsonp_unescape(copy, len) <= len);
	eio_jsonp_write(&script, "0", in, len);
	check(script.error == 0 && script.len >= len);
	sio_text_free(&script);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *in;

	if (len == 0)
		return 0;
	/* A block of its own, so that its end is watched. */
	in = malloc(len - 1 > 0 ? len - 1 : 1);
	check(in != NULL);
	memcpy(in, data + 1, len - 1);
	len--;
	switch (data[0] % 4) {
	case 0:
		take_apart(4, EIO_SEPARATED, in, len);
		break;
	case 1:
		take_apart(3, EIO_COUNTED, in, len);
		break;
	case 2:
		take_apart(3, EIO_OCTETS, in, len);
		break;
	case 3:
		forms(in, len);
		break;
	}
	free(in);
	return 0;
}
