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

#include "base/mem.h"
#include "base/origin.h"
#include "base/url.h"
#include "server.h"
#include "websocket/handshake.h"

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
	return ws_http_method_name(request->head->method);
}

const char *
ws_request_path(const struct ws_request *request)
{
	size_t end =
	    request->head->path_at + (size_t)request->head->path_octets;

	/* RFC 9112 3.2.2: an absolute-form without a path means "/", and is the
	 * one case in which no separator follows. */
	if (request->base[end] != ' ' && request->base[end] != '?' &&
	    request->base[end] != '\0')
		return "/";
	return terminate(request,
	    request->head->path_at + request->prefix_octets,
	    request->head->path_octets - request->prefix_octets);
}

const char *
ws_request_query(const struct ws_request *request)
{
	if (!request->head->has_query)
		return "";
	return terminate(
	    request, request->head->query_at, request->head->query_octets);
}

const char *
ws_request_field(const struct ws_request *request, const char *name)
{
	struct ws_span value;

	if (name == NULL || ws_http_field(request->head, request->base,
				ws_span_of(name), &value) == 0)
		return NULL;
	return terminate(
	    request, (size_t)(value.at - request->base), value.len);
}

void
ws_request_fields(const struct ws_request *request,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg)
{
	for (unsigned i = 0; i < request->head->nfields; i++) {
		const struct ws_http_field *f = &request->head->fields[i];
		const char *name =
		    terminate(request, f->name_at, f->name_octets);

		if (!visit(name,
			terminate(request, f->value_at, f->value_octets), arg))
			return;
	}
}

/* ---- parameters -------------------------------------------------------- */

long
ws_percent_decode(const char *encoded, char *out, size_t size)
{
	ssize_t n = -1;

	if (encoded != NULL)
		n = ws_url_decode(ws_span_of(encoded), out, size, 0);
	return n < 0 || (size_t)n <= size ? (long)n : -1;
}

/* Begin to write a value that a client sent: "" until there is one.
 * Returns 0, or WS_EINVAL when there is no name or no room. */
static int
begin_value(const char *name, char *value, size_t size)
{
	if (size > 0)
		value[0] = '\0';
	return name != NULL && size > 0 ? 0 : WS_EINVAL;
}

/* Decode a name or value of a query to a C string. Returns its length,
 * WS_EMALFORMED or WS_ETOOLONG; the text is "" then. */
static long
decode_text(struct ws_span encoded, char *text, size_t size)
{
	ssize_t n = ws_url_decode(encoded, text, size - 1, WS_URL_PLUS);

	text[0 < n && (size_t)n < size ? n : 0] = '\0';
	if (n < 0)
		return WS_EMALFORMED;
	if ((size_t)n < size && strlen(text) == (size_t)n)
		return (long)n;
	text[0] = '\0';
	return (size_t)n < size ? WS_EMALFORMED : WS_ETOOLONG;
}

static struct ws_span
query_of(const struct ws_request *rq)
{
	if (!rq->head->has_query)
		return (struct ws_span){ "", 0 };
	return (struct ws_span){ rq->base + rq->head->query_at,
		rq->head->query_octets };
}

long
ws_request_param(const struct ws_request *request, const char *name,
    char *value, size_t size)
{
	struct ws_span query = query_of(request), key, encoded;

	if (begin_value(name, value, size) < 0)
		return WS_EINVAL;
	while (ws_url_next(&query, &key, &encoded)) {
		if (ws_url_is(key, name, WS_URL_PLUS))
			return decode_text(encoded, value, size);
	}
	return WS_EABSENT;
}

/* Decode a pair of the query and show it.
 *   room, size  for both texts
 * Returns 1 to go on, 0 to end the walk, or WS_EMALFORMED. */
static int
visit_pair(struct ws_span key, struct ws_span encoded, char *room, size_t size,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg)
{
	long n = decode_text(key, room, size);
	char *value = room + n + 1;

	if (n < 0 || decode_text(encoded, value, size - (size_t)n - 1) < 0)
		return WS_EMALFORMED;
	return visit(room, value, arg);
}

