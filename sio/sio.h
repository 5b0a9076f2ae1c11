/* sio.h - a Socket.IO server on top of ws.h (Socket.IO protocol 5 and 4). */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_H
#define SIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Compilers that can check a template and what it is given, do. */
#if defined(__GNUC__)
#define SIO_PRINTF(template, first) \
	__attribute__((format(printf, template, first)))
#else
#define SIO_PRINTF(template, first)
#endif

/* ---- JSON values ------------------------------------------------------- */

/* What a value is. */
enum sio_type {
	SIO_ABSENT = 0, /* there is none: no such member, element, argument */
	SIO_NULL,
	SIO_BOOLEAN,
	SIO_NUMBER,
	SIO_STRING,
	SIO_ARRAY,
	SIO_OBJECT,
	SIO_BINARY, /* octets: a Buffer, an ArrayBuffer */
};

/* One value, small enough to be passed by value: a place in a document, or
 * data of the application's that is to be emitted. All zero, it is absent.
 *
 * Looking for something in a value that does not have it gives an absent
 * value, so that questions can be chained and the answer checked once:
 *
 *	const char *name = sio_string(sio_get(sio_at(args, 0), "name"), NULL);
 *
 * A value, and each pointer taken from it, lives as long as its document:
 * arguments of an event until the callback returns. */
struct sio_value {
	const void *of; /* borrowed; the document, or the data */
	size_t at;      /* the place in it, or the length */
	int kind;       /* the library's to read */
};

/* What a value is. Binary data is SIO_BINARY, never the object that stands
 * for it on the wire. */
enum sio_type sio_type(struct sio_value value);

/* A member of an object by its name, a C string; the last one where several
 * have it, as JSON.parse does. Takes time in proportion to the members. */
struct sio_value sio_get(struct sio_value object, const char *name);

/* An element of an array. Takes time in proportion to the index: to visit all
 * of a long array, use sio_iterate. */
struct sio_value sio_at(struct sio_value array, size_t index);

/* The elements of an array, the members of an object (names that stand there
 * twice count twice); 0 for all else. */
size_t sio_count(struct sio_value value);

/* A walk over an array or an object:
 *
 *	struct sio_iterator it = sio_iterate(value);
 *	while (sio_next(&it))
 *		use(it.key, it.value);
 */
struct sio_iterator {
	struct sio_value key;   /* the name, a string; absent in an array */
	struct sio_value value; /* the member or element */
	struct sio_value of;    /* the rest is the library's */
	size_t next;
	size_t end;
};

/* Begin a walk. All but arrays and objects are as if they were empty. */
struct sio_iterator sio_iterate(struct sio_value value);

/* Go to the first, or the next, in constant time.
 * Returns false when there is no more. */
bool sio_next(struct sio_iterator *it);

/* The text of a string, decoded: UTF-8, with a NUL behind it.
 *   len  receives its length, since there may be NULs in it; may be NULL
 * Returns it, or NULL when value is no string. Half of a surrogate pair,
 * which JSON can escape and UTF-8 cannot hold, is U+FFFD. */
const char *sio_string(struct sio_value value, size_t *len);

/* A number as JavaScript would have it, or otherwise when value is none. */
double sio_number(struct sio_value value, double otherwise);

/* A number without a fraction, such as 12, -3.0 or 1e3.
 *   out  written only on success
 * Returns whether value is one that is exactly *out. */
bool sio_integer(struct sio_value value, int64_t *out);

/* A boolean, or otherwise when value is none. */
bool sio_boolean(struct sio_value value, bool otherwise);

/* Binary data.
 *   len  receives its length, 0 when value is not binary
 * Returns it, or NULL when value is not binary. Empty data is not NULL. */
const void *sio_bytes(struct sio_value value, size_t *len);

/* The JSON text of a value as it came, not terminated; of binary data, the
 * object that stands for it.
 *   len  receives its length
 * Returns it, or NULL when value is absent, was made by sio_binary, or is all
 * arguments of an event, which have no text of their own. */
const char *sio_json(struct sio_value value, size_t *len);

/* Values to be emitted with %p.
 *   data, text  borrowed until they are emitted; len may be WS_STR
 * The text must be JSON, which is not checked: a client that gets something
 * else ends its connection. Nothing can be looked up in it: but to sio_json,
 * it is absent. */
