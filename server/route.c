/* route.c - who answers a request. */
/* SPDX-License-Identifier: MIT */
/*
 * An endpoint's path is "/exactly/this", "/this/and/below/" with a slash at its
 * end, or "/exactly/this/$", which stands for the path without the "$". The
 * longest path that matches wins, and of two equal ones the exact one. WebSocket
 * endpoints answer
 * requests that ask for a WebSocket, all others answer the rest; so a page and
 * a WebSocket can have one address.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "http/field.h"
#include "files/files.h"
#include "websocket/handshake.h"
#include "base/mem.h"
#include "server.h"
#include "files/static.h"

/* Octets of a Cache-Control. Every answer of the route repeats it in its head,
 * which has room for WS_REPLY_HEAD in all. */
#define CACHE_MAX 1000

/* Octets of the fields that an operator adds to files: as much as the common
 * proxies take of a head. */
#define FIELDS_OCTETS_MAX 8000

enum route_kind {
	ROUTE_WEBSOCKET,
	ROUTE_HTTP,
	ROUTE_FILES,
};

struct ws_route {
	struct ws_route *next;
	char *path; /* owned */
	size_t path_len;
	bool subtree; /* path ends in a slash */
	enum route_kind kind;
	struct ws_endpoint endpoint;                 /* ROUTE_WEBSOCKET */
	void (*handler)(struct ws_request *request); /* ROUTE_HTTP */
	char *methods;                               /* owned; NULL: all */
	size_t body_max;                             /* 0: the server's */
	void (*early)(struct ws_request *request);   /* NULL: nothing */
	/* NULL: nothing */
	void (*broken)(struct ws_request *request, int status);
	void *user;             /* borrowed */
	struct ws_files *files; /* owned; ROUTE_FILES */
	struct ws_files_options files_options;
	char *cache;  /* owned; of files_options */
	char **types; /* owned, and each of them; of files_options */
	struct ws_static_field *fields; /* owned */
};

/* ---- adding ------------------------------------------------------------ */

static void
free_route(struct ws_route *route)
{
	if (route == NULL)
		return;
	ws_files_free(route->files);
	ws_mem_free(route->path);
	ws_mem_free(route->methods);
	ws_mem_free(route->cache);
	for (char **type = route->types; type != NULL && *type != NULL; type++)
		ws_mem_free(*type);
	ws_mem_free(route->types);
	ws_static_fields_free(route->fields);
	ws_mem_free(route);
}

void
ws_route_free(struct ws_server *server)
{
	struct ws_route *route;

	while ((route = server->routes) != NULL) {
		server->routes = route->next;
		free_route(route);
	}
}

/* Measure the path of an endpoint without the "$" of "/$". */
static size_t
path_len(const char *path)
{
	size_t len = strlen(path);

	return len >= 2 && strcmp(path + len - 2, "/$") == 0 ? len - 1 : len;
}

/* Return whether a route is the one that a path, which begins with '/', adds or
 * has added. */
static bool
has_path(const struct ws_route *route, const char *path)
{
	return route->path_len == path_len(path) &&
	       memcmp(route->path, path, route->path_len) == 0 &&
	       route->subtree == (path[strlen(path) - 1] == '/');
}

/* Return whether a route comes before another one: it has a longer path, or the
 * same one and no path below it. */
static bool
is_before(const struct ws_route *route, const struct ws_route *other)
{
	return route->path_len > other->path_len ||
	       (route->path_len == other->path_len && other->subtree &&
		   !route->subtree);
}

static int
new_route(
    const char *path, enum route_kind kind, void *user, struct ws_route **out)
{
	struct ws_route *route;

	if (path == NULL || path[0] != '/')
		return WS_EINVAL;
	route = ws_mem_resize(NULL, sizeof(*route));
	if (route == NULL)
		return WS_ENOMEM;
	memset(route, 0, sizeof(*route));
	route->path = ws_mem_copy(path);
	if (route->path == NULL) {
		ws_mem_free(route);
		return WS_ENOMEM;
	}
	route->path_len = path_len(path);
	route->path[route->path_len] = '\0';
	route->subtree = path[strlen(path) - 1] == '/';
	route->kind = kind;
	route->user = user;
	*out = route;
	return 0;
}

