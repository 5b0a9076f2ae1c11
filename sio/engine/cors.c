/* cors.c - which pages of other sites may read answers (CORS). */
/* SPDX-License-Identifier: MIT */
/*
 * A browser lets a page read what another site answers only if the answer
 * says so, errors included; and before a request that no form could make it
 * asks, with the method OPTIONS, whether it may. This is the Fetch Standard,
 * section 3.2; how the options map to fields is as in the package "cors" of
 * Node, which the reference server uses:
 *
 *	"*"                   Allow-Origin: *
 *	"true"                the page's own origin, whichever it is
 *	"https://a.example"   this one always, for the browser to compare
 *	several of them       the page's own origin if it is one of them
 *
 * All but the first depend on who asks, so caches are told: Vary: Origin.
 */
#include "cors.h"

#include <string.h>
#include <strings.h>

#include "engine.h"

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

/* The value of Access-Control-Allow-Origin, NULL for none. */
static const char *
allowed(const struct eio_cors *cors, const char *origin)
{
	if (strcmp(cors->origin, "true") == 0)
		return origin;
	if (strpbrk(cors->origin, ", ") == NULL)
		return cors->origin;
	return origin != NULL && eio_is_listed(cors->origin, origin) ? origin
								     : NULL;
}

/* Whether a request asks what it may ask. */
static bool
is_preflight(const struct ws_request *request)
{
	return strcmp(ws_request_method(request), "OPTIONS") == 0;
}

/* Fields of a preflight's answer; the rest is as everywhere. */
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

bool
eio_cors(const struct eio *endpoint, struct ws_request *request)
{
	eio_cors_fields(&endpoint->cors, request);
	return eio_cors_preflight(&endpoint->cors, request);
}
