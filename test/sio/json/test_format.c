/* test_format.c - JSON from a printf-like template. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "sio/json/format.h"
#include "sio/packet.h"
#include "test/scarce.h"

/* The text that was written last. */
struct written {
	struct sio_text text;
	struct sio_attachments attachments;
	char string[2048]; /* the text, terminated */
};

/* As the library's emit does it: the compiler checks what follows. */
__attribute__((format(printf, 3, 4))) static int
write_array(struct written *w, const char *name, const char *format, ...)
{
	va_list args;
	int error;

	sio_text_clear(&w->text, SIZE_MAX);
	w->attachments.count = 0;
	va_start(args, format);
	error = sio_format_array(&w->text, &w->attachments, name, format, args);
	va_end(args);
	snprintf(
	    w->string, sizeof(w->string), "%.*s", (int)w->text.len, w->text.at);
	return error;
}

__attribute__((format(printf, 2, 3))) static int
write_value(struct written *w, const char *format, ...)
{
	va_list args;
	int error;

	sio_text_clear(&w->text, SIZE_MAX);
	va_start(args, format);
	error = sio_format_value(&w->text, NULL, format, args);
	va_end(args);
	snprintf(
	    w->string, sizeof(w->string), "%.*s", (int)w->text.len, w->text.at);
	return error;
}

/* The same, without the compiler's checks. */
static int (*const write_unchecked)(
    struct written *, const char *, const char *, ...) = write_array;

static struct written w;

/* NULL, which the compiler does not see. */
static const char *volatile no_string;

#define EXPECT(expected, ...)                                               \
	do {                                                                \
		cr_expect_eq(                                               \
		    write_array(&w, NULL, __VA_ARGS__), 0, "%s", expected); \
		cr_expect_str_eq(w.string, expected);                       \
	} while (0)

static void
done(void)
{
	sio_text_free(&w.text);
	cr_expect_eq(scarce_blocks, 0);
}

Test(sio_format, writes_the_array_of_an_event)
{
	cr_expect_eq(write_array(&w, "stats", "{numClients: %d}", 5), 0);
	cr_expect_str_eq(w.string, "[\"stats\",{\"numClients\":5}]");
	cr_expect_eq(write_array(&w, "a\"b", NULL), 0);
	cr_expect_str_eq(w.string, "[\"a\\\"b\"]");
	cr_expect_eq(write_array(&w, NULL, " \n"), 0);
	cr_expect_str_eq(w.string, "[]");
	cr_expect_eq(write_array(&w, "", "%s, {n: [%d, %d]}", "x", 1, 2), 0);
	cr_expect_str_eq(w.string, "[\"\",\"x\",{\"n\":[1,2]}]");
	done();
}

Test(sio_format, relaxes_json)
{
	static const struct {
		const char *format;
		const char *expected;
	} rows[] = {
		{ "", "[]" },
		{ "1", "[1]" },
		{ " 1 ,\t2 ,\n3 ", "[1,2,3]" },
		{ "true, false, null", "[true,false,null]" },
		{ "-0.5e+3", "[-0.5e+3]" },
		{ "{}", "[{}]" },
		{ "{ }", "[{}]" },
		{ "[]", "[[]]" },
		{ "[ ]", "[[]]" },
		{ "[[],[[]]]", "[[[],[[]]]]" },
		{ "{a:1}", "[{\"a\":1}]" },
		{ "{ a : 1 , b_$9 : [ 2 , { c : 3 } ] }",
		    "[{\"a\":1,\"b_$9\":[2,{\"c\":3}]}]" },
		{ "{true: true, null: null}",
		    "[{\"true\":true,\"null\":null}]" },
		{ "{$: {_: {Z: []}}}", "[{\"$\":{\"_\":{\"Z\":[]}}}]" },
		{ "{\"a b\": 1, 'c d': 2, '': 3}",
		    "[{\"a b\":1,\"c d\":2,\"\":3}]" },
		{ "\"text\"", "[\"text\"]" },
		{ "'text', ''", "[\"text\",\"\"]" },
		{ "'say \"hi\"', \"it's\"", "[\"say \\\"hi\\\"\",\"it's\"]" },
		{ "'it\\'s', \"\\'\\\"\"", "[\"it's\",\"'\\\"\"]" },
		{ "'\\\\ \\/ \\b\\f\\n\\r\\t \\u20ac'",
		    "[\"\\\\ \\/ \\b\\f\\n\\r\\t \\u20ac\"]" },
		{ "'tab\there'", "[\"tab\\there\"]" },
		{ "'{a: [1, %%d]}'", "[\"{a: [1, %d]}\"]" },
		{ "'\xe2\x82\xac'", "[\"\xe2\x82\xac\"]" },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		const char *format = rows[i].format;

		cr_expect_eq(
		    write_unchecked(&w, NULL, format), 0, "%s", format);
		cr_expect_str_eq(
		    w.string, rows[i].expected, "%s: %s", format, w.string);
	}
	done();
}

