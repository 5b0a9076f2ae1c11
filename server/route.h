/* route.h - what stands at a path of the server. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_ROUTE_H
#define WS_ROUTE_H

#include "server.h"

enum ws_route_kind {
	WS_ROUTE_WEBSOCKET,
	WS_ROUTE_HTTP,
	WS_ROUTE_FILES,
};

struct ws_route {
	struct ws_route *next;
	char *path; /* owned */
	size_t path_len;
	bool subtree; /* path ends in a slash */
	enum ws_route_kind kind;
	struct ws_endpoint endpoint;                 /* WS_ROUTE_WEBSOCKET */
	void (*handler)(struct ws_request *request); /* WS_ROUTE_HTTP */
	char *methods;                               /* owned; NULL: all */
	size_t body_max;                             /* 0: the server's */
	void (*early)(struct ws_request *request);   /* NULL: nothing */
	/* NULL: nothing */
	void (*broken)(struct ws_request *request, int status);
	void *user;             /* borrowed */
	struct ws_files *files; /* owned; WS_ROUTE_FILES */
	struct ws_files_options files_options;
	char *cache;  /* owned; of files_options */
	char **types; /* owned, and each of them; of files_options */
	struct ws_static_field *fields; /* owned */
};

/* The methods that endpoints can get, as a list for Allow. */
extern const char ws_route_methods[];

/* Return whether a list of methods has one. RFC 9110 9.1: case matters. */
bool ws_route_has_method(const char *methods, struct ws_span name);

/* Find the longest match among the WebSocket endpoints, or among the others.
 * Returns NULL if there is none. */
const struct ws_route *ws_routes_find(
    const struct ws_server *server, struct ws_span path, bool websocket);

#endif
