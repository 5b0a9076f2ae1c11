/* query.h - parameters of a query or a form, as Engine.IO reads them. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_QUERY_H
#define EIO_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* Find a parameter. If there are several of that name, the last one counts.
 * Returns its value, still encoded and borrowed from query; at is NULL when
 * there is no such parameter. */
struct ws_span eio_query_find(struct ws_span query, const char *name);

/* Decode a parameter as browsers encode it: '+' is a space, and a '%' without
 * two hexadecimal digits stands for itself.
 *   query  a C string
 *   value  receives it, terminated; "" when it does not fit or is not there
 *   size   at least 1
 * Returns the length of the value, or WS_EABSENT. */
long
eio_query_get(const char *query, const char *name, char *value, size_t size);

/* Return whether a parameter is there and not empty. */
bool eio_query_has(const char *query, const char *name);

#endif
