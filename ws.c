/* ws.c - the server: from options to the end of its run. */
/* SPDX-License-Identifier: MIT */
/*
 * ws_server_new acquires all that a server needs while it runs, and ties the
 * floors together: it tells the connections (conn.h) which functions of server/
 * answer requests, and which to call when a WebSocket ends, when a connection
 * ends and when memory is short. After that a server only reacts, to its loop in
 * ws_run or ws_step and to the calls of the application, until ws_server_free.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "deflate/deflate.h"
#include "base/mem.h"
#include "net/machine.h"
#include "server/server.h"

/* Descriptors that the default of max_clients leaves for files, listeners and
 * the program. A file is open only while it is sent, and a program seldom has
 * more than ten of its own. */
#define SPARE_DESCRIPTORS 32

/* ws.h and the floors below have two names for each of these values. The
 * messages are printed when they differ. */
_Static_assert(
    (int)WS_TEXT == (int)WS_OP_TEXT, "WS_TEXT must equal WS_OP_TEXT");
_Static_assert(
    (int)WS_BINARY == (int)WS_OP_BINARY, "WS_BINARY must equal WS_OP_BINARY");
_Static_assert((int)WS_READABLE == (int)WS_LOOP_READ,
    "WS_READABLE must equal WS_LOOP_READ");
_Static_assert((int)WS_WRITABLE == (int)WS_LOOP_WRITE,
    "WS_WRITABLE must equal WS_LOOP_WRITE");
_Static_assert((int)WS_HANGUP == (int)WS_LOOP_HANGUP,
    "WS_HANGUP must equal WS_LOOP_HANGUP");
_Static_assert(
    WS_PEER_MAX == WS_PEER_TEXT, "WS_PEER_MAX must equal WS_PEER_TEXT");

const char *
ws_strerror(int error)
{
	switch (error) {
	case WS_ENOMEM:
		return "out of memory";
	case WS_EINVAL:
		return "an argument is not allowed";
	case WS_ECLOSED:
		return "the connection is closing or gone";
	case WS_EFULL:
		return "the peer is too slow: its queue is full";
	case WS_ESKIPPED:
		return "a volatile message was left out";
	case WS_ESTATE:
		return "not possible now";
	case WS_ESYSTEM:
		return "the system refused";
	case WS_EEXIST:
		return "there is one already";
	case WS_EABSENT:
		return "it is not there";
	case WS_EMALFORMED:
		return "it is malformed";
	case WS_ETOOLONG:
		return "it is too long";
	default:
		return error >= 0 ? "no error" : "an unknown error";
	}
}

/* ---- options ----------------------------------------------------------- */

