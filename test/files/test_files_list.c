/* test_files_list.c - listings of directories. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "files/files.h"
#include "test/scarce.h"
#include "test/tree.h"

/* The tree; base/outside.txt must not be told of. */
static char base[64], docroot[80];

static void
plant(void)
{
	tree_make(base);
	tree_file(base, "outside.txt", "secret");
	tree_dir(base, "root");
	snprintf(docroot, sizeof(docroot), "%s/root", base);
	tree_file(docroot, "a.txt", "plain");
	tree_dir(docroot, "empty");
	tree_dir(docroot, "sub");
	tree_file(docroot, "sub/x.txt", "deep");

	tree_dir(docroot, "list");
	tree_dir(docroot, "list/zdir");
	tree_dir(docroot, "list/adir");
	tree_file(docroot, "list/b", "12345");
	tree_file(docroot, "list/<script>alert(1)<", "x");
	tree_file(docroot, "list/javascript:x", "x");
	tree_file(docroot, "list/q\"uo'te&amp;", "x");
	tree_file(docroot, "list/100%", "x");
	tree_file(docroot, "list/\xc3\xa9", "x");
	tree_file(docroot, "list/nl\nx", "x");
	tree_file(docroot, "list/ba\\ck", "x");
	tree_file(docroot, "list/.hidden", "x");
	tree_file(docroot, "list/big", "");
	tree_file(docroot, "list/kilo", "");
	tree_link(docroot, "list/link", "../../outside.txt");
	if (truncate(tree_path(docroot, "list/big"), 5LL << 30) != 0 ||
	    truncate(tree_path(docroot, "list/kilo"), 20000) != 0 ||
	    mkfifo(tree_path(docroot, "list/fifo"), 0644) != 0)
		abort();
	tree_time(docroot, "list/big", TREE_TIME, 0);
}

static void
uproot(void)
{
	tree_remove(base);
}

TestSuite(files_list, .init = plant, .fini = uproot);

static void
find(struct ws_files *root, const char *path, struct ws_file *file)
{
	cr_assert_eq(
	    ws_files_find(root, ws_span_of(path), WS_SPAN(""), file), 0);
}

/* Make a listing in parts of 7 entries. Returns NULL when it cannot be made. */
static char *
list_all(const struct ws_file *file, struct ws_span path, size_t *len)
{
	struct ws_files_list *made = ws_files_list_begin(file, path);
	char *text = NULL;
	int result = made != NULL ? 0 : -1;

	while (result == 0)
		result = ws_files_list_step(made, 7);
	if (result > 0)
		text = ws_files_list_take(made, len);
	ws_files_list_free(made);
	return text;
}

static char *
list(const char *path)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_span title = { path, strlen(path) };
	struct ws_file file;
	char *text, *copy = NULL;
	size_t len = 0;

	find(root, path, &file);
	text = list_all(&file, title, &len);
	if (text != NULL) {
		copy = calloc(1, len + 1);
		memcpy(copy, text, len);
		cr_expect_eq(strlen(copy), len);
	}
	ws_mem_free(text);
	ws_file_close(&file);
	ws_files_free(root);
	cr_expect_eq(scarce_blocks, 0);
	return copy;
}

Test(files_list, escapes_every_name)
{
	static const char *const wanted[] = {
		"<a href=\"./%3Cscript%3Ealert%281%29%3C\">"
		"&lt;script&gt;alert(1)&lt;</a>",
		"<a href=\"./javascript%3Ax\">javascript:x</a>",
		"<a href=\"./q%22uo%27te%26amp%3B\">"
		"q&quot;uo&#39;te&amp;amp;</a>",
		"<a href=\"./100%25\">100%</a>",
		"<a href=\"./%C3%A9\">\xc3\xa9</a>",
		"<a href=\"./adir/\">adir/</a>",
		"<a href=\"./b\">b</a><td>5<td>06 Nov 1994 08:49\n",
		"<a href=\"./big\">big</a><td>5.0 G<td>",
		"<a href=\"./kilo\">kilo</a><td>19 K<td>",
		"<a href=\"./link\">link</a><td><td>\n",
		"<a href=\"../\">../</a>",
		"<title>/list/</title>",
	};
	static const char *const unwanted[] = { "<script", "hidden", "nl",
		"ba\\ck", "ba%5C", "fifo", "6.0" };
	char *text;

	text = list("/list/");
	cr_assert_not_null(text);
	for (size_t i = 0; i < WS_LEN(wanted); i++)
		cr_expect_not_null(
		    strstr(text, wanted[i]), "%s\n%s", wanted[i], text);
	for (size_t i = 0; i < WS_LEN(unwanted); i++)
		cr_expect_null(strstr(text, unwanted[i]), "%s", unwanted[i]);
	free(text);
}

