/* config.c - the program's options, from its command line. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "base/digits.h"
#include "base/line.h"
#include "say.h"

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

/* One option of the command line. */
struct option {
	const char *name; /* behind "--" */
	char letter;      /* behind "-", or 0 */
	bool is_flag;     /* takes no value */
	/* Where a take that is not of one option only puts what it read. */
	uint8_t size;
	uint16_t offset;
	/* What a number may be, and what a word. */
	uint16_t min;
	int64_t max;
	const struct unit *units;
	const char *words;
	void (*take)(struct config *config, const struct option *option,
	    const char *value);
};

static void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Say what is wrong with the command line, in one line, and end. */
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

/* Read a number with a unit. */
static int64_t
read_number(const struct option *option, const char *text)
{
	const struct unit *unit = option->units;
	uint64_t value;
	const char *end = text + ws_digits_read(text, strlen(text), &value);

	if (end == text || value > INT64_MAX)
		fail("--%s: '%s' is not a number", option->name, text);
	while (unit->suffix != NULL && strcmp(unit->suffix, end) != 0)
		unit++;
	if (unit->suffix == NULL)
		fail("--%s: '%s' has an unknown unit", option->name, text);
	if ((int64_t)value > option->max / unit->factor ||
	    (int64_t)value * unit->factor < option->min)
		fail("--%s: '%s' is out of range", option->name, text);
	return (int64_t)value * unit->factor;
}

/* Put a number where its option wants it. */
static void
put(struct config *config, const struct option *option, int64_t number)
{
	void *place = (char *)config + option->offset;

	if (option->size == sizeof(int))
		*(int *)place = (int)number;
	else
		*(size_t *)place = (size_t)number;
}

static void
take_number(
    struct config *config, const struct option *option, const char *value)
{
	put(config, option, read_number(option, value));
}

/* Of words, the number is min for the first one, min + 1 for the second. */
static void
take_word(struct config *config, const struct option *option, const char *value)
{
	const char *word = option->words;
	size_t len = strcspn(word, " ");
	int64_t number = option->min;

	while (strlen(value) != len || memcmp(value, word, len) != 0) {
		if (word[len] == '\0')
			fail("--%s: '%s' is none of: %s", option->name, value,
			    option->words);
		word += len + 1;
		len = strcspn(word, " ");
		number++;
	}
	put(config, option, number);
}

static void
take_flag(struct config *config, const struct option *option, const char *value)
{
	(void)value;
	*(bool *)((char *)config + option->offset) = true;
}

static void
take_text(struct config *config, const struct option *option, const char *value)
{
	const char **place =
	    (const char **)(void *)((char *)config + option->offset);

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

/* A mistake in here would refuse every browser, and look like an attack. */
static void
check_origins(const struct option *option, const char *list)
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
			    option->name, list);
		at = host + 3 + strcspn(host + 3, "/?#, \t");
		if (*at != '\0' && strchr(separators, *at) == NULL)
			fail("--%s: an origin ends behind the port, unlike "
			     "'%s'",
			    option->name, list);
		at += strspn(at, separators);
	} while (*at != '\0');
}

