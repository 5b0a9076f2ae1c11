/* main.c - wsd, the program: a server that is useful without writing C. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assets.h"
#include "config.h"
#include "namespaces.h"
#include "say.h"
#include "systemd.h"

struct program {
	struct ws_server *server;    /* owned */
	struct sio *io;              /* owned; NULL without Socket.IO */
	const struct config *config; /* borrowed */
};

/* Say what failed, and why by errno. Returns the exit status. */
static int
cannot(const char *verb, const char *what)
{
	(void)say(STDERR_FILENO, "wsd: cannot %s %s: %s\n", verb, what,
	    strerror(errno));
	return 1;
}

/* ---- endpoints --------------------------------------------------------- */

static void
echo_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	ws_send(conn, kind, data, len);
}

static void
healthz(struct ws_request *request)
{
	ws_reply_field(request, "Cache-Control", "no-store");
	ws_reply(request, 200, NULL, "ok\n", WS_STR);
}

/* Add /room/NAME, and the rooms of --rooms: those are named by their whole path,
 * so that no two paths have a room in common. */
static int
add_rooms(struct hub *hub, const struct config_places *rooms)
{
	int result = hub_rooms(hub, "/room/", NULL);

	for (unsigned i = 0; result == 0 && i < rooms->count; i++) {
		const struct config_place *place = &rooms->at[i];
		struct hub_rooms_options options = {
			.self = place->self, .whole_path = true, .no_http = true
		};
		char below[CONFIG_PATH_SIZE + 1];

		if (strcmp(place->path, "/") != 0)
			result = hub_rooms(hub, place->path, &options);
		(void)snprintf(below, sizeof(below), "%s/",
		    strcmp(place->path, "/") != 0 ? place->path : "");
		if (result == 0)
			result = hub_rooms(hub, below, &options);
	}
	return result;
}

static int
add_endpoints(struct ws_server *server, const struct config *config)
{
	static const struct ws_handler echo = { .message = echo_message,
		.first_subprotocol = true };
	struct hub *hub = hub_new(server, &config->hub);

	if (hub == NULL || add_rooms(hub, &config->rooms) < 0 ||
	    ws_endpoint(server, "/echo", &echo, NULL) < 0 ||
	    ws_http(server, "/healthz", "GET", healthz, NULL) < 0)
		return -1;
	if (config->directory != NULL)
		return ws_files(server, "/", config->directory, &config->files);
	return ws_assets(
	    server, "/", ws_www_assets, ws_www_assets_count, &config->files);
}

/* Find the client that pages load among the files of the document root: a
 * directory with a regular file socket.io.js, which is the root itself or the
 * path of Socket.IO below it. A symbolic link could lead out of the root, so it
 * is not followed.
 *   place  room for a path, of size octets
 * Returns place, or NULL. */