struct sio_value sio_binary(const void *data, size_t len);
struct sio_value sio_raw_json(const char *text, size_t len);

/* A JSON text that was read: a strict RFC 8259 reader, nesting at most 100
 * deep, 512 MiB long. */
struct sio_document;

/* Read a JSON text.
 *   text, len     copied; len may be WS_STR
 *   error_offset  receives where a malformed text goes wrong, SIZE_MAX when
 *                 out of memory; may be NULL
 * Returns a document, owned by the caller, or NULL. */
struct sio_document *
sio_document_new(const char *text, size_t len, size_t *error_offset);

/* The value that the whole text is; absent for NULL. */
struct sio_value sio_document_root(const struct sio_document *document);

/* Release a document and all values in it. NULL is allowed. */
void sio_document_free(struct sio_document *document);

/* ---- Engine.IO --------------------------------------------------------- */

struct eio;         /* an Engine.IO endpoint */
struct eio_socket;  /* one session of a client, whatever carries it */
struct eio_message; /* one message, encoded once for each kind of transport */

/* How an Engine.IO endpoint behaves. Zero is the default of every member; the
 * comment has the name that it has in the reference server. Strings are
 * copied. */
struct eio_options {
	int ping_interval_ms;   /* pingInterval: 25 s */
	int ping_timeout_ms;    /* pingTimeout: 20 s */
	int upgrade_timeout_ms; /* upgradeTimeout: 10 s */
	size_t max_payload;     /* maxHttpBufferSize: octets of one request
	                           body or message; 1,000,000 */
	size_t queue_max;       /* octets that wait for a client that polls;
	                           4 MiB, one message always fits. More: the
	                           session ends with "transport error" */
	size_t compress_min;    /* httpCompression.threshold: octets from which
	                           on the answer to a poll may be compressed;
	                           the server's compress_min, and never less.
	                           SIZE_MAX: none is */
	int deflate_min;        /* perMessageDeflate.threshold: octets from
	                           which on a message over WebSocket is
	                           compressed, if the server has deflate; 0:
	                           none is, perMessageDeflate is false */
	bool no_polling;        /* transports without "polling" */
	bool no_websocket;      /* transports without "websocket" */
	bool no_upgrades;       /* allowUpgrades: false */
	bool no_eio3;           /* allowEIO3: false: only protocol 4 */
	const char *cors;       /* cors.origin: NULL for no CORS at all; "*";
	                           "true" for whoever asks; or a comma-separated
	                           list of origins. Says also from where browsers
	                           may open WebSockets; with NULL that is left to
	                           the server's options */
	bool cors_credentials;  /* cors.credentials */
	const char *cookie;     /* cookie: its name, perhaps with attributes,
	                           which are "; Path=/; HttpOnly; SameSite=Lax"
	                           if it has none; NULL for no cookie */
	const char *fields;     /* which fields of the handshake's request are
	                       kept for eio_field, separated by commas;
	                       "Authorization, Cookie, Origin, Referer,
	                       User-Agent, X-Forwarded-For"; "*" for all */
	int lease_ms;           /* until a session must have said something
	                           after its handshake; 10 s */
	unsigned silent_per_ip; /* sessions of one address that have not said
	                           anything yet; 1000 */
};

/* What an Engine.IO endpoint does; members that are NULL do nothing. */
struct eio_handler {
	/* A handshake: may a session begin? allowRequest.
	 *   message  may be set to what the client is told, static; "Forbidden"
	 * Returns whether it may. Must not answer the request. */
	bool (*allow)(struct eio *endpoint, struct ws_request *request,
	    const char **message);
	void (*open)(struct eio_socket *socket);
	/* A message.
	 *   kind  WS_TEXT (valid UTF-8) or WS_BINARY
	 *   data  not terminated; may be changed in place, but not behind a
	 *         call that sends it: it may leave from where it lies */
	void (*message)(
	    struct eio_socket *socket, int kind, const void *data, size_t len);
	/* What waited above the server's queue_soft has gone. */
	void (*drain)(struct eio_socket *socket);
	/* The session has ended; called once for each open, with one of the
	 * reference's reasons: "transport error", "transport close", "forced
	 * close", "ping timeout", "parse error", "server shutting down". socket
	 * must not be used after this returns. */
	void (*close)(struct eio_socket *socket, const char *reason);
};

