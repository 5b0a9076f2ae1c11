/* test_origin.c - which pages are of this server, and which are on a list. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <string.h>

#include "base/origin.h"

Test(origin, of_the_same_host_and_port)
{
	static const struct {
		const char *origin, *host;
		bool same;
	} rows[] = {
		{ "http://a.example", "a.example", true },
		{ "https://a.example", "a.example", true },
		{ "https://a.example", "a.example:443", true },
		{ "https://a.example:443", "a.example", true },
		{ "http://a.example:80", "a.example", true },
		{ "HTTP://A.Example", "a.example", true },
		/* Clients that take the address of the WebSocket. */
		{ "ws://a.example:8080", "a.example:8080", true },
		{ "ws://a.example", "a.example:80", true },
		{ "wss://a.example", "a.example", true },
		{ "wss://a.example", "a.example:443", true },
		{ "ws://a.example", "a.example:443", false },
		/* One slash, and no path. */
		{ "http://a.example/", "a.example", true },
		{ "http://a.example:8080/", "a.example:8080", true },
		{ "http://a.example//", "a.example", false },
		{ "http://a.example/x", "a.example", false },
		{ "http://a.example?", "a.example", false },
		{ "http://a.example#", "a.example", false },
		{ "http://u@a.example", "a.example", false },
		{ "http://a.example@b.example", "a.example", false },
		{ "http://b.example", "a.example", false },
		{ "http://a.example:81", "a.example", false },
		{ "http://[::1]:8080", "[::1]:8080", true },
		{ "http://[::1]", "[::1]:80", true },
		{ "http://[::]", "[::1]", false },
		/* No page of the web. */
		{ "null", "null", false },
		{ "file://", "", false },
		{ "app://a.example", "a.example", false },
		{ "http://", "", false },
		{ "http://:80", "", false },
		{ "a.example", "a.example", false },
		{ "://a.example", "a.example", false },
		{ "", "", false },
		/* A wildcard is none in what a client sends. */
		{ "http://*.example", "a.example", false },
		{ "http://a.example:*", "a.example:8080", false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(ws_origin_same(ws_span_of(rows[i].origin),
				 ws_span_of(rows[i].host)),
		    rows[i].same, "%s of %s", rows[i].origin, rows[i].host);
}

