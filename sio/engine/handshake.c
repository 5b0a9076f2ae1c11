/* handshake.c - what a session keeps of its first request. */
/* SPDX-License-Identifier: MIT */
/*
 * One block holds the time, and C strings one behind the other:
 *
 *	address \0 query \0 [name \0 value \0]... \0
 *
 * Socket.IO documentation, "The Socket instance (server-side)", has the same in
 * socket.handshake.
 */
#include "handshake.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/mem.h"
#include "query.h"
#include "session.h"

struct eio_handshake {
	int64_t time_ms;
	char text[];
};

/* A walk over what is to be kept: once to count its octets, once to copy. */
struct keeping {
	const char *names; /* of fields */
	char *at;          /* NULL: only count */
	size_t octets;     /* so far */
};

static void
keep(struct keeping *k, const char *text)
{
	size_t size = strlen(text) + 1;

	if (k->at != NULL)
		memcpy(k->at + k->octets, text, size);
	k->octets += size;
}

static bool
keep_field(const char *name, const char *value, void *arg)
{
	struct keeping *k = arg;

	if (strcmp(k->names, "*") == 0 || eio_is_listed(k->names, name)) {
		keep(k, name);
		keep(k, value);
	}
	return true;
}

/* Cut the port off an address. Returns where the rest begins in text. */
static const char *
cut_port(char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL)
		return text; /* "unix" */
	*colon = '\0';
	if (text[0] != '[')
		return text;
	colon[-1] = '\0'; /* the bracket */
	return text + 1;
}

static void
keep_all(struct keeping *k, struct ws_request *request)
{
	char peer[WS_PEER_MAX];

	(void)ws_request_peer(request, peer);
	keep(k, cut_port(peer));
	keep(k, ws_request_query(request));
	ws_request_fields(request, keep_field, k);
	keep(k, "");
}

struct eio_handshake *
eio_handshake_new(struct ws_request *request, const char *fields)
{
	struct keeping k = { .names = fields };
	struct eio_handshake *h;
	struct timespec now;

	keep_all(&k, request);
	h = ws_mem_resize(NULL, sizeof(*h) + k.octets);
	if (h == NULL)
		return NULL;
	k.at = h->text;
	k.octets = 0;
	keep_all(&k, request);
	(void)timespec_get(&now, TIME_UTC);
	h->time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return h;
}

/* Return the string that stands behind a string. */
static const char *
next(const char *text)
{
	return text + strlen(text) + 1;
}

size_t
eio_handshake_octets(const struct eio_handshake *handshake)
{
	const char *at;

	if (handshake == NULL)
		return 0;
	at = next(next(handshake->text));
	while (*at != '\0')
		at = next(next(at));
	return sizeof(*handshake) + (size_t)(at + 1 - handshake->text);
}

const char *
eio_address(const struct eio_session *session)
{
	return session->handshake->text;
}

const char *
eio_query(const struct eio_session *session)
{
	return next(session->handshake->text);
}

int64_t
eio_time_ms(const struct eio_session *session)
{
	return session->handshake->time_ms;
}

void
eio_fields(const struct eio_session *session,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg)
{
	const char *name = next(eio_query(session));

	while (*name != '\0') {
		const char *value = next(name);

		if (!visit(name, value, arg))
			return;
		name = next(value);
	}
}

const char *
eio_field(const struct eio_session *session, const char *name)
{
	const char *at = next(eio_query(session));

	while (name != NULL && *at != '\0') {
		const char *value = next(at);

		if (strcasecmp(at, name) == 0)
			return value;
		at = next(value);
	}
	return NULL;
}

long
eio_param(const struct eio_session *session, const char *name, char *value,
    size_t size)
{
	long len;

	if (name == NULL || size == 0)
		return WS_EINVAL;
	len = eio_query_get(eio_query(session), name, value, size);
	if (len < 0)
		return len;
	if ((size_t)len >= size)
		return WS_ETOOLONG;
	return strlen(value) == (size_t)len ? len : WS_EMALFORMED;
}
