/* test_files_coding.c - entity-tags, and which form of a file is sent. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>

#include "site.h"
#include "base/mem.h"
#include "test/tree.h"

TestSuite(files_coding, .init = site_plant, .fini = site_uproot);

/* ---- tags and codings --------------------------------------------------- */

static void
tag_of(struct ws_files *root, const char *path, const char *accept,
    char tag[WS_FILES_ETAG_MAX])
{
	struct ws_file file;

	cr_assert_eq(find(root, path, strlen(path), accept, &file), 0);
	memcpy(tag, file.etag, WS_FILES_ETAG_MAX);
	cr_expect_eq(tag[0], '"');
	cr_expect_eq(tag[strlen(tag) - 1], '"');
	cr_expect_eq(
	    strspn(tag + 1, "0123456789abcdefgrzip.-"), strlen(tag) - 2);
	ws_file_close(&file);
}

Test(files_coding, tag_follows_size_time_and_coding)
{
	struct ws_files *root = ws_files_directory(docroot);
	char first[WS_FILES_ETAG_MAX], other[WS_FILES_ETAG_MAX], from[96];

	tag_of(root, "/a.txt", "", first);
	tag_of(root, "/a.txt", "", other);
	cr_expect_str_eq(first, other);
	tree_time(docroot, "a.txt", TREE_TIME, 1);
	tag_of(root, "/a.txt", "", other);
	cr_expect_str_neq(first, other);
	tree_file(docroot, "a.txt", "plain.");
	tag_of(root, "/a.txt", "", other);
	cr_expect_str_neq(first, other);
	tree_file(docroot, "a.txt", "again");
	tag_of(root, "/a.txt", "", other);
	cr_expect_str_neq(first, other, "rewritten, with one time and size");
	memcpy(first, other, sizeof(first));
	tree_file(docroot, "b.txt", "again");
	(void)usleep(20000); /* more than a tick of the file system */
	snprintf(from, sizeof(from), "%s/b.txt", docroot);
	cr_assert_eq(rename(from, tree_path(docroot, "a.txt")), 0);
	tag_of(root, "/a.txt", "", other);
	cr_expect_str_neq(first, other, "replaced, with one time and size");
	tree_time(docroot, "a.txt", TREE_TIME + 1, 0);
	tag_of(root, "/a.txt", "", other);
	cr_expect_str_neq(first, other);
	tree_time(docroot, "a.txt", -1, 999999999);
	tag_of(root, "/a.txt", "", other);
	cr_expect_str_neq(first, other);

	tree_gzip(docroot, "a.txt.gz", "again");
	tree_file(docroot, "a.txt.br", "third");
	tag_of(root, "/a.txt", "gzip", first);
	tag_of(root, "/a.txt", "br", other);
	cr_expect_str_neq(first, other);
	tag_of(root, "/a.txt.gz", "", other);
	cr_expect_str_neq(first, other);
	ws_files_free(root);
}

static const struct coding_row {
	const char *name, *path, *accept, *encoding;
	bool vary;
} coding_rows[] = {
	{ "no field", "/both.js", "", NULL, true },
	{ "gzip only", "/both.js", "gzip", "gzip", true },
	{ "br only", "/both.js", "br", "br", true },
	{ "equal: br", "/both.js", "gzip, br", "br", true },
	{ "equal: br, turned", "/both.js", "br, gzip", "br", true },
	{ "browser", "/both.js", "gzip, deflate, br, zstd", "br", true },
	{ "gzip heavier", "/both.js", "br;q=0.5, gzip;q=0.8", "gzip", true },
	{ "br refused", "/both.js", "gzip, br;q=0", "gzip", true },
	{ "both refused", "/both.js", "gzip;q=0, br;q=0", NULL, true },
	{ "star", "/both.js", "*", "br", true },
	{ "star refused", "/both.js", "*;q=0", NULL, true },
	{ "star but br", "/both.js", "*, br;q=0", "gzip", true },
	{ "identity heavier", "/both.js", "identity, gzip;q=0.5", NULL, true },
	{ "gzip light", "/both.js", "gzip;q=0.001", "gzip", true },
	{ "identity with a space", "/both.js", "gzip;q=0.5,Identity ;q=0.6",
	    NULL, true },
	{ "a longer name", "/both.js", "identityx, gzip;q=0.5", "gzip", true },
	{ "identity equal", "/both.js", "identity, gzip", "gzip", true },
	{ "identity refused", "/both.js", "identity;q=0, gzip;q=0.1", "gzip",
	    true },
	{ "unknown coding", "/both.js", "zstd", NULL, true },
	{ "rubbish", "/both.js", ";;;,,,q=1", NULL, true },
	{ "case", "/both.js", "GZip", "gzip", true },
	{ "gz sibling only", "/one.css", "br, gzip", "gzip", true },
	{ "gz sibling, br asked", "/one.css", "br", NULL, true },
	{ "no sibling", "/none.txt", "br, gzip", NULL, true },
	{ "older sibling", "/stale.txt", "gzip", NULL, true },
	{ "older by a nanosecond", "/nano.txt", "gzip", NULL, true },
	{ "newer sibling", "/newer.txt", "gzip", "gzip", true },
	{ "made of another file", "/other.txt", "gzip", NULL, true },
	{ "no gzip file", "/short.txt", "gzip", NULL, true },
	{ "left over, with the time of its original", "/left.js", "gzip, br",
	    NULL, true },
	{ "sibling is a directory", "/dirsib.txt", "gzip", NULL, true },
	{ "sibling leads out", "/linksib.txt", "gzip", NULL, true },
	{ "the sibling itself", "/both.js.br", "", "br", false },
	{ "index", "/withindex/", "gzip", "gzip", true },
	{ "directory", "/empty/", "gzip", NULL, false },
};

