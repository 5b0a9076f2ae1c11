/* fuzz_handshake.c - the opening handshake over any head that parses. */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "websocket/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A verdict and its reason belong together. */
static void
check_verdict(const struct ws_http_head *head, const char *buf)
{
	const char *reason = NULL;
	char accept[WS_ACCEPT_SIZE];
	struct ws_span key = { 0 };
	int status = ws_handshake_check(head, buf, &reason);

	if (status != 0 && status != 400 && status != 405 && status != 426)
		abort();
	if (status != 0 && (reason == NULL || reason[0] == '\0'))
		abort();
	ws_handshake_accept(head, buf, accept);
	if (accept[WS_ACCEPT_SIZE - 1] != '=')
		abort();
	if (status != 0)
		return;
	if (head->method != WS_HTTP_GET || head->minor < 1 ||
	    head->host_octets == 0 || !head->upgrade)
		abort();
	if (ws_http_field(head, buf, WS_SPAN("Sec-WebSocket-Key"), &key) != 1 ||
	    key.len != 24)
		abort();
}

/* Who is allowed by the strict rule is allowed by the loosest, unless the
 * field came twice; and a list of nothing allows no other page. */
static void
check_origin(const struct ws_http_head *head, const char *buf)
{
	const char *reason = NULL;
	struct ws_span value;
	unsigned count = ws_http_field(head, buf, WS_SPAN("Origin"), &value);
	bool same = ws_handshake_origin(head, buf, NULL, NULL, &reason);
	bool any = ws_handshake_origin(head, buf, "*", NULL, &reason);

	if (any != (count <= 1) || (same && !any))
		abort();
	if (ws_handshake_origin(head, buf, "", "", &reason) != same)
		abort();
	if (same && count == 1 && value.len <= head->host_octets)
		abort(); /* it has a scheme in front */
}

/* Each subprotocol of the list is offered, by itself. */
static void
check_offers(const struct ws_http_head *head, const char *buf)
{
	struct ws_span value;

	if (ws_handshake_offers(head, buf, WS_SPAN("")))
		abort();
	if (ws_http_field(
		head, buf, WS_SPAN("Sec-WebSocket-Protocol"), &value) == 0) {
		if (ws_handshake_offers(head, buf, WS_SPAN("chat")))
			abort();
		return;
	}
	if (value.len > 0 && memchr(value.at, ',', value.len) == NULL &&
	    !ws_handshake_offers(head, buf, value))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ws_http_head head;
	char *buf = malloc(len + 1); /* of exactly this size, for overreads */
	ssize_t size;

	if (buf == NULL)
		return 0;
	memcpy(buf, data, len);
	ws_http_init(&head, 16384, 2048);
	size = ws_http_parse(&head, buf, len);
	if (size > 0) {
		if (ws_handshake_wanted(&head, buf) <
		    ws_http_has_token(
			&head, buf, WS_SPAN("Upgrade"), WS_SPAN("WebSocket")))
			abort();
		check_verdict(&head, buf);
		check_origin(&head, buf);
		check_offers(&head, buf);
	}
	free(buf);
	return 0;
}
