/* fuzz_sio_payload.c - bodies of Engine.IO: progress, and there and back. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sio/engine/payload.h"

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
	int64_t n;

	if (p->form != EIO_BASE64)
		return true;
	n = eio_base64_decode(p->data, p->len, room);
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
	size_t size = eio_payload_size(framing, p, true);
	char *body = malloc(size), *room = malloc(size);
	struct eio_payload payload;
	struct eio_packet again;

	check(body != NULL && room != NULL);
	check(eio_payload_write(framing, p, true, body) == size);
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
	char *copy = malloc(len + 1), *script;
	const char *value = NULL;
	int64_t n = eio_form_find(in, len, "d", &value);
	size_t size;

	check(copy != NULL);
	if (n >= 0) {
		check(value >= in && value + n <= in + len);
		check(eio_form_decode(value, (size_t)n, copy) <= (size_t)n);
	}
	memcpy(copy, in, len);
	check(eio_jsonp_unescape(copy, len) <= len);
	size = eio_jsonp_size("0", in, len);
	script = malloc(size);
	check(script != NULL);
	check(eio_jsonp_write("0", in, len, script) == size);
	free(script);
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