Test(sio_format, writes_integers)
{
	EXPECT("[-1,0,2147483647]", "%d, %i, %d", -1, 0, 2147483647);
	EXPECT("[4294967295]", "%u", 4294967295u);
	EXPECT("[-1,65535]", "%hd, %hu", (short)-1, (unsigned short)65535);
	EXPECT("[200]", "%hhu", (unsigned char)200);
	EXPECT("[-9223372036854775807,18446744073709551615]", "%ld, %lu",
	    -9223372036854775807L, 18446744073709551615UL);
	EXPECT("[-9223372036854775807,18446744073709551615]", "%lld, %llu",
	    -9223372036854775807LL, 18446744073709551615ULL);
	EXPECT("[-5,18446744073709551615]", "%jd, %ju", (intmax_t)-5,
	    (uintmax_t)UINT64_MAX);
	EXPECT("[-6,7]", "%zd, %zu", (ssize_t)-6, (size_t)7);
	EXPECT("[-6]", "%zi", (ssize_t)-6);
	/* What is passed for a short one may be longer. */
	cr_expect_eq(
	    write_unchecked(&w, NULL, "%hd, %hu, %hhu", 65537, 65538u, 259u),
	    0);
	cr_expect_str_eq(w.string, "[1,2,3]");
	EXPECT("[{\"a\":1,\"b\":[2,3]}]", "{a: %d, b: [%d, %d]}", 1, 2, 3);
	done();
}

Test(sio_format, writes_booleans)
{
	bool yes = true, no = false;

	EXPECT("[true,false]", "%hhd, %hhi", yes, no);
	EXPECT("[{\"ok\":true}]", "{ok: %hhd}", (bool)(w.text.len < SIZE_MAX));
	done();
}

Test(sio_format, writes_numbers)
{
	EXPECT("[0.1,1e+21,5e-324,100]", "%g, %g, %g, %g", 0.1, 1e21, 5e-324,
	    100.0);
	EXPECT("[null,null,null,null]", "%g, %f, %e, %.2f", (double)INFINITY,
	    (double)NAN, (double)-INFINITY, (double)NAN);
	EXPECT("[3.140000,3.14,3,-2.50]", "%f, %.2f, %.0f, %.*f", 3.14, 3.14159,
	    3.14159, 2, -2.5);
	EXPECT("[3.140000e+00,3.1e+00]", "%e, %.1e", 3.14, 3.14);
	EXPECT("[3.14,3]", "%.3g, %.g", 3.14159, 3.14159);
	EXPECT("[0.1]", "%.*g", -1, 0.1);
	/* The longest. */
	cr_expect_eq(write_array(&w, NULL, "%.20f", -DBL_MAX), 0);
	cr_expect_eq(w.text.len, 1 + 309 + 1 + 20 + 2);
	cr_expect_eq(
	    sio_json_number_len(w.string + 1, w.text.len), w.text.len - 2);
	done();
}

Test(sio_format, writes_strings)
{
	EXPECT("[\"a\",\"\",null]", "%s, %s, %s", "a", "", no_string);
	EXPECT("[\"\\\"\\\\\\n\\u0001/\"]", "%s", "\"\\\n\001/");
	EXPECT("[\"\xef\xbf\xbd\"]", "%s", "\xff");
	EXPECT("[\"ab\",\"\"]", "%.*s, %.*s", 2, "abc", 0, "abc");
	EXPECT("[\"a\\u0000b\"]", "%.*s", 3, "a\0b");
	EXPECT("[\"abc\"]", "%.*s", -1, "abc");
	EXPECT("[{\"k\\\"\":1,\"ab\":2}]", "{%s: 1, %.*s: 2}", "k\"", 2, "abc");
	done();
}

