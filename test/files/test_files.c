/* test_files.c - paths that are served, and paths that must not be. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "files/open_beneath.h"
#include "files/files.h"
#include "base/mem.h"
#include "test/guard.h"
#include "test/scarce.h"
#include "test/tree.h"

#if defined(__linux__) && !defined(WS_PORTABLE)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

/* The tree; "outside.txt" is what nobody may reach.
 *
 *   base/outside.txt
 *   base/root/...       the document root
 */
static char base[64], docroot[80];
static char name255[NAME_MAX + 1];

static void
plant(void)
{
	tree_make(base);
	tree_file(base, "outside.txt", "secret");
	tree_dir(base, "root");
	snprintf(docroot, sizeof(docroot), "%s/root", base);
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
	tree_file(base, "rootless", "secret");
	tree_link(docroot, "absolute_beside", tree_path(base, "rootless"));
	tree_link(docroot, "dangling", "nowhere");
	tree_link(docroot, "loop", "loop");
	tree_link(docroot, "loop_a", "loop_b");
	tree_link(docroot, "loop_b", "loop_a");
	if (mkfifo(tree_path(docroot, "fifo"), 0644) != 0)
		abort();
}

static void
uproot(void)
{
	tree_remove(base);
}

/* Find a path that ends at an unreadable page. */
static int
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

static const char *
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

struct row {
	const char *path;
	size_t len;          /* 0: to the NUL */
	const char *content; /* NULL: error */
	int error;
};

#define FOUND(path, content)        \
	{                           \
		path, 0, content, 0 \
	}
#define REFUSED(path, error)                                   \
	{                                                      \
		path, sizeof(path) - 1, NULL, WS_FILES_##error \
	}

