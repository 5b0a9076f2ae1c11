/* config.c - the program's options, from its command line. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static const char usage[] =
    "usage: wsd [options] [DIRECTORY]\n"
    "\n"
    "Serves WebSockets, Socket.IO, and the files of DIRECTORY or its own\n"
    "pages.\n"
    "\n"
    "  -l, --listen ADDRESS   HOST:PORT, :PORT, [IPV6]:PORT or\n"
    "                         unix:PATH[,mode=0660]; may be repeated (:8080)\n"
    "      --origin LIST      from where pages may connect: \"*\", or origins\n"
    "                         separated by commas (the same host and port)\n"
    "      --max-message SIZE largest message (1M)\n"
    "      --max-clients N    connections at once (what descriptors allow)\n"
    "      --max-per-ip N     connections of one address at once (no limit)\n"
    "      --queue SIZE       octets that may wait for a slow client (1M)\n"
    "      --ping TIME        silence until a ping; 0 for never (25s)\n"
    "      --idle TIME        an HTTP connection may be idle for (60s)\n"
    "      --grace TIME       time to finish after SIGTERM (10s)\n"
    "      --base-path PATH   prefix of all paths, as behind a proxy\n"
    "      --spa              serve /index.html for unknown paths\n"
    "      --list             list directories without index.html\n"
    "      --cache VALUE      Cache-Control of files (no-cache)\n"
    "      --compress-min SIZE  smallest answer that is compressed (1K);\n"
    "                         0: none is\n"
    "      --deflate MODE     compress messages: off, shared or dedicated,\n"
    "                         which remembers earlier ones (off)\n"
    "      --deflate-level N  1 is fast, 9 small (6)\n"
    "      --deflate-window N     9 to 15: octets looked back, 2^N (15)\n"
    "      --deflate-min SIZE     shortest message that is compressed (256)\n"
    "      --deflate-memory SIZE  of all dedicated windows (64M)\n"
    "      --log LEVEL        error, warn, info, access or debug (info)\n"
    "      --no-socket.io     do without Socket.IO\n"
    "      --socket.io-path PATH    where it is (/socket.io)\n"
    "      --socket.io-client FILE  the script that pages get (built in)\n"
    "      --cors LIST        from where other pages may use it: \"*\", or\n"
    "                         origins; may be repeated (nowhere)\n"
    "      --ping-interval TIME     from ping to ping (25s)\n"
    "      --ping-timeout TIME      until a pong is overdue (20s)\n"
    "  -q, --quiet            print errors only\n"
    "  -h, --help             print this\n"
    "  -V, --version          print the version\n"
    "\n"
    "SIZE is in octets or ends in K, M or G; TIME is in seconds or ends in\n"
    "ms, s, m or h.\n"
    "\n"
    "Endpoints: /echo answers what it gets; /room/NAME passes what a client\n"
    "sends to all others in the room (with ?self=1 to itself too); /healthz.\n"
    "Socket.IO: namespace /relay/NAME passes every event to all others in it;\n"
    "/, /chat and /ticker are for the pages.\n";

enum {
	OPT_ORIGIN = 256,
	OPT_MAX_MESSAGE,
	OPT_MAX_CLIENTS,
	OPT_MAX_PER_IP,
	OPT_QUEUE,
	OPT_PING,
	OPT_IDLE,
	OPT_GRACE,
	OPT_BASE_PATH,
	OPT_SPA,
	OPT_LIST,
	OPT_CACHE,
	OPT_COMPRESS_MIN,
	OPT_DEFLATE,
	OPT_DEFLATE_LEVEL,
	OPT_DEFLATE_WINDOW,
	OPT_DEFLATE_MIN,
	OPT_DEFLATE_MEMORY,
	OPT_LOG,
	OPT_SIO_PATH,
	OPT_SIO_CLIENT,
	OPT_NO_SIO,
	OPT_CORS,
	OPT_PING_INTERVAL,
	OPT_PING_TIMEOUT,
};

static const struct option options[] = {
	{ "listen", required_argument, NULL, 'l' },
	{ "origin", required_argument, NULL, OPT_ORIGIN },
	{ "max-message", required_argument, NULL, OPT_MAX_MESSAGE },
	{ "max-clients", required_argument, NULL, OPT_MAX_CLIENTS },
	{ "max-per-ip", required_argument, NULL, OPT_MAX_PER_IP },
	{ "queue", required_argument, NULL, OPT_QUEUE },
	{ "ping", required_argument, NULL, OPT_PING },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "grace", required_argument, NULL, OPT_GRACE },
	{ "base-path", required_argument, NULL, OPT_BASE_PATH },
	{ "spa", no_argument, NULL, OPT_SPA },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "cache", required_argument, NULL, OPT_CACHE },
	{ "compress-min", required_argument, NULL, OPT_COMPRESS_MIN },
	{ "deflate", required_argument, NULL, OPT_DEFLATE },
	{ "deflate-level", required_argument, NULL, OPT_DEFLATE_LEVEL },
	{ "deflate-window", required_argument, NULL, OPT_DEFLATE_WINDOW },
	{ "deflate-min", required_argument, NULL, OPT_DEFLATE_MIN },
	{ "deflate-memory", required_argument, NULL, OPT_DEFLATE_MEMORY },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "socket.io-path", required_argument, NULL, OPT_SIO_PATH },
	{ "socket.io-client", required_argument, NULL, OPT_SIO_CLIENT },
	{ "no-socket.io", no_argument, NULL, OPT_NO_SIO },
	{ "cors", required_argument, NULL, OPT_CORS },
	{ "ping-interval", required_argument, NULL, OPT_PING_INTERVAL },
	{ "ping-timeout", required_argument, NULL, OPT_PING_TIMEOUT },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

static void
fail(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* One line, whatever was typed. */
	for (char *at = line; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	}
	fprintf(stderr, "wsd: %s (see wsd --help)\n", line);
	exit(2);
}