/* Insert a route in its place, so that the first match is the best one.
 *   route  released on failure
 *   error  of the caller, which failed to complete it; or 0
 * Returns 0, error or WS_EEXIST. */
static int
add_route(struct ws_server *server, struct ws_route *route, int error)
{
	struct ws_route **link = &server->routes;

	for (const struct ws_route *r = *link; r != NULL; r = r->next) {
		if (strcmp(r->path, route->path) == 0 &&
		    r->subtree == route->subtree &&
		    (r->kind == ROUTE_WEBSOCKET) ==
			(route->kind == ROUTE_WEBSOCKET))
			error = error != 0 ? error : WS_EEXIST;
	}
	if (error != 0) {
		free_route(route);
		return error;
	}
	while (*link != NULL && !is_before(route, *link))
		link = &(*link)->next;
	route->next = *link;
	*link = route;
	return 0;
}

int
ws_endpoint(struct ws_server *server, const char *path,
    const struct ws_handler *handler, void *user)
{
	struct ws_route *route;
	int result = handler == NULL
			 ? WS_EINVAL
			 : new_route(path, ROUTE_WEBSOCKET, user, &route);

	if (result < 0)
		return result;
	route->endpoint =
	    (struct ws_endpoint){ .handler = *handler, .user = user };
	if (handler->max_message == 0)
		route->endpoint.handler.max_message =
		    server->core.limits.message_max;
	if (handler->deflate_min == 0)
		route->endpoint.handler.deflate_min =
		    server->core.limits.deflate_min;
	return add_route(server, route, 0);
}

static const char every_method[] = "GET, HEAD, OPTIONS, POST, PUT, PATCH, "
				   "DELETE";

/* Return whether a list of methods has one. RFC 9110 9.1: case matters. */
static bool
has_method(const char *methods, struct ws_span name)
{
	struct ws_span list = ws_span_of(methods), member;

	while (ws_field_next(&list, &member)) {
		if (ws_span_equal(member, name))
			return true;
	}
	return false;
}

/* Return whether a list of methods names one at least, and only such that an
 * endpoint can get. RFC 9110 5.6.1.1: nobody writes empty members. */
static bool
are_methods(const char *methods)
{
	struct ws_span list = ws_span_of(methods), member;
	size_t members = 0, commas = 0;

	while (ws_field_next(&list, &member)) {
		if (!has_method(every_method, member))
			return false;
		members++;
	}
	for (const char *p = methods; *p != '\0'; p++)
		commas += *p == ',';
	return members == commas + 1;
}

/* Copy a list of methods for Allow (RFC 9110 10.2.1): GET includes HEAD. */
static char *
copy_methods(const char *methods)
{
	const char *more = has_method(methods, WS_SPAN("GET")) &&
				   !has_method(methods, WS_SPAN("HEAD"))
			       ? ", HEAD"
			       : "";
	size_t len = strlen(methods), more_size = strlen(more) + 1;
	char *copy = ws_mem_resize(NULL, len + more_size);

	if (copy == NULL)
		return NULL;
	memcpy(copy, methods, len);
	memcpy(copy + len, more, more_size);
	return copy;
}

int
ws_http(struct ws_server *server, const char *path, const char *methods,
    void (*handler)(struct ws_request *request), void *user)
{
	struct ws_route *route;
	int result;

	if (handler == NULL || (methods != NULL && !are_methods(methods)))
		return WS_EINVAL;
	result = new_route(path, ROUTE_HTTP, user, &route);
	if (result < 0)
		return result;
	route->handler = handler;
	if (methods != NULL) {
		route->methods = copy_methods(methods);
		if (route->methods == NULL)
			result = WS_ENOMEM;
	}
	return add_route(server, route, result);
}

