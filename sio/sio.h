/* sio.h - a Socket.IO server on top of ws.h (Socket.IO protocol v5 and v4). */
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

/* The rules of ws.h hold: all calls come from the thread that runs the server,
 * nothing blocks, and a callback may call every function unless its comment
 * says otherwise. Where a comment ends with a name such as io.of(name), that is
 * what the reference server, socket.io 4.8, calls it. */

/* Compilers that can check a template against its arguments do so. */
#if defined(__GNUC__)
#define SIO_PRINTF(template, first) \
	__attribute__((format(printf, template, first)))
#else
#define SIO_PRINTF(template, first)
#endif

/* ---- JSON values ------------------------------------------------------- */

enum sio_type {
	SIO_ABSENT = 0, /* no such member, element or argument */
	SIO_NULL,
	SIO_BOOLEAN,
	SIO_NUMBER,
	SIO_STRING,
	SIO_ARRAY,
	SIO_OBJECT,
	SIO_BINARY, /* octets: a Buffer, an ArrayBuffer */
};

/* One value: a place in a document, or data that the application emits. It is
 * small and passed by value. All zero, it is absent.
 *
 * A lookup that finds nothing returns an absent value, and a lookup in an
 * absent value finds nothing. So lookups can be chained, and the result checked
 * once:
 *
 *	const char *name = sio_string(sio_get(sio_at(args, 0), "name"), NULL);
 *
 * A value, and each pointer taken from it, lives as long as its document.
 * The arguments of an event live until the callback returns. */
struct sio_value {
	const void *of; /* borrowed; the document, or the data */
	size_t at;      /* the place in it, or the length */
	int kind;       /* for the library only */
};

/* Return the type of a value. Binary data is SIO_BINARY, never the object that
 * stands for it on the wire. */
enum sio_type sio_type(struct sio_value value);

/* Return a member of an object; the last one if several have the name, as
 * JSON.parse does. Takes time in proportion to the number of members.
 *   name  a C string */
struct sio_value sio_get(struct sio_value object, const char *name);

/* Return an element of an array. Takes time in proportion to the index: use
 * sio_iterate to visit all elements of a long array.
 *   index  from 0 */
struct sio_value sio_at(struct sio_value array, size_t index);

/* Return an array without its first elements: what follows the name of a room
 * in the arguments of an event, say. It is an array to all functions but
 * sio_json. What is no array gives an absent value.
 *   first  how many to leave out; more than there are leave none */
struct sio_value sio_from(struct sio_value array, size_t first);

/* Return the number of elements of an array, or of members of an object, where
 * a name that occurs twice counts twice; 0 for all other values. */
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
	struct sio_value of;    /* this and the rest: for the library only */
	size_t next;
	size_t end;
};

/* Begin a walk. A value that is neither an array nor an object is walked over
 * as if it were empty. */
struct sio_iterator sio_iterate(struct sio_value value);

/* Go to the first element or member, then to the next one, in constant time.
 * Returns false at the end. */
bool sio_next(struct sio_iterator *it);

/* Return the text of a string: decoded, in UTF-8, with a NUL behind it. NULL if
 * the value is no string. Half of a surrogate pair, which JSON can escape and
 * UTF-8 cannot encode, becomes U+FFFD.
 *   len  receives the length, since the text may contain NULs; may be NULL */
const char *sio_string(struct sio_value value, size_t *len);

#define SIO_NAME_SIZE 32

/* Return the name that a client gives as a string or as a number: of a room,
 * say. NULL if the value is neither, has a NUL in it, or is a number of more
 * than 31 digits.
 *   number  receives the digits of a number, as the client wrote them */
const char *sio_name(struct sio_value value, char number[SIO_NAME_SIZE]);

/* Return a number, rounded as JavaScript does; otherwise if the value is no
 * number. */
double sio_number(struct sio_value value, double otherwise);

/* Read a number without a fraction, such as 12, -3.0 or 1e3.
 *   out  written only on success
 * Returns whether the value is exactly *out. */
bool sio_integer(struct sio_value value, int64_t *out);

/* Return a boolean; otherwise if the value is no boolean. */
bool sio_boolean(struct sio_value value, bool otherwise);

/* Return binary data; NULL if the value is not binary. Empty data is not NULL.
 *   len  receives the length; 0 if the value is not binary */
const void *sio_bytes(struct sio_value value, size_t *len);

/* Return the JSON text of a value as it was received, not terminated; for
 * binary data, the object that stands for it. NULL if the value is absent, was
 * made by sio_binary, or is the result of sio_args, which has no text of its
 * own.
 *   len  receives the length */
const char *sio_json(struct sio_value value, size_t *len);

/* Make a value of octets, to be emitted with %p.
 *   data  borrowed until it is emitted
 *   len   of data, or WS_STR for a C string */
struct sio_value sio_binary(const void *data, size_t len);

/* Make a value of JSON text, to be emitted with %p. The text is not checked: a
 * client that receives malformed JSON ends its connection. No lookup works in
 * it: to all functions but sio_json, it is absent.
 *   text, len  as for sio_binary */
struct sio_value sio_raw_json(const char *text, size_t len);

/* A JSON text that was read. */
struct sio_document;

/* Read a JSON text strictly by RFC 8259, at most 512 MiB long and nested at
 * most 100 deep.
 *   text, len     copied; len may be WS_STR
 *   error_offset  receives where a malformed text goes wrong, or SIZE_MAX when
 *                 out of memory; may be NULL
 * Returns a document, owned by the caller, or NULL. */