static size_t
or_size(size_t value, size_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static int
or_int(int value, int otherwise)
{
	return value != 0 ? value : otherwise;
}

static size_t
at_most(size_t value, size_t limit)
{
	return value < limit ? value : limit;
}

static void
set_limits(struct ws_limits *limits, const struct ws_options *o)
{
	limits->message_max =
	    at_most(or_size(o->max_message, 1 << 20), WS_QUEUE_MAX / 2);
	limits->head_max =
	    at_most(or_size(o->max_head, 16384), WS_HTTP_HEAD_MAX);
	/* Less than head_max, so that an endless target is answered with 414
	 * (RFC 9110 15.5.15) and not with 431. */
	limits->uri_max = limits->head_max - limits->head_max / 8;
	limits->body_max = or_size(o->max_body, 1 << 20);
	limits->queue_max =
	    at_most(or_size(o->queue_max, 1 << 20), WS_QUEUE_MAX / 2);
	/* A soft limit must leave room below the hard one: otherwise peers
	 * would be closed before they are choked. */
	limits->queue_soft =
	    at_most(or_size(o->queue_soft, 64 << 10), limits->queue_max / 2);
	limits->handshake_ms = or_int(o->handshake_ms, 10000);
	limits->idle_ms = or_int(o->idle_ms, 65000);
	limits->ping_ms = or_int(o->ping_ms, 25000);
	limits->pong_ms = or_int(o->pong_ms, 20000);
	limits->close_ms = or_int(o->close_ms, 5000);
}

/* Set compression up. Returns 0, or -1 with errno EINVAL for a mode, level or
 * window that does not exist. */
static int
set_deflate(struct ws_core *core, const struct ws_options *o)
{
	int level = or_int(o->deflate_level, 6);
	int bits = or_int(o->deflate_window, WS_PMD_BITS_MAX);
	size_t memory = or_size(o->deflate_memory, 64 << 20);

	core->limits.deflate_min = or_int(o->deflate_min, 256);
	if (o->deflate < WS_DEFLATE_OFF || o->deflate > WS_DEFLATE_DEDICATED ||
	    level < 1 || level > WS_DEFLATE_LEVEL_MAX || bits < 9 ||
	    bits > WS_PMD_BITS_MAX || core->limits.deflate_min < 0) {
		errno = EINVAL;
		return -1;
	}
	core->deflate.bits = WS_GZIP_CACHE_BITS;
	core->gzip_cache.deflate = &core->deflate;
	core->gzip_cache.budget = &core->loop.budget;
	if (o->deflate == WS_DEFLATE_OFF)
		return 0;
	if (bits > WS_GZIP_CACHE_BITS)
		core->deflate.bits = (uint8_t)bits;
	ws_pmd_init(&core->pmd, &core->deflate, (unsigned)level, (unsigned)bits,
	    o->deflate == WS_DEFLATE_DEDICATED ? memory : 0);
	return 0;
}

static size_t
default_clients(void)
{
	size_t descriptors = ws_net_descriptors();

	return descriptors - at_most(SPARE_DESCRIPTORS, descriptors / 2);
}

/* Keep the base path without slashes at its end; it must begin with one.
 * Returns 0, or -1 with errno. */
static int
set_base_path(struct ws_server *server, const char *path)
{
	size_t len = path != NULL ? strlen(path) : 0;

	while (len > 0 && path[len - 1] == '/')
		len--;
	if (len > 0 && path[0] != '/') {
		errno = EINVAL;
		return -1;
	}
	server->base_path = ws_mem_copy(len > 0 ? path : "");
	if (server->base_path == NULL)
		return -1;
	server->base_path[len] = '\0';
	return 0;
}

/* ---- creation ---------------------------------------------------------- */

/* Acquire everything that a server owns. After a failure ws_server_free
 * releases what was acquired before it. */
static int
acquire_all(struct ws_server *server, const struct ws_options *options)
{
	struct ws_core *core = &server->core;
	uint8_t key[16];

	if (set_deflate(core, options) < 0 ||
	    ws_net_random(key, sizeof(key)) < 0 ||
	    set_base_path(server, options->base_path) < 0)
		return -1;
	if (options->origin != NULL) {
		server->origin = ws_mem_copy(options->origin);
		if (server->origin == NULL)
			return -1;
	}
	core->origin = server->origin;
	core->input = ws_mem_resize(NULL, WS_CORE_INPUT);
	core->gather = ws_mem_resize(NULL, WS_CORE_OUTPUT);
	core->output = core->gather;
	server->rooms = ws_rooms_new(key);
	if (server->per_ip_max > 0)
		server->peers = ws_peers_new(key);
	if (server->per_ip_max > 0)
		server->sessions = ws_peers_new(key);
	if (core->input == NULL || core->gather == NULL ||
	    server->rooms == NULL ||
	    (server->per_ip_max > 0 &&
		(server->peers == NULL || server->sessions == NULL)))
		return -1;
	ws_rooms_count_in(server->rooms, &core->memory);
	server->reserve_fd = ws_net_reserve();
	return ws_loop_open(
	    &core->loop, ws_core_expired, ws_core_turn_end, core);
}

struct ws_server *
ws_server_new(const struct ws_options *options)
{
	static const struct ws_options defaults = { 0 };
	const struct ws_options *o = options != NULL ? options : &defaults;
	struct ws_server *server = ws_mem_resize(NULL, sizeof(*server));
	struct ws_core *core;

	if (server == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	memset(server, 0, sizeof(*server));
	core = &server->core;
	core->loop.fd = -1;
	core->dirty_end = &core->dirty;
	core->yielded_end = &core->yielded;
	core->on_request = ws_route_request;
	core->on_head = ws_route_head;
	core->on_websocket_end = ws_leave_all;
	core->on_conn_end = ws_listen_ended;
	core->on_memory_short = ws_relief_short;
	core->memory.max = or_size(o->memory, ws_machine_memory() / 4);
	core->segments.ledger = &core->memory;
	core->pmd.ledger = &core->memory;
	core->gzip_cache.ledger = &core->memory;
	core->log.write = o->log;
	core->log.arg = o->log_arg;
	core->log_combined = o->log_format == WS_LOG_COMBINED;
	core->log.name = o->log_name;
	core->log.name_level = WS_LOG_WARN;
	core->log.level = o->log_level == 0 ? WS_LOG_INFO : o->log_level - 1;
	core->gzip_cache.min = or_size(o->compress_min, 1024);
	core->born_s = ws_net_unix_s();
	set_limits(&core->limits, o);
	server->reserve_fd = -1;
	server->per_ip_max = o->max_per_ip;
	server->clients_max = at_most(
	    or_size(o->max_clients, default_clients()), WS_CONN_INDEX_NONE);
	errno = ENOMEM; /* an allocator of the program may not set it */
	if (acquire_all(server, o) == 0)
		return server;
	ws_server_free(server);
	return NULL;
}

/* ---- the end ----------------------------------------------------------- */

void
ws_server_free(struct ws_server *server)
{
	if (server == NULL)
		return;
	ws_app_loop_at_free(server);
	if (server->core.loop.fd >= 0) {
		server->core.stopping = true;
		ws_listen_stop(server);
		ws_stop_all_at_once(server);
		do
			ws_core_turn_end(&server->core);
		while (server->core.loop.busy);
		ws_request_free_orphans(&server->core);
		ws_app_loop_free(server);
		ws_loop_close(&server->core.loop);
	}
	(void)ws_log_settle(&server->core.log, WS_LOG_INFO, INT64_MAX);
	ws_log_end(&server->core.log);
	ws_routes_free(server);
	ws_gzip_cache_fini(&server->core.gzip_cache);
	ws_rooms_free(server->rooms);
	ws_peers_free(server->peers);
	ws_peers_free(server->sessions);
	ws_relief_free(server);
	ws_segments_fini(&server->core.segments);
	ws_pmd_fini(&server->core.pmd);
	ws_deflate_shared_fini(&server->core.deflate);
	if (server->reserve_fd >= 0)
		ws_net_close(server->reserve_fd);
	ws_mem_free(server->conns);
	ws_mem_free(server->core.input);
	ws_mem_free(server->core.gather);
	ws_mem_free(server->core.spare);
	ws_mem_free(server->core.spare_head);
	ws_mem_free(server->origin);
	ws_mem_free(server->base_path);
	ws_mem_free(server);
}

/* ---- running ----------------------------------------------------------- */

static int
turn(struct ws_server *server, int timeout_ms)
{
	/* Messages sent from outside a callback must leave without waiting. */
	int wait = server->core.dirty != NULL ? 0 : timeout_ms;

	return ws_loop_turn(&server->core.loop, wait) < 0 ? WS_ESYSTEM : 0;
}

int
ws_run(struct ws_server *server)
{
	ws_net_ignore_sigpipe();
	while (!ws_stopped(server)) {
		if (turn(server, -1) < 0)
			return WS_ESYSTEM;
	}
	return 0;
}

/* Log the address to open in a browser. A host of zeros is every address, and
 * this machine's own is among them. */
static void
log_address(struct ws_server *server, const char *page)
{
	char text[256];
	const char *host = text, *any = "";

	if (ws_address(server, 0, text, sizeof(text)) < 0)
		return;
	if (strncmp(text, "unix:", 5) == 0) {
		ws_log(&server->core.log, WS_LOG_INFO, "listening on %s", text);
		return;
	}
	if (strncmp(text, "[::]:", 5) == 0 ||
	    strncmp(text, "0.0.0.0:", 8) == 0) {
		any = "localhost";
		host = strrchr(text, ':');
	}
	ws_log(&server->core.log, WS_LOG_INFO, "listening on http://%s%s%s/%s",
	    any, host, server->base_path, page != NULL ? page : "");
}

int
ws_serve(struct ws_server *server, const char *address, const char *page)
{
	int result = server != NULL ? ws_listen(server, address) : WS_ENOMEM;

	if (result == 0)
		result = ws_stop_as_usual(server);
	if (result == 0) {
		log_address(server, page);
		result = ws_run(server);
	}
	ws_server_free(server);
	return result;
}

int
ws_fd(const struct ws_server *server)
{
	return server->core.loop.fd;
}

int
ws_timeout(const struct ws_server *server)
{
	if (server->core.dirty != NULL)
		return 0;
	return ws_loop_timeout(&server->core.loop);
}

int
ws_step(struct ws_server *server, int timeout_ms)
{
	/* The loop's time is that of its last turn, which may be long ago. */
	server->core.loop.now_ms = ws_net_now_ms();
	return turn(server, timeout_ms);
}

int64_t
ws_now(const struct ws_server *server)
{
	return ws_loop_now(&server->core.loop);
}

size_t
ws_raise_descriptors(void)
{
	return ws_net_raise_descriptors();
}

void
ws_stats(const struct ws_server *server, struct ws_stats *stats)
{
	*stats = (struct ws_stats){
		.connections = server->conns_count,
		.websockets = server->core.websockets,
		.rooms = ws_rooms_total(server->rooms),
		.sessions = server->sessions_count,
		.max_clients = server->clients_max,
		.memory = server->core.memory.held,
		.max_memory = server->core.memory.max,
		.accepted = server->accepted,
		.messages_in = server->core.messages_in,
		.messages_out = server->core.messages_out,
	};
}

void
ws_log_line(struct ws_server *server, int level, const char *cause,
    const char *format, ...)
{
	struct ws_core *core = &server->core;
	char line[1024];
	va_list args;

	if (level > core->log.level ||
	    (cause != NULL && !ws_core_log_allows(core, cause, 0)))
		return;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	ws_log(&core->log, level, "%s", line);
}

int
ws_random(void *out, size_t len)
{
	return ws_net_random(out, len) < 0 ? WS_ESYSTEM : 0;
}
