/* test_build.c - JSON that is built in steps, and written for any purpose. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "sio/sio.h"

TestSuite(sio_build, .timeout = 60);

/* Expect the text of a builder. */
static void
is(const struct sio_builder *builder, const char *text)
{
	size_t len;
	const char *json = sio_json(*sio_built(builder), &len);

	cr_assert_not_null(json);
	cr_expect(len == strlen(text) && memcmp(json, text, len) == 0,
	    "%.*s, not %s", (int)len, json, text);
}

Test(sio_build, lists_and_objects_grow)
{
	struct sio_builder *list = sio_list(), *object = sio_object();

	is(list, "[]");
	is(object, "{}");
	cr_expect_eq(sio_add(list, "%d, {a: %s}", 1, "\"];"), 0);
	cr_expect_eq(sio_add(list, NULL), 0);
	cr_expect_eq(sio_add(list, "%s", "x"), 0);
	is(list, "[1,{\"a\":\"\\\"];\"},\"x\"]");
	cr_expect_eq(sio_add(object, "%s: %d", "k\"", 1), 0);
	cr_expect_eq(
	    sio_add(object, "b: %p, c: [...%p]", (const void *)sio_built(list),
		(const void *)sio_built(list)),
	    0);
	is(object, "{\"k\\\"\":1,\"b\":[1,{\"a\":\"\\\"];\"},\"x\"],"
		   "\"c\":[1,{\"a\":\"\\\"];\"},\"x\"]}");
	sio_builder_free(list);
	sio_builder_free(object);
}

Test(sio_build, a_list_of_any_length_is_spread)
{
	struct sio_builder *none = sio_list(), *one = sio_list();
	size_t len = 0;
	char *text;

	cr_expect_eq(sio_add(one, "1"), 0);
	text = sio_json_text(&len, "[...%p, 0, ...%p, ...%p]",
	    (const void *)sio_built(none), (const void *)sio_built(one),
	    (const void *)sio_built(none));
	cr_expect_str_eq(text, "[0,1]");
	cr_expect_eq(len, 5);
	ws_mem_free(text);
	sio_builder_free(none);
	sio_builder_free(one);
}

Test(sio_build, what_failed_once_fails_for_ever)
{
	struct sio_builder *list = sio_list(), *object = sio_object();
	struct sio_value binary = sio_binary("x", 1);
	size_t len = 1;

	cr_expect_eq(sio_add(list, "%p", (const void *)&binary), WS_EINVAL);
	cr_expect_eq(sio_add(list, "1"), WS_EINVAL);
	cr_expect_null(sio_json(*sio_built(list), &len));
	cr_expect_eq(len, 0);
	cr_expect_null(
	    sio_json_text(NULL, "%p", (const void *)sio_built(list)));
	cr_expect_eq(errno, EINVAL);
	/* An object has no elements to spread. */
	cr_expect_null(
	    sio_json_text(NULL, "[...%p]", (const void *)sio_built(object)));
	cr_expect_eq(sio_add(object, "1"), WS_EINVAL);
	sio_builder_free(list);
	sio_builder_free(object);
	/* As after a failure of sio_list. */
	cr_expect_eq(sio_add(NULL, "1"), WS_ENOMEM);
	cr_expect_null(
	    sio_json_text(&len, "%p", (const void *)sio_built(NULL)));
	sio_builder_free(NULL);
}

Test(sio_build, a_template_becomes_a_text)
{
	size_t len;
	char *text =
	    sio_json_text(&len, "{a: %.*s, b: [%hhd]}", 3, "x\0y", (bool)1);

	cr_expect_str_eq(text, "{\"a\":\"x\\u0000y\",\"b\":[true]}");
	cr_expect_eq(len, strlen(text));
	ws_mem_free(text);
	cr_expect_null(sio_json_text(&len, "{"));
	cr_expect_eq(len, 0);
	cr_expect_null(sio_json_text(NULL, "1, 2"));
	cr_expect_null(sio_json_text(NULL, NULL));
}

Test(sio_build, a_value_needs_no_name)
{
	struct sio_document *document =
	    sio_document_new("[7,\"x\"]", WS_STR, NULL);
	char *text = sio_json_text(NULL, "{x: %p, y: %p}",
	    SIO_P(sio_at(sio_document_root(document), 1)),
	    SIO_P(sio_raw_json(NULL, 0)));

	cr_expect_null(text);
	text = sio_json_text(
	    NULL, "{x: %p}", SIO_P(sio_at(sio_document_root(document), 1)));
	cr_expect_str_eq(text, "{\"x\":\"x\"}");
	ws_mem_free(text);
	sio_document_free(document);
}
