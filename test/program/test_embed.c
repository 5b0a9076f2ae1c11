/* test_embed.c - the C file that embed writes. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

/* The program itself is the thing under test; it is first, because it says
 * what it needs of the system. */
#define main embed_main
#include "program/embed.c"
#undef main

#include <criterion/criterion.h>
#include <sys/wait.h>

#include "test/tree.h"

/* The lines above the tables of a directory. */
#define BEGINNING                                                \
	"#include \"ws.h\"\n"                                    \
	"#if defined(__ELF__)\n"                                 \
	"#define APART __attribute__((section(\"embedded\")))\n" \
	"#else\n"                                                \
	"#define APART\n"                                        \
	"#endif\n"

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
run_args(int argc, char **argv, const char *output)
{
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

static int
run(int argc, char *directory, const char *output)
{
	char *argv[] = { (char[]){ "embed" }, directory, NULL };

	return run_args(argc, argv, output);
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
	    "/* Written by embed.c at build time. */\n" BEGINNING
	    "\nstatic const unsigned char asset_0[] APART = {\n45,\n};\n"
	    "\nstatic const unsigned char asset_1[] APART = {\n10,\n};\n"
	    "\nstatic const unsigned char asset_2[] APART = {\n0\n};\n"
	    "\nstatic const unsigned char asset_3[] APART = {\n1,255,\n};\n"
	    "\nstatic const unsigned char asset_4[] APART = {\n97,98,99,\n};\n"
	    "\nextern const struct ws_asset ws_www_assets[];\n"
	    "extern const size_t ws_www_assets_count;\n"
	    "\nconst struct ws_asset ws_www_assets[] = {\n"
	    "{ \"/d-x\", asset_0, 1,"
	    " \"\\\"3bc15c8aae3e4124dd409035f32ea2fd\\\"\", 0 },\n"
	    "{ \"/d/x\", asset_1, 1,"
	    " \"\\\"adc83b19e793491b1c6ea0fd8b46cd9f\\\"\", 0 },\n"
	    "{ \"/empty\", asset_2, 0,"
	    " \"\\\"da39a3ee5e6b4b0d3255bfef95601890\\\"\", 0 },\n"
	    "{ \"/q\\042\\134\\077\\303\\2511\", asset_3, 2,"
	    " \"\\\"289fd1f8a68036b7fe3481fdea8b6146\\\"\", 0 },\n"
	    "{ \"/z.txt\", asset_4, 3,"
	    " \"\\\"a9993e364706816aba3e25717850c26c\\\"\", 0 },\n"
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

	cr_expect_not_null(strstr(text, "{ 0, 0, 0, 0, 0 },\n"));
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

/* ---- compressed --------------------------------------------------------- */

/* The numbers of the array with this name. Returns how many there are. */
static size_t
octets_of(const char *text, const char *name, uint8_t *out, size_t size)
{
	char line[64];
	const char *at;
	size_t n = 0;

	snprintf(
	    line, sizeof(line), "const unsigned char %s[] APART = {\n", name);
	at = strstr(text, line);
	cr_assert_not_null(at, "%s", name);
	for (at += strlen(line); *at != '}'; at++) {
		if (*at == ',' || *at == '\n')
			continue;
		cr_assert_lt(n, size, "%s is too long", name);
		out[n++] = (uint8_t)strtoul(at, (char **)&at, 10);
		at--;
	}
	return n;
}

static size_t
number_of(const char *text, const char *name)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "\nconst size_t %s = ", name);
	at = strstr(text, line);
	cr_assert_not_null(at, "%s", name);
	return strtoul(at + strlen(line), NULL, 10);
}

static void
expect_content(
    const uint8_t *file, size_t len, const char *content, size_t content_len)
{
	static struct ws_inflate z;
	uint8_t *out = malloc(content_len + 1);

	ws_inflate_init(&z);
	cr_assert_eq(ws_gzip_read(&z, file, len, out, content_len), 0);
	cr_expect_eq(memcmp(out, content, content_len), 0);
	free(out);
}

Test(embed, what_gets_smaller_is_a_gzip_file)
{
	static const char line[] = "a line that is said many times\n";
	char content[3001] = "", expected[64], *text;
	uint8_t file[3000];
	size_t n;

	for (int i = 0; i < 100; i++) /* and is not quite the same */
		strcat(content, &line[i % 7]);
	tree_file(base, "x", content);
	text = embed(base);
	n = octets_of(text, "asset_0", file, sizeof(file));
	cr_expect_lt(n, strlen(content) / 10);
	expect_content(file, n, content, strlen(content));
	snprintf(expected, sizeof(expected), "{ \"/x\", asset_0, %zu, ", n);
	cr_expect_not_null(strstr(text, expected));
	snprintf(expected, sizeof(expected), ", %zu },\n", strlen(content));
	cr_expect_not_null(strstr(text, expected));
	free(text);
}

/* As sio/bundle.c does it. */
Test(embed, a_file_can_get_another_end)
{
	static const char *const contents[] = { "", "x", "some text, some text",
		"\n" };

	for (size_t i = 0; i < 4; i++) {
		char file[96], output[96], longer[128], *text;
		char *argv[] = { (char[]){ "embed" }, (char[]){ "-n" },
			(char[]){ "it" }, file, (char[]){ "the end" }, NULL };
		uint8_t gzip[512];
		size_t len, n, begin;

		tree_file(base, "it.txt", contents[i]);
		snprintf(file, sizeof(file), "%s/it.txt", base);
		snprintf(output, sizeof(output), "%s/.out", base);
		cr_assert_eq(run_args(5, argv, output), 0);
		text = read_whole(output, &len);
		n = octets_of(text, "it", gzip, sizeof(gzip));
		cr_expect_eq(n, number_of(text, "it_len"));
		cr_expect_eq(
		    number_of(text, "it_plain_len"), strlen(contents[i]));
		expect_content(gzip, n, contents[i], strlen(contents[i]));

		begin = number_of(text, "it_begin");
		cr_assert_lt(begin, n);
		n = octets_of(
		    text, "it_end", gzip + begin, sizeof(gzip) - begin);
		cr_expect_eq(n, number_of(text, "it_end_len"));
		snprintf(longer, sizeof(longer), "%s\nthe end\n", contents[i]);
		cr_expect_eq(number_of(text, "it_long_len"), strlen(longer));
		expect_content(gzip, begin + n, longer, strlen(longer));
		free(text);
	}
}

Test(embed, an_end_has_a_limit)
{
	char file[96], more[600];
	char *argv[] = { (char[]){ "embed" }, (char[]){ "-n" },
		(char[]){ "it" }, file, more, NULL };

	tree_file(base, "it.txt", "x");
	snprintf(file, sizeof(file), "%s/it.txt", base);
	memset(more, 'x', sizeof(more));
	more[497] = '\0';
	cr_expect_eq(run_args(5, argv, "/dev/null"), 0);
	more[497] = 'x';
	more[498] = '\0';
	cr_expect_eq(run_args(5, argv, "/dev/null"), 1);
}
