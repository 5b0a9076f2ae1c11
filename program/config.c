/* config.c - the program's options, from its command line. */
/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amount.h"
#include "base/bytes.h"
#include "base/digits.h"
#include "base/line.h"
#include "base/origin.h"
#include "config.h"
#include "say.h"

/* One option of the command line: how it is written, what --help says, and
 * where its value goes. */
struct setting {
	char name[24]; /* behind "--"; no pointer, which would be relocated */
	char letter;   /* behind "-", or 0 */
	const char *value; /* what --help calls its value; NULL for a flag */
	const char *help;  /* lines of at most 48 columns */
	/* Check the value and store it. A flag has none: it stores true. */
	void (*take)(
	    struct config *config, const struct setting *s, const char *value);
	/* The member of struct config that it sets; size tells an int from a
	 * size_t. */
	unsigned offset, size;
	/* For take_number, the range and the units; for take_word, the words,
	 * of which the first one means min, the second one min + 1. */
	uint64_t min, max;
	const struct unit *units;
	const char *words;
	bool zero_is_never; /* 0 is stored as -1 or SIZE_MAX */
};

static void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Say in one line what is wrong with the command line, and exit. */
static void
fail(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	(void)ws_line_format(line, sizeof(line), format, args);
	va_end(args);
	(void)say(STDERR_FILENO, "wsd: %s (see wsd --help)\n", line);
	exit(2);
}

/* ---- values ------------------------------------------------------------ */

/* Store a number in the member that a setting names. */
static void
put(struct config *config, const struct setting *s, uint64_t number)
{
	void *place = (char *)config + s->offset;

	if (s->size == sizeof(int))
		*(int *)place = (int)number;
	else
		*(size_t *)place = (size_t)number;
}

/* A number with one of the setting's units, in the setting's range. */
static void
take_number(struct config *config, const struct setting *s, const char *value)
{
	char least[AMOUNT_SIZE], most[AMOUNT_SIZE];
	uint64_t number = 0;

	switch (amount_read(value, s->units, s->min, s->max, &number)) {
	case AMOUNT_NO_NUMBER:
		fail("--%s: '%s' is not a number", s->name, value);
	case AMOUNT_NO_UNIT:
		fail("--%s: '%s' has an unknown unit", s->name, value);
	case AMOUNT_OUT_OF_RANGE:
		fail("--%s: '%s' is out of range (%s to %s)", s->name, value,
		    amount_print(least, s->min, s->units),
		    amount_print(most, s->max, s->units));
	case AMOUNT_GOOD:
		break;
	}
	put(config, s, number == 0 && s->zero_is_never ? UINT64_MAX : number);
}

/* One of the setting's words. */
static void
take_word(struct config *config, const struct setting *s, const char *value)
{
	const char *word = s->words;
	size_t len = strcspn(word, " ");
	uint64_t number = s->min;

	while (strlen(value) != len || memcmp(value, word, len) != 0) {
		if (word[len] == '\0')
			fail("--%s: '%s' is none of: %s", s->name, value,
			    s->words);
		word += len + 1;
		len = strcspn(word, " ");
		number++;
	}
	put(config, s, number);
}

