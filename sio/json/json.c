/* json.c - a JSON reader over a span (RFC 8259). */
/* SPDX-License-Identifier: MIT */

/*
 * Reading copies nothing. It turns a text into tokens, one for each value and
 * one for each name, in the order in which they begin; a token says where in
 * the text it is, and where in the array the next one is that is not inside of
 * it:
 *
 *	 {"a":[1,"x\n"],"b":null}
 *	 0    5   9   13    19  23
 *
 *	 index  type    start  end  count  next
 *	   0    object      0   24      2     7
 *	   1    string      2    3            2      a name
 *	   2    array       5   14      2     5      and its value
 *	   3    number      6    7            4
 *	   4    string      9   12            5      escaped
 *	   5    string     16   17            6      a name
 *	   6    null       19   23            7      and its value
 *
 * So to skip a value, however large, is one step, and a name is followed by
 * its value. That is all that value.c needs.
 *
 * There is no recursion and no stack: while an array or an object is open, its
 * next is free to hold the index of the one that it stands in. The depth is
 * limited all the same, for the sake of those who walk the tokens.
 *
 * The array of tokens is the caller's. When it is full the reader stops
 * between two tokens and goes on in a larger one; how often that happens does
 * not change the work, which is linear in the text.
 *
 * Strict means: what ECMAScript's JSON.parse refuses is refused. No comments,
 * no trailing commas, no leading zeros or plus signs, no NaN, no single
 * quotes, no control characters in strings, no byte order mark, nothing after
 * the value. RFC 8259 leaves some cases to the reader; they are decided as
 * JSON.parse does, since JSON.parse is at the other end:
 *
 * - A name may stand in an object twice; the last one counts (section 4).
 * - A number may be larger or longer than a double (section 6).
 * - An escaped half of a surrogate pair is accepted (section 8.2). UTF-8 has
 *   no place for it, so it is decoded as U+FFFD. The same half written in
 *   octets is not UTF-8, and refused.
 */

#include "json.h"

#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

/* The parent of the root. */
static const uint32_t none = UINT32_MAX;

/* What may come next. */
enum expect {
	VALUE,
	VALUE_OR_END, /* of an array */
	NAME,
	NAME_OR_END,  /* of an object */
	COMMA_OR_END, /* of whatever is open */
	NOTHING,      /* the root is complete */
};

/* ---- numbers ----------------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
accept(const char *text, size_t len, size_t *at, char c)
{
	if (*at == len || text[*at] != c)
		return false;
	++*at;
	return true;
}

/* Skip digits, of which there must be one. */
static bool
digits(const char *text, size_t len, size_t *at)
{
	size_t start = *at;

	while (*at < len && is_digit(text[*at]))
		++*at;
	return *at > start;
}

/* number = [ minus ] int [ frac ] [ exp ], RFC 8259 section 6.
 *   at  where it begins; receives where it ends, or where it goes wrong */
static bool
number(const char *text, size_t len, size_t *at)
{
	accept(text, len, at, '-');
	if (!accept(text, len, at, '0') && !digits(text, len, at))
		return false;
	if (accept(text, len, at, '.') && !digits(text, len, at))
		return false;
	if (!accept(text, len, at, 'e') && !accept(text, len, at, 'E'))
		return true;
	if (!accept(text, len, at, '+'))
		accept(text, len, at, '-');
	return digits(text, len, at);
}

size_t
sio_json_number_len(const char *text, size_t len)
{
	size_t at = 0;

	return number(text, len, &at) ? at : 0;
}

/* ---- reading ----------------------------------------------------------- */

static bool
fail(struct sio_json *json, int error)
{
	json->error = error;
	return false;
}

/* An octet is wrong, or it is missing. */
static bool
fail_here(struct sio_json *json)
{
	return fail(
	    json, json->at < json->len ? SIO_JSON_ESYNTAX : SIO_JSON_EEND);
}

