/* visit.c - ask for a file of a small site, and look at the answer. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "visit.h"
#include "test/guard.h"
#include "test/tree.h"

char docroot[64];
struct ws_files *root;
char tag[WS_FILES_ETAG_MAX];

void
visit_plant(void)
{
	struct ws_file file;

	tree_make(docroot);
	tree_file(docroot, "index.html", "<p>index");
	tree_file(docroot, "ten.txt", TEN);
	tree_file(docroot, "empty.txt", "");
	tree_file(docroot, "both.js", TEN);
	tree_gzip(docroot, "both.js.gz", TEN);
	tree_dir(docroot, "dir");
	tree_file(docroot, "dir/index.html", "dir");
	tree_dir(docroot, "bare");
	tree_file(docroot, "bare/<b>", "x");
	tree_dir(docroot, "evil.com");
	tree_dir(docroot, "a:b");
	tree_dir(docroot, "we ird");
	tree_file(docroot, "locked.txt", "x");
	if (mkfifo(tree_path(docroot, "fifo"), 0644) != 0)
		abort();
	root = ws_files_directory(docroot);
	cr_assert_eq(
	    ws_files_find(root, WS_SPAN("/ten.txt"), WS_SPAN(""), &file), 0);
	memcpy(tag, file.etag, sizeof(tag));
	ws_file_close(&file);
	answer_gzip_cache.now_s = TREE_TIME + 1000000;
}

void
visit_uproot(void)
{
	ws_files_free(root);
	tree_remove(docroot);
}

void
ask(struct answer *a, const struct ws_files_options *options,
    const char *request, size_t len, const char *name)
{
	static const struct ws_files_options none;
	struct guard g = guard_copy(request, len);
	const char *fault;

	cr_assert(answer_ask(a, root, options != NULL ? options : &none,
		      (char *)g.at, g.len),
	    "%s: not a request", name);
	fault = answer_fault(a);
	cr_assert_null(fault, "%s: %s\n%s", name, fault, a->head);
	guard_free(&g);
}

void
ask_lines(struct answer *a, const struct ws_files_options *options,
    const char *line, const char *fields)
{
	char request[4096];
	int n = snprintf(
	    request, sizeof(request), "%s HTTP/1.1\r\nHost: h\r\n", line);
	const char *at;

	while ((at = strstr(fields, TAG)) != NULL) {
		n += snprintf(request + n, sizeof(request) - (size_t)n,
		    "%.*s%s", (int)(at - fields), fields, tag);
		fields = at + strlen(TAG);
	}
	n += snprintf(
	    request + n, sizeof(request) - (size_t)n, "%s\r\n", fields);
	ask(a, options, request, (size_t)n, line);
}

void
expect_field(const struct answer *a, const char *name, const char *wanted,
    const char *row)
{
	char value[512];
	int lines = answer_field(a, name, value);

	if (wanted != NULL && strcmp(wanted, TAG) == 0)
		wanted = tag;
	cr_expect_eq(lines, wanted != NULL, "%s: %s\n%s", row, name, a->head);
	if (wanted != NULL)
		cr_expect_str_eq(value, wanted, "%s: %s: %s", row, name, value);
}

void
expect_body(const struct answer *a, const char *wanted, const char *row)
{
	char got[4096];
	size_t n = answer_body(a, got, sizeof(got) - 1);

	got[n] = '\0';
	cr_expect_str_eq(got, wanted, "%s: body %s", row, got);
}