struct sio_document *
sio_document_new(const char *text, size_t len, size_t *error_offset);

/* Return the value that the whole text is; absent if document is NULL. */
struct sio_value sio_document_root(const struct sio_document *document);

/* Copy a value that came, with its binary data, to keep it after the callback:
 * an acknowledgement, say. sio_document_root returns it.
 * Returns a document, owned by the caller; or NULL if the value is absent, if
 * the application made it, or when out of memory. */
struct sio_document *sio_keep(struct sio_value value);

/* Release a document and all values in it. NULL is allowed. */
void sio_document_free(struct sio_document *document);

/* ---- writing JSON ------------------------------------------------------ */

/* JSON is written by templates. They quote and escape what they are given, so
 * that no text of a client can break out of its string; sio_emit says how a
 * template is written. These functions take a template of exactly one value,
 * for texts that are no events. Binary data cannot be in them: WS_EINVAL. */

/* Write a text.
 *   len  receives its length; may be NULL
 * Returns it, terminated, owned by the caller, who releases it with
 * ws_mem_free; or NULL with errno set: EINVAL when the template is malformed,
 * or ENOMEM. */
char *sio_json_text(size_t *len, const char *format, ...) SIO_PRINTF(2, 3);

/* Answer a request with JSON. Returns as ws_reply. */
int sio_json_reply(struct ws_request *request, int status, const char *format,
    ...) SIO_PRINTF(3, 4);

/* Send JSON to a WebSocket that is no client of Socket.IO. Returns as
 * ws_send. */
int sio_json_send(struct ws_conn *conn, const char *format, ...)
    SIO_PRINTF(2, 3);

/* Publish JSON as ws_publish does. Returns as ws_publish. */
long sio_json_publish(struct ws_server *server, const char *room,
    size_t room_len, const char *format, ...) SIO_PRINTF(4, 5);

/* An array or an object that is built in steps: a list of unknown length, say.
 *
 *	struct sio_builder *list = sio_list();
 *
 *	for (size_t i = 0; i < count; i++)
 *		sio_add(list, "{name: %s, age: %d}", name[i], age[i]);
 *	sio_emit(socket, "people", "%p", sio_built(list));
 *	sio_builder_free(list);
 *
 * A step that fails is kept in mind: what the result is used for fails, too. */
struct sio_builder;

/* Begin an array; begin an object. Returns it, owned by the caller, or NULL
 * when out of memory, which all functions below allow. */
struct sio_builder *sio_list(void);
struct sio_builder *sio_object(void);

/* Add elements to an array, or members to an object.
 *   format  elements as for sio_emit; of an object members, such as
 *           "%s: %d, ok: true"
 * Returns 0, WS_EINVAL or WS_ENOMEM; what failed once fails for ever. */
int sio_add(struct sio_builder *builder, const char *format, ...)
    SIO_PRINTF(2, 3);

/* Return what was built, for %p in any template, that of another builder
 * included; with an array for ...%p, too: its elements are further arguments of
 * an event. sio_json finds its text. Valid until more is added. */
const struct sio_value *sio_built(const struct sio_builder *builder);

/* Release what was built. NULL is allowed. */
void sio_builder_free(struct sio_builder *builder);

/* The address that %p takes, of a value that has no name:
 *
 *	sio_emit(socket, "said", "%p", SIO_P(sio_arg(event, 0)));
 */
#define SIO_P(value) ((const void *)(const struct sio_value[]){ (value) })

/* ---- Engine.IO --------------------------------------------------------- */

struct eio;         /* an Engine.IO endpoint */
struct eio_session; /* one session, whatever connections carry it */
struct eio_message; /* one message, encoded once for each kind of transport */

/* How an Engine.IO endpoint behaves. A member that is zero means its default.
 * Each comment begins with the name of the option in the reference server.
 * Strings are copied. */
