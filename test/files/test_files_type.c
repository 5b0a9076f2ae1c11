/* test_files_type.c - media types by the name of a file. */
/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>

#include "site.h"
#include "test/guard.h"
#include "test/tree.h"

TestSuite(files_type, .init = site_plant, .fini = site_uproot);

Test(files_type, an_operator_may_add_types)
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

Test(files_type, types_by_extension)
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
