/* json_string.c - strings of a JSON text (RFC 8259 section 7). */
/* SPDX-License-Identifier: MIT */

/*
 * An escape sequence has two octets or six. Two sequences of six stand for one
 * character where UTF-16 has a pair of surrogates:
 *
 *	 \" \\ \/ \b \f \n \r \t      the octet
 *	 \u20AC                       U+20AC, in UTF-8 e2 82 ac
 *	 \uD83D\uDE00                 U+1F600, in UTF-8 f0 9f 98 80
 *	 \uD83D alone                 U+FFFD, since UTF-8 has no halves
 *
 * Decoding never makes a string longer, so it can be decoded in place.
 *
 * Most octets of most strings stand for themselves. sio_json_skip_plain looks
 * at eight of them at a time, for the reader here and the writer in text.c.
 */

#include "json.h"

#include <string.h>

#include "base/bytes.h"

/* ---- characters -------------------------------------------------------- */

/* Write a character in UTF-8. RFC 3629 section 3.
 * Returns how many octets it has. */
static size_t
utf8_write(uint32_t c, char out[4])
{
	static const uint32_t leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(leads[len] | c);
	return len;
}

/* A word of eight octets equal to c. */
static uint64_t
eight(unsigned char c)
{
	return c * UINT64_C(0x0101010101010101);
}

/* Return whether eight octets stand for themselves in a string: ASCII, no
 * control character, no quote, no backslash.
 *
 * An octet that subtraction makes negative has its top bit set then. So a quote
 * is found by xor, which makes it 0, and subtracting 1; a control character by
 * subtracting ' '. A borrow may set the top bit of the octet above as well, but
 * only where the answer is no already. */
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

const char *
sio_json_skip_plain(const char *p, const char *end)
{
	while (end - p >= 8 && is_plain(p))
		p += 8;
	while (p < end && (unsigned char)*p >= ' ' &&
	       (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* ---- reading ----------------------------------------------------------- */

/* Read four hexadecimal digits, a code unit of UTF-16. */
static uint32_t
hex4(const char *p)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++)
		unit = unit << 4 | (uint32_t)ws_hex_digit(p[i]);
	return unit;
}

/* Decode \uXXXX, or two of these that are a surrogate pair. RFC 8259 section
 * 7, RFC 2781 section 2.2.
 *   p  at the backslash; moved behind the sequence */
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

/* Decode one escape sequence, or two that are a surrogate pair.
 *   p    at the backslash; moved behind the sequence
 *   out  receives the character in UTF-8
 * Returns how many octets it has. */
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

/* Return whether a string with escape sequences, from p to end, is equal to
 * other. It is compared piece by piece, as it is decoded. */
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
