/* json.c - a JSON reader over a span (RFC 8259). */
/* SPDX-License-Identifier: MIT */

/*
 * The reader copies nothing. It turns a text into an array of tokens, one for
 * each value and one for each name, in the order in which they begin. A token
 * has the place of its value in the text, and the index of the next token that
 * is not inside the value:
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
 * Skipping a value, however large, is one step: go to its next. The value of a
 * member is the token behind its name. value.c needs no more than that.
 *
 * There is no recursion and no stack. The next of an array or object is known
 * only when it ends; until then next holds the index of the array or object
 * around it. At "x" above, the array's next is 0 and the object's next is none.
 * The depth is limited all the same, to protect those who walk the tokens by
 * recursion.
 *
 * The caller owns the array of tokens. When the array is full, the reader stops
 * between two tokens, and goes on in a larger one at the next call. Nothing is
 * read twice, so the work is linear in the length of the text.
 *
 * The reader is strict: it refuses whatever JSON.parse of ECMA-262 section
 * 25.5.1 refuses. There are no comments, trailing commas, leading zeros, plus
 * signs, NaN, single quotes, control characters in strings or byte order marks,
 * and nothing follows the value. Where RFC 8259 leaves a choice, the reader
 * does what JSON.parse does, since the peer uses JSON.parse:
 *
 * - A name may occur twice in an object; the last one counts (section 4).
 * - A number may be larger than a double, or have more digits (section 6).
 * - Half of a surrogate pair may be escaped (section 8.2). UTF-8 cannot encode
 *   it, so that it is decoded as U+FFFD. Half of a pair in octets is not UTF-8
 *   (RFC 3629 section 3), and refused.
 */

#include "json.h"

#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"

/* The index of what is around the root. */
static const uint32_t none = UINT32_MAX;

/* What the grammar allows next. */
enum expect {
	VALUE,
	VALUE_OR_END, /* behind a [ */
	NAME,         /* behind a comma of an object */
	NAME_OR_END,  /* behind a { */
	COMMA_OR_END, /* behind a value in an array or object */
	NOTHING,      /* behind the root */
};

/* ---- numbers ----------------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Skip the octet c, if it is next. Returns whether it was. */
static bool
accept(const char *text, size_t len, size_t *at, char c)
{
	if (*at == len || text[*at] != c)
		return false;
	++*at;
	return true;
}

/* Skip digits. Returns whether there was one. */
static bool
digits(const char *text, size_t len, size_t *at)
{
	size_t start = *at;

	while (*at < len && is_digit(text[*at]))
		++*at;
	return *at > start;
}

/* Skip a number. RFC 8259 section 6: number = [ minus ] int [ frac ] [ exp ].
 *   at  offset of its first octet; receives the offset behind it, or of the
 *       octet that is wrong
 * Returns whether it is a number. */
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

/* Fail because the next octet is wrong, or missing. */
static bool
fail_here(struct sio_json *json)
{
	return fail(
	    json, json->at < json->len ? SIO_JSON_ESYNTAX : SIO_JSON_EEND);
}

/* Skip white space: ws of RFC 8259 section 2.
 * Returns the octet behind it, or -1 at the end. */
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

/* Add a token for a value that begins at start. The caller has checked that
 * there is room. */
static struct sio_json_token *
add(struct sio_json *json, enum sio_type type, size_t start)
{
	struct sio_json_token *token = &json->tokens[json->count++];

	/* start and count are at most SIO_JSON_TEXT_MAX. */
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

/* Skip a run of characters beyond ASCII. RFC 8259 section 8.1: they are in
 * UTF-8. */
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

/* Skip a string from behind its quote to the quote that ends it. RFC 8259
 * section 7.
 *   escaped  set when there is a backslash */
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

/* Read null, true or false. RFC 8259 section 3. */
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

/* Read the octet that begins an array or object. RFC 8259 sections 4, 5. */
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

/* Count a value that was read, in the array or object around it. */
static bool
end_value(struct sio_json *json)
{
	json->expect = json->open == none ? NOTHING : COMMA_OR_END;
	if (json->open != none)
		json->tokens[json->open].count++;
	return true;
}

/* Read the octet that ends an array or object. */
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

/* Read a name and the colon behind it. RFC 8259 section 4. */
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

/* Read the comma or the end that follows a value in an array or object. */
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

/* Read one token more, or one separator.
 *   json->expect  what the octet may be
 * Returns false at the end of the text, without room, or on an error. */
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

/* ---- looking up -------------------------------------------------------- */

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
