/* config.c - the program's options, from its command line. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amount.h"
#include "base/bytes.h"
#include "say.h"
#include "setting.h"

/* ---- the table --------------------------------------------------------- */

#define PLACE(member)                              \
	.offset = offsetof(struct config, member), \
	.size = sizeof(((struct config *)NULL)->member)
#define NUMBER(member, unit, least, most)                                \
	.take = take_number, PLACE(member), .units = unit, .min = least, \
	.max = most
#define DAY_MS (24ull * 60 * 60 * 1000)
#define GIB (1ull << 30)

/* clang-format off */
static const struct setting settings[] = {
	{ "listen", 'l', "ADDRESS",
	    "HOST:PORT, :PORT, [IPV6]:PORT or\n"
	    "unix:PATH[,mode=0660]; may be repeated (:8080)",
	    .take = take_listen },
	{ "port", 'p', "PORT", "the same as --listen :PORT",
	    .take = take_listen },
	{ "origin", 0, "LIST",
	    "pages that may connect, too: \"*\" for all, or\n"
	    "origins separated by commas, like http://a:*",
	    .take = take_origins, PLACE(server.origin) },
	{ "max-message", 0, "SIZE", "largest message (1M)",
	    NUMBER(server.max_message, amount_sizes, 1, GIB) },
	{ "max-clients", 0, "N",
	    "clients at once (as file descriptors allow)",
	    NUMBER(server.max_clients, amount_counts, 1, INT_MAX) },
	{ "max-per-ip", 0, "N",
	    "connections of one address; 0 for no limit (0)",
	    NUMBER(server.max_per_ip, amount_counts, 0, INT_MAX) },
	{ "max-head", 0, "SIZE", "largest head of a request (16K)",
	    NUMBER(server.max_head, amount_sizes, 1024, 65000) },
	{ "memory", 0, "SIZE",
	    "memory for all clients together (a quarter of\n"
	    "what there is)",
	    NUMBER(server.memory, amount_sizes, 1 << 20, 1024 * GIB) },
	{ "queue", 0, "SIZE", "octets that may wait for a slow client (1M)",
	    NUMBER(server.queue_max, amount_sizes, 1024, GIB) },
	{ "ping", 0, "TIME", "silence before a ping; 0 for no pings (25s)",
	    NUMBER(server.ping_ms, amount_times, 0, DAY_MS), .zero_is_never = true },
	{ "idle", 0, "TIME", "time until an idle HTTP connection ends (65s)",
	    NUMBER(server.idle_ms, amount_times, 1, DAY_MS) },
	{ "grace", 0, "TIME", "time that clients have after SIGTERM (10s)",
	    NUMBER(grace_ms, amount_times, 0, DAY_MS) },
	{ "base-path", 0, "PATH", "prefix of all paths, as behind a proxy",
	    .take = take_path, PLACE(server.base_path) },
	{ "spa", 0, NULL, "serve /index.html for paths that do not exist",
	    PLACE(files.spa) },
	{ "list", 0, NULL, "list directories without index.html",
	    PLACE(files.list) },
	{ "cache", 0, "VALUE", "Cache-Control of files (no-cache)",
	    .take = take_cache, PLACE(files.cache) },
	{ "type", 0, "EXT=TYPE",
	    "media type of an extension, as in\n"
	    "glb=model/gltf-binary; may be repeated",
	    .take = take_type },
	{ "header", 0, "FIELD",
	    "'Name: value' for files, or for some paths:\n"
	    "'/path/*: Name: value'; may be repeated",
	    .take = take_header },
	{ "cross-origin-isolated", 0, NULL,
	    "COOP and COEP, for threads in WebAssembly",
	    PLACE(files.cross_origin_isolated) },
	{ "compress-min", 0, "SIZE",
	    "smallest answer to compress; 0 for none (1K)",
	    NUMBER(server.compress_min, amount_sizes, 0, GIB), .zero_is_never = true },
	{ "deflate", 0, "MODE",
	    "compress messages: off, shared (each on its own)\n"
	    "or dedicated (it refers to earlier ones) (off)",
	    .take = take_word, PLACE(server.deflate),
	    .words = "off shared dedicated", .min = WS_DEFLATE_OFF },
	{ "deflate-level", 0, "N", "from 1, fast, to 9, small (6)",
	    NUMBER(server.deflate_level, amount_counts, 1, 9) },
	{ "deflate-window", 0, "N", "look back 2^N octets, N from 9 to 15 (15)",
	    NUMBER(server.deflate_window, amount_counts, 9, 15) },
	{ "deflate-min", 0, "SIZE",
	    "shortest message to compress (256)",
	    NUMBER(server.deflate_min, amount_sizes, 1, GIB) },
	{ "deflate-memory", 0, "SIZE", "memory for all dedicated windows (64M)",
	    NUMBER(server.deflate_memory, amount_sizes, 1, 1024 * GIB) },
	/* 0 is the default there, so levels count from 1. */
	{ "log", 0, "LEVEL", "error, warn, info, access or debug (info)",
	    .take = take_word, PLACE(server.log_level),
	    .words = "error warn info access debug", .min = WS_LOG_ERROR + 1 },
	{ "log-format", 0, "FORMAT",
	    "of answers in the log: pairs (key=value) or clf,\n"
	    "the combined log format of web servers (pairs)",
	    .take = take_word, PLACE(server.log_format),
	    .words = "pairs clf", .min = WS_LOG_PAIRS },
	{ "no-socket.io", 0, NULL, "do without Socket.IO", PLACE(no_sio) },
	{ "socket.io-path", 0, "PATH", "path of Socket.IO (/socket.io)",
	    .take = take_path, PLACE(sio.path) },
	{ "socket.io-client", 0, "PATH",
	    "directory of official builds for pages, or one\n"
	    "script for /socket.io/socket.io.js (built in)",
	    .take = take_text, PLACE(sio.client_file) },
	{ "cors", 0, "LIST",
	    "pages of other origins that may use Socket.IO,\n"
	    "as for --origin; true: all, cookies included;\n"
	    "may be repeated (none)",
	    .take = take_cors },
	{ "ping-interval", 0, "TIME",
	    "from one ping of Socket.IO to the next (25s)",
	    NUMBER(sio.engine.ping_interval_ms, amount_times, 1, DAY_MS) },
	{ "ping-timeout", 0, "TIME", "how long its answer may take (20s)",
	    NUMBER(sio.engine.ping_timeout_ms, amount_times, 1, DAY_MS) },
	{ "relay", 0, "NAMESPACE",
	    "pass the events of a namespace to all others in\n"
	    "it; behind \",self\" to the sender, too; may be\n"
	    "repeated (/relay/*)",
	    .take = take_place, PLACE(relays) },
	{ "rooms", 0, "PATH",
	    "a room at this path, and at each below it, as\n"
	    "/room/NAME; \",self\" as for --relay; may be\n"
	    "repeated",
	    .take = take_place, PLACE(rooms) },
	{ "history", 0, "KEEP",
	    "what is kept of each room for who was away: N\n"
	    "messages, for how long, of what size together;\n"
	    "NAME=N,TIME,SIZE or NAME/*=... for some rooms;\n"
	    "may be repeated; 0 for nothing (100,5m,256K)",
	    .take = take_history },
	{ "history-memory", 0, "SIZE",
	    "memory for what is kept of all rooms (16M)",
	    NUMBER(hub.history_memory, amount_sizes, 1024, 1024 * GIB) },
	{ "quiet", 'q', NULL, "print errors only", PLACE(quiet) },
	{ "help", 'h', NULL, "print this", .take = NULL },
	{ "version", 'V', NULL, "print the version", .take = NULL },
};
/* clang-format on */

