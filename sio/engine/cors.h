/* cors.h - which pages of other sites may read answers (CORS). */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_CORS_H
#define EIO_CORS_H

#include <stdbool.h>

#include "sio/sio.h"

/* The options of an endpoint. */
struct eio_cors {
	char *origin;  /* owned; NULL: none, unless allow says so */
	char *methods; /* owned, as the next ones; NULL for the default */
	char *headers;
	char *exposed;
	bool (*allow)(struct ws_request *request, const char *origin);
	int max_age_s;
	bool credentials;
};

/* Copy the options of an endpoint. Returns 0 or WS_ENOMEM. */
int eio_cors_init(struct eio_cors *cors, const struct eio_options *options);
void eio_cors_fini(struct eio_cors *cors);

/* Return whether a list has an element, ignoring case. Commas or blanks
 * separate the elements of the list. */
bool eio_is_listed(const char *list, const char *element);

/* Add the fields for the answer to a request.
 * Returns false if there is no CORS, or the application has refused the page. */
bool eio_cors_fields(const struct eio_cors *cors, struct ws_request *request);

/* Answer a preflight request; its fields must have been added.
 * Returns whether it was one. */
bool
eio_cors_preflight(const struct eio_cors *cors, struct ws_request *request);

/* Return whether the page of a request is this server's own, or the request
 * comes from no page: such a one is not shown to the application. */
bool eio_cors_is_own(const struct ws_request *request);

/* Return the origins whose pages may open WebSockets beside those that the
 * server's options allow: for the member origin of struct ws_handler. */
const char *eio_cors_websocket(const struct eio_cors *cors);

#endif
