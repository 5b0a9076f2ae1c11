/* json.c - a JSON reader over a span, and strings both ways (RFC 8259). */
/* SPDX-License-Identifier: MIT */

/*
 * Reading copies nothing. It turns a text into tokens, one for each value and
 * one for each name, in the order in which they begin; a token says where in
 * the text it is, and where in the array the next one is that is not inside of
 * it:
 *
 *	 {"a":[1,"x\n"],"b":null}
 *	 0    5 7 10  14 ^  19   24
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
 *
 * A decoded string is never longer than the text it came from: \n is two
 * octets for one, \u20AC six for three, a pair of surrogates twelve for four.
 */

#include "json.h"

#include <string.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

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

/* ---- characters -------------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit, or -1. */
static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The second octets that a first one admits: the table of RFC 3629 section 4,
 * whose narrow rows keep out overlong forms, surrogates and what is above
 * U+10FFFF. */
static const struct {
	unsigned char first, last; /* first octets */
	unsigned char low, high;   /* the second */
	unsigned char len;
} utf8_rows[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* How many octets at p, of left, are one character beyond ASCII; when they
 * are none, minus how many of them can be the beginning of one, or -1. */
static int
utf8_len(const char *p, size_t left)
{
	unsigned char c = (unsigned char)p[0], low, high;
	size_t row = 0, at = 1;

	while (row < LEN(utf8_rows) && c > utf8_rows[row].last)
		row++;
	if (row == LEN(utf8_rows) || c < utf8_rows[row].first)
		return -1;
	low = utf8_rows[row].low;
	high = utf8_rows[row].high;
	for (; at < utf8_rows[row].len; at++) {
		if (at == left)
			return -(int)at;
		c = (unsigned char)p[at];
		if (c < low || c > high)
			return -(int)at;
		low = 0x80;
		high = 0xbf;
	}
	return (int)at;
}

static size_t
utf8_write(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Eight octets equal to c. */
static uint64_t
eight(unsigned char c)
{
	return c * UINT64_C(0x0101010101010101);
}

/* Whether eight octets are what a string holds most of the time: ASCII, no
 * control character, no quote, no backslash. Subtracting the lower bound from
 * all octets at once borrows where one is too low. A borrow may spread to
 * octets above, but there is one only if the answer is no already. */
static bool
is_plain(const char *p)
{
	uint64_t word, quote, backslash, control;

	memcpy(&word, p, sizeof(word));
	quote = (word ^ eight('"')) - eight(1);
	backslash = (word ^ eight('\\')) - eight(1);
	control = word - eight(' ');
	return ((word | quote | backslash | control) & eight(0x80)) == 0;
}

static const char *
skip_plain(const char *p, const char *end)
{
	while (end - p >= 8 && is_plain(p))
		p += 8;
	while (p < end && (unsigned char)*p >= ' ' &&
	       (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* ---- numbers ----------------------------------------------------------- */

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
		    hex_digit(json->text[json->at]) < 0)
			return fail_here(json);
		json->at++;
	}
	return true;
}

/* Skip a character beyond ASCII. */
static bool
skip_character(struct sio_json *json)
{
	int octets = utf8_len(json->text + json->at, json->len - json->at);

	if (octets < 0)
		return fail(json, SIO_JSON_EUTF8);
	json->at += (size_t)octets;
	return true;
}

/* Skip the inside of a string, up to the quote that ends it. */
static bool
skip_string(struct sio_json *json, bool *escaped)
{
	const char *end = json->text + json->len;

	for (;;) {
		const char *p = skip_plain(json->text + json->at, end);

		json->at = (size_t)(p - json->text);
		if (p == end || (unsigned char)*p < ' ')
			return fail_here(json);
		if (*p == '"')
			return true;
		*escaped |= *p == '\\';
		if (*p == '\\' ? !skip_escape(json) : !skip_character(json))
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
		return c >= 0 && fail_here(json);
	}
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

/* The UTF-16 code unit that four hexadecimal digits are. */
static uint32_t
hex4(const char *p)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit << 4 | (uint32_t)hex_digit(p[i]);
	return unit;
}

/* Decode \uXXXX, or two of them that are a surrogate pair: RFC 8259 section
 * 7. p moves behind it. */
static uint32_t
decode_u(const char **p, const char *end)
{
	uint32_t c = hex4(*p + 2), low = 0;

	*p += 6;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u')
		low = hex4(*p + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*p += 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* Decode the escape sequence at p, which moves behind it. Returns the octets
 * written. */
static size_t
decode_escape(const char **p, const char *end, char out[4])
{
	static const char letters[] = "\"\\/bfnrt",
			  octets[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if ((*p)[1] == 'u')
		return utf8_write(decode_u(p, end), out);
	letter = memchr(letters, (*p)[1], sizeof(letters));
	out[0] = octets[letter - letters];
	*p += 2;
	return 1;
}

size_t
sio_json_unescape(const char *raw, size_t len, char *out)
{
	const char *p = raw, *end = raw + len;
	char *at = out;

	while (p < end) {
		const char *escape = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((escape ? escape : end) - p);
		char octets[4];

		memmove(at, p, plain);
		at += plain;
		p += plain;
		if (p == end)
			break;
		plain = decode_escape(&p, end, octets);
		memcpy(at, octets, plain);
		at += plain;
	}
	return (size_t)(at - out);
}

/* Compare piece by piece, as it is decoded. */
static bool
escaped_is(const char *p, const char *end, const char *other, size_t len)
{
	while (p < end) {
		char octets[4] = { *p };
		size_t n = 1;

		if (*p == '\\')
			n = decode_escape(&p, end, octets);
		else
			p++;
		if (n > len || memcmp(octets, other, n) != 0)
			return false;
		other += n;
		len -= n;
	}
	return len == 0;
}

bool
sio_json_string_is(const char *text, const struct sio_json_token *string,
    const char *other, size_t len)
{
	const char *raw = text + string->start;
	size_t raw_len = string->end - string->start;

	if (string->escaped)
		return escaped_is(raw, raw + raw_len, other, len);
	return raw_len == len && memcmp(raw, other, len) == 0;
}

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

/* ---- writing ----------------------------------------------------------- */

/* The letter of a short escape sequence, or 0. */
static char
short_escape(char c)
{
	switch (c) {
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '"':
	case '\\':
		return c;
	}
	return 0;
}

/* Escape what is at p, one octet that is not plain, one character beyond ASCII
 * or what is none.
 *   used  receives how many octets of it that was
 * Returns how many octets of out it became. */
static size_t
escape_one(const char *p, size_t left, size_t *used, char out[6])
{
	static const char hex[] = "0123456789abcdef";
	int octets = 1;

	if ((unsigned char)*p >= 0x80)
		octets = utf8_len(p, left);
	*used = (size_t)(octets < 0 ? -octets : octets);
	if (octets < 0)
		return utf8_write(0xfffd, out);
	memcpy(out, p, *used);
	if ((unsigned char)*p >= 0x80)
		return *used;
	out[0] = '\\';
	out[1] = short_escape(*p);
	if (out[1] != 0)
		return 2;
	memcpy(out + 1, "u00", 3);
	out[4] = hex[*p >> 4 & 15];
	out[5] = hex[*p & 15];
	return 6;
}

size_t
sio_json_escaped_len(const char *text, size_t len)
{
	const char *p = text, *end = text + len;
	size_t total = 0, used;
	char out[6];

	while ((p = skip_plain(p, end)) < end) {
		total += escape_one(p, (size_t)(end - p), &used, out) - used;
		p += used;
	}
	return len + total;
}

void
sio_json_escape(const char *text, size_t len, char *out)
{
	const char *p = text, *end = text + len;

	while (p < end) {
		const char *special = skip_plain(p, end);
		size_t used = (size_t)(special - p);

		memcpy(out, p, used);
		out += used;
		p = special;
		if (p == end)
			break;
		out += escape_one(p, (size_t)(end - p), &used, out);
		p += used;
	}
}
