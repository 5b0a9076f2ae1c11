/* octets.c - Engine.IO: UTF-16 units, base64, forms and scripts. */
/* SPDX-License-Identifier: MIT */
/*
 * What payload.c needs to know of the octets inside and around packets.
 */
#include "payload.h"

#include <string.h>

#include "sio/json/json.h"

/* ---- characters -------------------------------------------------------- */

/* The octets of the character that a text begins with, 0 when it is not UTF-8.
 * RFC 3629 section 4. */
static size_t
character(const uint8_t *at, size_t len)
{
	uint8_t first = at[0], low = 0x80, high = 0xbf;
	size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4 || len < n)
		return 0;
	/* No overlong forms, no surrogates, nothing above U+10FFFF. */
	if (first == 0xe0)
		low = 0xa0;
	if (first == 0xed)
		high = 0x9f;
	if (first == 0xf0)
		low = 0x90;
	if (first == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

/* How many octets at the begin of a text are ASCII, counted by the eight. */
static size_t
ascii_run(const char *text, size_t len)
{
	size_t n = 0;

	for (uint64_t eight; len - n >= sizeof(eight); n += sizeof(eight)) {
		memcpy(&eight, text + n, sizeof(eight));
		if (eight & 0x8080808080808080)
			break;
	}
	return n;
}

int64_t
eio_utf16_units(const char *text, size_t len)
{
	int64_t units = 0;

	for (size_t at = 0, n; at < len; at += n) {
		n = ascii_run(text + at, len - at);
		units += (int64_t)n;
		if (n > 0)
			continue;
		n = character((const uint8_t *)text + at, len - at);
		if (n == 0)
			return -1;
		units += n == 4 ? 2 : 1;
	}
	return units;
}

bool
eio_is_ascii(const char *text, size_t len)
{
	size_t n = ascii_run(text, len);

	while (n < len && (unsigned char)text[n] < 0x80)
		n++;
	return n == len;
}

int64_t
eio_octets_of_units(const char *text, size_t len, size_t units)
{
	size_t at = 0;

	while (units > 0) {
		size_t n = at < len
			       ? character((const uint8_t *)text + at, len - at)
			       : 0;
		size_t width = n == 4 ? 2 : 1;

		if (n == 0 || width > units)
			return -1;
		at += n;
		units -= width;
	}
	return (int64_t)at;
}

/* ---- base64 ------------------------------------------------------------ */

static const char standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t
eio_base64_len(size_t len)
{
	return (len + 2) / 3 * 4;
}

/* Three octets as four characters. */
static void
encode_three(const char alphabet[65], const uint8_t in[3], char out[4])
{
	out[0] = alphabet[in[0] >> 2];
	out[1] = alphabet[(in[0] << 4 | in[1] >> 4) & 63];
	out[2] = alphabet[(in[1] << 2 | in[2] >> 6) & 63];
	out[3] = alphabet[in[2] & 63];
}

void
eio_base64_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;
	uint8_t last[3] = { 0 };

	for (; len >= 3; len -= 3, in += 3, out += 4)
		encode_three(standard, in, out);
	if (len == 0)
		return;
	memcpy(last, in, len);
	encode_three(standard, last, out);
	out[3] = '=';
	if (len == 1)
		out[2] = '=';
}

/* The value of a character, -1 when it is in neither alphabet; 62 and 63 are
 * the caller's to say. */
static int
value(char c, char sixty_two, char sixty_three)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == sixty_two)
		return 62;
	return c == sixty_three ? 63 : -1;
}

/* Four characters as three octets. Returns whether they are base64. */
static bool
decode_four(const char in[4], const char marks[2], uint8_t out[3])
{
	int v[4];

	for (int i = 0; i < 4; i++)
		v[i] = value(in[i], marks[0], marks[1]);
	if ((v[0] | v[1] | v[2] | v[3]) < 0)
		return false;
	out[0] = (uint8_t)(v[0] << 2 | v[1] >> 4);
	out[1] = (uint8_t)(v[1] << 4 | v[2] >> 2);
	out[2] = (uint8_t)(v[2] << 6 | v[3]);
	return true;
}

int64_t
eio_base64_decode(const char *in, size_t len, void *data)
{
	uint8_t *out = data, three[3];
	size_t n = 3, done = 0;
	char last[4];

	if (len % 4 != 0)
		return -1;
	for (; len > 4; len -= 4, in += 4, done += 3) {
		if (!decode_four(in, "+/", out + done))
			return -1;
	}
	if (len == 0)
		return 0;
	memcpy(last, in, sizeof(last));
	for (; n > 1 && last[n] == '='; n--)
		last[n] = 'A';
	/* RFC 4648 3.5: bits that stand for nothing are zero. */
	if (!decode_four(last, "+/", three) || (n < 3 && three[n] != 0))
		return -1;
	memcpy(out + done, three, n);
	return (int64_t)(done + n);
}

