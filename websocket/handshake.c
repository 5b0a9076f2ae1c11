/* handshake.c - the opening handshake, server side (RFC 6455 section 4.2). */
/* SPDX-License-Identifier: MIT */
/*
 *	GET /chat HTTP/1.1                       HTTP/1.1 101 Switching Protocols
 *	Host: server.example.com                 Upgrade: websocket
 *	Upgrade: websocket                       Connection: Upgrade
 *	Connection: Upgrade               ──▶    Sec-WebSocket-Accept:
 *	Sec-WebSocket-Key:                           s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
 *	    dGhlIHNhbXBsZSBub25jZQ==             Sec-WebSocket-Protocol: chat
 *	Sec-WebSocket-Version: 13
 *	Sec-WebSocket-Protocol: chat, superchat
 *	Origin: http://example.com
 *
 * The accept key proves that the server has read the request as a WebSocket
 * handshake: base64(SHA-1(key + GUID)). It authenticates nobody. Origin is the
 * only thing that keeps the page of another site from using the visitor's
 * cookies here, so it is checked unless the operator says otherwise.
 */
#include "base/origin.h"
#include "base64.h"
#include "http/field.h"
#include "handshake.h"
#include "pmd.h"
#include "sha1.h"

/* RFC 6455 section 1.3. */
static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool
ws_handshake_wanted(const struct ws_http_head *head, const char *buf)
{
	return ws_http_has_token(
	    head, buf, WS_SPAN("Upgrade"), WS_SPAN("websocket"));
}

/* RFC 6455 section 4.2.1 item 5: base64 that decodes to 16 octets. The example
 * of section 4.1, AQIDBAUGBwgJCgsMDQ4PEC==, has bits set behind its sixteenth
 * octet. RFC 4648 does not allow that, but nobody can refuse the RFC's own
 * example. So the padding is replaced by two characters before decoding. */
static bool
is_key(struct ws_span key)
{
	uint8_t nonce[WS_BASE64_DECODED(24)];
	char whole[24];

	if (key.len != 24 || memcmp(key.at + 22, "==", 2) != 0)
		return false;
	memcpy(whole, key.at, 22);
	memcpy(whole + 22, "AA", 2);
	return ws_base64_decode(whole, 24, nonce) == 18;
}

int
ws_handshake_check(
    const struct ws_http_head *head, const char *buf, const char **reason)
{
	struct ws_span key = { 0 }, version = { 0 };
	unsigned keys, versions;

	/* RFC 6455 section 4.2.1 item 1: GET, and HTTP/1.1 or higher. */
	*reason = "a WebSocket is opened with GET";
	if (head->method != WS_HTTP_GET)
		return 405;
	*reason = "a WebSocket needs HTTP/1.1";
	if (head->minor < 1)
		return 400;
	/* Items 3 and 4. */
	*reason = "Connection does not name Upgrade";
	if (!head->upgrade)
		return 400;
	/* Our choice: a body would be taken for the first frames. */
	*reason = "an opening handshake has no body";
	if (head->chunked || head->content_octets > 0)
		return 400;
	versions = ws_http_field(
	    head, buf, WS_SPAN("Sec-WebSocket-Version"), &version);
	/* Item 6. Section 4.4: answer another version with 426 and ours. */
	*reason = "Sec-WebSocket-Version is missing";
	if (versions == 0)
		return 400;
	*reason = "this server speaks WebSocket version 13";
	if (versions != 1 || !ws_span_equal(version, WS_SPAN("13")))
		return 426;
	/* Item 5. */
	keys = ws_http_field(head, buf, WS_SPAN("Sec-WebSocket-Key"), &key);
	*reason = keys == 0 ? "Sec-WebSocket-Key is missing"
			    : "Sec-WebSocket-Key is not base64 of 16 octets";
	return keys == 1 && is_key(key) ? 0 : 400;
}

void
ws_handshake_accept(const struct ws_http_head *head, const char *buf,
    char accept[WS_ACCEPT_SIZE])
{
	struct ws_span key = { 0 };
	uint8_t digest[WS_SHA1_SIZE];
	struct ws_sha1 sha1;

	(void)ws_http_field(head, buf, WS_SPAN("Sec-WebSocket-Key"), &key);
	ws_sha1_init(&sha1);
	ws_sha1_update(&sha1, key.at, key.len);
	ws_sha1_update(&sha1, guid, sizeof(guid) - 1);
	ws_sha1_final(&sha1, digest);
	(void)ws_base64_encode(digest, sizeof(digest), accept);
}

bool
ws_handshake_extensions(const struct ws_http_head *head, const char *buf)
{
	static const struct ws_pmd_policy policy = { 0 };
	struct ws_pmd_answer answer;
	struct ws_pmd agreed;

	return ws_pmd_negotiate(head, buf, &policy, &agreed, &answer);
}

bool
ws_handshake_first(const struct ws_http_head *head, const char *buf,
    struct ws_span *subprotocol)
{
	struct ws_span list;
	size_t i = 0;

	if (ws_http_field(
		head, buf, WS_SPAN("Sec-WebSocket-Protocol"), &list) == 0 ||
	    !ws_field_next(&list, subprotocol))
		return false;
	while (i < subprotocol->len &&
	       ws_http_is(subprotocol->at[i], WS_HTTP_TOKEN))
		i++;
	return i == subprotocol->len;
}

bool
ws_handshake_offers(const struct ws_http_head *head, const char *buf,
    struct ws_span subprotocol)
{
	struct ws_span list, member;

	for (unsigned n = 0; ws_http_field_nth(
		 head, buf, WS_SPAN("Sec-WebSocket-Protocol"), n, &list);
	     n++) {
		while (ws_field_next(&list, &member)) {
			if (ws_span_equal(member, subprotocol))
				return true;
		}
	}
	return false;
}

/* ---- origin ------------------------------------------------------------ */

bool
ws_handshake_origin(const struct ws_http_head *head, const char *buf,
    const char *allowed, const char *also, const char **reason)
{
	struct ws_span host = { buf + head->host_at, head->host_octets };
	struct ws_span origin = { 0 };
	unsigned count = ws_http_field(head, buf, WS_SPAN("Origin"), &origin);

	*reason = "more than one Origin";
	if (count > 1)
		return false;
	*reason = "the page comes from another origin than this server";
	return count == 0 || ws_origin_same(origin, host) ||
	       (allowed != NULL && ws_origin_listed(origin, allowed)) ||
	       (also != NULL && ws_origin_listed(origin, also));
}
