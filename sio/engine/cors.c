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
 *	a function            the page's own origin if it says so
 *
 * All but the first depend on the page that asks. Vary: Origin tells caches.
 */
#include "cors.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/origin.h"

/* Copy a text that may be NULL. Returns whether there was memory. */
static bool
copy(char **to, const char *text)
{
	*to = text != NULL ? ws_mem_copy(text) : NULL;
	return text == NULL || *to != NULL;
}

int
eio_cors_init(struct eio_cors *cors, const struct eio_options *options)
{
	bool copied = copy(&cors->origin, options->cors) &&
		      copy(&cors->methods, options->cors_methods) &&
		      copy(&cors->headers, options->cors_headers) &&
		      copy(&cors->exposed, options->cors_exposed);

	cors->allow = options->cors_allow;
	cors->max_age_s = options->cors_max_age_s;
	cors->credentials = options->cors_credentials;
	return copied ? 0 : WS_ENOMEM;
}

void
eio_cors_fini(struct eio_cors *cors)
{
	ws_mem_free(cors->origin);
	ws_mem_free(cors->methods);
	ws_mem_free(cors->headers);
	ws_mem_free(cors->exposed);
}

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

/* Add a field that has a value. */
static void
add(struct ws_request *request, const char *name, const char *value)
{
	if (value != NULL)
		(void)ws_reply_field(request, name, value);
}

/* Add the fields that only the answer to a preflight request has. */
static void
preflight_fields(const struct eio_cors *cors, struct ws_request *request)
{
	const char *headers = cors->headers;
	char age[16];

	add(request, "Access-Control-Allow-Methods",
	    cors->methods != NULL ? cors->methods
				  : "GET,HEAD,PUT,PATCH,POST,DELETE");
	if (headers == NULL) {
		headers =
		    ws_request_field(request, "Access-Control-Request-Headers");
		add(request, "Vary", "Access-Control-Request-Headers");
	}
	add(request, "Access-Control-Allow-Headers", headers);
	if (cors->max_age_s == 0)
		return;
	(void)snprintf(
	    age, sizeof(age), "%d", cors->max_age_s > 0 ? cors->max_age_s : 0);
	add(request, "Access-Control-Max-Age", age);
}

bool
eio_cors_is_own(const struct ws_request *request)
{
	const char *origin = ws_request_field(request, "Origin");
	const char *host = ws_request_field(request, "Host");

	return origin == NULL ||
	       (host != NULL &&
		   ws_origin_same(ws_span_of(origin), ws_span_of(host)));
}

bool
eio_cors_fields(const struct eio_cors *cors, struct ws_request *request)
{
	const char *origin = ws_request_field(request, "Origin");

	if (cors->allow != NULL) {
		add(request, "Vary", "Origin");
		if (eio_cors_is_own(request) || !cors->allow(request, origin))
			return false;
	} else if (cors->origin == NULL)
		return false;
	else {
		origin = allowed(cors, origin);
		if (strcmp(cors->origin, "*") != 0)
			add(request, "Vary", "Origin");
	}
	add(request, "Access-Control-Allow-Origin", origin);
	if (cors->credentials)
		add(request, "Access-Control-Allow-Credentials", "true");
	add(request, "Access-Control-Expose-Headers", cors->exposed);
	return true;
}

bool
eio_cors_preflight(const struct eio_cors *cors, struct ws_request *request)
{
	if (!is_preflight(request))
		return false;
	preflight_fields(cors, request);
	(void)ws_reply(request, 204, NULL, NULL, 0);
	return true;
}

const char *
eio_cors_websocket(const struct eio_cors *cors)
{
	if (cors->allow != NULL ||
	    (cors->origin != NULL && strcmp(cors->origin, "true") == 0))
		return "*";
	return cors->origin;
}
