/* test_files_root.c - roots that are directories, and embedded ones. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <errno.h>

#include "site.h"
#include "base/mem.h"
#include "test/scarce.h"
#include "test/tree.h"

TestSuite(files_root, .init = site_plant, .fini = site_uproot);

Test(files_root, a_root_must_be_a_directory)
{
	cr_expect_null(ws_files_directory("/nonexistent"));
	cr_expect_eq(errno, ENOENT);
	cr_expect_null(ws_files_directory(tree_path(docroot, "a.txt")));
	cr_expect_eq(errno, ENOTDIR);
}

/* Expect what /a.txt is at a time: its content, or an error. */
static void
expect_at(struct ws_files *root, int64_t now_s, const char *content, int error)
{
	struct ws_file file;
	int is;

	ws_files_refresh(root, now_s);
	is = find(root, "/a.txt", 6, "", &file);
	cr_expect_eq(is, error, "at %d: %d", (int)now_s, is);
	if (is != 0)
		return;
	cr_expect_str_eq(content_of(&file), content, "at %d", (int)now_s);
	ws_file_close(&file);
}

Test(files_root, a_root_is_the_directory_that_bears_its_name)
{
	struct ws_files *root = ws_files_directory(docroot);
	int before = tree_descriptors();
	struct ws_file under_way;
	char moved[96];

	snprintf(moved, sizeof(moved), "%s/moved", above);
	expect_at(root, 1, "plain", 0);
	cr_assert_eq(find(root, "/a.txt", 6, "", &under_way), 0);
	cr_assert_eq(rename(docroot, moved), 0);
	expect_at(root, 1, "plain", 0); /* not asked again in this second */
	cr_expect_null(ws_files_note(root));
	for (int64_t now_s = 2; now_s < 5; now_s++) {
		const char *note;

		expect_at(root, now_s, NULL, WS_FILES_EGONE);
		cr_expect_not(ws_files_is_there(root));
		note = ws_files_note(root);
		cr_expect_eq(note != NULL, now_s == 2, "once");
	}
	tree_dir(above, "root");
	tree_file(docroot, "a.txt", "anew");
	expect_at(root, 5, "anew", 0);
	cr_expect_not_null(ws_files_note(root));
	cr_expect_null(ws_files_note(root));
	cr_expect_str_eq(content_of(&under_way), "plain");
	ws_file_close(&under_way);
	cr_expect_eq(tree_descriptors(), before);
	ws_files_free(root);
}

Test(files_root, a_link_that_is_switched_is_followed)
{
	char name[96], next[96];
	struct ws_files *root;

	snprintf(name, sizeof(name), "%s/current", above);
	snprintf(next, sizeof(next), "%s/next", above);
	tree_dir(above, "second");
	tree_file(above, "second/a.txt", "second");
	tree_link(above, "second/absolute", tree_path(above, "current/a.txt"));
	tree_link(above, "second/real", tree_path(above, "second/a.txt"));
	tree_link(above, "second/first", tree_path(docroot, "a.txt"));
	tree_link(above, "current", "root");
	tree_link(above, "next", "second");
	root = ws_files_directory(name);
	expect_at(root, 1, "plain", 0);
	cr_assert_eq(rename(next, name), 0);
	expect_at(root, 2, "second", 0);
	/* Links may name the root by its link, or where that leads now. */
	for (int i = 0; i < 3; i++) {
		static const char *const paths[] = { "/absolute", "/real",
			"/first" };
		struct ws_file file = { .fd = -1 };
		int error = find(root, paths[i], strlen(paths[i]), "", &file);

		cr_expect_eq(
		    error, i < 2 ? 0 : WS_FILES_ENOENT, "%s", paths[i]);
		ws_file_close(&file);
	}
	ws_files_free(root);
}

/* ---- embedded ----------------------------------------------------------- */

#define ASSET(path, text)                                            \
	{                                                            \
		path, (const unsigned char *)text, sizeof(text) - 1, \
		    "\"" path "\"", 0                                \
	}

static const struct ws_asset assets[] = {
	ASSET("/.well-known/a", "token"),
	ASSET("/a.js", "plain"),
	ASSET("/a.js.br", "br"),
	ASSET("/a.js.gz", "gzip"),
	ASSET("/dir-x/b", "not in dir"),
	ASSET("/dir/index.html", "dir index"),
	ASSET("/empty", ""),
	ASSET("/index.html", "root index"),
	ASSET("/sub/deep/x", "deep"),
};