static void
take_origins(
    struct config *config, const struct option *option, const char *value)
{
	check_origins(option, value);
	take_text(config, option, value);
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
take_path(struct config *config, const struct option *option, const char *value)
{
	if (value[0] != '/' || !is_printable(value, '!') ||
	    value[strcspn(value, "?#")] != '\0' || has_dots(value))
		fail(
		    "--%s: '%s' is not a path like /live", option->name, value);
	take_text(config, option, value);
}

/* ---- options with rules of their own ----------------------------------- */

static void
take_listen(
    struct config *config, const struct option *option, const char *value)
{
	if (config->listen_count == CONFIG_LISTEN_MAX)
		fail("--%s: more than %d addresses", option->name,
		    CONFIG_LISTEN_MAX);
	config->listen[config->listen_count++] = value;
}

/* Never is 0 here, and what is negative there. */
static void
take_ping(struct config *config, const struct option *option, const char *value)
{
	take_number(config, option, value);
	if (config->server.ping_ms == 0)
		config->server.ping_ms = -1;
}

/* No answer is so long that it would be compressed. */
static void
take_compress_min(
    struct config *config, const struct option *option, const char *value)
{
	take_number(config, option, value);
	if (config->server.compress_min == 0)
		config->server.compress_min = SIZE_MAX;
}

static void
take_cache(
    struct config *config, const struct option *option, const char *value)
{
	if (!is_printable(value, ' ') || strlen(value) > 1000)
		fail("--%s: not the value of a header field", option->name);
	take_text(config, option, value);
}

/* Origins add up, and "*" is all of them. */
static void
take_cors(struct config *config, const struct option *option, const char *value)
{
	struct eio_options *engine = &config->sio.engine;
	size_t len = strlen(config->cors), room = sizeof(config->cors) - len;

	check_origins(option, value);
	engine->cors = config->cors;
	if (strcmp(value, "*") == 0)
		strcpy(config->cors, "*");
	else if (strcmp(config->cors, "*") != 0 &&
		 snprintf(config->cors + len, room, "%s%s", len > 0 ? "," : "",
		     value) >= (int)room)
		fail("--%s: more than %zu characters", option->name,
		    sizeof(config->cors) - 1);
	/* Old clients send credentials, and then "*" is no answer. */
	engine->cors_credentials = strcmp(config->cors, "*") != 0;
}

static void
take_help(struct config *config, const struct option *option, const char *value)
{
	(void)config;
	(void)option;
	(void)value;
	exit(say_text(STDOUT_FILENO, usage, strlen(usage)) == 0 ? 0 : 1);
}

static void
take_version(
    struct config *config, const struct option *option, const char *value)
{
	(void)config;
	(void)option;
	(void)value;
	exit(say(STDOUT_FILENO, "wsd %s\n", WS_VERSION) == 0 ? 0 : 1);
}

/* ---- the table --------------------------------------------------------- */

#define PLACE(member)                              \
	.offset = offsetof(struct config, member), \
	.size = sizeof(((struct config *)NULL)->member)
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define GIB ((int64_t)1 << 30)

/* clang-format off */
static const struct option options[] = {
	{ "listen", 'l', .take = take_listen },
	{ "origin", .take = take_origins, PLACE(server.origin) },
	{ "max-message", .take = take_number, PLACE(server.max_message),
	    .units = sizes, .min = 1, .max = GIB },
	{ "max-clients", .take = take_number, PLACE(server.max_clients),
	    .units = counts, .min = 1, .max = INT_MAX },
	{ "max-per-ip", .take = take_number, PLACE(server.max_per_ip),
	    .units = counts, .max = INT_MAX },
	{ "queue", .take = take_number, PLACE(server.queue_max),
	    .units = sizes, .min = 1024, .max = GIB },
	{ "ping", .take = take_ping, PLACE(server.ping_ms),
	    .units = times, .max = DAY_MS },
	{ "idle", .take = take_number, PLACE(server.idle_ms),
	    .units = times, .min = 1, .max = DAY_MS },
	{ "grace", .take = take_number, PLACE(grace_ms),
	    .units = times, .max = DAY_MS },
	{ "base-path", .take = take_path, PLACE(server.base_path) },
	{ "spa", .is_flag = true, .take = take_flag, PLACE(files.spa) },
	{ "list", .is_flag = true, .take = take_flag, PLACE(files.list) },
	{ "cache", .take = take_cache, PLACE(files.cache) },
	{ "compress-min", .take = take_compress_min,
	    PLACE(server.compress_min), .units = sizes, .max = GIB },
	{ "deflate", .take = take_word, PLACE(server.deflate),
	    .words = "off shared dedicated", .min = WS_DEFLATE_OFF },
	{ "deflate-level", .take = take_number, PLACE(server.deflate_level),
	    .units = counts, .min = 1, .max = 9 },
	{ "deflate-window", .take = take_number, PLACE(server.deflate_window),
	    .units = counts, .min = 9, .max = 15 },
	{ "deflate-min", .take = take_number, PLACE(server.deflate_min),
	    .units = sizes, .min = 1, .max = GIB },
	{ "deflate-memory", .take = take_number, PLACE(server.deflate_memory),
	    .units = sizes, .min = 1, .max = GIB * 1024 },
	/* 0 is the default there, so levels count from 1. */
	{ "log", .take = take_word, PLACE(server.log_level),
	    .words = "error warn info access debug", .min = WS_LOG_ERROR + 1 },
	{ "no-socket.io", .is_flag = true, .take = take_flag, PLACE(no_sio) },
	{ "socket.io-path", .take = take_path, PLACE(sio.path) },
	{ "socket.io-client", .take = take_text, PLACE(sio.client_file) },
	{ "cors", .take = take_cors },
	{ "ping-interval", .take = take_number,
	    PLACE(sio.engine.ping_interval_ms),
	    .units = times, .min = 1, .max = DAY_MS },
	{ "ping-timeout", .take = take_number,
	    PLACE(sio.engine.ping_timeout_ms),
	    .units = times, .min = 1, .max = DAY_MS },
	{ "quiet", 'q', .is_flag = true, .take = take_flag, PLACE(quiet) },
	{ "help", 'h', .is_flag = true, .take = take_help },
	{ "version", 'V', .is_flag = true, .take = take_version },
};
/* clang-format on */

#define COUNT (sizeof(options) / sizeof(options[0]))

/* ---- the command line -------------------------------------------------- */

static void
take_operand(struct config *config, const char *text)
{
	if (config->directory != NULL)
		fail("one directory can be served, not also '%s'", text);
	config->directory = text;
}

/* --NAME, --NAME=VALUE or --NAME VALUE. Returns the last argument taken. */
static char **
take_long(struct config *config, char **at)
{
	const char *name = *at + 2, *value = NULL;
	const struct option *option = options;
	size_t len = strcspn(name, "=");

	while (option < options + COUNT &&
	       (strlen(option->name) != len ||
		   memcmp(option->name, name, len) != 0))
		option++;
	if (option == options + COUNT)
		fail("there is no option --%.*s", (int)len, name);
	if (option->is_flag && name[len] == '=')
		fail("--%s takes no value", option->name);
	if (name[len] == '=')
		value = name + len + 1;
	else if (!option->is_flag && (value = *++at) == NULL)
		fail("--%s needs a value", option->name);
	option->take(config, option, value);
	return at;
}

/* -a, several as -ab, -lVALUE or -l VALUE. Returns the last one taken. */
static char **
take_short(struct config *config, char **at)
{
	for (const char *letter = *at + 1; *letter != '\0'; letter++) {
		const struct option *option = options;

		while (option < options + COUNT && option->letter != *letter)
			option++;
		if (option == options + COUNT)
			fail("there is no option -%c", *letter);
		if (option->is_flag) {
			option->take(config, option, NULL);
			continue;
		}
		if (letter[1] != '\0')
			letter++;
		else if ((letter = *++at) == NULL)
			fail("--%s needs a value", option->name);
		option->take(config, option, letter);
		break;
	}
	return at;
}

void
config_read(struct config *config, char **argv)
{
	char **at = argv[0] != NULL ? argv + 1 : argv;

	*config = (struct config){ .grace_ms = 10000 };
	for (; *at != NULL && strcmp(*at, "--") != 0; at++) {
		if ((*at)[0] != '-' || (*at)[1] == '\0')
			take_operand(config, *at);
		else if ((*at)[1] == '-')
			at = take_long(config, at);
		else
			at = take_short(config, at);
	}
	/* Behind "--" nothing is an option. */
	while (*at != NULL && *++at != NULL)
		take_operand(config, *at);
	/* Whoever asks for compression means all messages. */
	if (config->server.deflate != WS_DEFLATE_OFF)
		config->sio.engine.deflate_min =
		    config->server.deflate_min > 0 ? config->server.deflate_min
						   : 256;
	if (config->quiet && config->server.log_level == 0)
		config->server.log_level = WS_LOG_ERROR + 1;
}
