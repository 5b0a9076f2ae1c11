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
#include "site.h"
#include "base/mem.h"
#include "test/tree.h"

#if defined(__linux__) && !defined(WS_PORTABLE)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

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

TestSuite(files, .init = site_plant, .fini = site_uproot);

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