static const struct row rows[] = {
	FOUND("/", "root index"),
	FOUND("/index.html", "root index"),
	FOUND("/a.txt", "plain"),
	FOUND("/%61%2Etxt", "plain"),
	FOUND("/%61%2etx%74", "plain"),
	FOUND("/we%20ird.txt", "weird"),
	FOUND("/we ird.txt", "weird"),
	FOUND("/100%25.txt", "percent"),
	FOUND("/%2541.txt", "double"),
	FOUND("/%C3%a9.txt", "utf8"),
	FOUND("/\xc3\xa9.txt", "utf8"),
	FOUND("/%ff.txt", "octets"),
	FOUND("/dots...", "dots"),
	FOUND("/dir", "<redirect>"),
	FOUND("/dir/", "dir index"),
	FOUND("/dir/sub", "<redirect>"),
	FOUND("/dir/sub/", "<directory>"),
	FOUND("/dir/sub/x.txt", "deep"),
	FOUND("/empty/", "<directory>"),
	FOUND("/odd/", "<directory>"),
	FOUND("/odd/index.html/", "<directory>"),
	FOUND("/.well-known/acme", "token"),
	FOUND("/%2ewell-known/acme", "token"),
	FOUND("/.well-known", "<redirect>"),

	FOUND("/in", "plain"),
	FOUND("/in_dir", "<redirect>"),
	FOUND("/in_dir/", "dir index"),
	FOUND("/in_dir/sub/x.txt", "deep"),
	FOUND("/in_dir/up", "plain"),
	FOUND("/in_dot", "deep"),
	FOUND("/in_slash/sub/x.txt", "deep"),
	FOUND("/in_up", "plain"),
	FOUND("/in_self/in_self/a.txt", "plain"),
	FOUND("/in_self/", "root index"),
	FOUND("/in_sub/x.txt", "deep"),
	FOUND("/in_sub_up", "dir index"),
	FOUND("/dir/up", "plain"),
	FOUND("/dir/upup", "plain"),
	REFUSED("/out", ENOENT),
	REFUSED("/out_dir", ENOENT),
	REFUSED("/out_dir/", ENOENT),
	REFUSED("/out_dir/outside.txt", ENOENT),
	REFUSED("/out_dir/root/a.txt", ENOENT),
	REFUSED("/out_deep", ENOENT),
	REFUSED("/out_back", ENOENT),
	REFUSED("/dir/out", ENOENT),
	REFUSED("/in_dir/out", ENOENT),
	REFUSED("/absolute", ENOENT),
	REFUSED("/absolute_root/etc/passwd", ENOENT),
	FOUND("/absolute_in", "plain"),
	FOUND("/absolute_dir/sub/x.txt", "deep"),
	FOUND("/dir/absolute_up", "plain"),
	FOUND("/absolute_self/absolute_in", "plain"),
	FOUND("/absolute_chain", "plain"),
	REFUSED("/absolute_out", ENOENT),
	REFUSED("/absolute_beside", ENOENT),
	REFUSED("/absolute_loop", ENOENT),
	REFUSED("/dangling", ENOENT),
	REFUSED("/loop", ENOENT),
	REFUSED("/loop/x", ENOENT),
	REFUSED("/loop_a", ENOENT),

	REFUSED("/fifo", EACCES),
	REFUSED("/nothing", ENOENT),
	REFUSED("/a.txt/", ENOENT),
	REFUSED("/a.txt/b", ENOENT),
	REFUSED("/.secret", ENOENT),
	REFUSED("/%2esecret", ENOENT),
	REFUSED("/.git/config", ENOENT),
	REFUSED("/.git/", ENOENT),
	REFUSED("/...", ENOENT),
	REFUSED("/dir/sub/.git", ENOENT),
	REFUSED("/dir/.well-known/x", ENOENT),
	REFUSED("/.well-known/.key", ENOENT),
	REFUSED("/.well-knownx", ENOENT),

	REFUSED("", EPATH),
	REFUSED("*", EPATH),
	REFUSED("a.txt", EPATH),
	REFUSED("../outside.txt", EPATH),
	REFUSED("\\a.txt", EPATH),
	REFUSED("%2fa.txt", EPATH),
	REFUSED("http://host/a.txt", EPATH),
	REFUSED("/..", EPATH),
	REFUSED("/../", EPATH),
	REFUSED("/../outside.txt", EPATH),
	REFUSED("/dir/../a.txt", EPATH),
	REFUSED("/dir/..", EPATH),
	REFUSED("/.", EPATH),
	REFUSED("/./a.txt", EPATH),
	REFUSED("/a/%2e", EPATH),
	REFUSED("/%2e%2e/outside.txt", EPATH),
	REFUSED("/%2E%2e/outside.txt", EPATH),
	REFUSED("/.%2e/outside.txt", EPATH),
	REFUSED("/%2e%2e%2foutside.txt", EPATH),
	REFUSED("/..%2foutside.txt", EPATH),
	REFUSED("/dir%2fsub/x.txt", EPATH),
	REFUSED("/%2fetc/hosts", EPATH),
	REFUSED("/..%5coutside.txt", EPATH),
	REFUSED("/..\\outside.txt", EPATH),
	REFUSED("/back\\slash", EPATH),
	REFUSED("/back%5cslash", EPATH),
	REFUSED("/\\", EPATH),
	FOUND("//", "root index"),
	FOUND("//a.txt", "plain"),
	REFUSED("//etc/passwd", ENOENT),
	FOUND("/dir//", "dir index"),
	FOUND("///dir//index.html", "dir index"),
	REFUSED("//..//outside.txt", EPATH),
	REFUSED("/%00", EPATH),
	REFUSED("/a.txt%00", EPATH),
	REFUSED("/a.txt%00.html", EPATH),
	REFUSED("/a.txt\0.html", EPATH),
	REFUSED("/nl%0aname", EPATH),
	REFUSED("/nl\nname", EPATH),
	REFUSED("/%7f", EPATH),
	REFUSED("/%1f", EPATH),
	REFUSED("/%", EPATH),
	REFUSED("/%4", EPATH),
	REFUSED("/a%4/", EPATH),
	REFUSED("/%zz", EPATH),
	REFUSED("/%u002e", EPATH),
	/* Decoded twice, these would be "..": decoded once, a plain name. */
	REFUSED("/%252e%252e/outside.txt", ENOENT),
	REFUSED("/%252e%252e%252foutside.txt", ENOENT),
	/* Overlong UTF-8 of ".", "/" and NUL, and their full width twins. */
	REFUSED("/%c0%ae%c0%ae/outside.txt", ENOENT),
	REFUSED("/%c0%af", ENOENT),
	REFUSED("/%e0%80%ae", ENOENT),
	REFUSED("/a.txt%c0%80", ENOENT),
	REFUSED("/%ef%bc%8e%ef%bc%8e/outside.txt", ENOENT),
	REFUSED("/..;/outside.txt", ENOENT),
	REFUSED("/~root/", ENOENT),
	REFUSED("/a.txt::$DATA", ENOENT),
};

