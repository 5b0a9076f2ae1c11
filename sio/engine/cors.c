/* cors.c - which pages of other sites may read answers (CORS). */
/* SPDX-License-Identifier: MIT */
/*
 * A page may read the answer of another site only if fields of the answer allow
 * it; that holds for errors, too. Before a request that an HTML form could not
 * make, the browser asks the other site for permission: a preflight request,
 * with the method OPTIONS (Fetch Standard, section 3.2). The options of an
 * endpoint map to fields as in the package "cors" of Node, which the reference
 * server uses:
 *
 *	"*"                   Allow-Origin: *
 *	"true"                Allow-Origin: the page's own origin
 *	"https://a.example"   Allow-Origin: this one, for the browser to compare
 *	several or a pattern  the page's own origin if it is one of them
 *
 * All but the first depend on the page that asks. Vary: Origin tells caches.
 */
#include "cors.h"

#include <string.h>
#include <strings.h>

#include "base/origin.h"

bool
eio_is_listed(const char *list, const char *element)
{
	size_t len = strlen(element);

	while (*list != '\0') {
		size_t n, blank = strspn(list, ", \t");

		list += blank;
		n = strcspn(list, ", \t");
		if (n == len && n > 0 && strncasecmp(list, element, n) == 0)
			return true;
		list += n;
	}
	return false;
}

/* Return the value of Access-Control-Allow-Origin, or NULL for no field. */
static const char *
allowed(const struct eio_cors *cors, const char *origin)
{
	if (strcmp(cors->origin, "*") == 0)
		return cors->origin;
	if (strcmp(cors->origin, "true") == 0 ||
	    (origin != NULL &&
		ws_origin_listed(ws_span_of(origin), cors->origin)))
		return origin;
	return strpbrk(cors->origin, ", *") == NULL ? cors->origin : NULL;
}

static bool
is_preflight(const struct ws_request *request)
{
	return strcmp(ws_request_method(request), "OPTIONS") == 0;
}

/* Add the fields that only the answer to a preflight request has. */
static void
preflight_fields(struct ws_request *request)
{
	const char *wanted =
	    ws_request_field(request, "Access-Control-Request-Headers");

	(void)ws_reply_field(request, "Access-Control-Allow-Methods",
	    "GET,HEAD,PUT,PATCH,POST,DELETE");
	if (wanted != NULL)
		(void)ws_reply_field(
		    request, "Access-Control-Allow-Headers", wanted);
	(void)ws_reply_field(request, "Vary", "Access-Control-Request-Headers");
}

void
eio_cors_fields(const struct eio_cors *cors, struct ws_request *request)
{
	const char *origin;

	if (cors->origin == NULL)
		return;
	origin = allowed(cors, ws_request_field(request, "Origin"));
	if (origin != NULL)
		(void)ws_reply_field(
		    request, "Access-Control-Allow-Origin", origin);
	if (strcmp(cors->origin, "*") != 0)
		(void)ws_reply_field(request, "Vary", "Origin");
	if (cors->credentials)
		(void)ws_reply_field(
		    request, "Access-Control-Allow-Credentials", "true");
}

bool
eio_cors_preflight(const struct eio_cors *cors, struct ws_request *request)
{
	if (cors->origin == NULL || !is_preflight(request))
		return false;
	preflight_fields(request);
	(void)ws_reply(request, 204, NULL, NULL, 0);
	return true;
}

const char *
eio_cors_websocket(const struct eio_cors *cors)
{
	if (cors->origin != NULL && strcmp(cors->origin, "true") == 0)
		return "*";
	return cors->origin;
}