static void
plant_codings(void)
{
	tree_file(docroot, "both.js", "plain");
	tree_gzip(docroot, "both.js.gz", "plain");
	tree_file(docroot, "both.js.br", "br");
	tree_file(docroot, "one.css", "plain");
	tree_gzip(docroot, "one.css.gz", "plain");
	tree_file(docroot, "none.txt", "plain");
	tree_file(docroot, "stale.txt", "plain");
	tree_gzip(docroot, "stale.txt.gz", "plain");
	tree_time(docroot, "stale.txt", TREE_TIME + 1, 0);
	tree_file(docroot, "nano.txt", "plain");
	tree_gzip(docroot, "nano.txt.gz", "plain");
	tree_time(docroot, "nano.txt", TREE_TIME, 1);
	tree_file(docroot, "newer.txt", "plain");
	tree_gzip(docroot, "newer.txt.gz", "plain");
	tree_time(docroot, "newer.txt.gz", TREE_TIME + 1, 0);
	tree_file(docroot, "other.txt", "plain");
	tree_gzip(docroot, "other.txt.gz", "of another file");
	tree_file(docroot, "short.txt", "plain");
	tree_file(docroot, "short.txt.gz", "gzip");
	tree_file(docroot, "left.js.br", "br");
	tree_gzip(docroot, "left.js.gz", "equal");
	(void)usleep(20000); /* more than a tick of the file system */
	tree_file(docroot, "left.js", "plain");
	tree_file(docroot, "dirsib.txt", "plain");
	tree_dir(docroot, "dirsib.txt.gz");
	tree_file(docroot, "linksib.txt", "plain");
	tree_link(docroot, "linksib.txt.gz", "../outside.txt");
	tree_dir(docroot, "withindex");
	tree_file(docroot, "withindex/index.html", "plain");
	tree_gzip(docroot, "withindex/index.html.gz", "plain");
}

Test(files_coding, chooses_a_precompressed_sibling)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_file file;
	int before;

	plant_codings();
	before = tree_descriptors();
	for (size_t i = 0; i < WS_LEN(coding_rows); i++) {
		const struct coding_row *row = &coding_rows[i];
		const char *encoding;

		cr_assert_eq(find(root, row->path, strlen(row->path),
				 row->accept, &file),
		    0, "%s", row->name);
		encoding = file.encoding != NULL ? file.encoding : "none";
		cr_expect_str_eq(encoding,
		    row->encoding != NULL ? row->encoding : "none", "%s: %s",
		    row->name, encoding);
		cr_expect_eq(file.vary, row->vary, "%s: vary", row->name);
		if (strcmp(encoding, "br") == 0)
			cr_expect_str_eq(
			    content_of(&file), "br", "%s", row->name);
		else if (file.encoding == NULL && !file.directory)
			cr_expect_str_eq(
			    content_of(&file), "plain", "%s", row->name);
		ws_file_close(&file);
	}
	cr_expect_eq(tree_descriptors(), before);
	ws_files_free(root);
}

Test(files_coding, type_is_of_the_plain_file)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_file file;

	plant_codings();
	cr_assert_eq(find(root, "/both.js", 8, "gzip", &file), 0);
	cr_expect_str_eq(file.type, "text/javascript; charset=utf-8");
	ws_file_close(&file);
	cr_assert_eq(find(root, "/dir/", 5, "", &file), 0);
	cr_expect_str_eq(file.type, "text/html; charset=utf-8");
	ws_file_close(&file);
	ws_files_free(root);
}

Test(files_coding, siblings_that_are_not_used_are_told_of_once)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_file file;

	plant_codings();
	for (int i = 0; i < 3; i++) {
		const char *note;

		cr_assert_eq(find(root, "/other.txt", 10, "gzip", &file), 0);
		ws_file_close(&file);
		note = ws_files_note(root);
		cr_expect_eq(note != NULL, i == 0);
		if (note != NULL)
			cr_expect_not_null(
			    strstr(note, "/root/other.txt.gz was"), "%s", note);
	}
	ws_files_free(root);
}

