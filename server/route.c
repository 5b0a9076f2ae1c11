/* route.c - who answers a request. */
/* SPDX-License-Identifier: MIT */
/*
 * A WebSocket endpoint answers requests that ask for a WebSocket, and an
 * endpoint of another kind answers the rest. So a page and a WebSocket can have
 * one address. routes.c says which endpoint a path has.
 */
#include "route.h"

#include <stdio.h>
#include <string.h>

#include "websocket/handshake.h"
#include "base/mem.h"

/* Return the path of a request below the base path. */
static struct ws_span
path_of(const struct ws_request *rq)
{
	return (
	    struct ws_span){ rq->base + rq->head->path_at + rq->prefix_octets,
		rq->head->path_octets - rq->prefix_octets };
}

/* ---- answering --------------------------------------------------------- */

/* Refuse the page of another origin, and log which: it is mostly that of a
 * developer's own, or a proxy that has changed Host. */
static void
refuse_origin(struct ws_request *rq, const char *reason)
{
	struct ws_span origin = { "", 0 };
	char detail[320];

	(void)ws_http_field(rq->head, rq->base, WS_SPAN("Origin"), &origin);
	(void)snprintf(detail, sizeof(detail), "Origin %.*s, Host %.*s",
	    origin.len < 140 ? (int)origin.len : 140, origin.at,
	    rq->head->host_octets < 140 ? (int)rq->head->host_octets : 140,
	    rq->base + rq->head->host_at);
	ws_request_refuse_with(rq, 403, reason, detail);
}

static void
answer_upgrade(const struct ws_server *server, struct ws_request *rq)
{
	const struct ws_route *route =
	    ws_routes_find(server, path_of(rq), true);
	const char *reason;
	int status;

	if (route == NULL) {
		ws_request_refuse(
		    rq, 404, "there is no WebSocket at this path");
		return;
	}
	rq->user = route->user;
	status = ws_handshake_check(rq->head, rq->base, &reason);
	/* RFC 6455 4.4: say which version is understood. */
	if (status == 426)
		(void)ws_reply_field(rq, "Sec-WebSocket-Version", "13");
	if (status == 405)
		(void)ws_reply_field(rq, "Allow", "GET");
	if (status != 0) {
		ws_request_refuse(rq, status, reason);
		return;
	}
	if (!ws_handshake_origin(rq->head, rq->base, rq->conn->core->origin,
		route->endpoint.handler.origin, &reason)) {
		refuse_origin(rq, reason);
		return;
	}
	if (server->core.pmd.enabled &&
	    !ws_handshake_extensions(rq->head, rq->base)) {
		ws_request_refuse(
		    rq, 400, "Sec-WebSocket-Extensions is malformed");
		return;
	}
	if (server->core.stopping) {
		ws_request_refuse(rq, 503, "the server is shutting down");
		return;
	}
	rq->endpoint = &route->endpoint;
	if (route->endpoint.handler.upgrade != NULL) {
		struct ws_conn *c = rq->conn;

		route->endpoint.handler.upgrade(rq);
		/* An endpoint whose ws_accept failed does not want the
		 * default. */
		if (c->request != rq || c->state != WS_CONN_HTTP ||
		    rq->accept_tried)
			return;
	}
	(void)ws_accept(rq, NULL, NULL);
}

static void
answer_http(const struct ws_route *route, struct ws_request *rq)
{
	rq->user = route->user;
	if (route->methods == NULL ||
	    ws_route_has_method(route->methods,
		ws_span_of(ws_http_method_name(rq->head->method)))) {
		rq->broken = NULL;
		route->handler(rq);
		return;
	}
	(void)ws_reply_field(rq, "Allow", route->methods);
	ws_request_refuse(rq, 405, "this path does not know the method");
}

static void
answer_files(const struct ws_route *route, struct ws_request *rq)
{
	struct ws_static_ask ask = {
		.root = route->files,
		.options = &route->files_options,
		.fields = route->fields,
		.path = path_of(rq),
	};

	if (route->files_options.before != NULL) {
		struct ws_conn *c = rq->conn;

		route->files_options.before(rq);
		if (c->request != rq || c->state != WS_CONN_HTTP)
			return;
	}
	ask.path.at += route->path_len - 1;
	ask.path.len -= route->path_len - 1;
	if (ws_request_static(rq, &ask) == 503 &&
	    ws_files_is_there(route->files))
		ws_listen_warn(ws_server_of_core(rq->conn->core),
		    "out of file descriptors", "refusing files");
}