/* Serve Engine.IO at a path.
 *   path     "/engine.io"; all that is below it belongs to the endpoint
 *   options  NULL for the defaults
 *   handler  copied
 *   user     borrowed; what eio_endpoint_user returns
 * Returns it, or NULL with errno set. */
struct eio *eio_new(struct ws_server *server, const char *path,
    const struct eio_options *options, const struct eio_handler *handler,
    void *user);

/* End all sessions, close callbacks included, with "server shutting down", and
 * release the endpoint; right before ws_server_free, since the server still
 * knows its paths, and not inside a callback. NULL is allowed. */
void eio_free(struct eio *endpoint);

/* End all sessions in good order with "server shutting down"; what comes later
 * is refused. For programs that call ws_stop next. */
void eio_stop(struct eio *endpoint);

/* The endpoint of a session, its server, what it was given as user. */
struct eio *eio_of(const struct eio_socket *socket);
struct ws_server *eio_server(const struct eio *endpoint);
void *eio_endpoint_user(const struct eio *endpoint);

/* How many sessions there are. */
size_t eio_count(const struct eio *endpoint);

/* Call visit for every session; returning false ends the walk. visit may do
 * what any callback may. */
void eio_walk(struct eio *endpoint,
    bool (*visit)(struct eio_socket *socket, void *arg), void *arg);

/* Send one message.
 *   kind  WS_TEXT (data must be UTF-8) or WS_BINARY, perhaps with
 *         WS_VOLATILE: leave it out when it cannot leave now; and with
 *         WS_NO_COMPRESS
 * An answer to a poll is compressed only if it brings a message that may be.
 * Returns 0, WS_ECLOSED, WS_EFULL, WS_ESKIPPED, WS_ENOMEM or WS_EINVAL. */
int eio_send(struct eio_socket *socket, int kind, const void *data, size_t len);

/* Encode a message once, to be sent to many, over every transport.
 *   kind  WS_TEXT (data must be UTF-8) or WS_BINARY, and nothing beside it
 * Returns it with one reference, or NULL when out of memory or kind is neither.
 */
struct eio_message *eio_prepare(int kind, const void *data, size_t len);

/* Take one more reference, or give one back; NULL is allowed in both. */
struct eio_message *eio_message_ref(struct eio_message *message);
void eio_message_free(struct eio_message *message);

/* Send it to one session.
 *   flags  0, WS_VOLATILE, WS_NO_COMPRESS or both
 * Returns as eio_send. */
int eio_send_prepared(
    struct eio_socket *socket, struct eio_message *message, int flags);

/* Whether a message would leave now rather than wait: a WebSocket that takes
 * more, or a client that polls and whose next answer is not large yet. */
bool eio_is_writable(const struct eio_socket *socket);

/* End a session in good order: what waits is sent first. close is called with
 * "forced close" before this returns. */
void eio_close(struct eio_socket *socket);

/* The application's pointer, NULL until it is set. */
void *eio_user(const struct eio_socket *socket);
void eio_set_user(struct eio_socket *socket, void *user);

#define EIO_ID_SIZE 21

/* The session's identifier, a secret between it and its client: 20 characters
 * of [A-Za-z0-9_-] and a NUL. Returns id. */
const char *eio_id(const struct eio_socket *socket, char id[EIO_ID_SIZE]);

/* The protocol that the client speaks: 4, 3 or 2. */
int eio_protocol(const struct eio_socket *socket);

/* What carries the session now: "polling" or "websocket". Static. */
const char *eio_transport(const struct eio_socket *socket);

/* The handshake. Strings live as long as the session.
 *   eio_address  the peer's address, as ws_peer
 *   eio_query    the query as it stands; ws_percent_decode undoes its escapes
 *   eio_field    the first value of a field that is kept, or NULL
 *   eio_time_ms  when it was, in milliseconds since 1970 */
const char *eio_address(const struct eio_socket *socket);
const char *eio_query(const struct eio_socket *socket);
const char *eio_field(const struct eio_socket *socket, const char *name);
int64_t eio_time_ms(const struct eio_socket *socket);

/* Call visit for every field that is kept; returning false ends the walk. */
void eio_fields(const struct eio_socket *socket,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg);

/* A parameter of the handshake's query, decoded, as ws_request_param: but the
 * last value counts when there are several. */
