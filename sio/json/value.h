/* value.h - JSON texts to look into: what is behind struct sio_value. */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_VALUE_H
#define SIO_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "sio/sio.h"

/* What the members "of" and "at" of a struct sio_value are. */
enum sio_value_kind {
	SIO_VALUE_ABSENT = 0,
	SIO_VALUE_PLACE,  /* a document and the index of a token in it */
	SIO_VALUE_REST,   /* the same, of an array without its first elements;
	                   how many those are stands above SIO_VALUE_SHIFT */
	SIO_VALUE_BINARY, /* data of sio_binary and its length */
	SIO_VALUE_RAW,    /* text of sio_raw_json and its length */
	SIO_VALUE_BUILT,  /* a struct sio_builder, build.h; NULL: it failed */
};

enum {
	SIO_VALUE_SHIFT = 4,
	SIO_VALUE_SKIP_MAX = INT32_MAX >> SIO_VALUE_SHIFT,
};

/* Return the kind of a value, and how many elements of its array it lacks. */
static inline enum sio_value_kind
sio_value_kind(struct sio_value value)
{
	return (enum sio_value_kind)(value.kind & ((1 << SIO_VALUE_SHIFT) - 1));
}

static inline size_t
sio_value_skip(struct sio_value value)
{
	return (size_t)value.kind >> SIO_VALUE_SHIFT;
}

/* One binary attachment of a packet. */
struct sio_attachment {
	const void *data; /* borrowed; not NULL, even when it is empty */
	size_t len;
};

/* A JSON text, its tokens, and room for its strings once they are decoded. All
 * zero, it is empty. A document keeps its memory for the next text, so that a
 * server reads one message after the other without allocating. */
struct sio_document {
	const char *text; /* borrowed until the next text */
	size_t len;
	const struct sio_attachment *attachments; /* borrowed likewise */
	size_t error_at;               /* offset of the octet that is wrong */
	struct sio_json_token *tokens; /* owned */
	size_t count; /* tokens of the text; 0: there is none */
	size_t room;  /* tokens that fit */
	char *arena;  /* owned; decoded strings, each at its offset in text */
	size_t arena_octets;
	int root_kind; /* of the value that the text is; 0: SIO_VALUE_PLACE */
};

/* Read a text into a document, in place of the text that it has.
 *   text, len  borrowed until the next sio_value_read, _clear or _fini
 * Returns 0; WS_EINVAL when the text is not JSON, with the offset of the wrong
 * octet in document->error_at; or WS_ENOMEM. On an error the document is
 * empty. */
int sio_value_read(struct sio_document *document, const char *text, size_t len);

/* Drop the text. The memory stays for the next one, unless it is more than a
 * usual message needs. */
void sio_value_clear(struct sio_document *document);

/* Drop the text and release the memory. The document is empty then. */
void sio_value_fini(struct sio_document *document);

/* The value of a token.
 *   document  borrowed by the value; may be NULL
 *   token     its index; where there is no such token the value is absent */
struct sio_value
sio_value_at(const struct sio_document *document, size_t token);

/* Return whether a token is a number that no double holds, such as 1e999, which
 * is null once it leaves: Infinity is no JSON. */
bool sio_value_is_infinite(const struct sio_document *document, size_t token);

/* The arguments of an event: its array without the first element, the name. It
 * is an array to all functions but sio_json, since it has no text of its own.
 * What is not an array, or empty, is returned as it is. */
struct sio_value sio_value_arguments(struct sio_value event);

/* Remove the last element of the array that is the root of a document. The
 * element must not be an array or object itself. The text stays as it is. */
void sio_value_hide_last(struct sio_document *document);

#endif