void
eio_sid_write(const uint8_t octets[EIO_SID_OCTETS], char out[EIO_SID_LEN])
{
	for (int i = 0; i < EIO_SID_OCTETS / 3; i++)
		encode_three(url_safe, octets + 3 * i, out + 4 * i);
}

bool
eio_sid_read(const char *text, size_t len, uint8_t octets[EIO_SID_OCTETS])
{
	if (len != EIO_SID_LEN)
		return false;
	for (int i = 0; i < EIO_SID_OCTETS / 3; i++) {
		if (!decode_four(text + 4 * i, "-_", octets + 3 * i))
			return false;
	}
	return true;
}

/* ---- forms ------------------------------------------------------------- */

/* The value of a hexadecimal digit, or -1. */
static int
hexadecimal(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decode one octet. Returns how many characters it is. */
static size_t
decode_one(const char *in, size_t len, char *out)
{
	int high, low;

	*out = in[0] == '+' ? ' ' : in[0];
	if (in[0] != '%' || len < 3)
		return 1;
	high = hexadecimal(in[1]);
	low = hexadecimal(in[2]);
	if (high < 0 || low < 0)
		return 1;
	*out = (char)(high << 4 | low);
	return 3;
}

size_t
eio_form_decode(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t at = 0; at < len; n++)
		at += decode_one(in + at, len - at, out + n);
	return n;
}

/* Whether an encoded text is a name. */
static bool
is_named(const char *encoded, size_t len, const char *name)
{
	char c;

	for (size_t at = 0; at < len; name++) {
		at += decode_one(encoded + at, len - at, &c);
		if (*name == '\0' || *name != c)
			return false;
	}
	return *name == '\0';
}

int64_t
eio_form_find(
    const char *form, size_t len, const char *name, const char **value)
{
	int64_t found = -1;

	for (size_t at = 0; at < len;) {
		const char *pair = form + at, *end, *equals;
		size_t n;

		end = memchr(pair, '&', len - at);
		n = end != NULL ? (size_t)(end - pair) : len - at;
		at += n + 1;
		equals = n > 0 ? memchr(pair, '=', n) : NULL;
		if (equals == NULL)
			equals = pair + n;
		if (!is_named(pair, (size_t)(equals - pair), name))
			continue;
		if (equals < pair + n)
			equals++;
		*value = equals;
		found = pair + n - equals;
	}
	return found;
}

/* ---- scripts ----------------------------------------------------------- */

size_t
eio_jsonp_unescape(char *text, size_t len)
{
	size_t n = 0;

	for (size_t at = 0; at < len; n++) {
		const char *rest = text + at;

		if (len - at >= 3 && memcmp(rest, "\\\\n", 3) == 0) {
			text[n++] = '\\';
			text[n] = 'n';
			at += 3;
		} else if (len - at >= 2 && memcmp(rest, "\\n", 2) == 0) {
			text[n] = '\n';
			at += 2;
		} else
			text[n] = text[at++];
	}
	return n;
}

/* Whether U+2028 or U+2029 stands there: line ends of JavaScript, which JSON
 * allows inside strings and older JavaScript does not. */
static bool
is_line_end(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xe2\x80", 2) == 0 &&
	       (text[2] == '\xa8' || text[2] == '\xa9');
}

/* The octets up to the next such line end, or the end. */
static size_t
line(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && !is_line_end(text + n, len - n)) {
		const char *next = memchr(text + n + 1, '\xe2', len - n - 1);

		n = next != NULL ? (size_t)(next - text) : len;
	}
	return n;
}

/* The inside of the string; out may be NULL. Returns its length. */
static size_t
write_string(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t at = 0, run; at < len; at += run) {
		run = line(text + at, len - at);
		if (out != NULL)
			sio_json_escape(text + at, run, out + n);
		n += sio_json_escaped_len(text + at, run);
		at += run;
		run = at < len ? 3 : 0;
		if (run == 0)
			continue;
		if (out != NULL)
			memcpy(out + n,
			    text[at + 2] == '\xa8' ? "\\u2028" : "\\u2029", 6);
		n += 6;
	}
	return n;
}

/* The digits of the index; out may be NULL. Returns how many there are. */
static size_t
write_index(const char *index, char *out)
{
	size_t n = 0;

	for (; *index != '\0'; index++) {
		if (*index < '0' || *index > '9')
			continue;
		if (out != NULL)
			out[n] = *index;
		n++;
	}
	return n;
}

size_t
eio_jsonp_size(const char *index, const char *payload, size_t len)
{
	return strlen("___eio[](\"\");") + write_index(index, NULL) +
	       write_string(payload, len, NULL);
}

size_t
eio_jsonp_write(const char *index, const char *payload, size_t len, char *out)
{
	char *at = out;

	memcpy(at, "___eio[", 7);
	at += 7;
	at += write_index(index, at);
	memcpy(at, "](\"", 3);
	at += 3;
	at += write_string(payload, len, at);
	memcpy(at, "\");", 3);
	return (size_t)(at + 3 - out);
}
