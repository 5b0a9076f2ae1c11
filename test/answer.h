/* answer.h - ask static.c a question and check the form of its answer. */
/* SPDX-License-Identifier: MIT */
#ifndef TEST_ANSWER_H
#define TEST_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "files/static.h"

#define ANSWER_HEAD_SIZE 2048

/* One question and what came back. */
struct answer {
	struct ws_static_answer is;
	char head[ANSWER_HEAD_SIZE + 1]; /* NUL-terminated */
	size_t head_len;
	bool failed;
	unsigned method;
};

/* The cache of all answers. Nothing is compressed unless a test sets min. */
extern struct ws_gzip_cache answer_gzip_cache;

/* Ask a question.
 *   request  a complete head
 * Returns false when it is none. */
bool answer_ask(struct answer *a, struct ws_files *root,
    const struct ws_files_options *options, const char *request, size_t len);

/* Release what an answer holds. */
void answer_free(struct answer *a);

/* Read the body, as the connection would send it; at most size octets.
 * Returns how many there were. */
size_t answer_body(const struct answer *a, char *out, size_t size);

/* Read the value of a field, "" when it is missing.
 * Returns how many lines have it. */
int answer_field(const struct answer *a, const char *name, char value[512]);

/* Check what must be true of every answer, whatever the question.
 * Returns NULL, or what is wrong. */
const char *answer_fault(const struct answer *a);

#endif