struct eio_options {
	int ping_interval_ms;   /* pingInterval: 25 s */
	int ping_timeout_ms;    /* pingTimeout: 20 s */
	int upgrade_timeout_ms; /* upgradeTimeout: 10 s */
	size_t max_payload;     /* maxHttpBufferSize: octets of one request
	                           body or message; 1,000,000 */
	size_t queue_max;       /* octets queued for a client that polls; 4 MiB.
	                           One message always fits. Above it, the
	                           session ends with "transport error" */
	size_t compress_min;    /* httpCompression.threshold: octets from which
	                           on the answer to a poll may be compressed;
	                           the server's compress_min, and never less.
	                           SIZE_MAX turns compression off */
	int deflate_min;        /* perMessageDeflate.threshold: octets from
	                           which on a WebSocket message is compressed,
	                           if the server has deflate. 0 turns
	                           compression off, as perMessageDeflate: false
	                           does */
	bool no_polling;        /* transports without "polling" */
	bool no_websocket;      /* transports without "websocket" */
	bool no_upgrades;       /* allowUpgrades: false */
	bool no_eio3;           /* allowEIO3: false; only EIO=4 is accepted */
	bool no_slash;          /* addTrailingSlash: false: the path itself is
	                           served, too, as "/socket.io?EIO=4" */
	const char *cors;       /* cors.origin: NULL for no CORS at all; "*";
	                           "true" for any origin that asks; or a list of
	                           origins as in struct ws_options. Their pages
	                           may open WebSockets, too, beside those that
	                           the server's options allow */
	bool cors_credentials;  /* cors.credentials */
	/* cors.origin as a function: called in place of cors with each request
	 * that has an Origin but this server's own. Decides for WebSockets, too,
	 * and for nothing else. NULL: cors decides */
	bool (*cors_allow)(struct ws_request *request, const char *origin);
	const char *cors_methods; /* cors.methods; "GET,HEAD,PUT,PATCH,POST,
	                             DELETE" without the blank */
	const char *cors_headers; /* cors.allowedHeaders; those that the page
	                             asks for */
	const char *cors_exposed; /* cors.exposedHeaders; none */
	int cors_max_age_s;       /* cors.maxAge: for how long browsers keep the
	                           answer to a preflight request; not said.
	                           Negative: 0, not at all */
	const char *cookie;       /* cookie: its name, perhaps with attributes,
	                           which are "; Path=/; HttpOnly; SameSite=Lax"
	                           if it has none; NULL for no cookie */
	const char *fields;       /* the fields of the handshake's request that
	                           are kept for eio_field, separated by commas;
	                           "*" for all. "Authorization, Cookie, Origin,
	                           Referer, User-Agent, X-Forwarded-For" */
	int lease_ms;             /* how long a session may be silent after its
	                           handshake; 10 s */
	unsigned silent_per_ip; /* sessions of one address that may be silent at
	                           a time; 1000. One more ends the oldest */
};

/* The callbacks of an Engine.IO endpoint. Those that are NULL are not
 * called. */
struct eio_handler {
	/* A client asks for a session. Must not answer the request.
	 *   message  may be set to what a refused client is told, a static
	 *            string; "Forbidden". See eio_refuse_with, too
	 * Returns whether the session may begin. allowRequest */
	bool (*allow)(struct eio *endpoint, struct ws_request *request,
	    const char **message);

	/* A request is about to be refused. Must not answer it, but may add
	 * fields with ws_reply_field.
	 *   code     0 transport unknown, 1 session unknown, 2 the method is
	 *            wrong, 3 a bad request, 4 forbidden, 5 the protocol is
	 *            unknown
	 *   message  what the client is told
	 * connection_error */
	void (*refused)(struct eio *endpoint, struct ws_request *request,
	    int code, const char *message);

	/* A request was accepted. May add fields to its answer, whatever it
	 * will be, with ws_reply_field.
	 *   first  it begins a session
	 * headers; initial_headers is the first */
	void (*headers)(
	    struct eio *endpoint, struct ws_request *request, bool first);

	/* A session has begun. */
	void (*open)(struct eio_session *session);

	/* A message has come.
	 *   kind  WS_TEXT (valid UTF-8) or WS_BINARY
	 *   data  not terminated. May be changed in place, but not after it was
	 *         sent: it may be sent from where it lies */
	void (*message)(struct eio_session *session, int kind, const void *data,
	    size_t len);

	/* A WebSocket carries the session from now on, in place of requests.
	 * upgrade */
	void (*upgrade)(struct eio_session *session);

	/* More than the server's queue_soft was queued for the session, and has
	 * been sent. drain */
	void (*drain)(struct eio_session *session);

	/* A session has ended; called once for each call of open. session must
	 * not be used after this returns.
	 *   reason  as in the reference: "transport error", "transport close",
	 *           "forced close", "ping timeout", "parse error" or "server
	 *           shutting down" */
	void (*close)(struct eio_session *session, const char *reason);
};

/* Serve Engine.IO at a path.
 *   path     such as "/engine.io"; the endpoint gets all paths below it
 *   options  NULL for the defaults
 *   handler  copied
 *   user     borrowed; returned by eio_endpoint_user
 * Returns the endpoint, or NULL with errno set. */
struct eio *eio_new(struct ws_server *server, const char *path,
    const struct eio_options *options, const struct eio_handler *handler,
    void *user);

/* End all sessions with "server shutting down", calling close for each, and
 * release the endpoint. ws_server_free does that itself. Call it right before,
 * since the server still knows its paths, and not inside a callback. NULL is
 * allowed. */
void eio_free(struct eio *endpoint);

/* End all sessions with "server shutting down", after what is queued for them,
 * and refuse new ones. For programs that call ws_stop next. */
void eio_stop(struct eio *endpoint);

/* Choose the status of a refusal, where allow is about to return false. Fields
 * such as WWW-Authenticate may be added with ws_reply_field.
 *   status  400 to 599; by default 403, and 400 for a WebSocket
 * Returns 0, or WS_EINVAL. */
int eio_refuse_with(struct ws_request *request, int status);

/* Return the endpoint of a session. */
struct eio *eio_of(const struct eio_session *session);

/* Return the server of an endpoint, and the user that eio_new was given. */
struct ws_server *eio_server(const struct eio *endpoint);
void *eio_endpoint_user(const struct eio *endpoint);

/* Return how many sessions there are. */
size_t eio_count(const struct eio *endpoint);

/* Call visit for every session; it may do what any callback may. Returning
 * false ends the walk.
 *   arg  borrowed; passed on to visit */
void eio_walk(struct eio *endpoint,
    bool (*visit)(struct eio_session *session, void *arg), void *arg);