static void
take_text(struct config *config, const struct setting *s, const char *value)
{
	const char **place =
	    (const char **)(void *)((char *)config + s->offset);

	*place = value;
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

/* Refuse a list with what no browser sends: it would shut out every browser, and
 * look like an attack in the log. */
static void
check_origins(const struct setting *s, const char *list)
{
	const char *at = list;
	struct ws_span member;
	bool any = false;

	if (strcmp(list, "*") == 0)
		return;
	for (; ws_origin_next(&at, &member); any = true) {
		if (!ws_origin_is_pattern(member))
			fail(
			    "--%s: no page has the origin '%.*s'; write \"*\", "
			    "or origins like https://a.example, "
			    "http://localhost:*, https://*.a.example, null or "
			    "file://",
			    s->name, (int)member.len, member.at);
	}
	if (!any)
		fail("--%s: the list is empty", s->name);
}

static void
take_origins(struct config *config, const struct setting *s, const char *value)
{
	check_origins(s, value);
	take_text(config, s, value);
}

/* Whether a path has a segment "." or one that begins with "..". */
static bool
has_dots(const char *path)
{
	for (; *path != '\0'; path++) {
		if (strncmp(path, "/./", 3) == 0 ||
		    strncmp(path, "/..", 3) == 0)
			return true;
	}
	return false;
}

static void
take_path(struct config *config, const struct setting *s, const char *value)
{
	if (value[0] != '/' || !is_printable(value, '!') ||
	    value[strcspn(value, "?#")] != '\0' || has_dots(value))
		fail("--%s: '%s' is not a path like /live", s->name, value);
	take_text(config, s, value);
}

/* ---- settings with rules of their own ---------------------------------- */

/* Return whether a text is a number, such as a port by itself. */
static bool
is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* "HOST:PORT", as ws_listen takes it, or the port alone. */
static void
take_listen(struct config *config, const struct setting *s, const char *value)
{
	const char *colon = strrchr(value, ':');
	const char *port = colon != NULL ? colon + 1 : value;
	uint64_t number = 0;

	if (is_number(port) &&
	    (strlen(port) > 5 ||
		ws_digits_read(port, strlen(port), &number) == 0 ||
		number > 65535))
		fail("--%s: the port '%s' is out of range (0 to 65535)",
		    s->name, port);
	if (config->listen_count == CONFIG_LISTEN_MAX)
		fail(
		    "--%s: more than %d addresses", s->name, CONFIG_LISTEN_MAX);
	if (is_number(value)) {
		char *text = config->ports[config->listen_count];

		(void)snprintf(text, sizeof(config->ports[0]), ":%s", value);
		value = text;
	}
	config->listen[config->listen_count++] = value;
}

/* Add a value to a list that NULL ends. */
static void
add_to_list(const struct setting *s, const char **list, const char *value)
{
	size_t count = 0;

	while (list[count] != NULL)
		count++;
	if (count == CONFIG_LIST_MAX)
		fail("--%s: more than %d of them", s->name, CONFIG_LIST_MAX);
	list[count] = value;
}

/* The library checks the values of these two, and logs what is wrong. */
static void
take_type(struct config *config, const struct setting *s, const char *value)
{
	config->files.types = config->types;
	add_to_list(s, config->types, value);
}

static void
take_header(struct config *config, const struct setting *s, const char *value)
{
	config->files.headers = config->headers;
	add_to_list(s, config->headers, value);
}

/* "PATH" or "PATH,self". */
static void
take_place(struct config *config, const struct setting *s, const char *value)
{
	struct config_places *places =
	    (struct config_places *)(void *)((char *)config + s->offset);
	struct config_place *place = &places->at[places->count];
	size_t len = strcspn(value, ",");

	if (places->count == CONFIG_PLACES_MAX)
		fail("--%s: more than %d", s->name, CONFIG_PLACES_MAX);
	while (len > 1 && value[len - 1] == '/')
		len--;
	place->self = strcmp(value + strcspn(value, ","), ",self") == 0;
	(void)snprintf(place->path, sizeof(place->path), "%.*s",
	    len < CONFIG_PATH_SIZE ? (int)len : 0, value);
	if (place->path[0] != '/' || !is_printable(place->path, '!') ||
	    place->path[strcspn(place->path, "?#")] != '\0' ||
	    (!place->self && value[strcspn(value, ",")] != '\0'))
		fail("--%s: '%s' is not a path like /live or /live,self",
		    s->name, value);
	places->count++;
}

static void
take_cache(struct config *config, const struct setting *s, const char *value)
{
	if (!is_printable(value, ' ') || strlen(value) > 1000)
		fail("--%s: '%.40s' is not the value of a header field",
		    s->name, value);
	take_text(config, s, value);
}

/* Whether a value of --cors stands for all origins. */
static bool
is_everywhere(const char *cors)
{
	return strcmp(cors, "*") == 0 || strcmp(cors, "true") == 0;
}

/* --cors may be repeated: origins are appended; "*" or "true" replaces them
 * all. */
static void
take_cors(struct config *config, const struct setting *s, const char *value)
{
	struct eio_options *engine = &config->sio.engine;
	size_t len = strlen(config->cors), room = sizeof(config->cors) - len;

	engine->cors = config->cors;
	if (is_everywhere(value)) {
		strcpy(config->cors, value);
		engine->cors_credentials = strcmp(value, "true") == 0;
		return;
	}
	check_origins(s, value);
	if (is_everywhere(config->cors))
		return;
	if (snprintf(config->cors + len, room, "%s%s", len > 0 ? "," : "",
		value) >= (int)room)
		fail("--%s: more than %zu characters", s->name,
		    sizeof(config->cors) - 1);
	/* Clients before version 3 send credentials, which browsers refuse to
	 * combine with "*" (Fetch standard, section 3.3.4). */
	engine->cors_credentials = true;
}

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
	{ "ping", 0, "TIME", "ping after so much silence; 0 for never (25s)",
	    NUMBER(server.ping_ms, amount_times, 0, DAY_MS), .zero_is_never = true },
	{ "idle", 0, "TIME", "close an HTTP connection idle so long (65s)",
	    NUMBER(server.idle_ms, amount_times, 1, DAY_MS) },
	{ "grace", 0, "TIME", "time that clients have after SIGTERM (10s)",
	    NUMBER(grace_ms, amount_times, 0, DAY_MS) },
	{ "base-path", 0, "PATH", "prefix of all paths, as behind a proxy",
	    .take = take_path, PLACE(server.base_path) },
	{ "spa", 0, NULL, "serve /index.html to who goes to unknown paths",
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
	    "directory of official builds for pages, or one script\n"
	    "for /socket.io/socket.io.js (built in)",
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
    "client sends to all others in the room (with ?self=1 to itself, too);\n"
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

static void refuse(const char *argument) __attribute__((noreturn));

/* Say what getopt_long did not understand. It sets optopt to the key of a known
 * option, to a letter that is none, or to 0 for a name that is none. */
static void
refuse(const char *argument)
{
	const struct setting *s = find(optopt);

	if (s != NULL)
		fail("--%s %s", s->name,
		    s->value != NULL ? "needs a value" : "takes no value");
	if (optopt != 0)
		fail("there is no option -%c", optopt);
	fail("unknown or ambiguous option %.*s", (int)strcspn(argument, "="),
	    argument);
}

/* An operand is a directory; a number that is none is a port. */
static void
take_operand(struct config *config, const char *operand)
{
	struct stat st;

	if (is_number(operand) &&
	    (stat(operand, &st) < 0 || !S_ISDIR(st.st_mode)))
		take_listen(config, find('l'), operand);
	else if (config->directory == NULL)
		config->directory = operand;
	else
		fail("one directory can be served, not also '%s'", operand);
}

void
config_read(struct config *config, int argc, char **argv)
{
	struct option names[WS_LEN(settings) + 1];
	char letters[2 * WS_LEN(settings) + 2];
	int key;

	*config =
	    (struct config){ .grace_ms = 10000, .server.log_name = "wsd: " };
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
	/* --deflate also sets what the messages of Socket.IO do. */
	if (config->server.deflate != WS_DEFLATE_OFF)
		config->sio.engine.deflate_min =
		    config->server.deflate_min > 0 ? config->server.deflate_min
						   : 256;
	if (config->quiet && config->server.log_level == 0)
		config->server.log_level = WS_LOG_ERROR + 1;
}