/* Take the base path off a request. Returns whether it was there. */
static bool
strip_base(const struct ws_server *server, struct ws_request *rq)
{
	size_t len = strlen(server->base_path);
	struct ws_span path;

	rq->prefix_octets = 0; /* ws_route_head may have taken it off */
	path = path_of(rq);
	if (path.len < len || memcmp(path.at, server->base_path, len) != 0 ||
	    (path.len > len && path.at[len] != '/'))
		return false;
	rq->prefix_octets = len;
	/* Careless proxies send "//echo". What follows has one slash. */
	for (; path.len > len + 1 && path.at[len + 1] == '/'; len++)
		rq->prefix_octets++;
	return true;
}

/* Redirect the base path to itself with a slash, so that the relative links of
 * its page work. RFC 9110 15.4.9. The query may be as long as a head. */
static void
redirect_to_base(struct ws_server *server, struct ws_request *rq)
{
	const char *mark = rq->head->has_query ? "?" : "";
	size_t query = rq->head->has_query ? rq->head->query_octets : 0;
	size_t size = strlen(server->base_path) + query + sizeof("/?");
	char *head = ws_mem_resize(NULL, WS_REPLY_HEAD + 2 * size), *location;
	struct ws_http_out out;

	if (head == NULL) {
		ws_conn_kill(rq->conn, "out of memory");
		return;
	}
	location = head + WS_REPLY_HEAD + size;
	(void)snprintf(location, size, "%s/%s%.*s", server->base_path, mark,
	    (int)query, rq->base + rq->head->query_at);
	if (ws_request_prepare(rq) > 0) {
		ws_http_out_status(&out, head, WS_REPLY_HEAD + size, 308);
		ws_http_out_number(&out, "Content-Length", 0);
		ws_request_common(rq, &out);
		ws_http_out_field(&out, "Location", ws_span_of(location));
		rq->status = 308;
		(void)ws_request_answer(rq, &out, NULL, 0);
	}
	ws_mem_free(head);
}

void
ws_route_request(struct ws_request *request)
{
	struct ws_server *server = ws_server_of_core(request->conn->core);
	struct ws_span path = path_of(request);
	const struct ws_route *route, *websocket;

	/* RFC 9110 9.3.7: OPTIONS * asks about the server as a whole. */
	if (path.len == 1 && path.at[0] == '*') {
		(void)ws_reply_field(request, "Allow", ws_route_methods);
		(void)ws_reply(request, 204, NULL, NULL, 0);
		return;
	}
	if (request->head->method == WS_HTTP_CONNECT ||
	    request->head->method == WS_HTTP_TRACE) {
		(void)ws_reply_field(request, "Allow", ws_route_methods);
		ws_request_refuse(request, 405, "this is no proxy");
		return;
	}
	if (!strip_base(server, request)) {
		ws_request_refuse(
		    request, 404, "there is nothing at this path");
		return;
	}
	path = path_of(request);
	if (path.len == 0) {
		redirect_to_base(server, request);
		return;
	}
	if (ws_handshake_wanted(request->head, request->base)) {
		answer_upgrade(server, request);
		return;
	}
	route = ws_routes_find(server, path, false);
	websocket = ws_routes_find(server, path, true);
	if (websocket != NULL &&
	    (route == NULL || websocket->path_len > route->path_len)) {
		(void)ws_reply_field(request, "Sec-WebSocket-Version", "13");
		ws_request_refuse(request, 426, "only a WebSocket is here");
	} else if (route == NULL)
		ws_request_refuse(
		    request, 404, "there is nothing at this path");
	else if (route->kind == WS_ROUTE_HTTP)
		answer_http(route, request);
	else
		answer_files(route, request);
}

/* Return whether a request with a body is refused whatever the body is, so that
 * a client that waits with it need not send it. RFC 9110 section 10.1.1. */
static bool
will_refuse(const struct ws_route *route, const struct ws_request *rq)
{
	int method = rq->head->method;

	if (route == NULL || method == WS_HTTP_CONNECT ||
	    method == WS_HTTP_TRACE)
		return true;
	if (route->kind == WS_ROUTE_FILES)
		return method != WS_HTTP_GET && method != WS_HTTP_HEAD &&
		       method != WS_HTTP_OPTIONS;
	return route->methods != NULL &&
	       !ws_route_has_method(
		   route->methods, ws_span_of(ws_http_method_name(method)));
}

void
ws_route_head(struct ws_request *request)
{
	struct ws_server *server = ws_server_of_core(request->conn->core);
	const struct ws_route *route;

	if (!strip_base(server, request) ||
	    ws_handshake_wanted(request->head, request->base))
		return;
	route = ws_routes_find(server, path_of(request), false);
	if (request->head->expect_continue && will_refuse(route, request)) {
		ws_route_request(request);
		return;
	}
	if (route == NULL || route->kind != WS_ROUTE_HTTP)
		return;
	if (route->body_max > 0)
		request->body_max = route->body_max;
	request->user = route->user;
	request->broken = route->broken;
	if (route->early != NULL)
		route->early(request);
}
