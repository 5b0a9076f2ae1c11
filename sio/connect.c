/* connect.c - into a namespace. */
/* SPDX-License-Identifier: MIT */
/*
 * Socket.IO protocol v5, "Connection to a namespace":
 *
 *	client                                server
 *	40/admin,{"token":"123"}   ────▶      middlewares: sio_use
 *	                           ◀────      40/admin,{"sid":"..."}
 *	                                  or  44/admin,{"message":"Forbidden"}
 *
 * A middleware may decide later (SIO_WAIT). If none does, the socket is
 * connected before the next packet is read, so a client may send events right
 * behind its CONNECT.
 *
 * In protocol v4 the answer has no payload, the error is any JSON, and what the
 * client has to say stands in the namespace's name: 40/admin?token=123, .
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/url.h"
#include "connect.h"
#include "hooks.h"
#include "io.h"
#include "leave.h"
#include "nsp.h"
#include "out.h"
#include "recovery.h"
#include "target.h"

/* ---- answers ----------------------------------------------------------- */

/* Return whether a client speaks protocol v4 (EIO=3), not v5. */
static bool
is_v4(const struct sio_client *client)
{
	return eio_protocol(client->session) < 4;
}

/* Tell a client that it is connected. Returns as eio_send. */
static int
welcome(struct sio_socket *socket)
{
	const struct sio_extra *extra = socket->extra;
	struct sio_text *text = &socket->nsp->io->notice;
	struct ws_span nsp = ws_span_of(socket->nsp->name);
	struct sio_out out = { 0 };
	int result = 0;

	sio_out_begin(text, nsp);
	if (!is_v4(socket->client) && extra != NULL && extra->pid[0] != '\0')
		result = sio_format(
		    text, "{sid: %s, pid: %s}", sio_id(socket), extra->pid);
	else if (!is_v4(socket->client))
		result = sio_format(text, "{sid: %s}", sio_id(socket));
	if (result == 0)
		result = sio_out_end(text, nsp, SIO_CONNECT, -1, &out);
	return result < 0 ? result : sio_out_send(socket->client, &out, 0);
}

/* Refuse a client that has no socket yet.
 *   packet  its CONNECT, whose namespace may not exist */
static void
refuse(struct sio_client *client, const struct sio_packet *packet,
    const char *json)
{
	(void)sio_out_plain(
	    client, packet->nsp, SIO_CONNECT_ERROR, json, strlen(json));
}

/* ---- connecting -------------------------------------------------------- */

/* End the connection: without memory the client cannot even be refused. */
static void
give_up(struct sio_socket *socket)
{
	eio_close(socket->client->session);
}

/* Send what comes before all events. Returns whether that was possible. */
static bool
greet(struct sio_socket *socket)
{
	if (socket->recovered && !sio_recovery_replay(socket))
		return false;
	return welcome(socket) != WS_ENOMEM;
}

/* The middlewares agree: the socket is connected. The state changes last, when
 * nothing can fail any more, so that each on_disconnect is preceded by an
 * on_connection. */
static void
enter(struct sio_socket *socket)
{
	unsigned char room[WS_ROOM_NAME_MAX];
	struct sio_nsp *nsp = socket->nsp;

	if (ws_member_join(nsp->io->server, &socket->member, room,
		sio_nsp_room(nsp, NULL, room)) < 0 ||
	    !greet(socket) || sio_socket_insert(socket) < 0) {
		give_up(socket);
		return;
	}
	socket->state = SIO_CONNECTED;
	ws_deadlines_remove(&socket->client->deadline);
	sio_socket_trim(socket);
	sio_socket_join_own(socket);
	sio_hooks_connection(socket);
}

/* Ask the middlewares, up to one that refuses or has to wait. */
static void
ask(struct sio_socket *socket)
{
	struct sio_extra *extra = socket->extra;
	const struct sio_hook *hook;

	while ((hook = sio_hooks_next(
		    &extra->middlewares, socket->nsp, SIO_HOOK_USE)) != NULL) {
		enum sio_verdict verdict = hook->fn.use(socket);

		if (socket->state != SIO_WAITING || verdict == SIO_WAIT)
			return;
		if (verdict == SIO_REFUSE) {
			(void)sio_refuse(socket);
			return;
		}
	}
	enter(socket);
}