/* Send one message to a session.
 *   kind  WS_TEXT (data must be UTF-8) or WS_BINARY; or'ed with WS_VOLATILE to
 *         drop the message unless it can be sent now, and with WS_NO_COMPRESS.
 *         The answer to a poll is compressed if any of its messages may be
 *   data  copied
 * Returns 0, WS_ECLOSED, WS_EFULL, WS_ESKIPPED, WS_ENOMEM or WS_EINVAL. */
int
eio_send(struct eio_session *session, int kind, const void *data, size_t len);

/* Encode a message once, to be sent to many sessions over any transport.
 *   kind  WS_TEXT (data must be UTF-8) or WS_BINARY, and no flags
 *   data  copied
 * Returns the message with one reference; or NULL when out of memory, or if
 * kind is neither. */
struct eio_message *eio_prepare(int kind, const void *data, size_t len);

/* Add a reference to a message. Returns message. NULL is allowed. */
struct eio_message *eio_message_ref(struct eio_message *message);

/* Drop a reference; the last one releases the message. NULL is allowed. */
void eio_message_free(struct eio_message *message);

/* Send a prepared message to one session.
 *   flags  0, WS_VOLATILE, WS_NO_COMPRESS or both
 * Returns as eio_send. */
int eio_send_prepared(
    struct eio_session *session, struct eio_message *message, int flags);

/* Return whether a message would be sent now rather than queued: the session
 * has a WebSocket that is not full, or polls and its next answer is not large
 * yet. */
bool eio_is_writable(const struct eio_session *session);

/* End a session after what is queued for it. close is called with "forced
 * close" before this returns. */
void eio_close(struct eio_session *session);

/* End a session at once, without what is queued for it; a WebSocket ends
 * without a closing handshake. close is called with "transport error" at the
 * end of the turn at the latest. */
void eio_terminate(struct eio_session *session);

/* Return and set the application's pointer; NULL until it is set. */
void *eio_user(const struct eio_session *session);
void eio_set_user(struct eio_session *session, void *user);

#define EIO_ID_SIZE 21

/* Write the session's identifier, a secret between server and client: 20
 * characters of [A-Za-z0-9_-] and a NUL. Returns id. */
const char *eio_id(const struct eio_session *session, char id[EIO_ID_SIZE]);

/* Return the Engine.IO protocol that the client speaks: 4, 3 or 2. */
int eio_protocol(const struct eio_session *session);

/* Return what carries the session now: "polling" or "websocket". Static. */
const char *eio_transport(const struct eio_session *session);

/* Return what the handshake was. Strings live as long as the session.
 *   eio_address  the peer's address without its port, "192.0.2.1",
 *                "2001:db8::1" or "unix", as handshake.address of the
 *                reference
 *   eio_query    the query, not decoded; see eio_param
 *   eio_field    the first value of a field that is kept, or NULL
 *   eio_time_ms  when the handshake came, in milliseconds since 1970 */
const char *eio_address(const struct eio_session *session);
const char *eio_query(const struct eio_session *session);
const char *eio_field(const struct eio_session *session, const char *name);
int64_t eio_time_ms(const struct eio_session *session);

/* Call visit for every field that is kept. Returning false ends the walk.
 *   arg  borrowed; passed on to visit */
void eio_fields(const struct eio_session *session,
    bool (*visit)(const char *name, const char *value, void *arg), void *arg);

/* Decode a parameter of the handshake's query. Arguments and result as those of
 * ws_request_param, but the last value counts if there are several. */
long eio_param(const struct eio_session *session, const char *name, char *value,
    size_t size);

/* Add the endpoint's CORS fields to the answer to a request, for HTTP endpoints
 * beside this one. A preflight request (OPTIONS) is answered as well.
 * Returns whether it was. */
bool eio_cors(const struct eio *endpoint, struct ws_request *request);

/* ---- Socket.IO --------------------------------------------------------- */

struct sio;        /* a Socket.IO server at one path of a ws_server */
struct sio_nsp;    /* a namespace, or a kind of namespaces (sio_of_each) */
struct sio_socket; /* one client in one namespace */
struct sio_event;  /* an event that came, while it is handled */
struct sio_ack;    /* an acknowledgement that the application owes */

/* How a Socket.IO server behaves. A member that is zero means its default.
 * Each comment begins with the name of the option in the reference server.
 * Strings are copied. */
struct sio_options {
	const char *path;          /* path: "/socket.io" */
	struct eio_options engine; /* pingInterval, cors, ...: see there */
	int connect_timeout_ms;    /* connectTimeout: 45 s */
	int recovery_ms;           /* connectionStateRecovery
	                              .maxDisconnectionDuration: 0, which turns
	                              recovery off; in the reference 120 s */
	size_t recovery_octets;    /* limit of the events that are kept for
	                              recovery, and of the states of sockets;
	                              1 MiB each. The oldest go first */
	bool recovery_middlewares; /* skipMiddlewares: false */
	bool no_client;            /* serveClient: false */
	const char *client_file;   /* a client to serve instead of the built-in
	                              one: a directory of official builds, each
	                              served under its name (socket.io.js,
	                              .min.js, .esm.min.js, .msgpack.min.js and
	                              .map of each; those that it lacks are 404,
	                              links in it are not followed); or a script
	                              that is served as socket.io.js and
	                              socket.io.min.js. Each file is read once,
	                              and has at most 4 MiB */
	unsigned max_namespaces;   /* that one client may be in; 100 */
	bool keep_empty;           /* cleanupEmptyChildNamespaces: false.
	                              Otherwise a namespace of sio_of_each is
	                              released when its last socket leaves: else
	                              clients could fill the memory with names */
};

