/* setting.c - the values of options: checked, and stored. */
/* SPDX-License-Identifier: MIT */
#include "setting.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amount.h"
#include "base/digits.h"
#include "base/line.h"
#include "base/origin.h"
#include "say.h"

void
setting_fail(const char *format, ...)
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

void
take_number(struct config *config, const struct setting *s, const char *value)
{
	char least[AMOUNT_SIZE], most[AMOUNT_SIZE];
	uint64_t number = 0;

	switch (amount_read(value, s->units, s->min, s->max, &number)) {
	case AMOUNT_NO_NUMBER:
		setting_fail("--%s: '%s' is not a number", s->name, value);
	case AMOUNT_NO_UNIT:
		setting_fail("--%s: '%s' has an unknown unit", s->name, value);
	case AMOUNT_OUT_OF_RANGE:
		setting_fail("--%s: '%s' is out of range (%s to %s)", s->name,
		    value, amount_print(least, s->min, s->units),
		    amount_print(most, s->max, s->units));
	case AMOUNT_GOOD:
		break;
	}
	put(config, s, number == 0 && s->zero_is_never ? UINT64_MAX : number);
}

void
take_word(struct config *config, const struct setting *s, const char *value)
{
	const char *word = s->words;
	size_t len = strcspn(word, " ");
	uint64_t number = s->min;

	while (strlen(value) != len || memcmp(value, word, len) != 0) {
		if (word[len] == '\0')
			setting_fail("--%s: '%s' is none of: %s", s->name,
			    value, s->words);
		word += len + 1;
		len = strcspn(word, " ");
		number++;
	}
	put(config, s, number);
}

void
take_text(struct config *config, const struct setting *s, const char *value)
{
	const char **place =
	    (const char **)(void *)((char *)config + s->offset);

	*place = value;
}

/* Return whether a text is not empty and has only characters from first to
 * '~'. */
static bool
is_printable(const char *text, char first)
{
	const char *at = text;

	while (*at >= first && *at <= '~')
		at++;
	return at > text && *at == '\0';
}

/* Refuse a list with what no browser sends: it would shut out every browser,
 * and look like an attack in the log. */
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
			setting_fail(
			    "--%s: no page has the origin '%.*s'; write \"*\", "
			    "or origins like https://a.example, "
			    "http://localhost:*, https://*.a.example, null or "
			    "file://",
			    s->name, (int)member.len, member.at);
	}
	if (!any)
		setting_fail("--%s: the list is empty", s->name);
}

void
take_origins(struct config *config, const struct setting *s, const char *value)
{
	check_origins(s, value);
	take_text(config, s, value);
}

/* Return whether a path has a segment "." or one that begins with "..". */
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

void
take_path(struct config *config, const struct setting *s, const char *value)
{
	if (value[0] != '/' || !is_printable(value, '!') ||
	    value[strcspn(value, "?#")] != '\0' || has_dots(value))
		setting_fail(
		    "--%s: '%s' is not a path like /live", s->name, value);
	take_text(config, s, value);
}

/* ---- settings with rules of their own ---------------------------------- */