Test(files_root, serves_embedded_files)
{
	static const struct row embedded_rows[] = {
		FOUND("/", "root index"),
		FOUND("/a.js", "plain"),
		FOUND("/%61.js", "plain"),
		FOUND("/empty", ""),
		FOUND("/dir", "<redirect>"),
		FOUND("/dir/", "dir index"),
		FOUND("/sub", "<redirect>"),
		FOUND("/sub/", "<redirect>"),
		FOUND("/sub/deep/x", "deep"),
		FOUND("/.well-known/a", "token"),
		REFUSED("/di", ENOENT),
		REFUSED("/dir/x", ENOENT),
		REFUSED("/a.js/", ENOENT),
		REFUSED("/zzz", ENOENT),
		REFUSED("/\x01", EPATH),
		REFUSED("/dir/../a.js", EPATH),
		FOUND("//a.js", "plain"),
		REFUSED("/.hidden", ENOENT),
	};
	struct ws_files *root =
	    ws_files_embedded(assets, WS_LEN(assets), TREE_TIME);

	cr_assert_not_null(root);
	for (size_t i = 0; i < WS_LEN(embedded_rows); i++) {
		const struct row *row = &embedded_rows[i];
		size_t len =
		    row->content != NULL ? strlen(row->path) : row->len;
		struct ws_file file;
		int error = find(root, row->path, len, "", &file);

		cr_expect_eq(error, row->error, "%s", row->path);
		if (error != 0)
			continue;
		cr_expect_eq(file.fd, -1, "%s", row->path);
		cr_expect(file.directory || file.modified_s == TREE_TIME);
		cr_expect_str_eq(
		    content_of(&file), row->content, "%s", row->path);
	}
	ws_files_free(root);
}

Test(files_root, embedded_files_have_codings_too)
{
	struct ws_files *root =
	    ws_files_embedded(assets, WS_LEN(assets), TREE_TIME);
	struct ws_file file;

	cr_assert_eq(find(root, "/a.js", 5, "", &file), 0);
	cr_expect(file.vary);
	cr_expect_null(file.encoding);
	cr_expect_str_eq(file.etag, "\"/a.js\"");
	cr_assert_eq(find(root, "/a.js", 5, "gzip", &file), 0);
	cr_expect_str_eq(content_of(&file), "gzip");
	cr_expect_str_eq(file.encoding, "gzip");
	cr_expect_str_eq(file.etag, "\"/a.js.gz-gzip\"");
	cr_assert_eq(find(root, "/a.js", 5, "gzip, br", &file), 0);
	cr_expect_str_eq(content_of(&file), "br");
	cr_expect_str_eq(file.etag, "\"/a.js.br-br\"");
	cr_assert_eq(find(root, "/index.html", 11, "gzip", &file), 0);
	cr_expect(file.vary);
	cr_assert_eq(find(root, "/.well-known/a", 14, "gzip", &file), 0);
	cr_expect(file.vary, "of an unknown type");
	ws_files_free(root);
}

Test(files_root, embedded_table_must_be_sorted_and_well_tagged)
{
	static const struct {
		const char *name;
		struct ws_asset assets[2];
	} tables[] = {
		{ "unsorted", { ASSET("/b", ""), ASSET("/a", "") } },
		{ "twice", { ASSET("/a", ""), ASSET("/a", "") } },
		{ "path", { ASSET("/", ""), ASSET("a", "") } },
		{ "no tag", { ASSET("/a", ""), { "/b", NULL, 0, "", 0 } } },
		{ "quote", { ASSET("/a", ""), { "/b", NULL, 0, "\"", 0 } } },
		{ "bare", { ASSET("/a", ""), { "/b", NULL, 0, "tag", 0 } } },
		{ "open", { ASSET("/a", ""), { "/b", NULL, 0, "\"tag", 0 } } },
		{ "weak",
		    { ASSET("/a", ""), { "/b", NULL, 0, "W/\"t\"", 0 } } },
		{ "35 octets",
		    { { "/a", NULL, 0, "\"123456789012345678901234567890123\"",
			  0 },
			ASSET("/b", "") } },
	};
	static const struct ws_asset longest[] = {
		{ "/a", NULL, 0, "\"12345678901234567890123456789012\"", 0 },
	};
	struct ws_files *root = ws_files_embedded(NULL, 0, 0);
	struct ws_file file;

	cr_assert_not_null(root);
	cr_expect_eq(find(root, "/", 1, "", &file), WS_FILES_ENOENT);
	ws_files_free(root);
	for (size_t i = 0; i < WS_LEN(tables); i++) {
		errno = 0;
		cr_expect_null(ws_files_embedded(tables[i].assets, 2, 0), "%s",
		    tables[i].name);
		cr_expect_eq(errno, EINVAL, "%s", tables[i].name);
	}
	root = ws_files_embedded(longest, 1, 0);
	cr_expect_not_null(root);
	ws_files_free(root);
}

/* ---- without memory ----------------------------------------------------- */

Test(files_root, a_root_needs_memory)
{
	int before = tree_descriptors();

	scarce(1);
	cr_expect_null(ws_files_directory(docroot));
	cr_expect_eq(errno, ENOMEM);
	cr_expect_eq(tree_descriptors(), before);
	scarce(1);
	cr_expect_null(ws_files_embedded(assets, WS_LEN(assets), 0));
	cr_expect_eq(errno, ENOMEM);
	cr_expect_eq(scarce_blocks, 0);
}
