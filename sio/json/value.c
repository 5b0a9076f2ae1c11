/* value.c - looking into a JSON text (sio.h, "JSON values"). */
/* SPDX-License-Identifier: MIT */

/*
 * A value is a document and the index of a token in it. The token and the text
 * have the answers to all questions about the value:
 *
 *	 text     {"a":[1,"x\n"],"b":null}        borrowed
 *	 tokens   0:{ 1:a 2:[ 3:1 4:x\n 5:b 6:null
 *	 arena    .........x|0............        as long as the text
 *
 * A string is decoded when sio_string asks for it, into the arena, at the
 * offset that it has in the text. (In the picture | is a line feed, 0 a NUL.)
 * There is room for the string, since decoding makes nothing longer, and for a
 * NUL, since the text has a quote there. Strings do not overlap in the text, so
 * they do not overlap in the arena. Decoding one again writes the same octets.
 * So decoding needs no bookkeeping and cannot fail, and each string lives as
 * long as the document.
 */

#include "value.h"

#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "build.h"
#include "number.h"
#include "ws.h"

enum {
	/* What a document keeps for the next text: 64 KiB of tokens, 64 KiB of
	 * strings. Few messages need more. A server has one document or two, so
	 * twice as much would matter little, and so would half. */
	TOKENS_KEPT = 4096,
	ARENA_KEPT = 65536,
};

/* ---- documents --------------------------------------------------------- */

int
sio_value_read(struct sio_document *document, const char *text, size_t len)
{
	struct sio_json json;
	int result;

	sio_value_clear(document);
	sio_json_begin(&json, text, len, SIO_JSON_DEPTH);
	while ((result = sio_json_parse(
		    &json, document->tokens, document->room)) == 0) {
		if (!ws_array_reserve(&document->tokens, &document->room,
			document->room + 1, sizeof(*document->tokens)))
			return WS_ENOMEM;
	}
	document->error_at = json.at;
	if (result < 0)
		return WS_EINVAL;
	if (!ws_array_reserve(
		&document->arena, &document->arena_octets, len, 1))
		return WS_ENOMEM;
	document->text = text;
	document->len = len;
	document->count = json.count;
	return 0;
}

void
sio_value_clear(struct sio_document *document)
{
	if (document->room > TOKENS_KEPT || document->arena_octets > ARENA_KEPT)
		sio_value_fini(document);
	document->text = NULL;
	document->len = 0;
	document->count = 0;
	document->attachments = NULL;
	document->root_kind = 0;
}

void
sio_value_fini(struct sio_document *document)
{
	ws_mem_free(document->tokens);
	ws_mem_free(document->arena);
	memset(document, 0, sizeof(*document));
}

/* A document and a copy of its text, in one block. */
struct owned {
	struct sio_document document; /* first: freed by its address */
	char text[];
};

/* Tell the caller where a text is wrong. Returns NULL. */
static struct sio_document *
refuse(size_t *error_offset, size_t offset)
{
	if (error_offset != NULL)
		*error_offset = offset;
	return NULL;
}

struct sio_document *
sio_document_new(const char *text, size_t len, size_t *error_offset)
{
	struct owned *owned;
	size_t error_at;
	int error;

	if (text == NULL)
		return refuse(error_offset, 0);
	if (len == WS_STR)
		len = strlen(text);
	if (len > SIO_JSON_TEXT_MAX)
		return refuse(error_offset, SIO_JSON_TEXT_MAX);
	owned = ws_mem_resize(NULL, sizeof(*owned) + len);
	if (owned == NULL)
		return refuse(error_offset, SIZE_MAX);
	memset(owned, 0, sizeof(*owned));
	memcpy(owned->text, text, len);
	error = sio_value_read(&owned->document, owned->text, len);
	if (error == 0)
		return &owned->document;
	error_at = error == WS_EINVAL ? owned->document.error_at : SIZE_MAX;
	sio_document_free(&owned->document);
	return refuse(error_offset, error_at);
}

struct sio_value
sio_document_root(const struct sio_document *document)
{
	struct sio_value root = sio_value_at(document, 0);

	if (root.of != NULL && document->root_kind != 0)
		root.kind = document->root_kind;
	return root;
}

void
sio_document_free(struct sio_document *document)
{
	if (document == NULL)
		return;
	sio_value_fini(document);
	ws_mem_free(document);
}

/* ---- values and their places ------------------------------------------- */