int
ws_http_body(struct ws_server *server, const char *path, size_t max_body,
    void (*early)(struct ws_request *request),
    void (*broken)(struct ws_request *request, int status))
{
	struct ws_route *r = server->routes;

	if (path == NULL || path[0] != '/')
		return WS_EINVAL;
	while (r != NULL && (r->kind != ROUTE_HTTP || !has_path(r, path)))
		r = r->next;
	if (r == NULL)
		return WS_EINVAL;
	r->body_max = max_body;
	r->early = early;
	r->broken = broken;
	return 0;
}

/* Return whether a text can be a field value. A Cache-Control that cannot would
 * make each answer fail. */
static bool
is_cache(const char *value)
{
	size_t len = strlen(value);

	return len <= CACHE_MAX && ws_http_skip_text(value, 0, len) == len;
}

/* Copy the types of the options. Returns 0 or as ws_files. */
static int
copy_types(struct ws_server *server, struct ws_route *route)
{
	const char *const *types = route->files_options.types;
	size_t count = 0;

	while (types != NULL && types[count] != NULL) {
		if (!ws_files_type_is_valid(types[count++])) {
			ws_log(&server->core.log, WS_LOG_ERROR,
			    "'%s' is not a type like glb=model/gltf-binary",
			    types[count - 1]);
			return WS_EINVAL;
		}
	}
	if (count == 0)
		return 0;
	route->types = ws_mem_resize(NULL, (count + 1) * sizeof(*types));
	if (route->types == NULL)
		return WS_ENOMEM;
	memset(route->types, 0, (count + 1) * sizeof(*types));
	for (size_t i = 0; i < count; i++) {
		route->types[i] = ws_mem_copy(types[i]);
		if (route->types[i] == NULL)
			return WS_ENOMEM;
	}
	ws_files_set_types(route->files, (const char *const *)route->types);
	return 0;
}

/* Read the fields of the options. Returns 0 or as ws_files. */
static int
read_fields(struct ws_server *server, struct ws_route *route)
{
	const char *bad;

	if (!ws_static_fields_new(
		&route->files_options, &route->fields, &bad)) {
		if (bad == NULL)
			return WS_ENOMEM;
		ws_log(&server->core.log, WS_LOG_ERROR,
		    "'%.200s' is not 'Name: value' or '/path: Name: value', or "
		    "a field that the server writes itself",
		    bad);
		return WS_EINVAL;
	}
	if (ws_static_fields_octets(route->fields) <= FIELDS_OCTETS_MAX)
		return 0;
	ws_log(&server->core.log, WS_LOG_ERROR,
	    "the header fields of files have more than %d octets",
	    FIELDS_OCTETS_MAX);
	return WS_EINVAL;
}

/* Take the options of files over. Returns 0 or as ws_files. */
static int
set_files_options(struct ws_server *server, struct ws_route *route)
{
	struct ws_files_options *options = &route->files_options;
	int result;

	if (!route->subtree)
		return WS_EINVAL;
	if (options->cache != NULL) {
		route->cache = ws_mem_copy(options->cache);
		options->cache = route->cache;
		if (route->cache == NULL)
			return WS_ENOMEM;
		if (!is_cache(route->cache))
			return WS_EINVAL;
	}
	result = copy_types(server, route);
	return result < 0 ? result : read_fields(server, route);
}

/* Add a route to files.
 *   files  owned from now on, released on failure
 * Returns as ws_files. */
static int
add_files(struct ws_server *server, const char *path, struct ws_files *files,
    const struct ws_files_options *options)
{
	struct ws_route *route;
	int result = new_route(path, ROUTE_FILES, NULL, &route);

	if (result < 0) {
		ws_files_free(files);
		return result;
	}
	route->files = files;
	if (options != NULL)
		route->files_options = *options;
	result = set_files_options(server, route);
	return add_route(server, route, result);
}

int
ws_files(struct ws_server *server, const char *path, const char *directory,
    const struct ws_files_options *options)
{
	struct ws_files *files;

	if (directory == NULL)
		return WS_EINVAL;
	files = ws_files_directory(directory);
	if (files == NULL)
		return errno == ENOMEM ? WS_ENOMEM : WS_ESYSTEM;
	ws_net_ignore_sigpipe();
	return add_files(server, path, files, options);
}

