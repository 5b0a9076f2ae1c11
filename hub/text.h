/* text.h - messages as JSON and as server-sent events. */
/* SPDX-License-Identifier: MIT */
#ifndef HUB_TEXT_H
#define HUB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A text that is being written. Zeroed memory is an empty one. A failure
 * sticks: write everything, then check failed once. */
struct hub_text {
	struct ws_buf *buf; /* owned; NULL while it is empty */
	bool failed;        /* out of memory */
};

/* Release a text. */
void hub_text_free(struct hub_text *text);

/* Return the octets of a text, "" when it is empty, and how many there are. */
const char *hub_text_at(const struct hub_text *text);
size_t hub_text_len(const struct hub_text *text);

/* Append a C string; and octets as they are. */
void hub_text_put(struct hub_text *text, const char *more);
void hub_text_octets(struct hub_text *text, const void *data, size_t len);

/* Append a JSON string. RFC 8259 section 7.
 *   data, len  UTF-8 */
void hub_text_json(struct hub_text *text, const void *data, size_t len);

/* Append {"id":"ID","data":"TEXT"}, or "b64" in place of data for a message
 * that is no text.
 *   id  NULL: without */
void hub_text_message(struct hub_text *text, const char *id, int kind,
    const void *data, size_t len);

/* Append a message as an event, with the empty line that ends it. One that is
 * no text, or that the lines of an event would change (because it has a CR) or
 * that a field cannot hold (NUL), is an event "b64". HTML section 9.2.6.
 *   id  NULL: without */
void hub_text_event(struct hub_text *text, const char *id, int kind,
    const void *data, size_t len);

#endif