long
ws_request_params(const struct ws_request *request,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg)
{
	struct ws_span query = query_of(request), key, encoded;
	size_t size =
	    query.len + 2; /* two terminators; decoding adds nothing */
	char *room = ws_mem_resize(NULL, size);
	long count = 0;
	int more = 1;

	if (room == NULL)
		return WS_ENOMEM;
	while (more > 0 && ws_url_next(&query, &key, &encoded)) {
		more = visit_pair(key, encoded, room, size, visit, arg);
		count++;
	}
	ws_mem_free(room);
	return more < 0 ? more : count;
}

/* ---- cookies ----------------------------------------------------------- */

/* Take the next pair off a Cookie. RFC 6265 4.2.1: "; " stands between two.
 * Returns false when nothing is left. */
static bool
next_cookie(struct ws_span *rest, struct ws_span *name, struct ws_span *value)
{
	struct ws_span pair;

	if (rest->len == 0)
		return false;
	while (rest->len > 0 && *rest->at == ' ')
		ws_span_drop(rest, 1);
	pair = ws_span_split(*rest, ';', rest);
	*name = ws_span_split(pair, '=', value);
	return true;
}

/* Find a cookie in one Cookie field. Returns whether it is there. */
static bool
find_cookie(struct ws_span field, const char *wanted, struct ws_span *value)
{
	struct ws_span name;

	while (next_cookie(&field, &name, value)) {
		if (name.at + name.len != value->at &&
		    ws_span_equal(name, ws_span_of(wanted)))
			return true;
	}
	return false;
}

/* HTTP/2 splits Cookie into several fields, and a proxy may pass them on (RFC
 * 9113 8.2.3). */
long
ws_request_cookie(const struct ws_request *request, const char *name,
    char *value, size_t size)
{
	struct ws_span found = { NULL, 0 };

	if (begin_value(name, value, size) < 0)
		return WS_EINVAL;
	for (unsigned i = 0; i < request->head->nfields; i++) {
		const struct ws_http_field *f = &request->head->fields[i];
		struct ws_span field = { request->base + f->value_at,
			f->value_octets };

		if (ws_span_equal_nocase(
			(struct ws_span){
			    request->base + f->name_at, f->name_octets },
			WS_SPAN("Cookie")) &&
		    find_cookie(field, name, &found))
			break;
		found.at = NULL;
	}
	if (found.at == NULL)
		return WS_EABSENT;
	while (found.len > 0 && found.at[found.len - 1] == ' ')
		found.len--;
	if (found.len >= 2 && found.at[0] == '"' &&
	    found.at[found.len - 1] == '"')
		found = (struct ws_span){ found.at + 1, found.len - 2 };
	if (found.len >= size)
		return WS_ETOOLONG;
	memcpy(value, found.at, found.len);
	value[found.len] = '\0';
	return (long)found.len;
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

/* ---- whose page it is -------------------------------------------------- */

/* Return the origin that an absolute address begins with. RFC 3986 section 3. */
static struct ws_span
origin_of(struct ws_span address)
{
	size_t at = 0;
	int slashes = 0;

	while (at < address.len) {
		slashes += address.at[at] == '/';
		if (slashes == 3 || address.at[at] == '?')
			break;
		at++;
	}
	return (struct ws_span){ address.at, at };
}

bool
ws_request_is_foreign(const struct ws_request *request)
{
	const struct ws_http_head *head = request->head;
	const char *allowed = request->conn->core->origin;
	struct ws_span host = { request->base + head->host_at,
		head->host_octets };
	struct ws_span value = { "", 0 };
	const char *reason;

	if (ws_http_field(head, request->base, WS_SPAN("Origin"), &value) > 0)
		return !ws_handshake_origin(
		    head, request->base, allowed, NULL, &reason);
	if (ws_http_field(
		head, request->base, WS_SPAN("Sec-Fetch-Site"), &value) > 0 &&
	    ws_span_equal_nocase(value, WS_SPAN("cross-site")))
		return allowed == NULL || strcmp(allowed, "*") != 0;
	if (ws_http_field(head, request->base, WS_SPAN("Referer"), &value) == 0)
		return false;
	value = origin_of(value);
	return !ws_origin_same(value, host) &&
	       (allowed == NULL || !ws_origin_listed(value, allowed));
}

/* ---- pointers ---------------------------------------------------------- */

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
