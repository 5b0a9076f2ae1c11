/* text.h - a string that grows, to write JSON into. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEXT_H
#define SIO_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A string under construction. All zero, it is empty. When memory runs out,
 * error becomes WS_ENOMEM, and nothing is added any more until sio_text_clear.
 * So callers check error once, at the end. */
struct sio_text {
	char *at; /* owned; not terminated; NULL before anything is added */
	size_t len;
	size_t size; /* octets allocated */
	int error;   /* 0 or WS_ENOMEM */
};

/* Make room for len octets behind the text. The caller writes them, and adds
 * to text->len how many it wrote.
 * Returns the room, or NULL when out of memory, now or earlier. */
char *sio_text_room(struct sio_text *text, size_t len);

/* Add len octets, a C string, or one octet. */
void sio_text_add(struct sio_text *text, const void *data, size_t len);
void sio_text_puts(struct sio_text *text, const char *string);
void sio_text_putc(struct sio_text *text, char c);

/* Add a string as JSON: quoted, or without the quotes.
 *   string, len  octets; where they are not UTF-8 they become U+FFFD, one for
 *                each character that is cut off and each octet that begins none
 * ECMA-262 section 25.5.2.3, QuoteJSONString; RFC 8259 section 7. */
void sio_text_quote(struct sio_text *text, const char *string, size_t len);
void sio_text_escape(struct sio_text *text, const char *string, size_t len);

/* Add an integer in decimal. */
void sio_text_integer(struct sio_text *text, int64_t value);
void sio_text_unsigned(struct sio_text *text, uint64_t value);

/* Add a number as JSON.stringify does: sio_number_write. */
void sio_text_number(struct sio_text *text, double value);

/* Keep the first len octets only. An error stays. */
void sio_text_cut(struct sio_text *text, size_t len);

/* Empty the text and forget its error. Its memory stays for the next use,
 * unless it has more than keep octets. */
void sio_text_clear(struct sio_text *text, size_t keep);

/* Release the memory. The text is empty then. */
void sio_text_free(struct sio_text *text);

#endif