long eio_param(const struct eio_socket *socket, const char *name, char *value,
    size_t size);

/* Add the CORS fields that an answer to this request has to have, for HTTP
 * endpoints beside this one. Answers a preflight request (OPTIONS) itself.
 * Returns whether it did. */
bool eio_cors(const struct eio *endpoint, struct ws_request *request);

/* ---- Socket.IO --------------------------------------------------------- */

struct sio;        /* a Socket.IO server at one path of a ws_server */
struct sio_nsp;    /* a namespace, or a kind of namespaces (sio_of_each) */
struct sio_socket; /* one client in one namespace */
struct sio_event;  /* one event that came, while it is handled */
struct sio_ack;    /* one acknowledgement that is owed, for later */

/* How a Socket.IO server behaves. Zero is the default of every member; the
 * comment has the name that it has in the reference server. Strings are
 * copied. */
struct sio_options {
	const char *path;          /* path: "/socket.io" */
	struct eio_options engine; /* pingInterval, cors, ...: see there */
	int connect_timeout_ms;    /* connectTimeout: 45 s */
	int recovery_ms;           /* connectionStateRecovery
	                              .maxDisconnectionDuration: 0, which turns
	                              recovery off; 120 s there */
	size_t recovery_octets;    /* of missed packets that are kept in all;
	                              1 MiB. Older ones are forgotten earlier.
	                              As much again for who may come back */
	bool recovery_middlewares; /* skipMiddlewares: false */
	bool no_client;            /* serveClient: false */
	const char *client_file;   /* a bundle to serve as socket.io.js instead
	                              of the built-in client: a regular file
	                              of at most 4 MiB */
	unsigned max_namespaces;   /* that one client may be in; 100 */
	bool keep_empty;           /* cleanupEmptyChildNamespaces: false. What
	                    sio_of_each made is released when the last socket
	                    leaves, or clients could fill the memory with
	                    names */
};

/* Serve Socket.IO.
 *   options  NULL for the defaults
 * Returns it, or NULL with errno set. */
struct sio *
sio_new(struct ws_server *server, const struct sio_options *options);

/* Disconnect all with "server shutting down" and release everything; right
 * before ws_server_free, since the server still knows its paths, and not
 * inside a callback. NULL is allowed. */
void sio_free(struct sio *io);

/* Disconnect all with "server shutting down", and refuse who comes later. For
 * programs that call ws_stop next. io.close() */
void sio_stop(struct sio *io);

/* The ws_server and the Engine.IO endpoint below. */
struct ws_server *sio_server(const struct sio *io);
struct eio *sio_engine(const struct sio *io);

/* How many clients there are; each is in one or more namespaces.
 * io.engine.clientsCount */
size_t sio_clients(const struct sio *io);

/* Who may begin a session at all; see struct eio_handler. allowRequest */
void sio_on_request(struct sio *io,
    bool (*allow)(struct ws_request *request, const char **message));

/* ---- namespaces -------------------------------------------------------- */

/* The namespace of a name, made if there is none. io.of(name)
 *   name  "/" or "/admin"; without the slash, one is put before it
 * Returns it, owned by io, or NULL when out of memory. "/" is always there. */
struct sio_nsp *sio_of(struct sio *io, const char *name);

/* Namespaces that come into being when a client asks for them. io.of(/regex/)
 *   is_one  whether a name, which starts with '/' and has at most
 *           SIO_NSP_NAME_MAX octets, is one of them; the socket
 *           is the one that asks: its handshake can be looked at, and
 *           sio_disconnect with close ends its connection
 *   arg     borrowed
 * What is registered with the result (sio_on, sio_use ...) holds for all of
 * them, and what is emitted to it reaches all of them.
 * Returns it, owned by io, or NULL when out of memory. */
#define SIO_NSP_NAME_MAX 240
struct sio_nsp *sio_of_each(struct sio *io,
    bool (*is_one)(struct sio_socket *socket, const char *name, void *arg),
    void *arg);

/* The same by a pattern in which '*' stands for any octets: "/room-*".
 *   pattern  copied
 * Returns as sio_of_each. */
struct sio_nsp *sio_of_pattern(struct sio *io, const char *pattern);