static void
check_rows(struct ws_files *root, const char *how)
{
	int before = tree_descriptors();

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		const struct row *row = &rows[i];
		size_t len = row->len > 0 || row->content == NULL
				 ? row->len
				 : strlen(row->path);
		struct ws_file file = { .fd = -7 };
		int error = find(root, row->path, len, "", &file);

		cr_expect_eq(error, row->error, "%s %s: error %d", how,
		    row->path, error);
		if (error != 0) {
			cr_expect_eq(
			    file.fd, -7, "%s %s: written", how, row->path);
			continue;
		}
		if (row->content != NULL)
			cr_expect_str_eq(content_of(&file), row->content,
			    "%s %s: %s", how, row->path, content_of(&file));
		ws_file_close(&file);
	}
	cr_expect_eq(tree_descriptors(), before, "%s: leaked", how);
}

TestSuite(files, .init = plant, .fini = uproot);

Test(files, serves_what_is_under_the_root_only)
{
	int before = tree_descriptors();
	struct ws_files *root = ws_files_directory(docroot);

	cr_assert_not_null(root);
	check_rows(root, "kernel");
	ws_files_free(root);
	cr_expect_eq(tree_descriptors(), before);
}

Test(files, walks_to_the_same_results)
{
	struct ws_files *root = ws_files_directory(docroot);

	cr_assert_not_null(root);
	ws_files_walk(root);
	check_rows(root, "walk");
	ws_files_free(root);
}

Test(files, opening_beneath_tells_why_not)
{
	static const struct {
		const char *name;
		int error;
	} names[] = {
		{ "a.txt", 0 },
		{ ".", 0 },
		{ "in_self", 0 },
		{ "in_up", 0 },
		{ "..", EXDEV },
		{ "../root/a.txt", EXDEV },
		{ "dir/../../outside.txt", EXDEV },
		{ "out", EXDEV },
		{ "out_back", EXDEV },
		{ "absolute", EXDEV },
		{ "absolute_in", EXDEV },
		{ "loop", ELOOP },
		{ "nothing", ENOENT },
		{ "dangling", ENOENT },
		{ "a.txt/b", ENOTDIR },
	};
	int dir = open(docroot, O_RDONLY | O_DIRECTORY);
	char wide[NAME_MAX + 2] = "";
	struct ws_beneath root = { .dir = dir, .walking = true };

	memset(wide, 'x', NAME_MAX + 1);
	cr_expect_eq(ws_open_beneath(&root, wide), -1);
	cr_expect_eq(errno, ENAMETOOLONG);
	for (size_t i = 0; i < 2 * WS_LEN(names); i++) {
		const char *name = names[i / 2].name;
		bool walking = i % 2 == 1;
		int error, fd;

		root.walking = walking;
		errno = 0;
		fd = ws_open_beneath(&root, name);
		error = fd >= 0 ? 0 : errno;
		cr_expect_eq(error, names[i / 2].error, "%s, %s: %s", name,
		    walking ? "walking" : "kernel", strerror(error));
		if (fd >= 0)
			close(fd);
	}
	close(dir);
}

