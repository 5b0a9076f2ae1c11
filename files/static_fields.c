/* static_fields.c - fields that the operator adds to the answers of files. */
/* SPDX-License-Identifier: MIT */
/*
 * A field is for all paths, or for those that match a pattern, in which '*'
 * stands for any octets:
 *
 *	Referrer-Policy: no-referrer
 *	/app*: Content-Security-Policy: default-src 'self'
 *
 * A pattern is compared with the path that is left when escapes are decoded, as
 * the name of a file is, so that no other spelling of it escapes a field.
 */
#include "static.h"
#include "base/mem.h"
#include "base/url.h"
#include "http/field.h"

struct ws_static_field {
	struct ws_static_field *next;
	const char *pattern; /* in text; NULL: all paths */
	const char *name, *value;
	char text[]; /* as it was given, with NULs between its parts */
};

/* Fields that say what was sent, or how: one more of them would be a lie. */
static const char *const owned[] = { "Accept-Ranges", "Age", "Allow",
	"Cache-Control", "Connection", "Content-Encoding", "Content-Length",
	"Content-Location", "Content-Range", "Content-Type", "Date", "ETag",
	"Keep-Alive", "Last-Modified", "Location", "Proxy-Connection", "TE",
	"Sec-WebSocket-Accept", "Sec-WebSocket-Extensions",
	"Sec-WebSocket-Protocol", "Sec-WebSocket-Version", "Trailer",
	"Transfer-Encoding", "Upgrade", "X-Content-Type-Options" };

static const char *const isolated[] = {
	"Cross-Origin-Opener-Policy: same-origin",
	"Cross-Origin-Embedder-Policy: require-corp", NULL
};

/* Whether the server writes a field itself, or it is no field: one with a star
 * in its name is a pattern that lacks its slash. */
static bool
is_refused(const char *name, const char *value)
{
	struct ws_http_out out;
	char line[WS_STATIC_FIELD_MAX + 64];

	if (strchr(name, '*') != NULL)
		return true;
	for (size_t i = 0; i < WS_LEN(owned); i++) {
		if (ws_span_equal_nocase(
			ws_span_of(name), ws_span_of(owned[i])))
			return true;
	}
	ws_http_out_status(&out, line, sizeof(line), 200);
	ws_http_out_field(&out, name, ws_span_of(value));
	return out.failed;
}

/* Cut a text at the first colon with a space behind it. Returns what is behind
 * them, or NULL. */
static char *
cut(char *text)
{
	char *colon = strstr(text, ": ");

	if (colon == NULL)
		return NULL;
	*colon = '\0';
	return colon + 2 + strspn(colon + 2, " ");
}

/* Take a field apart. Returns NULL when it is malformed, refused, or out of
 * memory. */
static struct ws_static_field *
parse(const char *text)
{
	size_t size = strlen(text) + 1;
	struct ws_static_field *field;
	char *rest;

	if (size > WS_STATIC_FIELD_MAX)
		return NULL;
	field = ws_mem_resize(NULL, sizeof(*field) + size);
	if (field == NULL)
		return NULL;
	*field = (struct ws_static_field){ .next = NULL };
	memcpy(field->text, text, size);
	rest = field->text;
	if (text[0] == '/') {
		field->pattern = field->text;
		rest = cut(rest);
	}
	field->name = rest;
	field->value = rest != NULL ? cut(rest) : NULL;
	if (field->value != NULL && field->value[0] != '\0' &&
	    !is_refused(field->name, field->value))
		return field;
	ws_mem_free(field);
	return NULL;
}

static bool
add_all(
    struct ws_static_field **fields, const char *const *texts, const char **bad)
{
	while (*fields != NULL)
		fields = &(*fields)->next;
	for (; texts != NULL && *texts != NULL; texts++) {
		*fields = parse(*texts);
		if (*fields == NULL) {
			*bad = *texts;
			return false;
		}
		fields = &(*fields)->next;
	}
	return true;
}

bool
ws_static_fields_new(const struct ws_files_options *options,
    struct ws_static_field **fields, const char **bad)
{
	*fields = NULL;
	*bad = NULL;
	if ((!options->cross_origin_isolated ||
		add_all(fields, isolated, bad)) &&
	    add_all(fields, options->headers, bad))
		return true;
	ws_static_fields_free(*fields);
	*fields = NULL;
	return false;
}

void
ws_static_fields_free(struct ws_static_field *fields)
{
	struct ws_static_field *next;

	for (; fields != NULL; fields = next) {
		next = fields->next;
		ws_mem_free(fields);
	}
}

size_t
ws_static_fields_octets(const struct ws_static_field *fields)
{
	size_t octets = 0;

	for (; fields != NULL; fields = fields->next)
		octets += strlen(fields->name) + strlen(fields->value) + 4;
	return octets;
}

/* Whether a path matches a pattern. Going back to the last '*' is enough: what
 * an earlier one matched need not change. */
static bool
is_match(const char *pattern, struct ws_span path)
{
	const char *star = NULL;
	size_t at = 0, mark = 0;

	while (at < path.len) {
		if (*pattern == '*') {
			star = ++pattern;
			mark = at;
		} else if (*pattern == path.at[at]) {
			pattern++;
			at++;
		} else if (star != NULL) {
			pattern = star;
			at = ++mark;
		} else
			return false;
	}
	pattern += strspn(pattern, "*");
	return *pattern == '\0';
}

/* Decode a path and merge its slashes, as files_path.c does. */
static struct ws_span
plain_path(struct ws_span path, char *out, size_t size)
{
	ssize_t len = path.len <= size ? ws_url_decode(path, out, size, 0) : -1;
	size_t n = 0;

	for (ssize_t i = 0; i < len; i++) {
		if (n == 0 || out[i] != '/' || out[n - 1] != '/')
			out[n++] = out[i];
	}
	return (struct ws_span){ out, n };
}

void
ws_static_fields_write(const struct ws_static_field *fields,
    struct ws_span path, struct ws_http_out *out)
{
	char decoded[4096]; /* a longer path names no file */
	struct ws_span plain = { NULL, 0 };

	for (; fields != NULL; fields = fields->next) {
		if (fields->pattern != NULL && plain.at == NULL)
			plain = plain_path(path, decoded, sizeof(decoded));
		if (fields->pattern == NULL || is_match(fields->pattern, plain))
			ws_http_out_field(
			    out, fields->name, ws_span_of(fields->value));
	}
}