/* Whatever the application asks of a value that is absent or of another type,
 * the answer is an absent value, NULL or the default of the caller. So it may
 * look into a message of a peer without a check of each step. */

static struct sio_value
absent(void)
{
	return (struct sio_value){ .of = NULL };
}

struct sio_value
sio_value_at(const struct sio_document *document, size_t token)
{
	if (document == NULL || token >= document->count)
		return absent();
	return (struct sio_value){
		.of = document,
		.at = token,
		.kind = SIO_VALUE_PLACE,
	};
}

struct sio_value
sio_value_arguments(struct sio_value event)
{
	if (sio_type(event) != SIO_ARRAY || sio_count(event) == 0)
		return event;
	return sio_from(event, 1);
}

struct sio_value
sio_from(struct sio_value array, size_t first)
{
	size_t count = sio_count(array);

	if (sio_type(array) != SIO_ARRAY)
		return absent();
	first = sio_value_skip(array) + (first < count ? first : count);
	if (first > SIO_VALUE_SKIP_MAX)
		return absent();
	array.kind = (int)(first << SIO_VALUE_SHIFT) | SIO_VALUE_REST;
	return array;
}

void
sio_value_hide_last(struct sio_document *document)
{
	document->count--;
	document->tokens[0].count--;
	document->tokens[0].next--;
}

/* Return the document of a value that is a place in one, else NULL. */
static const struct sio_document *
document_of(struct sio_value value)
{
	enum sio_value_kind kind = sio_value_kind(value);

	if (kind != SIO_VALUE_PLACE && kind != SIO_VALUE_REST)
		return NULL;
	return value.of;
}

/* Return the token of a value that is in a document, else NULL. */
static const struct sio_json_token *
token_of(struct sio_value value)
{
	const struct sio_document *document = document_of(value);

	return document == NULL ? NULL : &document->tokens[value.at];
}

/* Return the token of a value that is in a document and of a type, else
 * NULL. */
static const struct sio_json_token *
token_if(struct sio_value value, enum sio_type type)
{
	const struct sio_json_token *token = token_of(value);

	return token != NULL && token->type == (unsigned)type ? token : NULL;
}

/* Return the text of a value of a type, a string without its quotes. With any
 * other value, at is NULL. */
static struct ws_span
text_if(struct sio_value value, enum sio_type type)
{
	const struct sio_json_token *token = token_if(value, type);
	const struct sio_document *document = value.of;

	if (token == NULL)
		return (struct ws_span){ .at = NULL };
	return (struct ws_span){ document->text + token->start,
		token->end - token->start };
}

/* ---- arrays and objects ------------------------------------------------ */

enum sio_type
sio_type(struct sio_value value)
{
	const struct sio_json_token *token = token_of(value);

	if (value.kind == SIO_VALUE_BINARY)
		return SIO_BINARY;
	return token == NULL ? SIO_ABSENT : (enum sio_type)token->type;
}

struct sio_value
sio_get(struct sio_value object, const char *name)
{
	const struct sio_document *document = object.of;
	uint32_t found;

	if (name == NULL || token_if(object, SIO_OBJECT) == NULL)
		return absent();
	found = sio_json_member(document->text, document->tokens,
	    (uint32_t)object.at, name, strlen(name));
	return found == 0 ? absent() : sio_value_at(document, found);
}

struct sio_value
sio_at(struct sio_value array, size_t index)
{
	struct sio_iterator it = sio_iterate(array);

	if (token_if(array, SIO_ARRAY) == NULL || index >= sio_count(array))
		return absent();
	while (sio_next(&it) && index-- > 0)
		;
	return it.value;
}

size_t
sio_count(struct sio_value value)
{
	const struct sio_json_token *token = token_of(value);

	if (token == NULL)
		return 0;
	if (token->type != SIO_ARRAY && token->type != SIO_OBJECT)
		return 0;
	return token->count - sio_value_skip(value);
}

struct sio_iterator
sio_iterate(struct sio_value value)
{
	const struct sio_document *document = document_of(value);
	struct sio_iterator it = { .of = value };

	if (sio_count(value) == 0)
		return it;
	/* The first token inside, and the one behind all of them. */
	it.next = value.at + 1;
	it.end = document->tokens[value.at].next;
	/* The name of an event is no argument of it. */
	for (size_t skip = sio_value_skip(value); skip > 0; skip--)
		it.next = document->tokens[it.next].next;
	return it;
}