Test(origin, on_a_list)
{
	static const struct {
		const char *list, *origin;
		bool listed;
	} rows[] = {
		{ "https://a.example", "https://a.example", true },
		{ "https://a.example", "HTTPS://A.example", true },
		{ "https://a.example", "https://a.example:443", true },
		{ "https://a.example:443", "https://a.example", true },
		{ "http://a.example:80", "http://a.example", true },
		{ "https://a.example/", "https://a.example", true },
		{ "https://a.example", "https://a.example/", true },
		{ "https://a.example", "wss://a.example", true },
		{ "wss://a.example", "https://a.example", true },
		{ "https://a.example", "http://a.example", false },
		{ "https://a.example", "https://a.example:444", false },
		{ "https://a.example", "https://a.example.evil", false },
		{ "https://a.example", "https://x.a.example", false },
		{ "https://a.example", "null", false },
		{ "https://a.example", "", false },
		/* Several. */
		{ "https://a.example,http://b.example:8080",
		    "http://b.example:8080", true },
		{ "https://a.example , http://b.example", "http://b.example",
		    true },
		{ "https://a.example http://b.example", "http://b.example",
		    true },
		{ "https://a.example,,", "", false },
		{ "", "http://a.example", false },
		/* Every origin. */
		{ "*", "https://a.example", true },
		{ "*", "null", true },
		{ "*", "anything at all", true },
		{ "https://a.example,*", "null", true },
		/* Pages of files and frames, and of programs. */
		{ "null", "null", true },
		{ "null", "https://null", false },
		{ "file://", "file://", true },
		{ "file://", "file:///", true },
		{ "file:///", "file://", true },
		{ "file://", "null", false },
		{ "app://x", "app://x", true },
		{ "app://x", "app://y", false },
		{ "app://.", "app://.", true },
		{ "capacitor://localhost", "capacitor://localhost", true },
		{ "capacitor://localhost", "ionic://localhost", false },
		{ "chrome-extension://abcdefgh", "chrome-extension://abcdefgh",
		    true },
		{ "chrome-extension://*", "chrome-extension://abcdefgh", true },
		{ "chrome-extension://*", "moz-extension://abcdefgh", false },
		/* Hosts below another. */
		{ "https://*.example.com", "https://a.example.com", true },
		{ "https://*.example.com", "https://a.b.example.com", true },
		{ "https://*.example.com", "https://A.Example.COM:443", true },
		{ "https://*.example.com", "https://example.com", false },
		{ "https://*.example.com", "https://.example.com", false },
		{ "https://*.example.com", "https://evilexample.com", false },
		{ "https://*.example.com", "https://a.example.com.evil",
		    false },
		{ "https://*.example.com", "http://a.example.com", false },
		{ "https://*.example.com", "https://a.example.com:8443",
		    false },
		{ "https://*.example.com", "https://evil/.example.com", false },
		{ "https://*.example.com", "https://evil?.example.com", false },
		{ "https://*.example.com", "https://evil#.example.com", false },
		{ "https://*.example.com", "https://evil@a.example.com",
		    false },
		{ "https://*.example.com", "https://evil\\.example.com",
		    false },
		{ "https://*.example.com", "https://a.example.com/x", false },
		{ "https://*.example.com:*", "https://a.example.com:8443",
		    true },
		{ "https://*", "https://a.example", true },
		{ "https://*", "https://", false },
		{ "https://*", "https://a.example:8443", false },
		/* Every port. */
		{ "http://localhost:*", "http://localhost:4200", true },
		{ "http://localhost:*", "http://localhost", true },
		{ "http://localhost:*", "http://localhost:80", true },
		{ "http://localhost:*", "https://localhost:4200", false },
		{ "http://localhost:*", "http://localhost.evil:4200", false },
		{ "http://[::1]:*", "http://[::1]:4200", true },
		{ "http://[::1]:*", "http://[::2]:4200", false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(
		    ws_origin_listed(ws_span_of(rows[i].origin), rows[i].list),
		    rows[i].listed, "%s on %s", rows[i].origin, rows[i].list);
}

Test(origin, what_can_be_on_a_list)
{
	static const struct {
		const char *member;
		bool good;
	} rows[] = {
		{ "https://a.example", true },
		{ "https://a.example/", true },
		{ "https://a.example:8080", true },
		{ "https://a.example:65535", true },
		{ "http://[2001:db8::1]:80", true },
		{ "http://127.0.0.1", true },
		{ "null", true },
		{ "file://", true },
		{ "app://x", true },
		{ "capacitor://localhost", true },
		{ "chrome-extension://abcdefgh", true },
		{ "https://*.example.com", true },
		{ "http://localhost:*", true },
		{ "https://*", true },
		{ "ws://a.example", true },
		/* What can match nothing. */
		{ "a.example", false },
		{ "a.example:8080", false },
		{ "localhost:8080", false },
		{ "http:a.example", false },
		{ "http:/a.example", false },
		{ "http://", false },
		{ "http:///", false },
		{ "https://:443", false },
		{ "://a.example", false },
		{ "1http://a.example", false },
		{ "https://a.example/x", false },
		{ "https://a.example//", false },
		{ "https://a.example?x", false },
		{ "https://a.example#x", false },
		{ "https://u@a.example", false },
		{ "https://a.example:x", false },
		{ "https://a.example:0", false },
		{ "https://a.example:080", false },
		{ "https://a.example:65536", false },
		{ "https://a.example:123456", false },
		{ "https://a.example:80:80", false },
		{ "https://a.example:8*", false },
		{ "https://a*.example", false },
		{ "https://*example.com", false },
		{ "https://a.*.example", false },
		{ "https://**", false },
		{ "http*://a.example", false },
		{ "*://a.example", false },
		{ "*.example.com", false },
		{ "https://k\xc3\xb6ln.example", false },
		{ "true", false },
		{ "", false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(ws_origin_is_pattern(ws_span_of(rows[i].member)),
		    rows[i].good, "%s", rows[i].member);
}
