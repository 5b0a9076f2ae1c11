/* value.h - documents that are used for message after message. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_VALUE_H
#define SIO_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "sio/sio.h"

/* The kinds of struct sio_value. */
enum sio_value_kind {
	SIO_VALUE_ABSENT = 0,
	SIO_VALUE_PLACE,     /* a token of a document */
	SIO_VALUE_ARGUMENTS, /* the same, without its first element */
	SIO_VALUE_BINARY,    /* sio_binary */
	SIO_VALUE_RAW,       /* sio_raw_json */
};

/* One binary attachment of a packet. */
struct sio_attachment {
	const void *data; /* borrowed; not NULL, even when it is empty */
	size_t len;
};

/* A JSON text with what it takes to look into it. All zero, it is empty. The
 * memory is used again for the next text, so that a server reads message after
 * message into one document without allocating. */
struct sio_document {
	const char *text; /* borrowed until the next text */
	size_t len;
	const struct sio_attachment *attachments; /* borrowed likewise */
	size_t error_at;                          /* where the text is wrong */
	struct sio_json_token *tokens;            /* owned */
	size_t count;                             /* 0: there is no text */
	size_t room;
	char *arena; /* owned; decoded strings, each at its own offset */
	size_t arena_octets;
};

/* Read a text into a document, instead of the one that it had.
 *   text  borrowed until the next sio_value_read, _clear or _fini
 * Returns 0, WS_EINVAL (and document->error_at says where) or WS_ENOMEM; the
 * document is empty then. */
int sio_value_read(struct sio_document *document, const char *text, size_t len);

/* Drop the text. Memory stays for the next one, unless the text was so long
 * that it would be a waste. */
void sio_value_clear(struct sio_document *document);

/* Drop the text and release the memory; the document is empty then. */
void sio_value_fini(struct sio_document *document);

/* The value at one token of a document; absent when there is no such token. */
struct sio_value
sio_value_at(const struct sio_document *document, size_t token);

/* The arguments of an event: its array without the first element, which is its
 * name. An array in all but sio_json, which has no text of it. */
struct sio_value sio_value_arguments(struct sio_value event);

/* Hide the last element of the array that a document is, which is neither an
 * array nor an object. */
void sio_value_hide_last(struct sio_document *document);

#endif
