/* cors.h - which pages of other sites may read answers (CORS). */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_CORS_H
#define EIO_CORS_H

#include <stdbool.h>

#include "ws.h"

/* The options of an endpoint. */
struct eio_cors {
	char *origin; /* owned; NULL for no CORS at all */
	bool credentials;
};

/* Return whether a list has an element, ignoring case. Commas or blanks
 * separate the elements of the list. */
bool eio_is_listed(const char *list, const char *element);

/* Add the fields for the answer to a request. */
void eio_cors_fields(const struct eio_cors *cors, struct ws_request *request);

/* Answer a preflight request; its fields must have been added.
 * Returns whether it was one. */
bool
eio_cors_preflight(const struct eio_cors *cors, struct ws_request *request);

/* Return the origins whose pages may open WebSockets beside those that the
 * server's options allow: for the member origin of struct ws_handler. */
const char *eio_cors_websocket(const struct eio_cors *cors);

#endif