/* Serve Socket.IO.
 *   options  NULL for the defaults
 * Returns the server, or NULL with errno set. */
struct sio *
sio_new(struct ws_server *server, const struct sio_options *options);

/* Disconnect all clients with "server shutting down" and release everything.
 * ws_server_free does that itself. Call it right before, since the server still
 * knows its paths, and not inside a callback. NULL is allowed. */
void sio_free(struct sio *io);

/* Disconnect all clients with "server shutting down", and refuse new ones. For
 * programs that call ws_stop next. io.close() */
void sio_stop(struct sio *io);

/* Return the server that sio_new was given. */
struct ws_server *sio_server(const struct sio *io);

/* Return the Engine.IO endpoint that carries Socket.IO. */
struct eio *sio_engine(const struct sio *io);

/* Return how many clients there are. Each may be in several namespaces.
 * io.engine.clientsCount */
size_t sio_clients(const struct sio *io);

/* Set the function that decides which clients may begin a session.
 *   allow  as in struct eio_handler; NULL lets all begin
 * allowRequest */
void sio_on_request(struct sio *io,
    bool (*allow)(struct ws_request *request, const char **message));

/* Watch the engine that carries Socket.IO: open, upgrade, drain and close of its
 * sessions, refused and headers of its requests. The user of a session stays
 * NULL to the watcher, and must not be set; eio_endpoint_user returns io.
 *   watcher  copied; allow and message are not called. NULL ends it
 * io.engine.on, socket.conn.on */
void sio_on_engine(struct sio *io, const struct eio_handler *watcher);

/* ---- namespaces -------------------------------------------------------- */

/* Return the namespace of a name, made if there is none. "/" always exists.
 *   name  such as "/" or "/admin"; a slash is put before it if it has none
 * Returns it, owned by io; or NULL when out of memory. io.of(name) */
struct sio_nsp *sio_of(struct sio *io, const char *name);

/* Set the function that is called when a namespace has been made, by sio_of or
 * as one of a kind: to register what all have in common.
 *   fn  NULL for none
 * io.on("new_namespace") */
void sio_on_namespace(struct sio *io, void (*fn)(struct sio_nsp *nsp));

#define SIO_NSP_NAME_MAX 240

/* Make a kind of namespaces, each of which is made when a client asks for it.
 * What is registered with the kind (sio_on, sio_use ...) holds for all of its
 * namespaces, and what is emitted to the kind reaches all of them.
 *   is_one  returns whether a name is one of the kind. The name begins with
 *           '/' and has at most SIO_NSP_NAME_MAX octets. The socket is the one
 *           that asks: its handshake may be read, and sio_disconnect with close
 *           ends its connection
 *   arg     borrowed; passed on to is_one
 * Returns the kind, owned by io; or NULL when out of memory. io.of(/regex/) */
struct sio_nsp *sio_of_each(struct sio *io,
    bool (*is_one)(struct sio_socket *socket, const char *name, void *arg),
    void *arg);

/* Make a kind of namespaces by a pattern.
 *   pattern  copied; '*' matches any octets, as in "/room-*"
 * Returns as sio_of_each. */
struct sio_nsp *sio_of_pattern(struct sio *io, const char *pattern);

/* Return the name of a namespace; for a kind, its pattern or "". */
const char *sio_nsp_name(const struct sio_nsp *nsp);

/* Return how many sockets are in a namespace, or in all of a kind. */
size_t sio_nsp_count(const struct sio_nsp *nsp);

/* Return the server of a namespace. */
struct sio *sio_io(const struct sio_nsp *nsp);

/* Return and set the application's pointer. A namespace of sio_of_each begins
 * with that of its kind. */
void *sio_nsp_user(const struct sio_nsp *nsp);
void sio_nsp_set_user(struct sio_nsp *nsp, void *user);

/* The functions below register what a namespace calls. Each may be called
 * several times: what was registered first is called first. All return 0 or
 * WS_ENOMEM. */

/* Call fn when a client has connected. nsp.on("connection") */
int
sio_on_connection(struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket));

/* Call fn when a client is about to leave. Its rooms are still joined.
 *   reason  as in the reference: "transport error", "transport close", "forced
 *           close", "ping timeout", "parse error", "server shutting down",
 *           "forced server close", "client namespace disconnect" or "server
 *           namespace disconnect"
 * socket.on("disconnecting") */
int sio_on_disconnecting(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason));

/* Call fn when a client has left its rooms and the namespace. socket must not
 * be used after the last fn returns.
 *   reason  as for sio_on_disconnecting
 * socket.on("disconnect") */
int sio_on_disconnect(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, const char *reason));

/* Call fn when a client has sent an event of this name. socket.on(name) */
int sio_on(struct sio_nsp *nsp, const char *name,
    void (*fn)(struct sio_socket *socket, struct sio_event *event));

/* Call fn as sio_on does, with a pointer of the application.
 *   arg  borrowed; passed on to fn */
int sio_on_with(struct sio_nsp *nsp, const char *name,
    void (*fn)(struct sio_socket *socket, struct sio_event *event, void *arg),
    void *arg);