bool
setting_is_number(const char *text)
{
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

void
take_listen(struct config *config, const struct setting *s, const char *value)
{
	const char *colon = strrchr(value, ':');
	const char *port = colon != NULL ? colon + 1 : value;
	uint64_t number = 0;

	if (setting_is_number(port) &&
	    (strlen(port) > 5 ||
		ws_digits_read(port, strlen(port), &number) == 0 ||
		number > 65535))
		setting_fail("--%s: the port '%s' is out of range (0 to 65535)",
		    s->name, port);
	if (config->listen_count == CONFIG_LISTEN_MAX)
		setting_fail(
		    "--%s: more than %d addresses", s->name, CONFIG_LISTEN_MAX);
	if (setting_is_number(value)) {
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
		setting_fail(
		    "--%s: more than %d of them", s->name, CONFIG_LIST_MAX);
	list[count] = value;
}

void
take_type(struct config *config, const struct setting *s, const char *value)
{
	config->files.types = config->types;
	add_to_list(s, config->types, value);
}

void
take_header(struct config *config, const struct setting *s, const char *value)
{
	config->files.headers = config->headers;
	add_to_list(s, config->headers, value);
}

void
take_place(struct config *config, const struct setting *s, const char *value)
{
	struct config_places *places =
	    (struct config_places *)(void *)((char *)config + s->offset);
	struct config_place *place;
	size_t len = strcspn(value, ",");

	if (places->count == CONFIG_PLACES_MAX)
		setting_fail("--%s: more than %d", s->name, CONFIG_PLACES_MAX);
	if (places->at == NULL)
		places->at = calloc(CONFIG_PLACES_MAX, sizeof(*places->at));
	if (places->at == NULL)
		setting_fail("out of memory");
	place = &places->at[places->count];
	while (len > 1 && value[len - 1] == '/')
		len--;
	place->self = strcmp(value + strcspn(value, ","), ",self") == 0;
	(void)snprintf(place->path, sizeof(place->path), "%.*s",
	    len < CONFIG_PATH_SIZE ? (int)len : 0, value);
	if (place->path[0] != '/' || !is_printable(place->path, '!') ||
	    place->path[strcspn(place->path, "?#")] != '\0' ||
	    (!place->self && value[strcspn(value, ",")] != '\0'))
		setting_fail(
		    "--%s: '%s' is not a path like /live or /live,self",
		    s->name, value);
	places->count++;
}

#define AGE_MAX_MS (30ull * 24 * 60 * 60 * 1000) /* of what is kept */

/* Take the next of the numbers that commas separate. Returns whether it is
 * there and as it must be; *value is advanced behind it. */
static bool
next_amount(const char **value, const struct unit *units, uint64_t most,
    uint64_t *number)
{
	char text[AMOUNT_SIZE];
	size_t len = strcspn(*value, ",");

	if (len >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)len, *value);
	*value += len + ((*value)[len] == ',');
	return amount_read(text, units, 0, most, number) == AMOUNT_GOOD;
}

/* Read "N[,TIME[,SIZE]]". Returns whether it is that. */
static bool
read_keep(const char *value, struct hub_keep *keep)
{
	uint64_t messages, ms = 300000, octets = 256 << 10;
	size_t len = strlen(value);

	if (len == 0 || value[len - 1] == ',' ||
	    !next_amount(&value, amount_counts, 100000, &messages) ||
	    (*value != '\0' &&
		!next_amount(&value, amount_times, AGE_MAX_MS, &ms)) ||
	    (*value != '\0' &&
		!next_amount(&value, amount_sizes, 1 << 30, &octets)))
		return false;
	keep->messages = (unsigned)messages;
	keep->seconds = (int)((ms + 999) / 1000);
	keep->octets = (size_t)octets;
	return *value == '\0';
}

void
take_history(struct config *config, const struct setting *s, const char *value)
{
	struct hub_keep *keep = &config->keep[config->hub.keep_count];
	char *pattern = config->patterns[config->hub.keep_count];
	const char *equal = strrchr(value, '=');

	if (config->hub.keep_count == CONFIG_PLACES_MAX)
		setting_fail("--%s: more than %d", s->name, CONFIG_PLACES_MAX);
	if (equal == value || equal - value > WS_ROOM_NAME_MAX ||
	    !read_keep(equal != NULL ? equal + 1 : value, keep))
		setting_fail(
		    "--%s: '%s' is not like 100,5m,256K or news/*=10,1h or 0",
		    s->name, value);
	if (equal != NULL) {
		keep->pattern = pattern;
		(void)snprintf(pattern, sizeof(config->patterns[0]), "%.*s",
		    (int)(equal - value), value);
	}
	config->hub.keep_count++;
}

void
take_cache(struct config *config, const struct setting *s, const char *value)
{
	if (!is_printable(value, ' ') || strlen(value) > 1000)
		setting_fail("--%s: '%.40s' is not the value of a header field",
		    s->name, value);
	take_text(config, s, value);
}

/* Return whether a value of --cors stands for all origins. */
static bool
is_everywhere(const char *cors)
{
	return strcmp(cors, "*") == 0 || strcmp(cors, "true") == 0;
}

void
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
		setting_fail("--%s: more than %zu characters", s->name,
		    sizeof(config->cors) - 1);
	/* Clients before version 3 send credentials, which browsers refuse to
	 * combine with "*" (Fetch standard, section 3.3.4). */
	engine->cors_credentials = true;
}
