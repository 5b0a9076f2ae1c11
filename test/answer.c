/* answer.c - ask static.c a question and check the form of its answer. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "test/answer.h"

static struct ws_deflate_shared answer_deflate = { .bits = WS_GZIP_CACHE_BITS };
struct ws_gzip_cache answer_gzip_cache = { .min = SIZE_MAX,
	.deflate = &answer_deflate };

bool
answer_ask(struct answer *a, struct ws_files *root,
    const struct ws_files_options *options, const char *request, size_t len)
{
	struct ws_http_head head;
	struct ws_http_out out = { .at = a->head, .size = ANSWER_HEAD_SIZE };
	struct ws_static_ask ask = { .root = root,
		.options = options,
		.head = &head,
		.buf = request,
		.gzip_cache = &answer_gzip_cache };

	ws_http_init(&head, WS_HTTP_HEAD_MAX, WS_HTTP_HEAD_MAX);
	if (ws_http_parse(&head, request, len) <= 0)
		return false;
	ask.path = (struct ws_span){ request + head.path_at, head.path_octets };
	memset(&a->is, 0xa5, sizeof(a->is));
	ws_static_answer(&ask, &out, &a->is);
	a->method = head.method;
	a->failed = out.failed;
	a->head_len = out.len;
	a->head[out.len] = '\0';
	return true;
}

void
answer_free(struct answer *a)
{
	ws_file_close(&a->is.file);
	ws_chunk_unref(a->is.body);
	a->is.body = NULL;
}

size_t
answer_body(const struct answer *a, char *out, size_t size)
{
	size_t n = a->is.octets < size ? (size_t)a->is.octets : size;
	ssize_t got;

	if (n == 0)
		return 0;
	if (a->is.body != NULL || a->is.file.data != NULL) {
		const uint8_t *from =
		    a->is.body != NULL ? a->is.body->data : a->is.file.data;

		memcpy(out, from + a->is.first, n);
		return n;
	}
	got = pread(a->is.file.fd, out, n, (off_t)a->is.first);
	return got > 0 ? (size_t)got : 0;
}

int
answer_field(const struct answer *a, const char *name, char value[512])
{
	size_t len = strlen(name);
	const char *line = strstr(a->head, "\r\n");
	int count = 0;

	value[0] = '\0';
	for (; line != NULL; line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2;

		if (strncmp(at, name, len) != 0 || at[len] != ':')
			continue;
		count++;
		at += len + 2;
		snprintf(value, 512, "%.*s", (int)strcspn(at, "\r"), at);
	}
	return count;
}

/* Whether the head is lines of "name: value" CRLF after a status line that
 * tells the status, none of them with a control octet. */
static bool
answer_head_is_well_formed(const struct answer *a)
{
	char status_line[32];
	const char *at = a->head, *end = a->head + a->head_len;

	snprintf(
	    status_line, sizeof(status_line), "HTTP/1.1 %d ", a->is.status);
	if (strlen(a->head) != a->head_len ||
	    strncmp(at, status_line, strlen(status_line)) != 0)
		return false;
	for (bool first = true; at < end; first = false) {
		size_t n = strcspn(at, "\r");
		size_t name = strspn(at,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

		if (at[n] != '\r' || at[n + 1] != '\n')
			return false;
		if (!first &&
		    (name == 0 || at[name] != ':' || at[name + 1] != ' '))
			return false;
		for (size_t i = 0; i < n; i++) {
			if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
				return false;
		}
		at += n + 2;
	}
	return true;
}

const char *
answer_fault(const struct answer *a)
{
	const struct ws_static_answer *is = &a->is;
	char value[512];
	bool bodiless = is->status == 204 || is->status == 304;
	unsigned long long length;
	int lengths;

	if (a->failed)
		return "head does not fit";
	if (!answer_head_is_well_formed(a))
		return "head is malformed";
	if (answer_field(a, "X-Content-Type-Options", value) != 1)
		return "no nosniff";
	/* HEAD may leave out a length that it does not know. */
	lengths = answer_field(a, "Content-Length", value);
	if (lengths != !bodiless &&
	    !(lengths == 0 && a->method == WS_HTTP_HEAD))
		return "Content-Length is missing or too much";
	length = strtoull(value, NULL, 10);
	if (bodiless && is->octets != 0)
		return "octets without a body";
	if (a->method == WS_HTTP_HEAD && is->octets != 0)
		return "octets for HEAD";
	if (!bodiless && a->method != WS_HTTP_HEAD && is->octets != length)
		return "Content-Length is wrong";
	if (is->octets > 0 && is->body == NULL && is->file.fd <= 0 &&
	    is->file.data == NULL)
		return "octets of nothing";
	if (is->octets > 0 && is->body == NULL &&
	    (is->first > is->file.octets ||
		is->octets > is->file.octets - is->first))
		return "range outside of the file";
	if (is->body != NULL && (is->first > is->body->len ||
				    is->octets > is->body->len - is->first))
		return "range outside of the body";
	if (is->octets == 0 && is->file.fd > 0)
		return "a descriptor that nobody needs";
	if (is->body != NULL && (is->octets == 0 || is->file.fd > 0))
		return "a body together with a file, or with nothing";
	if (answer_field(a, "Cache-Control", value) != (is->status != 204))
		return "Cache-Control is missing or too much";
	if (!bodiless && answer_field(a, "Content-Type", value) != 1)
		return "no Content-Type";
	if ((is->status == 206 || is->status == 416) !=
	    answer_field(a, "Content-Range", value))
		return "Content-Range is missing or too much";
	if ((is->status == 301) != answer_field(a, "Location", value))
		return "Location is missing or too much";
	if (is->status == 301 && strncmp(value, "./", 2) != 0)
		return "Location leads away";
	return NULL;
}
