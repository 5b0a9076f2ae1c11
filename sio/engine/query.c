/* query.c - parameters of a query or a form, as Engine.IO reads them. */
/* SPDX-License-Identifier: MIT */
/*
 * The query of a request has pairs "name=value" with "&" between them, and so
 * has the body of a client that polls with scripts (URL Standard, section 5.1).
 * A plus sign is a space. A percent sign without two digits behind it stands
 * for itself, as in the parser of the reference. Of two pairs with one name the
 * last one counts.
 */
#include "query.h"

#include "base/url.h"
#include "ws.h"

enum {
	FORM = WS_URL_PLUS | WS_URL_LENIENT,
};

struct ws_span
eio_query_find(struct ws_span query, const char *name)
{
	struct ws_span found = { NULL, 0 }, key, value;

	while (ws_url_next(&query, &key, &value)) {
		if (ws_url_is(key, name, FORM))
			found = value;
	}
	return found;
}

long
eio_query_get(const char *query, const char *name, char *value, size_t size)
{
	struct ws_span encoded = eio_query_find(ws_span_of(query), name);
	ssize_t len;

	value[0] = '\0';
	if (encoded.at == NULL)
		return WS_EABSENT;
	len = ws_url_decode(encoded, value, size, FORM);
	value[(size_t)len < size ? len : 0] = '\0';
	return (long)len;
}

bool
eio_query_has(const char *query, const char *name)
{
	return eio_query_find(ws_span_of(query), name).len > 0;
}