/* Its name; the pattern or "" for many. How many sockets are in it. */
const char *sio_nsp_name(const struct sio_nsp *nsp);
size_t sio_nsp_count(const struct sio_nsp *nsp);
struct sio *sio_io(const struct sio_nsp *nsp);

/* The application's pointer; that of sio_of_each for those that it made, until
 * they have one. */
void *sio_nsp_user(const struct sio_nsp *nsp);
void sio_nsp_set_user(struct sio_nsp *nsp, void *user);

/* What a namespace does. Each may be called again, to add one more; they are
 * called in this order. All return 0 or WS_ENOMEM.
 *
 * A client has connected. nsp.on("connection") */
int
sio_on_connection(struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket));

/* A client is about to leave, its rooms are still there; it has left. The
 * reason is one of the reference's: "transport error", "transport close",
 * "forced close", "ping timeout", "parse error", "server shutting down",
 * "forced server close", "client namespace disconnect", "server namespace
 * disconnect". socket must not be used after the last one returns. */
int sio_on_disconnecting(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason));
int sio_on_disconnect(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason));

/* A client has sent an event. socket.on(name) */
int sio_on(struct sio_nsp *nsp, const char *name,
    void (*fn)(struct sio_socket *socket, struct sio_event *event));

/* Any event, before those of sio_on; any event that is sent to a socket.
 * socket.onAny, socket.onAnyOutgoing
 *   name, args  of the event; args is an array
 * Who listens to outgoing events must not send: that is WS_ESTATE. */
int sio_on_any(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, struct sio_event *event));
int sio_on_any_outgoing(
    struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket, const char *name,
			     struct sio_value args));

/* What a middleware says. */
enum sio_verdict {
	SIO_NEXT,   /* go on */
	SIO_REFUSE, /* no; sio_refusal may have said why */
	SIO_WAIT,   /* sio_admit or sio_refuse is called later */
};

/* A client asks to connect: may it? nsp.use
 * The socket has its handshake, may be given user data and be joined to rooms,
 * and gets nothing before it has connected. When it leaves while it waits, or
 * its client asks again, which is another socket, it is gone: on_disconnect is
 * not called, for it never connected; the function of sio_on_expired is, when
 * it has user data. */
int
sio_use(struct sio_nsp *nsp, enum sio_verdict (*fn)(struct sio_socket *socket));

/* After SIO_WAIT: go on with the next middleware, or refuse.
 * Returns 0, or WS_ESTATE when the socket does not wait. */
int sio_admit(struct sio_socket *socket);
int sio_refuse(struct sio_socket *socket);

/* Why a client is refused: what its connect_error has. Before SIO_REFUSE or
 * sio_refuse. Error(message), error.data
 *   message  copied
 *   format   one value as for sio_emit; NULL for no data
 * Returns 0, WS_EINVAL or WS_ENOMEM. */
int sio_refusal(struct sio_socket *socket, const char *message,
    const char *format, ...) SIO_PRINTF(3, 4);

/* An event has come: may it be handled? socket.use
 * Returns whether it may; if not, it is dropped. */
int sio_use_event(struct sio_nsp *nsp,
    bool (*fn)(struct sio_socket *socket, struct sio_event *event));

/* User data is no longer needed: of a socket that left and can not be
 * recovered any more, or that never connected. */
int sio_on_expired(struct sio_nsp *nsp, void (*fn)(void *user));

/* ---- sockets ----------------------------------------------------------- */

/* The socket's identifier, known to its peers: 20 characters for protocol 5.
 * The room of this name is its own. Lives as long as the socket. socket.id */
const char *sio_id(const struct sio_socket *socket);

/* The socket of an identifier in a namespace, or NULL. */
struct sio_socket *sio_find(struct sio_nsp *nsp, const char *id);

/* Its namespace; the session that carries it, which has its handshake and
 * transport (eio_address, eio_field, eio_transport ...). */
struct sio_nsp *sio_nsp_of(const struct sio_socket *socket);
struct eio_socket *sio_conn(const struct sio_socket *socket);

/* What it sent with CONNECT; an absent value when there is nothing. Valid
 * until the callback returns, or until the next call. handshake.auth */
struct sio_value sio_auth(struct sio_socket *socket);

/* The application's pointer; kept while the socket may be recovered.
 * socket.data */
void *sio_user(const struct sio_socket *socket);
void sio_set_user(struct sio_socket *socket, void *user);