#if defined(SYS_openat2)

/* Let openat2(2) fail with an error from now on, as a sandbox does. */
static void
forbid_openat2(unsigned error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { WS_LEN(filter), filter };

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void
check_forbidden(unsigned error, bool remembered)
{
	struct ws_files *root = ws_files_directory(docroot);
	int dir = open(docroot, O_RDONLY | O_DIRECTORY), fd;
	struct ws_beneath beneath = { .dir = dir };

	forbid_openat2(error);
	check_rows(root, "forbidden");
	ws_files_free(root);
	fd = ws_open_beneath(&beneath, "a.txt");
	cr_expect_geq(fd, 0);
	cr_expect_eq(beneath.walking, remembered);
	close(fd);
	close(dir);
}

Test(files, an_old_kernel_is_walked_around)
{
	check_forbidden(ENOSYS, true);
}

Test(files, a_sandbox_is_walked_around)
{
	check_forbidden(EPERM, true);
}

Test(files, a_walking_root_does_not_ask_the_kernel)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_file file;

	forbid_openat2(EIO);
	cr_expect_eq(find(root, "/a.txt", 6, "", &file), WS_FILES_EIO);
	ws_files_walk(root);
	cr_expect_eq(find(root, "/a.txt", 6, "", &file), 0);
	ws_file_close(&file);
	ws_files_free(root);
}

Test(files, a_disturbed_kernel_is_asked_again_next_time)
{
	check_forbidden(EAGAIN, false);
}

#endif

/* Find with both ways; the results must agree. */
static int
find_both(const char *path, size_t len, struct ws_file *file)
{
	struct ws_files *root = ws_files_directory(docroot);
	int kernel = find(root, path, len, "", file), walked;

	if (kernel == 0)
		ws_file_close(file);
	ws_files_walk(root);
	walked = find(root, path, len, "", file);
	cr_expect_eq(kernel, walked, "%.40s: %d %d", path, kernel, walked);
	ws_files_free(root);
	return walked;
}

Test(files, long_names_end_in_not_found)
{
	static char path[65000];
	struct ws_file file;

	path[0] = '/';
	memset(path + 1, 'n', sizeof(path) - 1);
	cr_expect_eq(find_both(path, 1 + 255, &file), 0);
	cr_expect_str_eq(content_of(&file), "long");
	ws_file_close(&file);
	cr_expect_eq(find_both(path, 1 + 256, &file), WS_FILES_ENOENT);
	cr_expect_eq(find_both(path, 1 + 765, &file), WS_FILES_ENOENT);
	cr_expect_eq(find_both(path, 1 + 766, &file), WS_FILES_ENOENT);
	cr_expect_eq(find_both(path, sizeof(path), &file), WS_FILES_ENOENT);

	for (size_t i = 0; i < 256; i++)
		memcpy(path + 1 + 3 * i, "%6e", 3);
	cr_expect_eq(find_both(path, 1 + 3 * 255, &file), 0);
	ws_file_close(&file);
	cr_expect_eq(find_both(path, 1 + 3 * 256, &file), WS_FILES_ENOENT);

	for (size_t i = 0; i + 1 < sizeof(path); i += 2)
		memcpy(path + i, "/n", 2);
	for (size_t len = 4000; len < 4200; len++)
		cr_expect_eq(find_both(path, len, &file), WS_FILES_ENOENT);
	cr_expect_eq(find_both(path, sizeof(path), &file), WS_FILES_ENOENT);
}

/* Directories nested as deep as a path can name them, and one octet more:
 * 15 names of 255 octets, then one that fills the path up. */