static const char *
find_client(const struct config *config, char *place, size_t size)
{
	static const char name[] = "/socket.io.js";
	const char *path = config->sio.path;
	const char *const below[] = { "", path != NULL ? path : "/socket.io" };
	struct stat st;

	for (int i = 0; i < 2; i++) {
		int len = snprintf(
		    place, size, "%s%s%s", config->directory, below[i], name);

		if (len >= (int)size || lstat(place, &st) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		place[len - (int)strlen(name)] = '\0';
		if (i == 0 || (lstat(place, &st) == 0 && !S_ISLNK(st.st_mode)))
			return place;
	}
	return NULL;
}

/* Returns 0, or the exit status behind a line that says what is wrong. */
static int
start_sio(struct program *program, const struct sio_options *options)
{
	program->io = sio_new(program->server, options);
	if (program->io == NULL && options->client_file != NULL)
		return cannot("serve Socket.IO with", options->client_file);
	if (program->io == NULL ||
	    namespaces_add(program->io, &program->config->relays) < 0)
		return cannot("serve", "Socket.IO");
	return 0;
}

/* The same, with a client of the document root if there is one. */
static int
start_sio_beside_files(struct program *program, struct sio_options *options)
{
	char place[4096];

	options->client_file =
	    find_client(program->config, place, sizeof(place));
	return start_sio(program, options);
}

/* The same, with the client of --socket.io-client if it was given; with the
 * built-in one if there is no other. */
static int
add_sio(struct program *program)
{
	struct sio_options options = program->config->sio;
	size_t max_message = program->config->server.max_message;

	if (program->config->no_sio)
		return 0;
	if (max_message > 0)
		options.engine.max_payload = max_message;
	if (options.client_file == NULL && program->config->directory != NULL)
		return start_sio_beside_files(program, &options);
	return start_sio(program, &options);
}

/* ---- signals ----------------------------------------------------------- */

static void
on_stop(void *arg)
{
	(void)arg;
	systemd_notify("STOPPING=1");
}

/* Stop gracefully on the first SIGTERM or SIGINT, at once on the second. */
static int
watch_signals(struct ws_server *server, int grace_ms)
{
	/* There is no configuration that SIGHUP could reload. A write to a peer
	 * or a reader of the output that is gone fails with EPIPE, too. */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (ws_at_stop(server, on_stop, NULL) < 0 ||
	    ws_stop_on_signal(server, SIGTERM, grace_ms) < 0 ||
	    ws_stop_on_signal(server, SIGINT, grace_ms) < 0)
		return -1;
	return 0;
}

/* ---- start ------------------------------------------------------------- */

/* Returns 0 or a negative enum ws_error. */
static int
listen_all(struct ws_server *server, const struct config *config)
{
	int count = systemd_listen_fds(), result;

	for (int i = 0; i < count; i++) {
		result = ws_listen_fd(server, SYSTEMD_FIRST_FD + i);
		if (result < 0)
			return result;
	}
	for (unsigned i = 0; i < config->listen_count; i++) {
		result = ws_listen(server, config->listen[i]);
		if (result < 0)
			return result;
	}
	if (count == 0 && config->listen_count == 0)
		return ws_listen(server, ":8080");
	return 0;
}

/* Print the address to open in a browser. Returns whether somebody reads. */
static bool
print_address(const char *text, const char *base)
{
	const char *port = strrchr(text, ':');
	int len = (int)strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;

	if (strncmp(text, "unix:", 5) == 0)
		return say_now(STDOUT_FILENO, "listening on %s\n", text);
	if (strncmp(text, "[::]:", 5) == 0 || strncmp(text, "0.0.0.0:", 8) == 0)
		return say_now(STDOUT_FILENO,
		    "listening on http://localhost%s%.*s/ (every address)\n",
		    port, len, base);
	return say_now(
	    STDOUT_FILENO, "listening on http://%s%.*s/\n", text, len, base);
}

#define AMOUNT 48 /* room for a number with its unit */

/* Write a size, or the default where octets is 0. Returns text. */
static const char *
print_size(char text[AMOUNT], size_t octets, size_t by_default)
{
	size_t n = octets > 0 ? octets : by_default;

	if (n % (1 << 20) == 0)
		(void)snprintf(text, AMOUNT, "%zu MiB", n >> 20);
	else if (n % 1024 == 0)
		(void)snprintf(text, AMOUNT, "%zu KiB", n >> 10);
	else
		(void)snprintf(text, AMOUNT, "%zu octets", n);
	return text;
}

/* Write what a ping takes; ms is -1 for never. Returns text. */
static const char *
print_ping(char text[AMOUNT], int ms)
{
	if (ms < 0)
		return "no pings";
	(void)snprintf(text, AMOUNT, "a ping after %d %s of silence",
	    ms % 1000 == 0 ? ms / 1000 : ms, ms % 1000 == 0 ? "s" : "ms");
	return text;
}

static void
print_start(struct ws_server *server, const struct config *config)
{
	const struct ws_options *options = &config->server;
	const char *base = options->base_path;
	char text[256], messages[AMOUNT], queues[AMOUNT], ping[AMOUNT];
	char memory[AMOUNT];
	struct ws_stats stats;
	unsigned unread = 0;

	for (unsigned i = 0; ws_address(server, i, text, sizeof(text)) == 0;
	     i++)
		unread += !print_address(text, base != NULL ? base : "");
	unread += !say_now(STDOUT_FILENO, "serving %s\n",
	    config->directory != NULL ? config->directory
				      : "the pages built into the program");
	ws_stats(server, &stats);
	unread += !say_now(STDOUT_FILENO,
	    "limits: %zu clients, messages of %s, queues of %s, %s in all; "
	    "%s\n",
	    stats.max_clients,
	    print_size(messages, options->max_message, 1 << 20),
	    print_size(queues, options->queue_max, 1 << 20),
	    print_size(memory, 0, stats.max_memory >> 20 << 20),
	    print_ping(ping, options->ping_ms != 0 ? options->ping_ms : 25000));
	if (unread > 0)
		ws_log_line(server, WS_LOG_WARN, NULL,
		    "%u line%s dropped: nobody read standard output", unread,
		    unread == 1 ? " was" : "s were");
}

static int
run(struct program *program)
{
	const struct config *config = program->config;
	int result;

	result = add_endpoints(program->server, config);
	/* The library logs what is wrong with an option of files. */
	if (result == WS_EINVAL)
		return 2;
	if (result < 0)
		return cannot("serve", config->directory != NULL
					   ? config->directory
					   : "the pages");
	result = add_sio(program);
	if (result != 0)
		return result;
	/* ws_listen logs the reason. A malformed address is wrong usage. */
	result = listen_all(program->server, config);
	if (result < 0)
		return result == WS_EINVAL ? 2 : 1;
	if (watch_signals(program->server, config->grace_ms) < 0)
		return cannot("watch", "signals");
	if (!config->quiet)
		print_start(program->server, config);
	systemd_notify("READY=1");
	if (ws_run(program->server) < 0)
		return cannot("wait for", "events");
	return 0;
}

int
main(int argc, char **argv)
{
	struct config config;
	struct program program = { .config = &config };
	int status;

	config_read(&config, argc, argv);
	(void)ws_raise_descriptors();
	program.server = ws_server_new(&config.server);
	if (program.server == NULL)
		return cannot("start", "the server");
	status = run(&program);
	sio_free(program.io);
	ws_server_free(program.server);
	free(config.relays.at);
	free(config.rooms.at);
	return status;
}