bool
sio_next(struct sio_iterator *it)
{
	const struct sio_document *document = it->of.of;

	it->key = it->value = absent();
	if (it->next >= it->end)
		return false;
	/* A member is two tokens, a name and a value. */
	if (token_if(it->of, SIO_OBJECT) != NULL)
		it->key = sio_value_at(document, it->next++);
	it->value = sio_value_at(document, it->next);
	it->next = document->tokens[it->next].next;
	return true;
}

/* ---- scalars and text -------------------------------------------------- */

const char *
sio_string(struct sio_value value, size_t *len)
{
	const struct sio_document *document = value.of;
	struct ws_span raw = text_if(value, SIO_STRING);
	size_t decoded = 0;
	char *out = NULL;

	/* Its place in the arena is its place in the text. */
	if (raw.at != NULL) {
		out = document->arena + (raw.at - document->text);
		decoded = sio_json_unescape(raw.at, raw.len, out);
		out[decoded] = '\0';
	}
	if (len != NULL)
		*len = decoded;
	return out;
}

const char *
sio_name(struct sio_value value, char number[SIO_NAME_SIZE])
{
	struct ws_span digits = text_if(value, SIO_NUMBER);
	size_t len;
	const char *text = sio_string(value, &len);

	if (digits.at != NULL && digits.len < SIO_NAME_SIZE) {
		memcpy(number, digits.at, digits.len);
		number[digits.len] = '\0';
		return number;
	}
	return text != NULL && strlen(text) == len ? text : NULL;
}

double
sio_number(struct sio_value value, double otherwise)
{
	struct ws_span text = text_if(value, SIO_NUMBER);

	return text.at == NULL ? otherwise : sio_number_read(text.at, text.len);
}

bool
sio_integer(struct sio_value value, int64_t *out)
{
	struct ws_span text = text_if(value, SIO_NUMBER);

	return text.at != NULL && sio_number_integer(text.at, text.len, out);
}

bool
sio_value_is_infinite(const struct sio_document *document, size_t token)
{
	const struct sio_json_token *t = &document->tokens[token];
	const char *digits = document->text + t->start;
	size_t len = t->end - t->start;

	/* Without an exponent it takes more than 308 digits. */
	return t->type == SIO_NUMBER &&
	       (len > 308 || memchr(digits, 'e', len) != NULL ||
		   memchr(digits, 'E', len) != NULL) &&
	       isinf(sio_number_read(digits, len));
}

bool
sio_boolean(struct sio_value value, bool otherwise)
{
	struct ws_span text = text_if(value, SIO_BOOLEAN);

	return text.at == NULL ? otherwise : *text.at == 't';
}

const void *
sio_bytes(struct sio_value value, size_t *len)
{
	const struct sio_json_token *token = token_if(value, SIO_BINARY);
	const struct sio_document *document = value.of;

	*len = 0;
	if (value.kind == SIO_VALUE_BINARY) {
		*len = value.at;
		return value.of;
	}
	if (token == NULL)
		return NULL;
	*len = document->attachments[token->count].len;
	return document->attachments[token->count].data;
}

const char *
sio_json(struct sio_value value, size_t *len)
{
	const struct sio_document *document = value.of;
	const struct sio_json_token *token;
	size_t quote;

	*len = 0;
	if (value.kind == SIO_VALUE_RAW) {
		*len = value.at;
		return value.of;
	}
	if (value.kind == SIO_VALUE_BUILT)
		return sio_builder_text(value.of, len);
	if (value.kind != SIO_VALUE_PLACE)
		return NULL;
	/* The token of a string is between the quotes. */
	token = &document->tokens[value.at];
	quote = token->type == SIO_STRING;
	*len = token->end - token->start + 2 * quote;
	return document->text + token->start - quote;
}

/* ---- values that the application makes --------------------------------- */

struct sio_value
sio_binary(const void *data, size_t len)
{
	/* sio_bytes returns NULL for what is not binary, so empty data needs an
	 * address. */
	return (struct sio_value){
		.of = data == NULL ? "" : data,
		.at = data == NULL    ? 0
		      : len == WS_STR ? strlen(data)
				      : len,
		.kind = SIO_VALUE_BINARY,
	};
}

struct sio_value
sio_raw_json(const char *text, size_t len)
{
	return (struct sio_value){
		.of = text,
		.at = text == NULL    ? 0
		      : len == WS_STR ? strlen(text)
				      : len,
		.kind = SIO_VALUE_RAW,
	};
}