Test(files, deep_directories_are_found_to_the_limit)
{
	enum {
		LIMIT = 4096 - 16,
		DEPTH = 15
	};
	struct ws_file file;
	char path[8192] = "", name[NAME_MAX + 1] = "";
	size_t len = 0, rest = LIMIT - DEPTH * (1 + NAME_MAX) - 1;
	int at = open(docroot, O_RDONLY | O_DIRECTORY), next;

	memset(name, 'd', NAME_MAX);
	for (int i = 0; i < DEPTH; i++) {
		cr_assert_eq(mkdirat(at, name, 0755), 0);
		next = openat(at, name, O_RDONLY | O_DIRECTORY);
		close(at);
		at = next;
		path[len] = '/';
		memcpy(path + len + 1, name, NAME_MAX);
		len += 1 + NAME_MAX;
	}
	path[len] = '/';
	memcpy(path + len + 1, name, NAME_MAX);
	cr_assert_eq(mkdirat(at, name + NAME_MAX - rest, 0755), 0);
	cr_assert_eq(mkdirat(at, name + NAME_MAX - rest - 1, 0755), 0);
	cr_expect_eq(find_both(path, LIMIT, &file), 0);
	cr_expect(file.directory);
	cr_expect_eq(find_both(path, LIMIT + 1, &file), WS_FILES_ENOENT);
	/* tree_remove could not name them either */
	unlinkat(at, name + NAME_MAX - rest, AT_REMOVEDIR);
	unlinkat(at, name + NAME_MAX - rest - 1, AT_REMOVEDIR);
	close(at);
}

Test(files, link_targets_cannot_grow_without_end)
{
	struct ws_file file;
	char target[4000];

	/* Each turn makes the path longer: "grow" -> "grow/xxxxx". */
	memset(target, 'x', sizeof(target));
	memcpy(target, "grow/", 5);
	for (size_t i = 200; i < sizeof(target); i += 200)
		target[i] = '/';
	target[sizeof(target) - 1] = '\0';
	tree_link(docroot, "grow", target);
	cr_expect_eq(find_both("/grow", 5, &file), WS_FILES_ENOENT);

	/* A component of more than 255 octets inside a target. */
	memset(target, 'x', 300);
	target[300] = '\0';
	tree_link(docroot, "wide", target);
	cr_expect_eq(find_both("/wide", 5, &file), WS_FILES_ENOENT);
}

/* Turn a link to and fro between inside and outside, until killed or until the
 * tree is removed. */
static void
turn_link(const char *link)
{
	char next[104];

	snprintf(next, sizeof(next), "%s.next", link);
	for (unsigned i = 0;; i++) {
		if (symlink(i % 2 == 0 ? "flip_target" : "..", next) != 0 ||
		    rename(next, link) != 0)
			_exit(1);
	}
}

/* A check before the opening would be overtaken sooner or later. */
Test(files, links_that_change_meanwhile_do_not_help)
{
	char link[96];
	struct ws_file file;
	pid_t turner;

	tree_dir(docroot, "flip_target");
	snprintf(link, sizeof(link), "%s/flip", docroot);
	turner = fork();
	cr_assert_geq(turner, 0);
	if (turner == 0)
		turn_link(link);
	for (int i = 0; i < 2000; i++) {
		struct ws_files *root = ws_files_directory(docroot);
		int error;

		if (i % 2 == 0)
			ws_files_walk(root);
		error = find(root, "/flip/outside.txt", 17, "", &file);
		cr_expect_eq(error, WS_FILES_ENOENT, "%d", error);
		ws_files_free(root);
	}
	kill(turner, SIGKILL);
	waitpid(turner, NULL, 0);
}

Test(files, sockets_are_not_served)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct ws_file file;

	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s/sock", docroot);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_expect_eq(find_both("/sock", 5, &file), WS_FILES_EACCES);
	close(fd);
}