Test(sio_format, writes_inside_strings)
{
	EXPECT("[\"bob has joined\"]", "'%s has joined'", "bob");
	EXPECT("[\"\\\"bob\\\" has \\\"joined\\\"\"]",
	    "\"%s has \\\"joined\\\"\"", "\"bob\"");
	EXPECT("[\"5 of 7, 50%, 0.5, 1.50, true, null\"]",
	    "'%d of %zu, %d%%, %g, %.2f, %hhd, %s'", 5, (size_t)7, 50, 0.5, 1.5,
	    (bool)true, no_string);
	EXPECT("[{\"user-7\":1}]", "{'user-%d': 1}", 7);
	EXPECT("[\"ab\"]", "'%.*s'", 2, "abc");
	done();
}

Test(sio_format, refuses_malformed_templates)
{
	static const char *const rows[] = {
		",",
		"1,",
		",1",
		"1 2",
		"1,,2",
		"[",
		"]",
		"[1",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[1}",
		"{",
		"}",
		"{a",
		"{a:",
		"{a:1",
		"{a:1,",
		"{a:1,}",
		"{,a:1}",
		"{a 1}",
		"{a:}",
		"{a::1}",
		"{:1}",
		"{a:1]",
		"{a:1 b:2}",
		"{1a:1}",
		"{a-b:1}",
		"{a:...%p}",
		"{...%p}",
		"{[]:1}",
		"'",
		"\"",
		"'a",
		"'a\"",
		"'\\",
		"'\\'",
		"'\\x'",
		"'\\u12g4'",
		"'\\u12",
		"01",
		"+1",
		"1.",
		"-",
		".5",
		"1e",
		"0x10",
		"1-2",
		"Infinity",
		"nul",
		"True",
		"truely",
		"undefined",
		"hello",
		"...",
		"...1",
		"..%p",
		"...%s",
		"@",
		"\xc3\xa9",
		"%",
		"%%",
		"'%",
		"'%'",
		"%5d",
		"%-5d",
		"%+d",
		"%05d",
		"%.5d",
		"%.*d",
		"%.5u",
		"%hhhd",
		"%lhd",
		"%lllu",
		"%jjd",
		"%hlu",
		"%tu",
		"%x",
		"%c",
		"%n",
		"%a",
		"%o",
		"%G",
		"%Lf",
		"%lf",
		"%.21f",
		"%.99999999999f",
		"%ls",
		"%hs",
		"%.3s",
		"%.s",
		"%lp",
		"%.3p",
		"'%p'",
		"'%x'",
		"{%d: 1}",
		"{%g: 1}",
		"{%p: 1}",
		"{%x: 1}",
		"{%.3s: 1}",
		"%\xff",
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		/* Of the arguments, %.*d alone gets to look at one. */
		int error = write_unchecked(&w, "x", rows[i], 1);

		cr_expect_eq(error, WS_EINVAL, "%s: %s", rows[i], w.string);
		cr_expect_eq(w.text.len, 0, "%s: %s", rows[i], w.string);
	}
	cr_expect_eq(write_array(&w, NULL, "{%s 1}", "a"), WS_EINVAL);
	cr_expect_eq(write_array(&w, NULL, "%d %d", 1, 2), WS_EINVAL);
	cr_expect_eq(write_array(&w, NULL, "{%s: 1}", no_string), WS_EINVAL,
	    "a name cannot be NULL");
	done();
}

Test(sio_format, limits_nesting)
{
	char template[2 * 65 + 1];

	memset(template, '[', 64);
	memset(template + 64, ']', 64);
	template[128] = '\0';
	cr_expect_eq(write_unchecked(&w, NULL, template), 0);
	memset(template, '[', 65);
	memset(template + 65, ']', 65);
	template[130] = '\0';
	cr_expect_eq(write_unchecked(&w, NULL, template), WS_EINVAL);
	/* Arrays and objects are not taken for each other far out. */
	EXPECT("[{\"a\":[{\"b\":[[{}]],\"c\":1}],\"d\":2},3]",
	    "{a: [{b: [[{}]], c: 1}], d: 2}, 3");
	done();
}