/* The next octet that is no white space; -1 at the end. */
static int
peek(struct sio_json *json)
{
	for (; json->at < json->len; json->at++) {
		char c = json->text[json->at];

		if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
			return (unsigned char)c;
	}
	return -1;
}

/* Add a token for what begins at start. The caller has seen that there is
 * room for it. */
static struct sio_json_token *
add(struct sio_json *json, enum sio_type type, size_t start)
{
	struct sio_json_token *token = &json->tokens[json->count++];

	/* Both numbers are below SIO_JSON_TEXT_MAX. */
	*token = (struct sio_json_token){
		.type = (uint32_t)type & 7,
		.start = (uint32_t)start,
		.next = (uint32_t)json->count,
	};
	return token;
}

/* Skip an escape sequence. RFC 8259 section 7. */
static bool
skip_escape(struct sio_json *json)
{
	if (++json->at == json->len)
		return fail_here(json);
	if (memchr("\"\\/bfnrtu", json->text[json->at], 9) == NULL)
		return fail_here(json);
	if (json->text[json->at++] != 'u')
		return true;
	for (int i = 0; i < 4; i++) {
		if (json->at == json->len ||
		    ws_hex_digit(json->text[json->at]) < 0)
			return fail_here(json);
		json->at++;
	}
	return true;
}

/* Skip characters beyond ASCII: where there is one, there are mostly more. */
static bool
skip_characters(struct sio_json *json)
{
	while (json->at < json->len && (json->text[json->at] & 0x80) != 0) {
		int octets = ws_utf8_char_len(
		    json->text + json->at, json->len - json->at);

		if (octets < 0)
			return fail(json, SIO_JSON_EUTF8);
		json->at += (size_t)octets;
	}
	return true;
}

/* Skip the inside of a string, up to the quote that ends it. */
static bool
skip_string(struct sio_json *json, bool *escaped)
{
	const char *end = json->text + json->len;

	for (;;) {
		const char *p = sio_json_skip_plain(json->text + json->at, end);

		json->at = (size_t)(p - json->text);
		if (p == end || (unsigned char)*p < ' ')
			return fail_here(json);
		if (*p == '"')
			return true;
		*escaped |= *p == '\\';
		if (*p == '\\' ? !skip_escape(json) : !skip_characters(json))
			return false;
	}
}

static bool
read_string(struct sio_json *json)
{
	struct sio_json_token *token = add(json, SIO_STRING, ++json->at);
	bool escaped = false;

	if (!skip_string(json, &escaped))
		return false;
	token->escaped = escaped;
	token->end = (uint32_t)json->at++;
	return true;
}

static bool
read_number(struct sio_json *json)
{
	struct sio_json_token *token = add(json, SIO_NUMBER, json->at);

	if (!number(json->text, json->len, &json->at))
		return fail_here(json);
	token->end = (uint32_t)json->at;
	return true;
}

/* Read null, true or false. */
static bool
read_word(struct sio_json *json, enum sio_type type, const char *word)
{
	struct sio_json_token *token = add(json, type, json->at);

	for (; *word != '\0'; word++) {
		if (!accept(json->text, json->len, &json->at, *word))
			return fail_here(json);
	}
	token->end = (uint32_t)json->at;
	return true;
}

/* Begin an array or an object. While it is open, next is its parent. */
static bool
open_container(struct sio_json *json, enum sio_type type)
{
	if (json->depth == json->depth_max)
		return fail(json, SIO_JSON_EDEPTH);
	json->depth++;
	add(json, type, json->at++)->next = json->open;
	json->open = (uint32_t)json->count - 1;
	json->expect = type == SIO_ARRAY ? VALUE_OR_END : NAME_OR_END;
	return true;
}

/* After a value: it counts, and what follows depends on where it stands. */
static bool
end_value(struct sio_json *json)
{
	json->expect = json->open == none ? NOTHING : COMMA_OR_END;
	if (json->open != none)
		json->tokens[json->open].count++;
	return true;
}