/* Whether it is connected: not waiting for a middleware, not leaving. Whether
 * its state was recovered. */
bool sio_is_connected(const struct sio_socket *socket);
bool sio_is_recovered(const struct sio_socket *socket);

/* Take a client out of its namespace; or, with close, end its connection and so
 * leave all namespaces. on_disconnect is called before this returns, and the
 * socket lives until the end of the turn. socket.disconnect(close) */
void sio_disconnect(struct sio_socket *socket, bool close);

/* ---- rooms ------------------------------------------------------------- */

/* Rooms belong to a namespace; names are C strings, at most SIO_ROOM_MAX
 * octets.
 * sio_join returns 1 when it joined, 0 when it was in already, WS_ECLOSED,
 * WS_EINVAL or WS_ENOMEM; sio_leave and sio_in_room whether it was in. */
#define SIO_ROOM_MAX 240
int sio_join(struct sio_socket *socket, const char *room);
bool sio_leave(struct sio_socket *socket, const char *room);
bool sio_in_room(struct sio_socket *socket, const char *room);

/* How many sockets a room has. */
size_t sio_room_count(struct sio_nsp *nsp, const char *room);

/* Call visit for each room of a socket, its own included; returning false
 * ends the walk. visit must not join or leave. socket.rooms */
void sio_rooms(struct sio_socket *socket,
    bool (*visit)(const char *room, void *arg), void *arg);

/* ---- to whom ----------------------------------------------------------- */

#define SIO_TARGET_ROOMS 8

/* To whom something goes, passed by value and made of the functions below:
 *
 *	sio_emit_to(sio_all(nsp), "news", "%s", text);
 *	sio_emit_to(sio_others(socket), "joined", "%s", name);
 *	sio_emit_to(sio_to(socket, "room"), "said", "%s", text);
 *	sio_emit_to(sio_except(sio_in(nsp, "a"), "b"), "hello", NULL);
 *
 * Room names are borrowed until it is used. More than SIO_TARGET_ROOMS of
 * either kind make what it is used for fail with WS_EINVAL. */
struct sio_target {
	struct sio_nsp *nsp;
	struct sio_socket *self;    /* only this one */
	struct sio_socket *without; /* all but this one */
	const char *to[SIO_TARGET_ROOMS];
	const char *except[SIO_TARGET_ROOMS];
	unsigned to_count, except_count;
	unsigned flags; /* WS_VOLATILE, SIO_NO_COMPRESS */
};

/* All of a namespace: nsp.emit. One socket: socket.emit. All but one:
 * socket.broadcast. */
struct sio_target sio_all(struct sio_nsp *nsp);
struct sio_target sio_self(struct sio_socket *socket);
struct sio_target sio_others(struct sio_socket *socket);

/* Those in a room: nsp.in(room), nsp.to(room). Those but one: socket.to(room). */
struct sio_target sio_in(struct sio_nsp *nsp, const char *room);
struct sio_target sio_to(struct sio_socket *socket, const char *room);

/* One more room, of which each member gets it once; a room whose members do
 * not. target.to(room), target.except(room) */
struct sio_target sio_and(struct sio_target target, const char *room);
struct sio_target sio_except(struct sio_target target, const char *room);

/* Leave it out for who cannot take it now: target.volatile. Whether it may be
 * compressed: target.compress(yes). Only this server: target.local, which is
 * all there is. */
struct sio_target sio_volatile(struct sio_target target);
struct sio_target sio_compress(struct sio_target target, bool yes);
struct sio_target sio_local(struct sio_target target);

#define SIO_NO_COMPRESS WS_NO_COMPRESS

/* Call visit for each socket of a target; returning false ends the walk.
 * visit may do what any callback may. Returns how many were visited, or
 * a negative enum ws_error. fetchSockets */
long sio_fetch(struct sio_target target,
    bool (*visit)(struct sio_socket *socket, void *arg), void *arg);

/* Put all sockets of a target into a room, take them out of one, disconnect
 * them. Return how many, or a negative enum ws_error.
 * socketsJoin, socketsLeave, disconnectSockets */
long sio_sockets_join(struct sio_target target, const char *room);
long sio_sockets_leave(struct sio_target target, const char *room);
long sio_disconnect_sockets(struct sio_target target, bool close);

