/* request.c - what the application sees of a request. */
/* SPDX-License-Identifier: MIT */
/*
 * Strings are handed out as C strings without a copy: they are in the head,
 * where each has a separator behind it that was parsed already. A NUL replaces
 * the separator.
 *
 *	GET /chat?room=1 HTTP/1.1\r\n          ws_request_path: "/chat"
 *	         ^      ^
 *	Host: example.com\r\n                  ws_request_field: "example.com"
 *	    ^            ^
 */
#include <string.h>

#include "base/url.h"
#include "server.h"

/* ---- strings ----------------------------------------------------------- */

/* Turn a part of the head into a C string. */
static const char *
terminate(const struct ws_request *rq, size_t at, size_t octets)
{
	rq->base[at + octets] = '\0';
	return rq->base + at;
}

const char *
ws_request_method(const struct ws_request *request)
{
	return ws_http_method_name(request->head.method);
}

const char *
ws_request_path(const struct ws_request *request)
{
	size_t end = request->head.path_at + (size_t)request->head.path_octets;

	/* RFC 9112 3.2.2: an absolute-form without a path means "/", and is the
	 * one case in which no separator follows. */
	if (request->base[end] != ' ' && request->base[end] != '?' &&
	    request->base[end] != '\0')
		return "/";
	return terminate(request,
	    request->head.path_at + request->prefix_octets,
	    request->head.path_octets - request->prefix_octets);
}

const char *
ws_request_query(const struct ws_request *request)
{
	if (!request->head.has_query)
		return "";
	return terminate(
	    request, request->head.query_at, request->head.query_octets);
}

const char *
ws_request_field(const struct ws_request *request, const char *name)
{
	struct ws_span value;

	if (ws_http_field(
		&request->head, request->base, ws_span_of(name), &value) == 0)
		return NULL;
	return terminate(
	    request, (size_t)(value.at - request->base), value.len);
}

void
ws_request_fields(const struct ws_request *request,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg)
{
	for (unsigned i = 0; i < request->head.nfields; i++) {
		const struct ws_http_field *f = &request->head.fields[i];
		const char *name =
		    terminate(request, f->name_at, f->name_octets);

		if (!visit(name,
			terminate(request, f->value_at, f->value_octets), arg))
			return;
	}
}

/* ---- parameters -------------------------------------------------------- */

/* Decode a percent-encoded text of any length. RFC 3986 section 2.1.
 *   plus       '+' is a space, as in a form
 *   out, size  receive the octets
 * Returns how many there are, or -1 when the text is malformed, they do not
 * fit, or out of memory. */
static long
decode(struct ws_span encoded, unsigned flags, char *out, size_t size)
{
	ssize_t n = ws_url_decode(encoded, out, size, flags);

	return n < 0 || (size_t)n <= size ? (long)n : -1;
}

long
ws_percent_decode(const char *encoded, char *out, size_t size)
{
	return decode(ws_span_of(encoded), 0, out, size);
}

long
ws_request_param(const struct ws_request *request, const char *name,
    char *value, size_t size)
{
	struct ws_span query = { request->base + request->head.query_at,
		request->head.query_octets };
	struct ws_span key, encoded;
	long n;

	if (!request->head.has_query || size == 0)
		return -1;
	while (ws_url_next(&query, &key, &encoded)) {
		if (!ws_url_is(key, name, WS_URL_PLUS))
			continue;
		n = decode(encoded, WS_URL_PLUS, value, size - 1);
		if (n < 0 || memchr(value, '\0', (size_t)n) != NULL)
			return -1;
		value[n] = '\0';
		return n;
	}
	return -1;
}

/* ---- body, peer, pointers ---------------------------------------------- */

const void *
ws_request_body(const struct ws_request *request, size_t *len)
{
	*len = request->body != NULL ? request->body->len : 0;
	return request->body != NULL ? ws_buf_data(request->body) : NULL;
}

const char *
ws_request_peer(const struct ws_request *request, char text[WS_PEER_MAX])
{
	return ws_peer(request->conn, text);
}

void
ws_request_owner(const struct ws_request *request, unsigned char owner[16])
{
	ws_peers_owner(request->conn->peer.ip, owner);
}

void *
ws_request_user(const struct ws_request *request)
{
	return request->user;
}

void
ws_request_set_state(struct ws_request *request, void *state)
{
	request->state = state;
}

void *
ws_request_state(const struct ws_request *request)
{
	return request->state;
}

struct ws_server *
ws_request_server(const struct ws_request *request)
{
	return ws_server_of_core(request->conn->core);
}
