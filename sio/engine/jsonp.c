/* jsonp.c - bodies of Engine.IO for clients that poll with scripts (JSONP). */
/* SPDX-License-Identifier: MIT */
/*
 * A browser without XMLHttpRequest for other sites polls by adding a <script>
 * to its page, and sends by submitting a form to an <iframe>. With "j=3" in the
 * query, the payload 2:4a is received as
 *
 *	___eio[3]("2:4a");
 *
 * and sent as d=2%3A4a. Form fields turn a newline into CRLF, so the client
 * escapes it, and the escape as well:
 *
 *	newline            \n
 *	backslash and n    \\n
 *
 * Engine.IO protocol 3, "JSONP"; engine.io polling-jsonp.js.
 */
#include "jsonp.h"

#include <stdbool.h>
#include <string.h>

/* Return whether three octets are U+2028 or U+2029. The strings of JSON may
 * have them; in JavaScript they were line ends until ECMAScript 2019. */
static bool
is_line_end(const char *at)
{
	return memcmp(at, "\xe2\x80\xa8", 3) == 0 ||
	       memcmp(at, "\xe2\x80\xa9", 3) == 0;
}

/* Write a payload as the inside of a string of JavaScript. */
static void
write_string(struct sio_text *out, const char *payload, size_t len)
{
	const char *end = payload + len, *at = payload;

	while (
	    len > 0 && (at = memchr(at, '\xe2', (size_t)(end - at))) != NULL) {
		if (end - at < 3 || !is_line_end(at)) {
			at++;
			continue;
		}
		sio_text_escape(out, payload, (size_t)(at - payload));
		sio_text_puts(out, at[2] == '\xa8' ? "\\u2028" : "\\u2029");
		at += 3;
		payload = at;
	}
	sio_text_escape(out, payload, (size_t)(end - payload));
}

void
eio_jsonp_write(
    struct sio_text *out, const char *index, const char *payload, size_t len)
{
	sio_text_puts(out, "___eio[");
	for (; *index != '\0'; index++) {
		if (*index >= '0' && *index <= '9')
			sio_text_putc(out, *index);
	}
	sio_text_puts(out, "](\"");
	write_string(out, payload, len);
	sio_text_puts(out, "\");");
}

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