/* ---- emitting ---------------------------------------------------------- */

/* Emit an event to one client.
 *   name    not one that the protocol keeps: connect, connect_error,
 *           disconnect, disconnecting, newListener, removeListener
 *   format  its arguments, a template of relaxed JSON with the conversions of
 *           printf, which the compiler checks; NULL for none:
 *             "%s, {count: %d, tags: ['a', %s], ok: %hhd}"
 *           Names of members may stand without quotes, strings in single
 *           ones. %s and %.*s are text, which is quoted and escaped (NULL is
 *           null; %.*s takes all of its length); %d %u %ld %zu ... integers;
 *           %hhd a bool; %g a number, %.2f one with so many digits; %p a
 *           const struct sio_value *: an argument that came, binary data
 *           (sio_binary), or JSON as it is (sio_raw_json). ...%p stands for
 *           the elements of an array, such as sio_args. A string may have
 *           conversions in it: '%s has joined'. A percent sign is %%.
 * Returns 0, WS_EINVAL for a template or a name that is not allowed,
 * WS_ECLOSED, WS_EFULL, WS_ESKIPPED or WS_ENOMEM. socket.emit */
int sio_emit(struct sio_socket *socket, const char *name, const char *format,
    ...) SIO_PRINTF(3, 4);

/* Emit an event to many. It is encoded once.
 * Returns how many it was handed to, or a negative enum ws_error. */
long sio_emit_to(struct sio_target target, const char *name, const char *format,
    ...) SIO_PRINTF(3, 4);

/* Emit the event "message".
 * Returns as sio_emit. socket.send */
int sio_send(struct sio_socket *socket, const char *format, ...)
    SIO_PRINTF(2, 3);

/* Emit an event that came, with all its arguments, binary ones included.
 * Returns as sio_emit_to. */
long sio_forward(struct sio_target target, const struct sio_event *event);

/* Emit an event and be told what the client acknowledges.
 * socket.timeout(ms).emitWithAck
 *   timeout_ms  0: wait for ever
 *   on_ack      called exactly once, unless an error is returned: with error
 *               0 and the array of what it answered; or with WS_ESTATE when
 *               the time has passed ("operation has timed out"), or
 *               WS_ECLOSED when the socket has left, and an absent value.
 *               socket is valid in each case
 *   arg         borrowed
 * Returns as sio_emit. */
int sio_emit_ack(struct sio_socket *socket, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...) SIO_PRINTF(6, 7);

/* The same for many: each answer by itself, then the end.
 *   on_ack  called for each client that answers in time, with the array of
 *           what it answered; at the end with socket NULL and error 0, or
 *           WS_ECLOSED when some have left without an answer, or WS_ESTATE
 *           when the time has passed before all have answered
 * Returns how many it was handed to, or a negative enum ws_error. */
long sio_emit_to_ack(struct sio_target target, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...) SIO_PRINTF(6, 7);

/* ---- events that came -------------------------------------------------- */

/* Its name; one of its arguments, counted from 0, absent when there are not
 * that many; all of them, as an array. */
const char *sio_event_name(const struct sio_event *event);
struct sio_value sio_arg(const struct sio_event *event, size_t nth);
struct sio_value sio_args(const struct sio_event *event);

/* Whether the client wants an acknowledgement that was not given yet. */
bool sio_wants_ack(const struct sio_event *event);

/* Acknowledge an event; format as for sio_emit.
 * Returns 0, WS_ESTATE when the client does not want it or has it, or as
 * sio_emit. */
int sio_ack(struct sio_event *event, const char *format, ...) SIO_PRINTF(2, 3);

/* Acknowledge it later.
 * Returns what to do it with, which must be given to sio_ack_send or
 * sio_ack_drop even when the socket has left; or NULL when none is wanted or
 * out of memory. */
struct sio_ack *sio_ack_later(struct sio_event *event);

/* Acknowledge now; or never. Both release ack, whatever they return.
 *   format  as for sio_emit
 * sio_ack_send returns 0, WS_ECLOSED when the socket has left, or as
 * sio_emit. */
int sio_ack_send(struct sio_ack *ack, const char *format, ...) SIO_PRINTF(2, 3);
void sio_ack_drop(struct sio_ack *ack);

#ifdef __cplusplus
}
#endif

#endif
