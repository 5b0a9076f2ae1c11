/* site.c - a document root with all that may stand in one. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "site.h"
#include "test/guard.h"
#include "test/tree.h"

/* The tree; "outside.txt" is what nobody may reach.
 *
 *   base/outside.txt
 *   base/root/...       the document root
 */
char above[64], docroot[80];
char name255[NAME_MAX + 1];

void
site_plant(void)
{
	tree_make(above);
	tree_file(above, "outside.txt", "secret");
	tree_dir(above, "root");
	snprintf(docroot, sizeof(docroot), "%s/root", above);
	memset(name255, 'n', NAME_MAX);

	tree_file(docroot, "index.html", "root index");
	tree_file(docroot, "a.txt", "plain");
	tree_file(docroot, "we ird.txt", "weird");
	tree_file(docroot, "100%.txt", "percent");
	tree_file(docroot, "%41.txt", "double");
	tree_file(docroot, "\xc3\xa9.txt", "utf8");
	tree_file(docroot, "\xff.txt", "octets");
	tree_file(docroot, "nl\nname", "newline");
	tree_file(docroot, "back\\slash", "backslash");
	tree_file(docroot, "...", "three dots");
	tree_file(docroot, "dots...", "dots");
	tree_file(docroot, name255, "long");
	tree_file(docroot, ".secret", "hidden");
	tree_dir(docroot, ".git");
	tree_file(docroot, ".git/config", "hidden");
	tree_dir(docroot, ".well-known");
	tree_file(docroot, ".well-known/acme", "token");
	tree_file(docroot, ".well-known/.key", "hidden");
	tree_dir(docroot, "dir");
	tree_file(docroot, "dir/index.html", "dir index");
	tree_dir(docroot, "dir/sub");
	tree_file(docroot, "dir/sub/x.txt", "deep");
	tree_file(docroot, "dir/sub/.git", "hidden");
	tree_dir(docroot, "dir/.well-known");
	tree_file(docroot, "dir/.well-known/x", "hidden");
	tree_dir(docroot, "empty");
	tree_dir(docroot, "odd");
	tree_dir(docroot, "odd/index.html");
	tree_dir(docroot, "etc");
	tree_file(docroot, "etc/hosts", "ours");

	tree_link(docroot, "in", "a.txt");
	tree_link(docroot, "in_dir", "dir");
	tree_link(docroot, "in_dot", "./dir/./sub//x.txt");
	tree_link(docroot, "in_slash", "dir/");
	tree_link(docroot, "in_up", "dir/../a.txt");
	tree_link(docroot, "in_self", ".");
	tree_link(docroot, "in_sub", "dir/sub");
	tree_link(docroot, "in_sub_up", "in_sub/../index.html");
	tree_link(docroot, "dir/up", "../a.txt");
	tree_link(docroot, "dir/upup", "sub/../../a.txt");
	tree_link(docroot, "out", "../outside.txt");
	tree_link(docroot, "out_dir", "..");
	tree_link(docroot, "out_deep", "dir/../../outside.txt");
	tree_link(docroot, "out_back", "../root/a.txt");
	tree_link(docroot, "dir/out", "../../outside.txt");
	tree_link(docroot, "absolute", "/etc/passwd");
	tree_link(docroot, "absolute_root", "/");
	tree_link(docroot, "absolute_in", tree_path(docroot, "a.txt"));
	tree_link(docroot, "absolute_dir", tree_path(docroot, "dir"));
	tree_link(docroot, "dir/absolute_up", tree_path(docroot, "dir/../in"));
	tree_link(docroot, "absolute_self", docroot);
	tree_link(docroot, "absolute_chain", tree_path(docroot, "absolute_in"));
	tree_link(docroot, "absolute_out",
	    tree_path(docroot, "dir/../../outside.txt"));
	tree_link(
	    docroot, "absolute_loop", tree_path(docroot, "absolute_loop"));
	/* Its name begins with that of the root. */
	tree_file(above, "rootless", "secret");
	tree_link(docroot, "absolute_beside", tree_path(above, "rootless"));
	tree_link(docroot, "dangling", "nowhere");
	tree_link(docroot, "loop", "loop");
	tree_link(docroot, "loop_a", "loop_b");
	tree_link(docroot, "loop_b", "loop_a");
	if (mkfifo(tree_path(docroot, "fifo"), 0644) != 0)
		abort();
}

void
site_uproot(void)
{
	tree_remove(above);
}

int
find(struct ws_files *root, const char *path, size_t len, const char *accept,
    struct ws_file *file)
{
	struct guard p = guard_copy(path, len);
	struct guard a = guard_copy(accept, strlen(accept));
	int error = ws_files_find(root, (struct ws_span){ (char *)p.at, p.len },
	    (struct ws_span){ (char *)a.at, a.len }, file);

	guard_free(&p);
	guard_free(&a);
	return error;
}

const char *
content_of(const struct ws_file *file)
{
	static char content[64];
	ssize_t n;

	if (file->directory)
		return file->fd > 0 ? "<directory>" : "<redirect>";
	if (file->data != NULL)
		snprintf(content, sizeof(content), "%.*s", (int)file->octets,
		    (const char *)file->data);
	else {
		n = pread(file->fd, content, sizeof(content) - 1, 0);
		content[n > 0 ? n : 0] = '\0';
		cr_expect_eq((uint64_t)n, file->octets);
	}
	return content;
}
