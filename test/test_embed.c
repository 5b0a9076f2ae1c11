/* test_embed.c - the C file that embed writes. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

/* The program itself is the thing under test; it is first, because it says
 * what it needs of the system. */
#define main embed_main
#include "../embed.c"
#undef main

#include <criterion/criterion.h>
#include <sys/wait.h>

#include "tree.h"

static char base[64];

static void
plant(void)
{
	tree_make(base);
}

static void
uproot(void)
{
	tree_remove(base);
}

TestSuite(embed, .init = plant, .fini = uproot);

/* Run embed with its output in a file, in a process of its own.
 * Returns its exit status. */
static int
run(int argc, char *directory, const char *output)
{
	char *argv[] = { (char[]){ "embed" }, directory, NULL };
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (freopen(output, "w", stdout) == NULL ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(99);
		exit(embed_main(argc, argv));
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *
read_whole(const char *name, size_t *len)
{
	FILE *in = fopen(name, "r");
	char *text = calloc(1, 65536);

	cr_assert_not_null(in);
	*len = fread(text, 1, 65535, in);
	fclose(in);
	return text;
}

static char *
embed(char *directory)
{
	char output[96];
	size_t len;

	snprintf(output, sizeof(output), "%s/.out", base);
	cr_assert_eq(run(2, directory, output), 0);
	return read_whole(output, &len);
}

Test(embed, writes_octets_and_a_sorted_table)
{
	char *text;

	tree_file(base, "z.txt", "abc");
	tree_file(base, "empty", "");
	tree_file(base,
	    "q\"\\?\xc3\xa9"
	    "1",
	    "\x01\xff");
	tree_file(base, ".hidden", "no");
	tree_dir(base, ".git");
	tree_file(base, ".git/config", "no");
	tree_dir(base, "d");
	tree_file(base, "d/x", "\n");
	tree_file(base, "d-x", "-");
	if (mkfifo(tree_path(base, "fifo"), 0644) != 0)
		abort();
	text = embed(base);
	cr_expect_str_eq(text,
	    "/* Written by embed.c at build time. */\n"
	    "#include \"ws.h\"\n"
	    "\nstatic const unsigned char asset_0[] = {\n45,\n};\n"
	    "\nstatic const unsigned char asset_1[] = {\n10,\n};\n"
	    "\nstatic const unsigned char asset_2[] = {\n0\n};\n"
	    "\nstatic const unsigned char asset_3[] = {\n1,255,\n};\n"
	    "\nstatic const unsigned char asset_4[] = {\n97,98,99,\n};\n"
	    "\nextern const struct ws_asset ws_www_assets[];\n"
	    "extern const size_t ws_www_assets_count;\n"
	    "\nconst struct ws_asset ws_www_assets[] = {\n"
	    "{ \"/d-x\", asset_0, 1,"
	    " \"\\\"3bc15c8aae3e4124dd409035f32ea2fd\\\"\" },\n"
	    "{ \"/d/x\", asset_1, 1,"
	    " \"\\\"adc83b19e793491b1c6ea0fd8b46cd9f\\\"\" },\n"
	    "{ \"/empty\", asset_2, 0,"
	    " \"\\\"da39a3ee5e6b4b0d3255bfef95601890\\\"\" },\n"
	    "{ \"/q\\042\\134\\077\\303\\2511\", asset_3, 2,"
	    " \"\\\"289fd1f8a68036b7fe3481fdea8b6146\\\"\" },\n"
	    "{ \"/z.txt\", asset_4, 3,"
	    " \"\\\"a9993e364706816aba3e25717850c26c\\\"\" },\n"
	    "};\n"
	    "const size_t ws_www_assets_count = 5;\n");
	free(text);
}

Test(embed, breaks_its_lines)
{
	char content[1000], *text;

	memset(content, 'x', sizeof(content) - 1);
	content[sizeof(content) - 1] = '\0';
	tree_file(base, "x", content);
	text = embed(base);
	for (char *at = text, *end; (end = strchr(at, '\n')); at = end + 1)
		cr_expect_leq(end - at, 80);
	free(text);
}

Test(embed, an_empty_directory_is_an_empty_table)
{
	char *text = embed(base);

	cr_expect_not_null(strstr(text, "{ 0, 0, 0, 0 },\n"));
	cr_expect_not_null(strstr(text, "ws_www_assets_count = 0;\n"));
	free(text);
}

Test(embed, many_files_are_all_there)
{
	char *text;
	size_t count = 0;

	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		tree_file(base, name, name);
	}
	text = embed(base);
	for (char *at = text; (at = strstr(at, "\n{ \"/")) != NULL; at++)
		count++;
	cr_expect_eq(count, 200);
	cr_expect_not_null(strstr(text, "ws_www_assets_count = 200;\n"));
	free(text);
}

Test(embed, failures_are_told)
{
	char missing[96];

	snprintf(missing, sizeof(missing), "%s/missing", base);
	cr_expect_eq(run(2, missing, "/dev/null"), 1);
	cr_expect_eq(run(1, NULL, "/dev/null"), 2);
	tree_link(base, "dangling", "nowhere");
	cr_expect_eq(run(2, base, "/dev/null"), 1);
	unlink(tree_path(base, "dangling"));
	cr_expect_eq(run(2, base, "/dev/null"), 0);
	cr_expect_eq(run(2, base, "/dev/full"), 1);
}
