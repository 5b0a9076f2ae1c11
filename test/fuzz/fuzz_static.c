/* fuzz_static.c - any request to embedded files and to a directory. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <stdint.h>

#include "test/answer.h"
#include "test/tree.h"

/* The input is one octet of options and a request head. Whatever it asks, the
 * answer is well-formed, a range lies inside its file, and nothing that is
 * outside of the root is ever read. */

#define SECRET "outside!"

static const unsigned char ten[] = "0123456789";
static const struct ws_asset assets[] = {
	{ "/a.js", ten, 10, "\"a\"", 0 },
	{ "/a.js.br", ten, 3, "\"b\"", 0 },
	{ "/a.js.gz", ten, 5, "\"g\"", 0 },
	{ "/d/x", ten, 0, "\"x\"", 0 },
	{ "/index.html", ten, 8, "\"i\"", 0 },
};

static char base[64];
static struct ws_files *roots[3];

static void
unplant(void)
{
	tree_remove(base);
}

static void
plant(void)
{
	char docroot[80];

	tree_make(base);
	atexit(unplant);
	tree_file(base, "secret", SECRET);
	snprintf(docroot, sizeof(docroot), "%s/root", base);
	tree_dir(base, "root");
	tree_file(docroot, "index.html", "index");
	tree_file(docroot, "a.js", "0123456789");
	tree_gzip(docroot, "a.js.gz", "0123456789");
	tree_file(docroot, "a.js.br", "br");
	tree_file(docroot, ".h", "hidden");
	tree_dir(docroot, "d");
	tree_file(docroot, "d/x", "");
	tree_link(docroot, "d/u", "../a.js");
	tree_link(docroot, "o", "../secret");
	tree_link(docroot, "p", "..");
	tree_link(docroot, "l", "l");
	roots[0] = ws_files_embedded(assets, WS_LEN(assets), TREE_TIME);
	roots[1] = ws_files_directory(docroot);
	roots[2] = ws_files_directory(docroot);
	ws_files_walk(roots[2]);
}

static void
fail(const struct answer *a, const char *fault)
{
	fprintf(stderr, "%s\n%s\n", fault, a->head);
	abort();
}

static void
check(const struct answer *a)
{
	const char *fault = answer_fault(a);
	char body[64] = "";
	size_t n = answer_body(a, body, sizeof(body) - 1);

	if (fault != NULL)
		fail(a, fault);
	if (n < sizeof(body) - 1 && n != a->is.octets)
		fail(a, "body is shorter than announced");
	if (strstr(body, SECRET) != NULL || strstr(body, "hidden") != NULL)
		fail(a, "a secret came out");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_files_options options = { 0 };
	int statuses[3] = { 0 };

	if (roots[0] == NULL)
		plant();
	if (size == 0)
		return 0;
	options.spa = data[0] & 1;
	options.list = (data[0] & 2) != 0;
	options.cache = data[0] & 4 ? "max-age=60" : NULL;
	for (size_t i = 0; i < 3; i++) {
		struct answer a;

		if (!answer_ask(&a, roots[i], &options, (const char *)data + 1,
			size - 1))
			return 0;
		check(&a);
		statuses[i] = a.is.status;
		answer_free(&a);
	}
	if (statuses[1] != statuses[2])
		abort(); /* kernel and walk differ */
	return 0;
}