/* Call fn when a client has sent any event, before the functions of sio_on.
 * socket.onAny */
int sio_on_any(struct sio_nsp *nsp,
    void (*fn)(struct sio_socket *socket, struct sio_event *event));

/* Call fn before any event is sent to a socket. fn must not emit: that returns
 * WS_ESTATE.
 *   name  of the event
 *   args  an array, without the name
 * socket.onAnyOutgoing */
int sio_on_any_outgoing(
    struct sio_nsp *nsp, void (*fn)(struct sio_socket *socket, const char *name,
			     struct sio_value args));

/* What a middleware decides. */
enum sio_verdict {
	SIO_NEXT,   /* ask the next middleware */
	SIO_REFUSE, /* refuse the client; see sio_refusal */
	SIO_WAIT,   /* sio_admit or sio_refuse is called later */
};

/* Call fn, a middleware, when a client asks to connect. The socket has its
 * handshake, may be given user data and be joined to rooms, and receives
 * nothing before it is connected.
 *
 * A socket that leaves while it waits never connected, so on_disconnect is not
 * called; what sio_on_expired registers is, if it has user data. A client that
 * asks again meanwhile gets another socket; this one is gone. nsp.use */
int
sio_use(struct sio_nsp *nsp, enum sio_verdict (*fn)(struct sio_socket *socket));

/* Go on with the next middleware, or refuse the client, after SIO_WAIT.
 * Return 0, or WS_ESTATE if the socket does not wait. */
int sio_admit(struct sio_socket *socket);
int sio_refuse(struct sio_socket *socket);

/* Set what a refused client is told in connect_error. To be called before
 * SIO_REFUSE is returned, or before sio_refuse.
 *   message  copied
 *   format   one value as for sio_emit; NULL for no data
 * Returns 0, WS_EINVAL or WS_ENOMEM. Error(message), error.data */
int sio_refusal(struct sio_socket *socket, const char *message,
    const char *format, ...) SIO_PRINTF(3, 4);

/* Call fn when an event has come, before all other functions: of any socket of
 * a namespace; or of one socket, after those of its namespace. It returns
 * whether the event is handled; if not, the event is dropped. socket.use */
int sio_use_event(struct sio_nsp *nsp,
    bool (*fn)(struct sio_socket *socket, struct sio_event *event));
int sio_use_socket(struct sio_socket *socket,
    bool (*fn)(struct sio_socket *socket, struct sio_event *event));

/* Tell a client why its event is refused, before fn returns false. The client
 * gets the event "error" with an object that has message and data, as an Error
 * has; a client of protocol v4 gets what servers of its time sent, the data or
 * else the message.
 *   message, format  as for sio_refusal; binary data is not possible
 * Returns as sio_emit. next(new Error(message)) */
int sio_refuse_event(struct sio_event *event, const char *message,
    const char *format, ...) SIO_PRINTF(3, 4);

/* Call fn when user data is no longer needed: the socket has left and cannot be
 * recovered any more, or never connected. Not called for NULL. */
int sio_on_expired(struct sio_nsp *nsp, void (*fn)(void *user));

/* ---- sockets ----------------------------------------------------------- */

/* Return the socket's identifier, which other clients may know: 20 characters
 * in protocol v5. The room of this name is the socket's own. Lives as long as
 * the socket. socket.id */
const char *sio_id(const struct sio_socket *socket);

/* Return the socket that has an identifier in a namespace, or NULL. */
struct sio_socket *sio_find(struct sio_nsp *nsp, const char *id);

/* Return the namespace of a socket. */
struct sio_nsp *sio_nsp_of(const struct sio_socket *socket);

/* Return the session that carries a socket. It has the handshake and the
 * transport: eio_address, eio_field, eio_transport ... socket.conn */
struct eio_session *sio_session(const struct sio_socket *socket);

/* Return what the client sent with CONNECT; an empty object if it sent nothing.
 * Valid until the callback returns or this is called again. handshake.auth */
struct sio_value sio_auth(struct sio_socket *socket);

/* Return and set the application's pointer. It is kept while the socket may be
 * recovered. socket.data */
void *sio_user(const struct sio_socket *socket);
void sio_set_user(struct sio_socket *socket, void *user);

/* Return whether a socket is connected: it neither waits for a middleware nor
 * is leaving. */
bool sio_is_connected(const struct sio_socket *socket);

/* Return whether a socket took over the state of an earlier one.
 * socket.recovered */
bool sio_is_recovered(const struct sio_socket *socket);

/* Call fn again and again until the socket leaves. setInterval
 *   interval_ms  until the first call, and between two; at least 1
 * Returns 0; WS_EINVAL, WS_ECLOSED if the socket has left, or WS_ENOMEM. */
int sio_every(struct sio_socket *socket, int64_t interval_ms,
    void (*fn)(struct sio_socket *socket));

/* Take a client out of its namespace. on_disconnect is called before this
 * returns. The socket stays valid until the end of the turn.
 *   close  end the connection, too, and so leave all namespaces
 * socket.disconnect(close) */
void sio_disconnect(struct sio_socket *socket, bool close);

/* ---- rooms ------------------------------------------------------------- */

/* Rooms belong to a namespace. Their names are C strings of 1 to SIO_ROOM_MAX
 * octets. */
#define SIO_ROOM_MAX 240