/* ---- help -------------------------------------------------------------- */

static const char usage[] =
    "usage: wsd [options] [DIRECTORY] [PORT]\n"
    "\n"
    "Serves WebSockets, Socket.IO, and the files of DIRECTORY or its own\n"
    "pages.\n"
    "\n";
static const char notes[] =
    "\n"
    "SIZE is in octets or ends in K, M or G; TIME is in seconds or ends in\n"
    "ms, s, m or h.\n"
    "\n"
    "Endpoints: /echo answers with what it gets; /room/NAME passes what a\n"
    "client sends to all others in the room (with ?self=1 to itself, too),\n"
    "and curl can publish there, watch, and ask for what was missed;\n"
    "/healthz answers \"ok\".\n"
    "Socket.IO: namespace /relay/NAME passes every event to all others in\n"
    "it; /, /chat and /ticker serve the built-in pages.\n";

#define HELP_COLUMN 31 /* behind "      --socket.io-client PATH" */

/* Print one row of the table. Returns 0, or -1 on a write error. */
static int
print_setting(const struct setting *s)
{
	const char *line = s->help;
	char left[64];
	size_t len;

	(void)snprintf(left, sizeof(left), "  %c%c%c --%.23s %s",
	    s->letter != 0 ? '-' : ' ', s->letter != 0 ? s->letter : ' ',
	    s->letter != 0 ? ',' : ' ', s->name,
	    s->value != NULL ? s->value : "");
	for (;; line += len + 1) {
		len = strcspn(line, "\n");
		if (say(STDOUT_FILENO, "%-*s%.*s\n", HELP_COLUMN, left,
			(int)len, line) < 0)
			return -1;
		if (line[len] == '\0')
			return 0;
		left[0] = '\0';
	}
}