/* One unit that a number may end in. */
struct unit {
	const char *suffix;
	int64_t factor;
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "K", 1 << 10 },
	{ "M", 1 << 20 },
	{ "G", 1 << 30 },
	{ NULL, 0 },
};
static const struct unit times[] = {
	{ "", 1000 },
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "h", 60 * 60 * 1000 },
	{ NULL, 0 },
};
static const struct unit counts[] = {
	{ "", 1 },
	{ NULL, 0 },
};

/* Read a number with a unit, between min and max. */
static int64_t
number(const char *option, const char *text, const struct unit *units,
    int64_t min, int64_t max)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	/* strtoll would take white space and a sign. */
	if (text[0] < '0' || text[0] > '9' || errno != 0)
		fail("--%s: '%s' is not a number", option, text);
	while (units->suffix != NULL && strcmp(units->suffix, end) != 0)
		units++;
	if (units->suffix == NULL)
		fail("--%s: '%s' has an unknown unit", option, text);
	if (value > max / units->factor || value * units->factor < min)
		fail("--%s: '%s' is out of range", option, text);
	return value * units->factor;
}

/* A time of at most a day. */
static int
milliseconds(const char *option, const char *text, int64_t min)
{
	return (int)number(option, text, times, min, 24 * 60 * 60 * 1000);
}

static int
level(const char *text)
{
	static const char *const names[] = { "error", "warn", "info", "access",
		"debug" };

	for (int i = 0; i < 5; i++) {
		if (strcmp(text, names[i]) == 0)
			return i + 1;
	}
	fail("--log: '%s' is not error, warn, info, access or debug", text);
}

static void
add_listen(struct config *config, const char *address)
{
	if (config->listen_count == CONFIG_LISTEN_MAX)
		fail("--listen: more than %d addresses", CONFIG_LISTEN_MAX);
	config->listen[config->listen_count++] = address;
}