/* The flash of a small box has room for one form of each file. */
static const struct only_row {
	const char *path, *accept, *encoding;
	uint64_t gzip_octets;
	int error;
} only_rows[] = {
	{ "/app.js", "gzip", "gzip", 0, 0 },
	{ "/app.js", "gzip, br", "gzip", 0, 0 },
	{ "/app.js", "", NULL, 28, 0 },
	{ "/app.js", "br", NULL, 28, 0 },
	{ "/app.js", "identity, gzip;q=0.5", NULL, 28, 0 },
	{ "/both.css", "gzip, br", "br", 0, 0 },
	{ "/both.css", "gzip", "gzip", 0, 0 },
	{ "/both.css", "br;q=0.1, gzip", "gzip", 0, 0 },
	{ "/both.css", "", NULL, 28, 0 },
	{ "/small/", "gzip", "gzip", 0, 0 },
	{ "/small/", "", NULL, 28, 0 },
	{ "/small/page", "gzip", "gzip", 0, 0 },
	{ "/fast.js", "br", "br", 0, 0 },
	{ "/fast.js", "gzip", NULL, 0, WS_FILES_ECODING },
	{ "/fast.js", "", NULL, 0, WS_FILES_ECODING },
	{ "/fast.js", "br;q=0", NULL, 0, WS_FILES_ECODING },
	{ "/photo.png", "gzip", NULL, 0, WS_FILES_ENOENT },
	{ "/broken.js", "gzip", NULL, 0, WS_FILES_ENOENT },
	{ "/app.js/", "gzip", NULL, 0, WS_FILES_ENOENT },
};

Test(files_coding, a_file_may_be_there_in_its_compressed_form_only)
{
	struct ws_files *root = ws_files_directory(docroot);
	int before = tree_descriptors();

	tree_gzip(docroot, "app.js.gz", "plain");
	tree_gzip(docroot, "both.css.gz", "plain");
	tree_file(docroot, "both.css.br", "br");
	tree_dir(docroot, "small");
	tree_gzip(docroot, "small/index.html.gz", "plain");
	tree_gzip(docroot, "small/page.html.gz", "plain");
	tree_file(docroot, "fast.js.br", "br");
	tree_gzip(docroot, "photo.png.gz", "plain");
	tree_file(docroot, "broken.js.gz", "gzip");
	for (size_t i = 0; i < WS_LEN(only_rows); i++) {
		const struct only_row *row = &only_rows[i];
		struct ws_file file;
		int error = find(
		    root, row->path, strlen(row->path), row->accept, &file);

		cr_assert_eq(
		    error, row->error, "%s, %s", row->path, row->accept);
		if (error != 0)
			continue;
		cr_expect_eq(file.gzip_octets, row->gzip_octets, "%s, %s",
		    row->path, row->accept);
		cr_expect_eq(file.octets,
		    row->gzip_octets > 0                     ? 5
		    : row->encoding && *row->encoding == 'b' ? 2
							     : 28,
		    "%s, %s", row->path, row->accept);
		cr_expect_str_eq(file.encoding ? file.encoding : "none",
		    row->encoding ? row->encoding : "none", "%s, %s", row->path,
		    row->accept);
		cr_expect(file.vary);
		cr_expect_null(strstr(file.type, "gzip"));
		ws_file_close(&file);
	}
	cr_expect_eq(tree_descriptors(), before);
	ws_files_free(root);
}

/* Game engines export files that their scripts ask for by their full names. */
Test(files_coding, parts_of_pages_that_end_in_a_coding_have_both)
{
	static const struct {
		const char *name, *type, *encoding;
	} names[] = {
		{ "game.wasm.gz", "application/wasm", "gzip" },
		{ "game.framework.js.br", "text/javascript; charset=utf-8",
		    "br" },
		{ "game.data.gz", "application/octet-stream", "gzip" },
		{ "game.symbols.json.br", "application/json", "br" },
		{ "GAME.WASM.GZ", "application/wasm", "gzip" },
		{ "a.pck.gz", "application/octet-stream", "gzip" },
		{ "a.tar.gz", "application/gzip", NULL },
		{ "a.tgz", "application/gzip", NULL },
		{ "a.gz", "application/gzip", NULL },
		{ "dump.sql.gz", "application/gzip", NULL },
		{ "access.log.gz", "application/gzip", NULL },
		{ "js.gz", "application/gzip", NULL },
		{ "a.js/b.gz", "application/gzip", NULL },
		{ "a.js.gz.gz", "application/gzip", NULL },
		{ ".gz", "application/gzip", NULL },
	};

	for (size_t i = 0; i < WS_LEN(names); i++) {
		const char *encoding = "unset";
		const char *type =
		    ws_files_type(ws_span_of(names[i].name), NULL, &encoding);

		cr_expect_str_eq(type, names[i].type, "%s", names[i].name);
		cr_expect_eq(encoding == NULL, names[i].encoding == NULL, "%s",
		    names[i].name);
		if (encoding != NULL && names[i].encoding != NULL)
			cr_expect_str_eq(encoding, names[i].encoding);
	}
}