int
sio_admit(struct sio_socket *socket)
{
	if (socket->state != SIO_WAITING)
		return WS_ESTATE;
	ask(socket);
	return 0;
}

/* Ask the middlewares, or connect at once if there are none to be asked. */
static void
ask_or_enter(struct sio_socket *socket)
{
	const struct sio_nsp *nsp = socket->nsp;

	if (!sio_hooks_any(nsp, SIO_HOOK_USE) ||
	    (socket->recovered && !nsp->io->recovery_middlewares))
		enter(socket);
	else if (sio_socket_extra(socket) == NULL)
		give_up(socket);
	else
		ask(socket);
}

/* ---- what the client has to say ----------------------------------------- */

/* Write a name or a value of a query as a JSON string. */
static void
write_decoded(struct sio_text *text, struct ws_span encoded)
{
	char *decoded = ws_mem_resize(NULL, encoded.len + 1);
	ssize_t len;

	if (decoded == NULL) {
		text->error = WS_ENOMEM;
		return;
	}
	len = ws_url_decode(
	    encoded, decoded, encoded.len, WS_URL_PLUS | WS_URL_LENIENT);
	sio_text_quote(text, decoded, (size_t)len);
	ws_mem_free(decoded);
}

/* Write a query as an object of strings: "a=1&b=%20" is {"a":"1","b":" "}. */
static void
write_query(struct sio_text *text, struct ws_span query)
{
	struct ws_span name, value;

	while (ws_url_next(&query, &name, &value)) {
		sio_text_putc(text, text->len > 0 ? ',' : '{');
		write_decoded(text, name);
		sio_text_putc(text, ':');
		write_decoded(text, value);
	}
	sio_text_puts(text, text->len > 0 ? "}" : "{}");
}

/* Keep what the client sent with its CONNECT: a payload; or, in protocol v4, a
 * query behind the namespace's name. Returns 0 or WS_ENOMEM. */
static int
keep_auth(struct sio_socket *socket, const struct sio_packet *packet)
{
	struct sio_text text = { 0 };
	struct sio_extra *extra;
	char *exact;

	if (packet->query.len > 0)
		write_query(&text, packet->query);
	else
		sio_text_add(&text, packet->payload.at, packet->payload.len);
	if (text.error == 0 && text.len == 0)
		return 0;
	extra = text.error == 0 ? sio_socket_extra(socket) : NULL;
	if (extra == NULL) {
		sio_text_free(&text);
		return WS_ENOMEM;
	}
	/* It may be kept for long, and nothing will be added. */
	exact = ws_mem_resize(text.at, text.len);
	extra->auth = exact != NULL ? exact : text.at;
	extra->auth_len = text.len;
	sio_socket_hold(socket, text.len);
	return 0;
}

/* ---- a new socket ------------------------------------------------------- */

/* Give a socket its identifier: a random one; or, in protocol v4, one that the
 * client derives from that of the session, too. Returns 0, WS_ENOMEM or
 * WS_ESYSTEM. */
static int
identify(struct sio_socket *socket)
{
	const char *nsp = socket->nsp->name;
	size_t size = strlen(nsp) + sizeof("#") - 1 + EIO_ID_SIZE;
	char session[EIO_ID_SIZE];
	struct sio_extra *extra;

	if (!is_v4(socket->client))
		return sio_ids_draw(&socket->nsp->io->ids, socket->short_id)
			   ? 0
			   : WS_ESYSTEM;
	(void)eio_id(socket->client->session, session);
	if (strcmp(nsp, "/") == 0) {
		memcpy(socket->short_id, session, sizeof(session));
		return 0;
	}
	extra = sio_socket_extra(socket);
	if (extra != NULL)
		extra->id = ws_mem_resize(NULL, size);
	if (extra == NULL || extra->id == NULL)
		return WS_ENOMEM;
	(void)snprintf(extra->id, size, "%s#%s", nsp, session);
	sio_socket_hold(socket, size);
	return 0;
}

/* Return whether the application has ended the connection meanwhile. */
static bool
has_ended(const struct sio_client *client)
{
	return eio_user(client->session) == NULL;
}

/* Find the kind of namespaces that a name is one of, or NULL. The callbacks get
 * the socket, which is in no namespace yet, for its handshake. */