/* Whether a text is not empty and has only characters from first to '~'. */
static bool
is_printable(const char *text, char first)
{
	const char *at = text;

	while (*at >= first && *at <= '~')
		at++;
	return at > text && *at == '\0';
}

/* A mistake in here would refuse every browser, and look like an attack. */
static void
check_origins(const char *option, const char *list)
{
	static const char separators[] = ", \t";
	const char *at = list, *host;

	if (strcmp(list, "*") == 0)
		return;
	do {
		at += strspn(at, separators);
		host = at + strcspn(at, ":/, \t");
		if (host == at || strncmp(host, "://", 3) != 0 ||
		    strcspn(host + 3, "/?#, \t") == 0 ||
		    !is_printable(list, ' '))
			fail("--%s: '%s' is not \"*\" or a list like "
			     "https://a.example",
			    option, list);
		at = host + 3 + strcspn(host + 3, "/?#, \t");
		if (*at != '\0' && strchr(separators, *at) == NULL)
			fail("--%s: an origin ends behind the port, unlike "
			     "'%s'",
			    option, list);
		at += strspn(at, separators);
	} while (*at != '\0');
}

static void
check_path(const char *option, const char *path)
{
	if (path[0] != '/' || !is_printable(path, '!') ||
	    strpbrk(path, "?#") != NULL || strstr(path, "/./") != NULL ||
	    strstr(path, "/..") != NULL)
		fail("--%s: '%s' is not a path like /live", option, path);
}

/* Origins add up, and "*" is all of them. */
static void
add_cors(struct config *config, const char *list)
{
	struct eio_options *engine = &config->sio.engine;
	size_t len = strlen(config->cors), room = sizeof(config->cors) - len;

	check_origins("cors", list);
	engine->cors = config->cors;
	if (strcmp(list, "*") == 0)
		strcpy(config->cors, "*");
	else if (strcmp(config->cors, "*") != 0 &&
		 snprintf(config->cors + len, room, "%s%s", len > 0 ? "," : "",
		     list) >= (int)room)
		fail("--cors: more than %zu characters",
		    sizeof(config->cors) - 1);
	/* Old clients send credentials, and then "*" is no answer. */
	engine->cors_credentials = strcmp(config->cors, "*") != 0;
}

/* The part of take that is about Socket.IO. */
static void
take_sio(struct config *config, int option, const char *value)
{
	struct eio_options *engine = &config->sio.engine;

	switch (option) {
	case OPT_SIO_PATH:
		check_path("socket.io-path", value);
		config->sio.path = value;
		break;
	case OPT_SIO_CLIENT:
		config->sio.client_file = value;
		break;
	case OPT_NO_SIO:
		config->no_sio = true;
		break;
	case OPT_CORS:
		add_cors(config, value);
		break;
	case OPT_PING_INTERVAL:
		engine->ping_interval_ms =
		    milliseconds("ping-interval", value, 1);
		break;
	case OPT_PING_TIMEOUT:
		engine->ping_timeout_ms =
		    milliseconds("ping-timeout", value, 1);
		break;
	default:
		exit(2); /* getopt_long has said why */
	}
}

/* The part that is about answers over HTTP. */
static void
take_http(struct config *config, int option, const char *value)
{
	struct ws_options *server = &config->server;

	switch (option) {
	case OPT_SPA:
		config->files.spa = true;
		break;
	case OPT_LIST:
		config->files.list = true;
		break;
	case OPT_CACHE:
		if (!is_printable(value, ' '))
			fail("--cache: not the value of a header field");
		config->files.cache = value;
		break;
	case OPT_COMPRESS_MIN:
		server->compress_min =
		    (size_t)number("compress-min", value, sizes, 0, 1 << 30);
		if (server->compress_min == 0)
			server->compress_min = SIZE_MAX;
		break;
	default:
		take_sio(config, option, value);
	}
}

