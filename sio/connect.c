/* connect.c - how a client gets into a namespace. */
/* SPDX-License-Identifier: MIT */
/*
 *	client                                server
 *	40/admin,{"token":"123"}   ────▶      middlewares: sio_use
 *	                           ◀────      40/admin,{"sid":"..."}
 *	                                  or  44/admin,{"message":"Forbidden"}
 *
 * A middleware may take its time (SIO_WAIT). If none does, everything happens
 * before the next packet is looked at, so a client may send events right
 * behind its CONNECT.
 */
#include <string.h>

#include "io.h"
#include "base/url.h"

/* ---- answers ----------------------------------------------------------- */

/* Tell a client that it is in. Revision 4 has no payload here. */
static int
welcome(struct sio_socket *socket)
{
	struct sio_text *text = &socket->nsp->io->notice;
	struct sio_out out = { 0 };
	int result;

	sio_out_begin(text, socket->nsp);
	if (eio_protocol(socket->client->conn) >= 4) {
		sio_text_puts(text, "{\"sid\":\"");
		sio_text_puts(text, sio_id(socket));
		if (socket->extra != NULL && socket->extra->pid[0] != '\0') {
			sio_text_puts(text, "\",\"pid\":\"");
			sio_text_puts(text, socket->extra->pid);
		}
		sio_text_puts(text, "\"}");
	}
	result = sio_out_end(text, socket->nsp, SIO_CONNECT, -1, &out);
	return result < 0 ? result : sio_out_send(socket->client, &out, 0);
}

/* Tell a client that it is not, with a name that may be no namespace's. */
static void
refuse(struct sio_client *client, struct sio_span name, const char *json)
{
	struct sio_packet packet = {
		.type = SIO_CONNECT_ERROR, .nsp = name, .id = -1
	};
	struct sio_text *text = &client->io->notice;
	char *head;

	sio_text_clear(text, SIO_SCRATCH_KEPT);
	head = sio_text_room(text, SIO_PACKET_HEAD_MAX + name.len);
	if (head != NULL)
		text->len += sio_packet_write_head(&packet, head);
	sio_text_puts(text, json);
	if (text->error == 0)
		(void)eio_send(client->conn, WS_TEXT, text->at, text->len);
}

int
sio_refusal(
    struct sio_socket *socket, const char *message, const char *format, ...)
{
	struct sio_extra *extra = sio_socket_extra(socket);
	bool revision4 = eio_protocol(socket->client->conn) < 4;
	struct sio_text text = { 0 };
	va_list args;
	int result = 0;

	if (extra == NULL)
		return WS_ENOMEM;
	/* Revision 4 sends the data, or else the message, by itself. */
	if (!revision4)
		sio_text_puts(&text, "{\"message\":");
	if (!revision4 || format == NULL)
		sio_text_quote(&text, message, strlen(message));
	if (!revision4 && format != NULL)
		sio_text_puts(&text, ",\"data\":");
	if (format != NULL) {
		va_start(args, format);
		result = sio_format_value(&text, NULL, format, args);
		va_end(args);
	}
	if (!revision4)
		sio_text_putc(&text, '}');
	sio_text_putc(&text, '\0');
	if (result == 0)
		result = text.error;
	if (result < 0) {
		sio_text_free(&text);
		return result;
	}
	ws_mem_free(extra->refusal);
	extra->refusal = text.at;
	return 0;
}

/* ---- in, or out -------------------------------------------------------- */

/* Without the memory that it takes there is no way to say anything. */
static void
give_up(struct sio_socket *socket)
{
	eio_close(socket->client->conn);
}

/* Send what comes before all events. Returns whether there was memory. */
static bool
greet(struct sio_socket *socket)
{
	if (socket->recovered && !sio_recovery_replay(socket))
		return false;
	return welcome(socket) != WS_ENOMEM;
}

/* All agree: the socket is connected. It is so only when nothing can fail any
 * more: who was never told that it connected is not told that it left. */
static void
enter(struct sio_socket *socket)
{
	unsigned char room[WS_ROOM_NAME_MAX];
	struct sio_nsp *nsp = socket->nsp;

	if (ws_member_join(nsp->io->server, &socket->member, room,
		sio_target_room(nsp, NULL, room)) < 0 ||
	    !greet(socket) || sio_nsp_insert(socket) < 0) {
		give_up(socket);
		return;
	}
	socket->state = SIO_CONNECTED;
	sio_io_idle(socket->client, false);
	sio_socket_trim(socket);
	sio_hooks_connection(socket);
}

int
sio_refuse(struct sio_socket *socket)
{
	struct sio_client *client = socket->client;
	bool revision4;
	const char *json;

	if (socket->state != SIO_WAITING)
		return WS_ESTATE;
	revision4 = eio_protocol(client->conn) < 4;
	json = socket->extra != NULL ? socket->extra->refusal : NULL;
	if (json == NULL)
		json =
		    revision4 ? "\"Forbidden\"" : "{\"message\":\"Forbidden\"}";
	refuse(client,
	    (struct sio_span){ socket->nsp->name, strlen(socket->nsp->name) },
	    json);
	sio_socket_leave(socket, "forced close");
	return 0;
}

/* Ask the middlewares, until one has to wait. */
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

/* Begin with the middlewares, or go in at once when there are none. */
static void
begin(struct sio_socket *socket)
{
	const struct sio_nsp *nsp = socket->nsp;

	if (!sio_hooks_listen(nsp, SIO_HOOK_USE) ||
	    (socket->recovered && !nsp->io->recovery_middlewares))
		enter(socket);
	else if (sio_socket_extra(socket) == NULL)
		give_up(socket);
	else
		ask(socket);
}