/* Join a room. Returns 1 if the socket joined, 0 if it was in the room already,
 * WS_ECLOSED, WS_EINVAL or WS_ENOMEM. socket.join(room) */
int sio_join(struct sio_socket *socket, const char *room);

/* Leave a room. Returns whether the socket was in it. socket.leave(room) */
bool sio_leave(struct sio_socket *socket, const char *room);

/* Return whether a socket is in a room. socket.rooms.has(room) */
bool sio_in_room(struct sio_socket *socket, const char *room);

/* Return how many sockets are in a room. */
size_t sio_room_count(struct sio_nsp *nsp, const char *room);

/* Call visit for each room of a socket, its own included. Returning false ends
 * the walk. visit must not join or leave a room.
 *   arg  borrowed; passed on to visit
 * socket.rooms */
void sio_rooms(struct sio_socket *socket,
    bool (*visit)(const char *room, void *arg), void *arg);

/* Call visit for each room of a namespace, or of all namespaces of a kind: one
 * after the other. It may do what any callback may; rooms that it makes are not
 * visited. Returning false ends the walk.
 *   arg  borrowed; passed on to visit
 * Returns how many were visited, or WS_ENOMEM. nsp.adapter.rooms */
long sio_nsp_rooms(
    struct sio_nsp *nsp, bool (*visit)(const char *room, void *arg), void *arg);

/* What happens to a room. */
enum sio_room_change {
	SIO_ROOM_CREATED, /* its first socket is about to be told */
	SIO_ROOM_JOINED,
	SIO_ROOM_LEFT,
	SIO_ROOM_DELETED, /* the last socket has left it */
};

/* Call fn for each change of a kind. The room of a socket's own is a room like
 * others here.
 *   socket  that has joined or left; the same for the room that it has created
 *           or deleted by that
 * Returns 0, WS_EINVAL or WS_ENOMEM.
 * adapter.on("create-room"), "join-room", "leave-room", "delete-room" */
int sio_on_room(struct sio_nsp *nsp, enum sio_room_change change,
    void (*fn)(struct sio_socket *socket, const char *room));

/* ---- targets ----------------------------------------------------------- */

#define SIO_TARGET_ROOMS 8

/* The sockets that something is done with. It is made by the functions below
 * and passed by value:
 *
 *	sio_emit_to(sio_all(nsp), "news", "%s", text);
 *	sio_emit_to(sio_others(socket), "joined", "%s", name);
 *	sio_emit_to(sio_to(socket, "room"), "said", "%s", text);
 *	sio_emit_to(sio_except(sio_in(nsp, "a"), "b"), "hello", NULL);
 *
 * Names of rooms are borrowed until the target is used. For more than
 * SIO_TARGET_ROOMS names there are sio_and_rooms and sio_except_rooms; naming
 * more one by one fails with WS_EINVAL when the target is used. */
struct sio_target {
	struct sio_nsp *nsp;
	struct sio_socket *self;    /* only this one */
	struct sio_socket *without; /* all but this one */
	const char *to[SIO_TARGET_ROOMS];
	const char *except[SIO_TARGET_ROOMS];
	unsigned to_count, except_count;
	unsigned flags;             /* WS_VOLATILE, SIO_NO_COMPRESS */
	const char *const *more_to; /* of sio_and_rooms, sio_except_rooms */
	const char *const *more_except;
	size_t more_to_count, more_except_count;
};

/* All sockets of a namespace. nsp.emit */
struct sio_target sio_all(struct sio_nsp *nsp);

/* One socket. socket.emit */
struct sio_target sio_self(struct sio_socket *socket);

/* All sockets of a namespace but one. socket.broadcast */
struct sio_target sio_others(struct sio_socket *socket);

/* The sockets in a room. nsp.in(room), nsp.to(room) */
struct sio_target sio_in(struct sio_nsp *nsp, const char *room);

/* The sockets in a room but one. socket.to(room) */
struct sio_target sio_to(struct sio_socket *socket, const char *room);

/* Add the sockets of one more room. A socket that is in several rooms gets an
 * event once. target.to(room) */
struct sio_target sio_and(struct sio_target target, const char *room);

/* Leave out the sockets of a room. target.except(room) */
struct sio_target sio_except(struct sio_target target, const char *room);

/* Add the sockets of any number of rooms; leave them out. At most once for a
 * target, beside sio_and and sio_except.
 *   rooms  borrowed until the target is used
 * target.to([...]), target.except([...]) */
struct sio_target
sio_and_rooms(struct sio_target target, const char *const *rooms, size_t count);
struct sio_target sio_except_rooms(
    struct sio_target target, const char *const *rooms, size_t count);

/* Leave out the sockets whose clients are not writable; see eio_is_writable.
 * target.volatile */
struct sio_target sio_volatile(struct sio_target target);

/* Say whether the event may be compressed, which is the default.
 * target.compress(yes) */
struct sio_target sio_compress(struct sio_target target, bool yes);

/* Return target unchanged: there is one server only. For parity with the
 * reference. target.local */
struct sio_target sio_local(struct sio_target target);

#define SIO_NO_COMPRESS WS_NO_COMPRESS

/* Call visit for each socket of a target. visit may do what any callback may.
 * Returning false ends the walk.
 *   arg  borrowed; passed on to visit
 * Returns how many sockets were visited, or a negative enum ws_error.
 * fetchSockets */