/* ---- values ------------------------------------------------------------ */

#define HOLE(num) "{\"_placeholder\":true,\"num\":" num "}"

static const struct sio_attachment came[] = {
	{ "zero", 4 },
	{ "one", 3 },
};

/* Read the payload of an event with came as its attachments, or without. */
static void
read_event(struct sio_document *document, const char *text, bool binary)
{
	struct sio_packet packet = {
		.type = binary ? SIO_BINARY_ACK : SIO_ACK,
		.attachments = binary ? WS_LEN(came) : 0,
	};

	cr_assert_eq(sio_value_read(document, text, strlen(text)), 0);
	cr_assert_eq(
	    sio_packet_check(&packet, text, document->tokens, document->count),
	    0);
	document->attachments = came;
}

Test(sio_format, copies_values)
{
	struct sio_document document = { .text = NULL };
	struct sio_value root, s, n, a, absent = { .of = NULL };
	struct sio_value raw = sio_raw_json("{\"raw\": 1}", WS_STR);

	read_event(
	    &document, "[\"s\\n\", 1.50 , [ 1,{\"a\" :null}],{}]", false);
	root = sio_document_root(&document);
	s = sio_at(root, 0);
	n = sio_at(root, 1);
	a = sio_at(root, 2);
	EXPECT("[\"s\\n\",1.50,[ 1,{\"a\" :null}]]", "%p, %p, %p", (void *)&s,
	    (void *)&n, (void *)&a);
	EXPECT("[{\"x\":{\"raw\": 1},\"y\":[null,null]}]",
	    "{x: %p, y: [%p, %p]}", (void *)&raw, (void *)&absent,
	    (void *)absent.of);
	cr_expect_eq(w.attachments.count, 0);
	sio_value_fini(&document);
	done();
}

Test(sio_format, spreads_arrays)
{
	struct sio_document document = { .text = NULL };
	struct sio_value root, args, inner, absent = { .of = NULL };

	read_event(&document, "[\"name\", 1,[2 ,3], []]", false);
	root = sio_document_root(&document);
	args = sio_value_arguments(root);
	EXPECT("[1,[2 ,3],[]]", "...%p", (void *)&args);
	EXPECT("[[1,[2 ,3],[]]]", "%p", (void *)&args);
	EXPECT("[0,1,[2 ,3],[],4]", "0, ...%p, 4", (void *)&args);
	EXPECT("[\"name\",1,[2 ,3],[]]", "...%p", (void *)&root);
	inner = sio_at(root, 2);
	EXPECT("[{\"a\":[2,3,2,3]}]", "{a: [...%p, ...%p]}", (void *)&inner,
	    (void *)&inner);
	/* None of none. */
	inner = sio_at(root, 3);
	EXPECT("[]", "...%p", (void *)&inner);
	EXPECT("[1,2]", "...%p, 1, ...%p, 2, ...%p", (void *)&inner,
	    (void *)&absent, (void *)absent.of);
	EXPECT("[[]]", "[...%p]", (void *)&inner);
	args = sio_value_arguments(inner);
	EXPECT("[[]]", "%p", (void *)&args);
	cr_expect_eq(write_array(&w, "e", "...%p", (void *)&inner), 0);
	cr_expect_str_eq(w.string, "[\"e\"]");
	/* Nothing else has elements. */
	inner = sio_at(root, 1);
	cr_expect_eq(write_array(&w, NULL, "...%p", (void *)&inner), WS_EINVAL);
	inner = sio_raw_json("[1]", 3);
	cr_expect_eq(write_array(&w, NULL, "...%p", (void *)&inner), WS_EINVAL);
	inner = sio_binary("x", 1);
	cr_expect_eq(write_array(&w, NULL, "...%p", (void *)&inner), WS_EINVAL);
	sio_value_fini(&document);

	read_event(&document, "[\"name\"]", false);
	args = sio_value_arguments(sio_document_root(&document));
	EXPECT("[[]]", "%p", (void *)&args);
	EXPECT("[]", "...%p", (void *)&args);
	sio_value_fini(&document);
	done();
}