static int
deflate_mode(const char *text)
{
	if (strcmp(text, "off") == 0)
		return WS_DEFLATE_OFF;
	if (strcmp(text, "shared") == 0)
		return WS_DEFLATE_SHARED;
	if (strcmp(text, "dedicated") == 0)
		return WS_DEFLATE_DEDICATED;
	fail("--deflate: '%s' is not off, shared or dedicated", text);
}

/* The part of take that is about compression of messages. */
static void
take_deflate(struct config *config, int option, const char *value)
{
	struct ws_options *server = &config->server;

	switch (option) {
	case OPT_DEFLATE:
		server->deflate = deflate_mode(value);
		break;
	case OPT_DEFLATE_LEVEL:
		server->deflate_level =
		    (int)number("deflate-level", value, counts, 1, 9);
		break;
	case OPT_DEFLATE_WINDOW:
		server->deflate_window =
		    (int)number("deflate-window", value, counts, 9, 15);
		break;
	case OPT_DEFLATE_MIN:
		server->deflate_min =
		    (int)number("deflate-min", value, sizes, 1, 1 << 30);
		break;
	case OPT_DEFLATE_MEMORY:
		server->deflate_memory = (size_t)number(
		    "deflate-memory", value, sizes, 1, (int64_t)1 << 40);
		break;
	default:
		take_http(config, option, value);
	}
}

/* Take one option. */
static void
take(struct config *config, int option, const char *value)
{
	struct ws_options *server = &config->server;

	switch (option) {
	case 'l':
		add_listen(config, value);
		break;
	case OPT_ORIGIN:
		check_origins("origin", value);
		server->origin = value;
		break;
	case OPT_MAX_MESSAGE:
		server->max_message =
		    (size_t)number("max-message", value, sizes, 1, 1 << 30);
		break;
	case OPT_MAX_CLIENTS:
		server->max_clients =
		    (unsigned)number("max-clients", value, counts, 1, INT_MAX);
		break;
	case OPT_MAX_PER_IP:
		server->max_per_ip =
		    (unsigned)number("max-per-ip", value, counts, 0, INT_MAX);
		break;
	case OPT_QUEUE:
		server->queue_max =
		    (size_t)number("queue", value, sizes, 1024, 1 << 30);
		break;
	case OPT_PING:
		server->ping_ms = milliseconds("ping", value, 0);
		if (server->ping_ms == 0)
			server->ping_ms = -1;
		break;
	case OPT_IDLE:
		server->idle_ms = milliseconds("idle", value, 1);
		break;
	case OPT_GRACE:
		config->grace_ms = milliseconds("grace", value, 0);
		break;
	case OPT_BASE_PATH:
		check_path("base-path", value);
		server->base_path = value;
		break;
	case OPT_LOG:
		server->log_level = level(value);
		break;
	case 'q':
		config->quiet = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(fflush(stdout) == 0 ? 0 : 1);
	case 'V':
		puts("wsd " WS_VERSION);
		exit(fflush(stdout) == 0 ? 0 : 1);
	default:
		take_deflate(config, option, value);
	}
}

void
config_read(struct config *config, int argc, char **argv)
{
	int option;

	*config = (struct config){ .grace_ms = 10000 };
	while ((option = getopt_long(argc, argv, "l:qhV", options, NULL)) != -1)
		take(config, option, optarg);
	if (optind < argc)
		config->directory = argv[optind++];
	if (optind < argc)
		fail(
		    "one directory can be served, not also '%s'", argv[optind]);
	/* Whoever asks for compression means all messages. */
	if (config->server.deflate != WS_DEFLATE_OFF)
		config->sio.engine.deflate_min =
		    config->server.deflate_min > 0 ? config->server.deflate_min
						   : 256;
	if (config->quiet && config->server.log_level == 0)
		config->server.log_level = WS_LOG_ERROR + 1;
}