Test(files, unreadable_files_are_forbidden)
{
	struct ws_file file;

	tree_file(docroot, "locked.txt", "locked");
	tree_dir(docroot, "closed");
	tree_dir(docroot, "lockedindex");
	tree_file(docroot, "lockedindex/index.html", "locked");
	chmod(tree_path(docroot, "locked.txt"), 0);
	chmod(tree_path(docroot, "closed"), 0);
	chmod(tree_path(docroot, "lockedindex/index.html"), 0);
	if (geteuid() == 0) /* root may read anything */
		cr_assert_eq(seteuid(65534), 0);
	cr_expect_eq(find_both("/locked.txt", 11, &file), WS_FILES_EACCES);
	cr_expect_eq(find_both("/closed/", 8, &file), WS_FILES_EACCES);
	cr_expect_eq(find_both("/closed/x", 9, &file), WS_FILES_EACCES);
	cr_expect_eq(find_both("/lockedindex/", 13, &file), WS_FILES_EACCES);
	cr_assert_eq(seteuid(getuid()), 0);
}

Test(files, a_directory_that_may_only_be_searched_is_passed)
{
	struct ws_file file;

	tree_dir(docroot, "search");
	tree_file(docroot, "search/x", "through");
	chmod(tree_path(docroot, "search"), 0111);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	cr_expect_eq(find_both("/search/x", 9, &file), 0);
	cr_expect_str_eq(content_of(&file), "through");
	ws_file_close(&file);
	cr_expect_eq(find_both("/search/", 8, &file), WS_FILES_EACCES);
	cr_assert_eq(seteuid(getuid()), 0);
}

Test(files, no_descriptor_left_is_busy)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct rlimit old, none;
	struct ws_file file;
	int kernel, walked, lowest = dup(0);

	close(lowest);
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = (rlim_t)lowest;
	setrlimit(RLIMIT_NOFILE, &none);
	kernel = find(root, "/dir/sub/x.txt", 14, "", &file);
	ws_files_walk(root);
	walked = find(root, "/dir/sub/x.txt", 14, "", &file);
	setrlimit(RLIMIT_NOFILE, &old);
	cr_expect_eq(kernel, WS_FILES_EBUSY);
	cr_expect_eq(walked, WS_FILES_EBUSY);
	ws_files_free(root);
}

Test(files, descriptor_zero_is_never_used)
{
	int keep = dup(0), before = tree_descriptors();
	struct ws_files *root;
	struct ws_file file;

	close(0);
	root = ws_files_directory(docroot); /* may well have 0 itself */
	cr_expect_eq(find(root, "/a.txt", 6, "", &file), 0);
	cr_expect_str_eq(content_of(&file), "plain");
	ws_file_close(&file);
	ws_files_free(root);
	cr_expect_eq(tree_descriptors(), before - 1);

	dup2(keep, 0);
	root = ws_files_directory(docroot);
	close(0);
	cr_expect_eq(find(root, "/a.txt", 6, "", &file), 0);
	cr_expect_gt(file.fd, 2);
	cr_expect_str_eq(content_of(&file), "plain");
	cr_expect_eq(fcntl(0, F_GETFD), -1);
	ws_file_close(&file);
	ws_files_walk(root);
	cr_expect_eq(find(root, "/in_dir/sub/x.txt", 17, "", &file), 0);
	cr_expect_gt(file.fd, 2);
	cr_expect_eq(fcntl(0, F_GETFD), -1);
	ws_file_close(&file);
	if (keep >= 0)
		dup2(keep, 0);
	ws_files_free(root);
}

Test(files, closing_twice_or_nothing_is_allowed)
{
	struct ws_file file = { 0 };
	int before = tree_descriptors();

	ws_file_close(&file);
	cr_expect_eq(tree_descriptors(), before);
	cr_expect_eq(file.fd, -1);
	ws_file_close(&file);
	ws_files_free(NULL);
}

