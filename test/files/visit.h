/* visit.h - ask for a file of a small site, and look at the answer. */
/* SPDX-License-Identifier: MIT */
#ifndef VISIT_H
#define VISIT_H

#include "test/answer.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"
#define TEN "0123456789"
/* Stands for the entity-tag of ten.txt, in fields of requests and answers. */
#define TAG "@TAG@"

extern char docroot[64]; /* of the site, a new directory */
extern struct ws_files *root;
extern char tag[WS_FILES_ETAG_MAX]; /* the entity-tag of ten.txt */

/* Make the site before a test, and remove it afterwards. */
void visit_plant(void);
void visit_uproot(void);

/* Ask, and check what must be true of every answer. The request lies before an
 * unreadable page while it is looked at.
 *   options  NULL for the defaults
 *   name     of the row, for messages */
void ask(struct answer *a, const struct ws_files_options *options,
    const char *request, size_t len, const char *name);

/* Ask with a request that is made of "GET /path" and of field lines, each with
 * its CRLF. */
void ask_lines(struct answer *a, const struct ws_files_options *options,
    const char *line, const char *fields);

/* Expect one field of this value, or none for NULL. */
void expect_field(const struct answer *a, const char *name, const char *wanted,
    const char *row);

/* Expect a body. */
void expect_body(const struct answer *a, const char *wanted, const char *row);

#endif
