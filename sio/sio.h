/* sio.h - a Socket.IO server on top of ws.h (Socket.IO protocol 5 and 4). */
/* SPDX-License-Identifier: MIT */
#ifndef SIO_H
#define SIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- JSON values ------------------------------------------------------- */

/* What a value is. */
enum sio_type {
	SIO_ABSENT = 0, /* there is none: no such member, element, argument */
	SIO_NULL,
	SIO_BOOLEAN,
	SIO_NUMBER,
	SIO_STRING,
	SIO_ARRAY,
	SIO_OBJECT,
	SIO_BINARY, /* octets: a Buffer, an ArrayBuffer */
};

/* One value, small enough to be passed by value: a place in a document, or
 * data of the application's that is to be emitted. All zero, it is absent.
 *
 * Looking for something in a value that does not have it gives an absent
 * value, so that questions can be chained and the answer checked once:
 *
 *	const char *name = sio_string(sio_get(sio_at(args, 0), "name"), NULL);
 *
 * A value, and each pointer taken from it, lives as long as its document:
 * arguments of an event until the callback returns. */
struct sio_value {
	const void *of; /* borrowed; the document, or the data */
	size_t at;      /* the place in it, or the length */
	int kind;       /* the library's to read */
};

/* What a value is. Binary data is SIO_BINARY, never the object that stands
 * for it on the wire. */
enum sio_type sio_type(struct sio_value value);

/* A member of an object by its name, a C string; the last one where several
 * have it, as JSON.parse does. Takes time in proportion to the members. */
struct sio_value sio_get(struct sio_value object, const char *name);

/* An element of an array. Takes time in proportion to the index: to visit all
 * of a long array, use sio_iterate. */
struct sio_value sio_at(struct sio_value array, size_t index);

/* The elements of an array, the members of an object (names that stand there
 * twice count twice); 0 for all else. */
size_t sio_count(struct sio_value value);

/* A walk over an array or an object:
 *
 *	struct sio_iterator it = sio_iterate(value);
 *	while (sio_next(&it))
 *		use(it.key, it.value);
 */
struct sio_iterator {
	struct sio_value key;   /* the name, a string; absent in an array */
	struct sio_value value; /* the member or element */
	struct sio_value of;    /* the rest is the library's */
	size_t next;
	size_t end;
};

/* Begin a walk. All but arrays and objects are as if they were empty. */
struct sio_iterator sio_iterate(struct sio_value value);

/* Go to the first, or the next, in constant time.
 * Returns false when there is no more. */
bool sio_next(struct sio_iterator *it);

/* The text of a string, decoded: UTF-8, with a NUL behind it.
 *   len  receives its length, since there may be NULs in it; may be NULL
 * Returns it, or NULL when value is no string. Half of a surrogate pair,
 * which JSON can escape and UTF-8 cannot hold, is U+FFFD. */
const char *sio_string(struct sio_value value, size_t *len);

/* A number as JavaScript would have it, or otherwise when value is none. */
double sio_number(struct sio_value value, double otherwise);

/* A number without a fraction, such as 12, -3.0 or 1e3.
 *   out  written only on success
 * Returns whether value is one that is exactly *out. */
bool sio_integer(struct sio_value value, int64_t *out);

/* A boolean, or otherwise when value is none. */
bool sio_boolean(struct sio_value value, bool otherwise);

/* Binary data.
 *   len  receives its length, 0 when value is not binary
 * Returns it, or NULL when value is not binary. Empty data is not NULL. */
const void *sio_bytes(struct sio_value value, size_t *len);

/* The JSON text of a value as it came, not terminated; of binary data, the
 * object that stands for it.
 *   len  receives its length
 * Returns it, or NULL when value is absent. */
const char *sio_json(struct sio_value value, size_t *len);

/* Values to be emitted with %p.
 *   data, text  borrowed until they are emitted; len may be WS_STR
 * The text must be JSON, which is not checked: a client that gets something
 * else ends its connection. Nothing can be looked up in it, other than by
 * sio_json. */
struct sio_value sio_binary(const void *data, size_t len);
struct sio_value sio_raw_json(const char *text, size_t len);

/* A JSON text that was read: a strict RFC 8259 reader, nesting at most 100
 * deep, 512 MiB long. */
struct sio_document;

/* Read a JSON text.
 *   text, len     copied; len may be WS_STR
 *   error_offset  receives where a malformed text goes wrong, SIZE_MAX when
 *                 memory is out; may be NULL
 * Returns a document, owned by the caller, or NULL. */
struct sio_document *
sio_document_new(const char *text, size_t len, size_t *error_offset);

/* The value that the whole text is; absent for NULL. */
struct sio_value sio_document_root(const struct sio_document *document);

/* Release a document and all values in it. NULL is allowed. */
void sio_document_free(struct sio_document *document);

#ifdef __cplusplus
}
#endif

#endif