long sio_fetch(struct sio_target target,
    bool (*visit)(struct sio_socket *socket, void *arg), void *arg);

/* Let all sockets of a target join a room, leave a room, or be disconnected, as
 * sio_join, sio_leave and sio_disconnect do.
 * Return how many sockets the target has, or a negative enum ws_error.
 * socketsJoin, socketsLeave, disconnectSockets */
long sio_sockets_join(struct sio_target target, const char *room);
long sio_sockets_leave(struct sio_target target, const char *room);
long sio_disconnect_sockets(struct sio_target target, bool close);

/* ---- emitting ---------------------------------------------------------- */

/* Emit an event to one socket.
 *   name    not one that the protocol reserves: connect, connect_error,
 *           disconnect, disconnecting, newListener, removeListener
 *   format  the arguments; NULL for none. A template of relaxed JSON with the
 *           conversions of printf, which the compiler checks:
 *             "%s, {count: %d, tags: ['a', %s], ok: %hhd}"
 *           Names of members may be written without quotes, strings in single
 *           quotes; a string may contain conversions: '%s has joined'.
 *             %s %.*s         text, which is quoted and escaped; NULL is null;
 *                             %.*s takes its whole length, NULs included
 *             %d %u %ld %zu   an integer, and so on
 *             %hhd            a boolean
 *             %g %.2f         a number; one with two decimals
 *             %p              a const struct sio_value *: an argument that
 *                             came, sio_binary or sio_raw_json
 *             ...%p           the elements of an array, such as sio_args
 *             %%              a percent sign
 * Returns 0; WS_EINVAL if the template is malformed or the name reserved;
 * WS_ECLOSED, WS_EFULL, WS_ESKIPPED or WS_ENOMEM. socket.emit */
int sio_emit(struct sio_socket *socket, const char *name, const char *format,
    ...) SIO_PRINTF(3, 4);

/* Emit an event to all sockets of a target. It is encoded once.
 * Returns how many sockets it was sent to, or a negative enum ws_error. */
long sio_emit_to(struct sio_target target, const char *name, const char *format,
    ...) SIO_PRINTF(3, 4);

/* Emit the event "message". Returns as sio_emit. socket.send */
int sio_send(struct sio_socket *socket, const char *format, ...)
    SIO_PRINTF(2, 3);

/* Emit the event "message" to all sockets of a target. Returns as sio_emit_to.
 * io.send, target.send */
long sio_send_to(struct sio_target target, const char *format, ...)
    SIO_PRINTF(2, 3);

/* Emit an event that came, with all its arguments, binary ones included.
 * Returns as sio_emit_to. */
long sio_forward(struct sio_target target, const struct sio_event *event);

/* Emit an event, and wait for the acknowledgement of the client.
 *   timeout_ms  0 waits for ever
 *   on_ack      called exactly once, unless an error is returned. Its error is
 *                 0           args is the array that the client answered
 *                 WS_ESTATE   the time has passed; args is absent
 *                 WS_ECLOSED  the socket has left; args is absent
 *               The socket is valid in each case
 *   arg         borrowed; passed on to on_ack
 * Returns as sio_emit. socket.timeout(ms).emitWithAck */
int sio_emit_ack(struct sio_socket *socket, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...) SIO_PRINTF(6, 7);

/* Emit an event to all sockets of a target, and wait for the acknowledgements.
 *   on_ack  called with error 0 for each client that answers in time; and once
 *           at the end, with socket NULL and absent args. Its error then is
 *             0           all have answered
 *             WS_ECLOSED  some have left without an answer
 *             WS_ESTATE   the time has passed before all have answered
 * Returns how many sockets it was sent to, or a negative enum ws_error; on_ack
 * is not called then. */
long sio_emit_to_ack(struct sio_target target, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...) SIO_PRINTF(6, 7);

/* ---- events that came -------------------------------------------------- */

/* Return the name of an event. */
const char *sio_event_name(const struct sio_event *event);

/* Return an argument of an event; absent if there are fewer.
 *   nth  from 0 */
struct sio_value sio_arg(const struct sio_event *event, size_t nth);

/* Return all arguments of an event, as an array. */
struct sio_value sio_args(const struct sio_event *event);

/* Return whether the client wants an acknowledgement that was not given yet. */
bool sio_wants_ack(const struct sio_event *event);

/* Acknowledge an event.
 *   format  as for sio_emit
 * Returns 0; WS_ESTATE if the client wants no acknowledgement or has been given
 * it; or as sio_emit. */
int sio_ack(struct sio_event *event, const char *format, ...) SIO_PRINTF(2, 3);

/* Take over an event's acknowledgement, to give it after the callback.
 * Returns what has to be given to sio_ack_send or sio_ack_drop, even if the
 * socket has left; or NULL if the client wants none, or when out of memory. */
struct sio_ack *sio_ack_later(struct sio_event *event);

/* Acknowledge an event, and release ack whatever the result is.
 *   ack     NULL is allowed: the client wants none
 *   format  as for sio_emit
 * Returns 0, WS_ESTATE for NULL, WS_ECLOSED if the socket has left, or as
 * sio_emit. */
int sio_ack_send(struct sio_ack *ack, const char *format, ...) SIO_PRINTF(2, 3);

/* Release ack without an acknowledgement. NULL is allowed. */
void sio_ack_drop(struct sio_ack *ack);

#ifdef __cplusplus
}
#endif

#endif
