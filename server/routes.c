/* routes.c - the endpoints of a server, by path. */
/* SPDX-License-Identifier: MIT */
/*
 * An endpoint's path is "/exactly/this", "/this/and/below/" with a slash at its
 * end, or "/exactly/this/$", which stands for the path without the "$". The
 * longest path that matches wins, and of two equal ones the exact one. One path
 * may have a WebSocket endpoint and one of another kind.
 */
#include "route.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

/* Octets of a Cache-Control. Every answer of the route repeats it in its head,
 * which has room for WS_REPLY_HEAD in all. */
#define CACHE_MAX 1000

/* Octets of the fields that an operator adds to files: as much as the common
 * proxies take of a head. */
#define FIELDS_OCTETS_MAX 8000

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
ws_routes_free(struct ws_server *server)
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
new_route(const char *path, enum ws_route_kind kind, void *user,
    struct ws_route **out)
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
		    (r->kind == WS_ROUTE_WEBSOCKET) ==
			(route->kind == WS_ROUTE_WEBSOCKET))
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
			 : new_route(path, WS_ROUTE_WEBSOCKET, user, &route);

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

const char ws_route_methods[] = "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE";

bool
ws_route_has_method(const char *methods, struct ws_span name)
{
	struct ws_span list = ws_span_of(methods), member;

	while (ws_field_next(&list, &member)) {
		if (ws_span_equal(member, name))
			return true;
	}
	return false;
}

/* Return whether a list of methods names one at least, and only such that an
 * endpoint can get. RFC 9110 5.6.1.1: a sender must not generate
 * empty members. */
static bool
are_methods(const char *methods)
{
	struct ws_span list = ws_span_of(methods), member;
	size_t members = 0, commas = 0;

	while (ws_field_next(&list, &member)) {
		if (!ws_route_has_method(ws_route_methods, member))
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
	const char *more =
	    ws_route_has_method(methods, WS_SPAN("GET")) &&
		    !ws_route_has_method(methods, WS_SPAN("HEAD"))
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
	result = new_route(path, WS_ROUTE_HTTP, user, &route);
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
	while (r != NULL && (r->kind != WS_ROUTE_HTTP || !has_path(r, path)))
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
	int result = new_route(path, WS_ROUTE_FILES, NULL, &route);

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

static bool
is_match(const struct ws_route *route, struct ws_span path)
{
	if (route->subtree ? path.len < route->path_len
			   : path.len != route->path_len)
		return false;
	return memcmp(path.at, route->path, route->path_len) == 0;
}

const struct ws_route *
ws_routes_find(
    const struct ws_server *server, struct ws_span path, bool websocket)
{
	for (const struct ws_route *r = server->routes; r != NULL;
	     r = r->next) {
		if ((r->kind == WS_ROUTE_WEBSOCKET) == websocket &&
		    is_match(r, path))
			return r;
	}
	return NULL;
}
