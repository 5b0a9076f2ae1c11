/* keep.c - a copy of a value that came, to be kept after its callback. */
/* SPDX-License-Identifier: MIT */
/*
 * A value is a place in a document: a part of its text, and of its tokens. Both
 * parts are copied into a document of their own, with the attachments that the
 * value refers to, each once:
 *
 *	text    ["x",{"_placeholder":true,"num":3},7]     argument 1 is kept
 *	copy         {"_placeholder":true,"num":3}        its attachment is 0
 */
#include <string.h>

#include "base/mem.h"
#include "json.h"
#include "value.h"

/* A document with all that it borrows, in one block. */
struct kept {
	struct sio_document document; /* first: freed by its address */
	struct sio_attachment list[SIO_ATTACHMENTS_MAX];
	char octets[]; /* the text, then the attachments */
};

/* The part of a document that a value is, and its attachments. */
struct part {
	const struct sio_document *of;
	size_t first, count;  /* tokens */
	uint32_t start, text; /* offset and octets of the text */
	unsigned attachments;
	unsigned number[SIO_ATTACHMENTS_MAX]; /* of each in the document */
	size_t octets;                        /* of all of them */
};

/* Return the place of an attachment in a part, which it has from now on. */
static unsigned
place_of(struct part *part, unsigned number)
{
	unsigned i = 0;

	while (i < part->attachments && part->number[i] != number)
		i++;
	if (i == part->attachments) {
		part->number[part->attachments++] = number;
		part->octets += part->of->attachments[number].len;
	}
	return i;
}

static struct part
measure(struct sio_value value)
{
	const struct sio_document *of = value.of;
	const struct sio_json_token *token = &of->tokens[value.at];
	uint32_t quote = token->type == SIO_STRING;
	struct part part = { .of = of,
		.first = value.at,
		.count = token->next - value.at,
		.start = token->start - quote,
		.text = token->end - token->start + 2 * quote };

	for (size_t i = 0; i < part.count; i++) {
		if (of->tokens[part.first + i].type == SIO_BINARY)
			(void)place_of(&part, of->tokens[part.first + i].count);
	}
	return part;
}

/* Copy the tokens, whose offsets count from the beginning of the part. */
static void
copy_tokens(struct part *part, struct sio_json_token *tokens)
{
	for (size_t i = 0; i < part->count; i++) {
		struct sio_json_token t = part->of->tokens[part->first + i];

		t.start -= part->start;
		t.end -= part->start;
		t.next -= (uint32_t)part->first;
		if (t.type == SIO_BINARY)
			t.count = place_of(part, t.count) & 0xf;
		tokens[i] = t;
	}
}

static void
copy_octets(const struct part *part, struct kept *kept)
{
	char *at = kept->octets;

	memcpy(at, part->of->text + part->start, part->text);
	at += part->text;
	for (unsigned i = 0; i < part->attachments; i++) {
		const struct sio_attachment *from =
		    &part->of->attachments[part->number[i]];

		memcpy(at, from->data, from->len);
		kept->list[i] = (struct sio_attachment){ at, from->len };
		at += from->len;
	}
}

struct sio_document *
sio_keep(struct sio_value value)
{
	struct part part;
	struct kept *kept;
	struct sio_document *d;

	if (sio_value_kind(value) != SIO_VALUE_PLACE &&
	    sio_value_kind(value) != SIO_VALUE_REST)
		return NULL;
	part = measure(value);
	kept = ws_mem_resize(NULL, sizeof(*kept) + part.text + part.octets);
	if (kept == NULL)
		return NULL;
	memset(kept, 0, sizeof(*kept));
	d = &kept->document;
	d->tokens = ws_mem_resize(NULL, part.count * sizeof(*d->tokens));
	d->arena = ws_mem_resize(NULL, part.text);
	if (d->tokens == NULL || d->arena == NULL) {
		sio_document_free(d);
		return NULL;
	}
	copy_tokens(&part, d->tokens);
	copy_octets(&part, kept);
	d->text = kept->octets;
	d->len = part.text;
	d->count = d->room = part.count;
	d->arena_octets = part.text;
	d->attachments = kept->list;
	d->root_kind = value.kind;
	return d;
}