Test(sio_format, attaches_binary_data)
{
	struct sio_value a = sio_binary("aa", 2), b = sio_binary("b", 1);
	struct sio_value again = sio_binary(a.of, 2);
	struct sio_value shorter = sio_binary(a.of, 1);
	struct sio_value empty = sio_binary(NULL, 0);

	EXPECT("[" HOLE("0") ",{\"x\":" HOLE("1") "}]", "%p, {x: %p}",
	    (void *)&a, (void *)&b);
	cr_expect_eq(w.attachments.count, 2);
	cr_expect_eq(w.attachments.list[0].data, a.of);
	cr_expect_eq(w.attachments.list[0].len, 2);
	cr_expect_eq(w.attachments.list[1].data, b.of);
	/* The same data is sent once. */
	EXPECT("[" HOLE("0") "," HOLE("0") "," HOLE("1") "," HOLE("2") "]",
	    "%p, %p, %p, %p", (void *)&a, (void *)&again, (void *)&shorter,
	    (void *)&empty);
	cr_expect_eq(w.attachments.count, 3);
	cr_expect_eq(w.attachments.list[2].len, 0);
	cr_expect_not_null(w.attachments.list[2].data);
	done();
}

Test(sio_format, limits_attachments)
{
	struct sio_value v[11];

	for (size_t i = 0; i < WS_LEN(v); i++)
		v[i] = sio_binary(w.string + i, 1);
	cr_expect_eq(
	    write_array(&w, NULL, "%p,%p,%p,%p,%p,%p,%p,%p,%p,%p",
		(void *)&v[0], (void *)&v[1], (void *)&v[2], (void *)&v[3],
		(void *)&v[4], (void *)&v[5], (void *)&v[6], (void *)&v[7],
		(void *)&v[8], (void *)&v[9]),
	    0);
	cr_expect_eq(w.attachments.count, 10);
	cr_expect_eq(
	    write_array(&w, NULL, "%p,%p,%p,%p,%p,%p,%p,%p,%p,%p,%p",
		(void *)&v[0], (void *)&v[1], (void *)&v[2], (void *)&v[3],
		(void *)&v[4], (void *)&v[5], (void *)&v[6], (void *)&v[7],
		(void *)&v[8], (void *)&v[9], (void *)&v[10]),
	    WS_EINVAL);
	cr_expect_eq(w.attachments.count, 0, "as it was");
	done();
}

Test(sio_format, renumbers_placeholders_of_copies)
{
	struct sio_document document = { .text = NULL };
	struct sio_value own = sio_binary("own", 3), root, second, args;

	read_event(&document,
	    "[\"n\",{\"a\": " HOLE("1") " ,\"b\":[" HOLE("0") "]}," HOLE(
		"1") "]",
	    true);
	root = sio_document_root(&document);
	second = sio_at(root, 1);
	args = sio_value_arguments(root);
	EXPECT("[" HOLE("0") ",{\"a\": " HOLE("1") " ,\"b\":[" HOLE("2") "]}]",
	    "%p, %p", (void *)&own, (void *)&second);
	cr_expect_eq(w.attachments.count, 3);
	cr_expect_eq(w.attachments.list[1].data, came[1].data);
	cr_expect_eq(w.attachments.list[2].data, came[0].data);
	/* Twice, but once. */
	EXPECT("[{\"a\": " HOLE("0") " ,\"b\":[" HOLE("1") "]}," HOLE("0") "]",
	    "...%p", (void *)&args);
	cr_expect_eq(w.attachments.count, 2);
	EXPECT(
	    "[[{\"a\": " HOLE("0") " ,\"b\":[" HOLE("1") "]}," HOLE("0") "]]",
	    "%p", (void *)&args);
	cr_expect_eq(w.attachments.count, 2);

	/* What is in a placeholder goes with it. */
	read_event(&document,
	    "[{\"_placeholder\":true,\"num\":0,\"x\":" HOLE("7") "}]", true);
	root = sio_document_root(&document);
	EXPECT("[" HOLE("0") "]", "...%p", (void *)&root);
	sio_value_fini(&document);
	done();
}

