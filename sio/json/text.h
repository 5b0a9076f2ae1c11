/* text.h - a string that grows, to write JSON into. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_TEXT_H
#define SIO_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A string under construction. All zero, it is empty. When memory runs out,
 * error is WS_ENOMEM and all that is added is dropped until sio_text_clear:
 * so it is enough to look once, at the end. */
struct sio_text {
	char *at; /* owned; not terminated; NULL while nothing was added */
	size_t len;
	size_t size; /* allocated */
	int error;   /* 0 or WS_ENOMEM */
};

/* Make room for len octets behind the text, for the caller to write and then
 * to add to text->len. Returns it, or NULL when memory is or was out. */
char *sio_text_room(struct sio_text *text, size_t len);

/* Add octets, a C string, one octet. */
void sio_text_add(struct sio_text *text, const void *data, size_t len);
void sio_text_puts(struct sio_text *text, const char *string);
void sio_text_putc(struct sio_text *text, char c);

/* Add a JSON string with its quotes, or only what stands between them.
 * What is not UTF-8 becomes U+FFFD. */
void sio_text_quote(struct sio_text *text, const char *string, size_t len);
void sio_text_escape(struct sio_text *text, const char *string, size_t len);

/* Add numbers in decimal. */
void sio_text_integer(struct sio_text *text, int64_t value);
void sio_text_unsigned(struct sio_text *text, uint64_t value);

/* Add a number as JSON.stringify does; null when it is not finite. */
void sio_text_number(struct sio_text *text, double value);

/* Drop what is behind the first len octets. An error stays. */
void sio_text_cut(struct sio_text *text, size_t len);

/* Empty it for the next use, without an error. The memory stays, but not more
 * than keep octets of it. */
void sio_text_clear(struct sio_text *text, size_t keep);

/* Release its memory; it is empty then. */
void sio_text_free(struct sio_text *text);

#endif