static bool
close_container(struct sio_json *json)
{
	struct sio_json_token *token = &json->tokens[json->open];

	json->depth--;
	json->open = token->next;
	token->next = (uint32_t)json->count;
	token->end = (uint32_t)++json->at;
	return end_value(json);
}

static bool
read_scalar(struct sio_json *json, int c)
{
	switch (c) {
	case '"':
		return read_string(json);
	case 't':
		return read_word(json, SIO_BOOLEAN, "true");
	case 'f':
		return read_word(json, SIO_BOOLEAN, "false");
	case 'n':
		return read_word(json, SIO_NULL, "null");
	}
	return read_number(json);
}

static bool
read_value(struct sio_json *json, int c)
{
	if (c < 0)
		return fail_here(json);
	if (json->count == json->room)
		return false;
	if (c == '[')
		return open_container(json, SIO_ARRAY);
	if (c == '{')
		return open_container(json, SIO_OBJECT);
	return read_scalar(json, c) && end_value(json);
}

/* Read a name and the colon behind it. */
static bool
read_name(struct sio_json *json, int c)
{
	if (c != '"')
		return fail_here(json);
	if (json->count == json->room)
		return false;
	if (!read_string(json))
		return false;
	if (peek(json) != ':')
		return fail_here(json);
	json->at++;
	json->expect = VALUE;
	return true;
}

/* Read what follows a value in an array or an object. */
static bool
read_separator(struct sio_json *json, int c)
{
	bool array = json->tokens[json->open].type == SIO_ARRAY;

	if (c == (array ? ']' : '}'))
		return close_container(json);
	if (c != ',')
		return fail_here(json);
	json->at++;
	json->expect = array ? VALUE : NAME;
	return true;
}

/* Read up to the end of the next token. Returns false when there is no next,
 * no room for it, or an error. */
static bool
step(struct sio_json *json)
{
	int c = peek(json);

	switch ((enum expect)json->expect) {
	case VALUE_OR_END:
		if (c == ']')
			return close_container(json);
		return read_value(json, c);
	case VALUE:
		return read_value(json, c);
	case NAME_OR_END:
		if (c == '}')
			return close_container(json);
		return read_name(json, c);
	case NAME:
		return read_name(json, c);
	case COMMA_OR_END:
		return read_separator(json, c);
	case NOTHING:
		break;
	}
	if (c >= 0)
		fail_here(json);
	return false;
}

void
sio_json_begin(
    struct sio_json *json, const char *text, size_t len, unsigned depth_max)
{
	*json = (struct sio_json){
		.text = text,
		.len = len,
		.depth_max = depth_max,
		.open = none,
		.expect = VALUE,
		.error = len > SIO_JSON_TEXT_MAX ? SIO_JSON_ESIZE : 0,
	};
}

int
sio_json_parse(
    struct sio_json *json, struct sio_json_token *tokens, size_t room)
{
	json->tokens = tokens;
	json->room = room;
	while (json->error == 0 && step(json))
		;
	json->tokens = NULL;
	if (json->error != 0)
		return json->error;
	return json->expect == NOTHING;
}

/* ---- looking ----------------------------------------------------------- */

uint32_t
sio_json_member(const char *text, const struct sio_json_token *tokens,
    uint32_t object, const char *name, size_t len)
{
	uint32_t found = 0;

	for (uint32_t at = object + 1; at < tokens[object].next;
	     at = tokens[at + 1].next) {
		if (sio_json_string_is(text, &tokens[at], name, len))
			found = at + 1;
	}
	return found;
}

bool
sio_json_is_placeholder(
    const char *text, const struct sio_json_token *tokens, uint32_t object)
{
	static const char name[] = "_placeholder";
	uint32_t flag =
	    sio_json_member(text, tokens, object, name, sizeof(name) - 1);

	return flag != 0 && tokens[flag].type == SIO_BOOLEAN &&
	       text[tokens[flag].start] == 't';
}