/* A peer's object that looks like a placeholder must not become one. */
Test(sio_format, refuses_lookalikes_beside_attachments)
{
	struct sio_document document = { .text = NULL };
	struct sio_value own = sio_binary("own", 3), root, first;

	read_event(
	    &document, "[{\"x\":" HOLE("7") "},{\"_placeholder\":1}]", false);
	root = sio_document_root(&document);
	first = sio_at(root, 0);
	EXPECT("[{\"x\":" HOLE("7") "}]", "%p", (void *)&first);
	cr_expect_eq(
	    write_array(&w, NULL, "%p, %p", (void *)&first, (void *)&own),
	    WS_EINVAL);
	cr_expect_eq(
	    write_array(&w, NULL, "%p, ...%p", (void *)&own, (void *)&root),
	    WS_EINVAL);
	cr_expect_eq(w.attachments.count, 0);
	first = sio_at(root, 1);
	EXPECT("[{\"_placeholder\":1}," HOLE("0") "]", "%p, %p", (void *)&first,
	    (void *)&own);
	sio_value_fini(&document);
	done();
}

Test(sio_format, writes_one_value)
{
	struct sio_document document = { .text = NULL };
	struct sio_value own = sio_binary("own", 3), root, args;

	cr_expect_eq(write_value(&w, "{message: %s}", "no"), 0);
	cr_expect_str_eq(w.string, "{\"message\":\"no\"}");
	cr_expect_eq(write_value(&w, "%d", 1), 0);
	cr_expect_str_eq(w.string, "1");
	cr_expect_eq(write_value(&w, "1, 2"), WS_EINVAL);
	cr_expect_eq(write_value(&w, " "), WS_EINVAL);
	cr_expect_eq(write_value(&w, "%p", (void *)&own), WS_EINVAL,
	    "there is no place for attachments");
	read_event(&document, "[1,[" HOLE("0") "]]", true);
	root = sio_document_root(&document);
	args = sio_value_arguments(root);
	cr_expect_eq(write_value(&w, "%p", (void *)&root), WS_EINVAL);
	cr_expect_eq(write_value(&w, "%p", (void *)&args), WS_EINVAL);
	cr_expect_eq(write_value(&w, "[...%p]", (void *)&args), WS_EINVAL);
	cr_expect_eq(w.text.len, 0);
	sio_value_fini(&document);
	done();
}

__attribute__((format(printf, 2, 3))) static int
append(struct written *out, const char *format, ...)
{
	va_list args;
	int error;

	va_start(args, format);
	error =
	    sio_format_array(&out->text, &out->attachments, "e", format, args);
	va_end(args);
	return error;
}

Test(sio_format, leaves_what_was_there)
{
	struct sio_value own = sio_binary("own", 3), other = sio_binary("o", 1);

	sio_text_clear(&w.text, SIZE_MAX);
	w.attachments.count = 0;
	sio_text_puts(&w.text, "51-");
	cr_expect_eq(append(&w, "%p", (void *)&own), 0);
	cr_expect_eq(w.text.len, strlen("51-[\"e\"," HOLE("0") "]"));
	cr_expect_eq(append(&w, "%p, %p, oops", (void *)&own, (void *)&other),
	    WS_EINVAL);
	cr_expect_eq(w.text.len, strlen("51-[\"e\"," HOLE("0") "]"));
	cr_expect_eq(w.attachments.count, 1);
	cr_expect_eq(append(&w, "%p", (void *)&other), 0);
	cr_expect_eq(w.attachments.count, 2);
	w.attachments.count = 0;
	done();
}

Test(sio_format, fails_without_memory)
{
	struct sio_value own = sio_binary("own", 3);

	for (size_t nth = 1; nth <= 3; nth++) {
		int error;

		sio_text_free(&w.text);
		scarce(nth);
		error = write_array(&w, "name",
		    "{text: '%s%s%s', data: %p, more: [%d, %g, %hhd]}",
		    "0123456789012345678901234567890123456789",
		    "0123456789012345678901234567890123456789",
		    "0123456789012345678901234567890123456789", (void *)&own, 1,
		    0.5, (bool)true);
		cr_expect_eq(error, nth < 3 ? WS_ENOMEM : 0, "call %zu", nth);
		cr_expect_eq(w.attachments.count, nth < 3 ? 0 : 1);
		cr_expect_eq(w.text.len == 0, nth < 3);
	}
	scarce(0);
	done();
}