/* Returns the exit status. */
static int
print_help(void)
{
	if (say(STDOUT_FILENO, "%s", usage) < 0)
		return 1;
	for (size_t i = 0; i < WS_LEN(settings); i++) {
		if (print_setting(&settings[i]) < 0)
			return 1;
	}
	return say(STDOUT_FILENO, "%s", notes) < 0;
}

/* ---- the command line -------------------------------------------------- */

/* What getopt_long returns for a setting: its letter, or a number that is no
 * octet. */
static int
key_of(const struct setting *s)
{
	return s->letter != 0 ? s->letter : UCHAR_MAX + 1 + (int)(s - settings);
}

/* Returns NULL when key is none of a setting. */
static const struct setting *
find(int key)
{
	for (size_t i = 0; i < WS_LEN(settings); i++) {
		if (key_of(&settings[i]) == key)
			return &settings[i];
	}
	return NULL;
}

/* Write the table in the two forms that getopt_long reads. The colon in front
 * has it report a missing value. */
static void
describe(struct option names[WS_LEN(settings) + 1],
    char letters[2 * WS_LEN(settings) + 2])
{
	*letters++ = ':';
	for (size_t i = 0; i < WS_LEN(settings); i++, names++) {
		const struct setting *s = &settings[i];

		*names = (struct option){ s->name,
			s->value != NULL ? required_argument : no_argument,
			NULL, key_of(s) };
		if (s->letter != 0)
			*letters++ = s->letter;
		if (s->letter != 0 && s->value != NULL)
			*letters++ = ':';
	}
	*names = (struct option){ NULL, 0, NULL, 0 };
	*letters = '\0';
}

/* Of rooms that no --history is for, as much is kept as without any. */
static void
end_history(struct config *config)
{
	struct hub_options *hub = &config->hub;

	hub->max_message = config->server.max_message;
	if (hub->keep_count == 0)
		return;
	hub->keep = config->keep;
	config->keep[hub->keep_count++] = (struct hub_keep){
		.messages = 100, .seconds = 300, .octets = 256 << 10
	};
}

static void refuse(const char *argument) __attribute__((noreturn));

/* Say what getopt_long did not understand. It sets optopt to the key of a known
 * option, to a letter that is none, or to 0 for a name that is none. */
static void
refuse(const char *argument)
{
	const struct setting *s = find(optopt);

	if (s != NULL)
		setting_fail("--%s %s", s->name,
		    s->value != NULL ? "needs a value" : "takes no value");
	if (optopt != 0)
		setting_fail("there is no option -%c", optopt);
	setting_fail("unknown or ambiguous option %.*s",
	    (int)strcspn(argument, "="), argument);
}

/* An operand is a directory; a number that is none is a port. */
static void
take_operand(struct config *config, const char *operand)
{
	struct stat st;

	if (setting_is_number(operand) &&
	    (stat(operand, &st) < 0 || !S_ISDIR(st.st_mode)))
		take_listen(config, find('l'), operand);
	else if (config->directory == NULL)
		config->directory = operand;
	else
		setting_fail(
		    "one directory can be served, not also '%s'", operand);
}

void
config_read(struct config *config, int argc, char **argv)
{
	struct option names[WS_LEN(settings) + 1];
	char letters[2 * WS_LEN(settings) + 2];
	int key;

	/* A compound literal would be built in stack first, which would then
	 * stay resident. */
	memset(config, 0, sizeof(*config));
	config->grace_ms = 10000;
	config->server.log_name = "wsd: ";
	describe(names, letters);
	opterr = 0; /* it prints nothing itself */
	while ((key = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const struct setting *s = find(key);

		if (s == NULL)
			refuse(argv[optind - 1]);
		if (key == 'h')
			exit(print_help());
		if (key == 'V')
			exit(say(STDOUT_FILENO, "wsd %s\n", WS_VERSION) < 0);
		if (s->value == NULL)
			*(bool *)((char *)config + s->offset) = true;
		else
			s->take(config, s, optarg);
	}
	for (; optind < argc; optind++)
		take_operand(config, argv[optind]);
	end_history(config);
	/* --deflate also sets what the messages of Socket.IO do. */
	if (config->server.deflate != WS_DEFLATE_OFF)
		config->sio.engine.deflate_min =
		    config->server.deflate_min > 0 ? config->server.deflate_min
						   : 256;
	if (config->quiet && config->server.log_level == 0)
		config->server.log_level = WS_LOG_ERROR + 1;
}