int
ws_assets(struct ws_server *server, const char *path,
    const struct ws_asset *assets, size_t count,
    const struct ws_files_options *options)
{
	struct ws_files *files =
	    ws_files_embedded(assets, count, ws_net_unix_s());

	if (files == NULL)
		return errno == ENOMEM ? WS_ENOMEM : WS_EINVAL;
	return add_files(server, path, files, options);
}

/* ---- finding ----------------------------------------------------------- */

/* Return the path of a request below the base path. */
static struct ws_span
path_of(const struct ws_request *rq)
{
	return (
	    struct ws_span){ rq->base + rq->head->path_at + rq->prefix_octets,
		rq->head->path_octets - rq->prefix_octets };
}

static bool
is_match(const struct ws_route *route, struct ws_span path)
{
	if (route->subtree ? path.len < route->path_len
			   : path.len != route->path_len)
		return false;
	return memcmp(path.at, route->path, route->path_len) == 0;
}

/* Find the longest match among the WebSocket endpoints, or among the others. */
static const struct ws_route *
find_route(const struct ws_server *server, struct ws_span path, bool websocket)
{
	for (const struct ws_route *r = server->routes; r != NULL;
	     r = r->next) {
		if ((r->kind == ROUTE_WEBSOCKET) == websocket &&
		    is_match(r, path))
			return r;
	}
	return NULL;
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
	const struct ws_route *route = find_route(server, path_of(rq), true);
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
	    has_method(route->methods,
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
 * its page work. RFC 9110 15.4.9. */
static void
redirect_to_base(struct ws_server *server, struct ws_request *rq)
{
	const char *mark = rq->head->has_query ? "?" : "";
	char location[2048];
	int len = snprintf(location, sizeof(location), "%s/%s%.*s",
	    server->base_path, mark, (int)rq->head->query_octets,
	    rq->base + rq->head->query_at);

	if (len >= (int)sizeof(location) ||
	    ws_reply_field(rq, "Location", location) < 0)
		ws_request_refuse(rq, 414, "the request-target is too long");
	else
		(void)ws_reply(rq, 308, NULL, NULL, 0);
}

void
ws_route_request(struct ws_request *request)
{
	struct ws_server *server = ws_server_of_core(request->conn->core);
	struct ws_span path = path_of(request);
	const struct ws_route *route, *websocket;

	/* RFC 9110 9.3.7: OPTIONS * asks about the server as a whole. */
	if (path.len == 1 && path.at[0] == '*') {
		(void)ws_reply_field(request, "Allow", every_method);
		(void)ws_reply(request, 204, NULL, NULL, 0);
		return;
	}
	if (request->head->method == WS_HTTP_CONNECT ||
	    request->head->method == WS_HTTP_TRACE) {
		(void)ws_reply_field(request, "Allow", every_method);
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
	route = find_route(server, path, false);
	websocket = find_route(server, path, true);
	if (websocket != NULL &&
	    (route == NULL || websocket->path_len > route->path_len)) {
		(void)ws_reply_field(request, "Sec-WebSocket-Version", "13");
		ws_request_refuse(request, 426, "only a WebSocket is here");
	} else if (route == NULL)
		ws_request_refuse(
		    request, 404, "there is nothing at this path");
	else if (route->kind == ROUTE_HTTP)
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
	if (route->kind == ROUTE_FILES)
		return method != WS_HTTP_GET && method != WS_HTTP_HEAD &&
		       method != WS_HTTP_OPTIONS;
	return route->methods != NULL &&
	       !has_method(
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
	route = find_route(server, path_of(request), false);
	if (request->head->expect_continue && will_refuse(route, request)) {
		ws_route_request(request);
		return;
	}
	if (route == NULL || route->kind != ROUTE_HTTP)
		return;
	if (route->body_max > 0)
		request->body_max = route->body_max;
	request->user = route->user;
	request->broken = route->broken;
	if (route->early != NULL)
		route->early(request);
}