Test(files_list, has_directories_first_and_is_sorted)
{
	static const char *const order[] = { "adir/<", "zdir/<", ">100%",
		"&lt;script", ">b<", ">big<", "kilo<", ">link<", "quo" };
	char *text, *at;

	at = text = list("/list/");
	for (size_t i = 0; i + 1 < WS_LEN(order); i++) {
		at = strstr(at, order[i]);
		cr_assert_not_null(at, "%s\n%s", order[i], text);
	}
	free(text);
}

Test(files_list, is_sorted_whatever_the_number)
{
	char name[32], *text, *at, *next;

	tree_dir(docroot, "many");
	for (int n = 1; n <= 40; n++) {
		/* 17 and 41 have no common divisor: a scrambled order. */
		snprintf(name, sizeof(name), "many/f%02d-", n * 17 % 41);
		tree_file(docroot, name, "x");
		at = text = list("/many/");
		for (int i = 1, found = 0; found < n; i++) {
			cr_assert_leq(i, 40, "%d of %d:\n%s", found, n, text);
			snprintf(name, sizeof(name), ">f%02d-<", i);
			next = strstr(at, name);
			if (next == NULL) {
				cr_assert_null(strstr(text, name),
				    "%s is out of order:\n%s", name, text);
				continue;
			}
			at = next;
			found++;
		}
		free(text);
	}
}

Test(files_list, shows_its_path_escaped)
{
	char *text;

	tree_dir(docroot, "<b>");
	text = list("/%3Cb%3E/");
	cr_expect_not_null(strstr(text, "<title>/&lt;b&gt;/</title>"));
	cr_expect_not_null(strstr(text, "<h1>/&lt;b&gt;/</h1>"));
	cr_expect_null(strstr(text, "<b>"));
	free(text);
}

Test(files_list, of_the_root_has_no_parent)
{
	char *text;

	text = list("/");
	cr_assert_not_null(text);
	cr_expect_null(strstr(text, "../"));
	free(text);
}

Test(files_list, is_the_same_twice)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_file file;
	char *first, *second;
	size_t first_len, second_len;

	find(root, "/sub/", &file);
	first = list_all(&file, WS_SPAN("/sub/"), &first_len);
	second = list_all(&file, WS_SPAN("/sub/"), &second_len);
	cr_assert_eq(first_len, second_len);
	cr_expect_arr_eq(first, second, first_len);
	ws_mem_free(first);
	ws_mem_free(second);
	ws_file_close(&file);
	ws_files_free(root);
}

Test(files_list, embedded_roots_cannot_be_listed)
{
	static const struct ws_asset asset = { .path = "/sub/x.txt",
		.data = (const unsigned char *)"x",
		.len = 1,
		.etag = "\"x\"" };
	struct ws_files *root = ws_files_embedded(&asset, 1, TREE_TIME);
	struct ws_file file;
	size_t len;

	find(root, "/sub/", &file);
	cr_expect(file.directory);
	cr_expect_null(list_all(&file, WS_SPAN("/sub/"), &len));
	ws_files_free(root);
}

Test(files_list, has_a_limit)
{
	char *text, *at;
	size_t count = 0;

	tree_dir(docroot, "many");
	for (int i = 0; i < 10001; i++) {
		char name[32];

		snprintf(name, sizeof(name), "many/%d", i);
		close(open(tree_path(docroot, name), O_CREAT | O_WRONLY, 0644));
	}
	text = list("/many/");
	cr_assert_not_null(text);
	for (at = text; (at = strstr(at, "<a href=\"./")) != NULL; at++)
		count++;
	cr_expect_eq(count, 10000);
	cr_expect_not_null(strstr(text, "more files than are shown"));
	free(text);
}

Test(files_list, a_listing_survives_each_failing_allocation)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_file file;
	char *text = NULL;
	size_t nth, len;
	int before;

	find(root, "/list/", &file);
	before = tree_descriptors();
	for (nth = 1; text == NULL && nth < 1000; nth++) {
		scarce(nth);
		text = list_all(&file, WS_SPAN("/list/"), &len);
		cr_expect_eq(tree_descriptors(), before);
		cr_expect_eq(scarce_blocks, text == NULL ? 3 : 4);
	}
	cr_expect_gt(nth, 10);
	cr_expect_not_null(text);
	ws_mem_free(text);
	ws_file_close(&file);
	ws_files_free(root);
}

Test(files_list, a_listing_needs_a_descriptor)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct rlimit old, none;
	struct ws_file file;
	size_t len;
	int lowest;

	find(root, "/empty/", &file);
	lowest = dup(0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = (rlim_t)lowest;
	setrlimit(RLIMIT_NOFILE, &none);
	cr_expect_null(list_all(&file, WS_SPAN("/empty/"), &len));
	setrlimit(RLIMIT_NOFILE, &old);
	ws_file_close(&file);
	ws_files_free(root);
}