/* ---- asking ------------------------------------------------------------ */

/* Remember what came with a CONNECT. */
static int
keep_auth(struct sio_socket *socket, struct sio_span json)
{
	struct sio_extra *extra;

	if (json.len == 0)
		return 0;
	extra = sio_socket_extra(socket);
	if (extra == NULL)
		return WS_ENOMEM;
	extra->auth = sio_io_copy(json.at, json.len);
	extra->auth_len = json.len;
	return extra->auth != NULL ? 0 : WS_ENOMEM;
}

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

/* A query becomes an object of strings: "a=1&b=%20" is {"a":"1","b":" "}. */
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

/* What the client sent with its CONNECT: a payload, or in revision 4 a query
 * behind the namespace's name. */
static int
take_auth(struct sio_socket *socket, const struct sio_packet *packet)
{
	struct sio_text text = { 0 };
	int result;

	if (packet->query.len == 0)
		return keep_auth(socket, packet->payload);
	write_query(
	    &text, (struct ws_span){ packet->query.at, packet->query.len });
	result = text.error;
	if (result == 0)
		result =
		    keep_auth(socket, (struct sio_span){ text.at, text.len });
	sio_text_free(&text);
	return result;
}

/* Give a socket its identifier: of its own, or in revision 4 derived from that
 * of the session, as the client does. */
static int
identify(struct sio_socket *socket, struct sio_span nsp)
{
	char session[EIO_ID_SIZE];
	struct sio_extra *extra;

	if (eio_protocol(socket->client->conn) >= 4)
		return sio_io_id(socket->nsp->io, socket->short_id)
			   ? 0
			   : WS_ESYSTEM;
	(void)eio_id(socket->client->conn, session);
	if (nsp.len == 1) {
		memcpy(socket->short_id, session, SIO_ID_LEN + 1);
		return 0;
	}
	extra = sio_socket_extra(socket);
	if (extra != NULL)
		extra->id = ws_mem_resize(NULL, nsp.len + 1 + EIO_ID_SIZE);
	if (extra == NULL || extra->id == NULL)
		return WS_ENOMEM;
	memcpy(extra->id, nsp.at, nsp.len);
	extra->id[nsp.len] = '#';
	memcpy(extra->id + nsp.len + 1, session, EIO_ID_SIZE);
	return 0;
}

/* Whether the application has ended the connection meanwhile. */
static bool
has_ended(const struct sio_client *client)
{
	return eio_user(client->conn) == NULL;
}

/* Find what makes namespaces of a name. The socket is of none yet, but has its
 * handshake. */
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

/* Find the namespace, or make it if it is one that is made on demand. */
static struct sio_nsp *
find_nsp(struct sio_socket *socket, struct sio_span name, int *error)
{
	struct sio *io = socket->client->io;
	struct sio_nsp *nsp = sio_nsp_lookup(io, name.at, name.len), *kind;
	char *copy;

	*error = 0;
	if (nsp != NULL || memchr(name.at, '\0', name.len) != NULL)
		return nsp;
	if (name.len > SIO_NSP_NAME_MAX)
		return NULL;
	copy = sio_io_copy(name.at, name.len);
	if (copy == NULL) {
		*error = WS_ENOMEM;
		return NULL;
	}
	kind = find_kind(socket, copy);
	/* Who was asked may have made it, too. */
	nsp = sio_nsp_lookup(io, name.at, name.len);
	if (kind != NULL && nsp == NULL) {
		nsp = sio_nsp_new(io, name.at, name.len, kind);
		*error = nsp == NULL ? WS_ENOMEM : 0;
	}
	ws_mem_free(copy);
	return kind != NULL ? nsp : NULL;
}

/* A socket that is in no list yet. */
static struct sio_socket *
new_socket(struct sio_client *client, const struct sio_packet *packet)
{
	struct sio_socket *socket = ws_mem_resize(NULL, sizeof(*socket));

	if (socket == NULL)
		return NULL;
	memset(socket, 0, sizeof(*socket));
	ws_member_init(&socket->member, sio_out_deliver);
	socket->client = client;
	socket->state = SIO_LEFT; /* of a namespace that it is not in */
	if (take_auth(socket, packet) == 0)
		return socket;
	sio_socket_free(socket);
	return NULL;
}

/* Whether a client is in as many namespaces as it may be, or has made us keep
 * as much as it may. */
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

void
sio_connect(struct sio_client *client, const struct sio_packet *packet)
{
	struct sio *io = client->io;
	struct sio_socket *socket;
	struct sio_nsp *nsp;
	int error;

	if (is_too_much(client, packet)) {
		refuse(client, packet->nsp,
		    "{\"message\":\"Too many namespaces\"}");
		return;
	}
	socket = new_socket(client, packet);
	if (socket == NULL) {
		eio_close(client->conn);
		return;
	}
	nsp = find_nsp(socket, packet->nsp, &error);
	socket->nsp = nsp;
	if (nsp == NULL) {
		sio_socket_free(socket);
		if (error < 0)
			eio_close(client->conn);
		else if (!has_ended(client))
			refuse(client, packet->nsp,
			    "{\"message\":\"Invalid namespace\"}");
		return;
	}
	nsp->sockets++;
	socket->state = SIO_WAITING;
	socket->next = client->sockets;
	client->sockets = socket;
	if (io->recovery != NULL && eio_protocol(client->conn) >= 4)
		(void)sio_recovery_restore(socket, sio_auth(socket));
	if (!socket->recovered && (identify(socket, packet->nsp) < 0 ||
				      sio_recovery_begin(socket) < 0))
		give_up(socket);
	else
		begin(socket);
}