static struct sio_nsp *
find_kind(struct sio_socket *socket, const char *name)
{
	struct sio_nsp *kind = socket->client->io->kinds;

	for (; kind != NULL && !has_ended(socket->client); kind = kind->next) {
		socket->nsp = kind;
		if (kind->is_one(socket, name, kind->arg))
			break;
	}
	return has_ended(socket->client) ? NULL : kind;
}

/* Find the namespace that a client asks for, or make it if it is one of a kind.
 *   error  receives 0 or WS_ENOMEM
 * Returns NULL if there is no such namespace. */
static struct sio_nsp *
find_nsp(struct sio_socket *socket, struct ws_span name, int *error)
{
	struct sio *io = socket->client->io;
	struct sio_nsp *nsp = sio_nsp_lookup(io, name.at, name.len), *kind;
	char copy[SIO_NSP_NAME_MAX + 1];

	*error = 0;
	if (nsp != NULL || memchr(name.at, '\0', name.len) != NULL)
		return nsp;
	if (name.len > SIO_NSP_NAME_MAX)
		return NULL;
	memcpy(copy, name.at, name.len);
	copy[name.len] = '\0';
	kind = find_kind(socket, copy);
	if (kind == NULL)
		return NULL;
	/* The callback is_one may have made the namespace itself. */
	nsp = sio_nsp_lookup(io, name.at, name.len);
	if (nsp == NULL)
		nsp = sio_nsp_new(io, name.at, name.len, kind);
	*error = nsp == NULL ? WS_ENOMEM : 0;
	return nsp;
}

/* Make a socket that is in no list yet, and release it with sio_leave_free.
 * Returns NULL when out of memory. */
static struct sio_socket *
new_socket(struct sio_client *client, const struct sio_packet *packet)
{
	struct sio_socket *socket = ws_mem_resize(NULL, sizeof(*socket));

	if (socket == NULL)
		return NULL;
	memset(socket, 0, sizeof(*socket));
	ws_memory_hold(client->io->server, sizeof(*socket));
	ws_member_init(&socket->member, sio_target_deliver);
	socket->client = client;
	/* Until it is in a namespace, all that asks for its state is
	 * refused. */
	socket->state = SIO_LEFT;
	if (keep_auth(socket, packet) == 0)
		return socket;
	sio_leave_free(socket);
	return NULL;
}

/* Return whether a client is in as many namespaces as it may be, or has made
 * the server keep as much as it may. The first CONNECT may have any size. */
static bool
is_too_much(const struct sio_client *client, const struct sio_packet *packet)
{
	const struct sio *io = client->io;
	size_t octets = packet->payload.len + packet->query.len;
	unsigned count = 0;

	if (client->sockets == NULL)
		return false;
	for (const struct sio_socket *s = client->sockets; s != NULL;
	     s = s->next) {
		count++;
		octets += s->extra != NULL ? s->extra->auth_len : 0;
	}
	return count >= io->max_namespaces || octets > io->auth_max;
}

/* Put a socket into its namespace and its client's list, where it waits for its
 * middlewares. */
static void
begin(struct sio_socket *socket)
{
	struct sio_client *client = socket->client;

	socket->nsp->uses++;
	socket->state = SIO_WAITING;
	socket->next = client->sockets;
	client->sockets = socket;
	if (client->io->recovery != NULL && !is_v4(client))
		(void)sio_recovery_restore(socket, sio_auth(socket));
	if (!socket->recovered &&
	    (identify(socket) < 0 || sio_recovery_begin(socket) < 0))
		give_up(socket);
	else
		ask_or_enter(socket);
}

void
sio_connect(struct sio_client *client, const struct sio_packet *packet)
{
	struct sio_socket *socket;
	int error;

	if (is_too_much(client, packet)) {
		refuse(client, packet, "{\"message\":\"Too many namespaces\"}");
		return;
	}
	socket = new_socket(client, packet);
	if (socket == NULL) {
		eio_close(client->session);
		return;
	}
	socket->nsp = find_nsp(socket, packet->nsp, &error);
	if (socket->nsp != NULL) {
		begin(socket);
		return;
	}
	sio_leave_free(socket);
	if (error < 0)
		eio_close(client->session);
	else if (!has_ended(client))
		refuse(client, packet, "{\"message\":\"Invalid namespace\"}");
}