Test(files, descriptors_are_not_inherited)
{
	struct ws_files *root = ws_files_directory(docroot);
	struct ws_file file;

	cr_assert_eq(find(root, "/a.txt", 6, "", &file), 0);
	cr_expect(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
	ws_file_close(&file);
	ws_files_walk(root);
	cr_assert_eq(find(root, "/dir/sub/x.txt", 14, "", &file), 0);
	cr_expect(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
	ws_file_close(&file);
	ws_files_free(root);
}

Test(files, a_root_must_be_a_directory)
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

Test(files, a_root_is_the_directory_that_bears_its_name)
{
	struct ws_files *root = ws_files_directory(docroot);
	int before = tree_descriptors();
	struct ws_file under_way;
	char moved[96];

	snprintf(moved, sizeof(moved), "%s/moved", base);
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
	tree_dir(base, "root");
	tree_file(docroot, "a.txt", "anew");
	expect_at(root, 5, "anew", 0);
	cr_expect_not_null(ws_files_note(root));
	cr_expect_null(ws_files_note(root));
	cr_expect_str_eq(content_of(&under_way), "plain");
	ws_file_close(&under_way);
	cr_expect_eq(tree_descriptors(), before);
	ws_files_free(root);
}

Test(files, a_link_that_is_switched_is_followed)
{
	char name[96], next[96];
	struct ws_files *root;

	snprintf(name, sizeof(name), "%s/current", base);
	snprintf(next, sizeof(next), "%s/next", base);
	tree_dir(base, "second");
	tree_file(base, "second/a.txt", "second");
	tree_link(base, "second/absolute", tree_path(base, "current/a.txt"));
	tree_link(base, "second/real", tree_path(base, "second/a.txt"));
	tree_link(base, "second/first", tree_path(docroot, "a.txt"));
	tree_link(base, "current", "root");
	tree_link(base, "next", "second");
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

Test(files, tag_follows_size_time_and_coding)
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

Test(files, chooses_a_precompressed_sibling)
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

Test(files, type_is_of_the_plain_file)
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

Test(files, siblings_that_are_not_used_are_told_of_once)
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
	{ "/fast.js", "gzip", NULL, 0, WS_FILES_ENOENT },
	{ "/photo.png", "gzip", NULL, 0, WS_FILES_ENOENT },
	{ "/broken.js", "gzip", NULL, 0, WS_FILES_ENOENT },
	{ "/app.js/", "gzip", NULL, 0, WS_FILES_ENOENT },
};

Test(files, a_file_may_be_there_in_its_compressed_form_only)
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
Test(files, parts_of_pages_that_end_in_a_coding_have_both)
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

Test(files, an_operator_may_add_types)
{
	static const char *const own[] = { "foo=model/x-foo",
		"JS=text/x-mine; charset=utf-8", "gz=application/x-gzip",
		NULL };
	static const struct {
		const char *text;
		bool valid;
	} texts[] = {
		{ "foo=model/x-foo", true },
		{ "js=text/x; charset=utf-8", true },
		{ "foo", false },
		{ "=a/b", false },
		{ ".foo=a/b", false },
		{ "foo=a", false },
		{ "foo=a/", false },
		{ "foo=/b", false },
		{ "foo=a/b c\r\nX: y", false },
		{ "foo=a/b\r\nX: y", false },
		{ "foo=a b", false },
	};
	const char *encoding;

	cr_expect_str_eq(
	    ws_files_type(WS_SPAN("a.Foo"), own, &encoding), "model/x-foo");
	cr_expect_str_eq(ws_files_type(WS_SPAN("a.js"), own, &encoding),
	    "text/x-mine; charset=utf-8");
	cr_expect_str_eq(ws_files_type(WS_SPAN("a.css"), own, &encoding),
	    "text/css; charset=utf-8");
	cr_expect_str_eq(ws_files_type(WS_SPAN("a.js.gz"), own, &encoding),
	    "application/x-gzip");
	cr_expect_null(encoding);
	for (size_t i = 0; i < WS_LEN(texts); i++)
		cr_expect_eq(ws_files_type_is_valid(texts[i].text),
		    texts[i].valid, "%s", texts[i].text);
}

/* Static exports have about.html, and links to /about. */
Test(files, a_page_is_found_without_its_extension)
{
	static const struct row rows_of_pages[] = {
		FOUND("/about", "about page"),
		FOUND("/about.html", "about page"),
		FOUND("/blog", "blog page"),
		FOUND("/blog/post", "post"),
		FOUND("/blog/", "<directory>"),
		FOUND("/docs", "<redirect>"),
		FOUND("/docs/", "docs index"),
		FOUND("/v1.2", "version"),
		FOUND("/plain", "plain"),
		REFUSED("/about/", ENOENT),
		REFUSED("/abou", ENOENT),
		REFUSED("/.html", ENOENT),
		REFUSED("/linked", ENOENT),
		REFUSED("/folder", ENOENT),
	};
	struct ws_files *root = ws_files_directory(docroot);

	tree_file(docroot, "about.html", "about page");
	tree_dir(docroot, "blog");
	tree_file(docroot, "blog.html", "blog page");
	tree_file(docroot, "blog/post.html", "post");
	tree_dir(docroot, "docs");
	tree_file(docroot, "docs.html", "not this");
	tree_file(docroot, "docs/index.html", "docs index");
	tree_file(docroot, "v1.2.html", "version");
	tree_file(docroot, "plain", "plain");
	tree_file(docroot, "plain.html", "not this");
	tree_link(docroot, "linked.html", "../outside.txt");
	tree_dir(docroot, "folder.html");
	for (size_t i = 0; i < WS_LEN(rows_of_pages); i++) {
		const struct row *row = &rows_of_pages[i];
		struct ws_file file;
		int error = find(root, row->path, strlen(row->path), "", &file);

		cr_expect_eq(error, row->error, "%s", row->path);
		if (error != 0)
			continue;
		cr_expect_str_eq(
		    content_of(&file), row->content, "%s", row->path);
		if (!file.directory && strchr(row->path, '.') == NULL &&
		    strcmp(row->path, "/plain") != 0)
			cr_expect_str_eq(file.type, "text/html; charset=utf-8");
		ws_file_close(&file);
	}
	ws_files_free(root);
}

Test(files, types_by_extension)
{
	static const struct {
		const char *name, *type;
	} types[] = {
		{ "a.html", "text/html; charset=utf-8" },
		{ "A.HTML", "text/html; charset=utf-8" },
		{ "/x.y/a.Css", "text/css; charset=utf-8" },
		{ "a.min.js", "text/javascript; charset=utf-8" },
		{ "a.cjs", "text/javascript; charset=utf-8" },
		{ "a.glb", "model/gltf-binary" },
		{ "a.m4s", "video/iso.segment" },
		{ "a.json", "application/json" },
		{ "a.js.map", "application/json" },
		{ "a.wasm", "application/wasm" },
		{ "a.svg", "image/svg+xml" },
		{ "a.jpeg", "image/jpeg" },
		{ "a.webmanifest", "application/manifest+json" },
		{ "a.7z", "application/x-7z-compressed" },
		{ "a.unknown", "application/octet-stream" },
		{ "html", "application/octet-stream" },
		{ "a.", "application/octet-stream" },
		{ "a.html/b", "application/octet-stream" },
		{ "", "application/octet-stream" },
		{ ".", "application/octet-stream" },
	};

	for (size_t i = 0; i < WS_LEN(types); i++) {
		struct guard g =
		    guard_copy(types[i].name, strlen(types[i].name));
		struct ws_span name = { (char *)g.at, g.len };

		const char *encoding;

		cr_expect_str_eq(ws_files_type(name, NULL, &encoding),
		    types[i].type, "%s", types[i].name);
		guard_free(&g);
	}
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

Test(files, serves_embedded_files)
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

Test(files, embedded_files_have_codings_too)
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

Test(files, embedded_table_must_be_sorted_and_well_tagged)
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

Test(files, a_root_needs_memory)
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
