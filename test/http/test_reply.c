/* test_reply.c - the response head writer. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "http.h"

static const char head[] = "HTTP/1.1 404 Not Found\r\n"
			   "Content-Length: 18446744073709551615\r\n"
			   "Age: 0\r\n"
			   "Empty: \r\n"
			   "X: a\t\x80z\r\n"
			   "\r\n";

static void
write_head(struct ws_http_out *out, char *at, size_t size)
{
	ws_http_out_status(out, at, size, 404);
	ws_http_out_number(out, "Content-Length", UINT64_MAX);
	ws_http_out_number(out, "Age", 0);
	ws_http_out_field(out, "Empty", WS_SPAN(""));
	ws_http_out_field(out, "X", WS_SPAN("a\t\x80z"));
	ws_http_out_end(out);
}

Test(reply, writes_a_head)
{
	char buf[256];
	struct ws_http_out out;

	write_head(&out, buf, sizeof(buf));
	cr_expect_not(out.failed);
	cr_assert_eq(out.len, sizeof(head) - 1);
	cr_expect_eq(memcmp(buf, head, out.len), 0);
}

Test(reply, fails_at_every_size_that_is_too_small)
{
	char buf[256];
	struct ws_http_out out;

	for (size_t size = 0; size < sizeof(head) - 1; size++) {
		memset(buf, '#', sizeof(buf));
		write_head(&out, buf, size);
		cr_expect(out.failed, "%zu", size);
		cr_expect_eq(buf[size], '#', "%zu: written beyond", size);
	}
	write_head(&out, buf, sizeof(head) - 1);
	cr_expect_not(out.failed);
}

static const struct {
	const char *name;
	struct ws_span value;
} injections[] = {
	{ "", { "x", 1 } },
	{ "A B", { "x", 1 } },
	{ "A:", { "x", 1 } },
	{ "A\r\nB", { "x", 1 } },
	{ "\xc3\xa9", { "x", 1 } },
	{ "A", { "x\r\nB: y", 7 } },
	{ "A", { "\n", 1 } },
	{ "A", { "\r", 1 } },
	{ "A", { "\0", 1 } },
	{ "A", { "\x1b", 1 } },
	{ "A", { "\x7f", 1 } },
};

Test(reply, nobody_can_inject_a_field)
{
	for (size_t i = 0; i < WS_LEN(injections); i++) {
		char buf[256];
		struct ws_http_out out;

		ws_http_out_status(&out, buf, sizeof(buf), 200);
		ws_http_out_field(
		    &out, injections[i].name, injections[i].value);
		ws_http_out_field(&out, "Good", WS_SPAN("1"));
		cr_expect(out.failed, "%zu", i);
	}
}

Test(reply, status_is_100_to_599)
{
	static const int bad[] = { -1, 0, 99, 600, 1000 };
	char buf[64];
	struct ws_http_out out;

	for (size_t i = 0; i < WS_LEN(bad); i++) {
		ws_http_out_status(&out, buf, sizeof(buf), bad[i]);
		cr_expect(out.failed, "%d", bad[i]);
	}
	ws_http_out_status(&out, buf, sizeof(buf), 599);
	cr_assert_eq(out.len, 15);
	cr_expect_eq(memcmp(buf, "HTTP/1.1 599 \r\n", 15), 0);
}

Test(reply, reasons_are_the_registered_ones)
{
	cr_expect_str_eq(ws_http_reason(101), "Switching Protocols");
	cr_expect_str_eq(ws_http_reason(413), "Content Too Large");
	cr_expect_str_eq(ws_http_reason(505), "HTTP Version Not Supported");
	cr_expect_str_eq(ws_http_reason(299), "");
}
