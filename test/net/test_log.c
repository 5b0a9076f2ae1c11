/* test_log.c - lines of the log. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "net/log.h"
#include "ws.h"

struct sink {
	char line[2048];
	int level, lines;
};

static void
keep(void *arg, int level, const char *line)
{
	struct sink *sink = arg;

	cr_assert_lt(strlen(line), sizeof(sink->line));
	strcpy(sink->line, line);
	sink->level = level;
	sink->lines++;
	errno = EIO; /* whoever writes may spoil it */
}

Test(log, a_line_above_the_level_is_dropped)
{
	static const struct {
		int limit, level;
		bool written;
	} rows[] = {
		{ WS_LOG_INFO, WS_LOG_ERROR, true },
		{ WS_LOG_INFO, WS_LOG_INFO, true },
		{ WS_LOG_INFO, WS_LOG_ACCESS, false },
		{ WS_LOG_ERROR, WS_LOG_WARN, false },
		{ WS_LOG_DEBUG, WS_LOG_DEBUG, true },
		{ -1, WS_LOG_ERROR, false },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct sink sink = { 0 };
		struct ws_log log = { keep, &sink, rows[i].limit };

		ws_log(&log, rows[i].level, "%s %d", "text", 7);
		cr_assert_eq(sink.lines, rows[i].written, "%d of %d",
		    rows[i].level, rows[i].limit);
		if (!rows[i].written)
			continue;
		cr_assert_str_eq(sink.line, "text 7");
		cr_assert_eq(sink.level, rows[i].level);
	}
}

/* No octet of a peer's ends a line or moves a terminal's cursor. */
Test(log, control_octets_are_masked)
{
	static const struct {
		const char *name, *text, *line;
	} rows[] = {
		{ "a second line", "a\nINFO forged", "a?INFO forged" },
		{ "CR LF", "a\r\nb", "a??b" },
		{ "an escape sequence", "\x1b[2J", "?[2J" },
		{ "backspace, tab, bell, delete", "\b\t\a\x7f", "????" },
		{ "UTF-8 stays", "\xc3\xa4\xe2\x82\xac",
		    "\xc3\xa4\xe2\x82\xac" },
		{ "U+009B, which terminals take for an escape sequence",
		    "a\xc2\x9b"
		    "2J",
		    "a??2J" },
		{ "U+0080 and U+009F", "\xc2\x80\xc2\x9f", "????" },
		{ "U+00A0 and U+00BF stay", "\xc2\xa0\xc2\xbf",
		    "\xc2\xa0\xc2\xbf" },
		{ "0x9b inside another character stays", "\xe2\x9b\x84",
		    "\xe2\x9b\x84" },
		{ "half a character at the end", "a\xc2", "a\xc2" },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		struct sink sink = { 0 };
		struct ws_log log = { keep, &sink, WS_LOG_INFO };

		ws_log(&log, WS_LOG_INFO, "%s", rows[i].text);
		cr_assert_str_eq(sink.line, rows[i].line, "%s", rows[i].name);
	}
}

Test(log, every_control_octet)
{
	for (int c = 1; c < 256; c++) {
		struct sink sink = { 0 };
		struct ws_log log = { keep, &sink, WS_LOG_INFO };
		bool control = c < ' ' || c == 0x7f;

		ws_log(&log, WS_LOG_INFO, "<%c>", c);
		cr_assert_eq(strlen(sink.line), 3);
		cr_assert_eq((unsigned char)sink.line[1], control ? '?' : c);
	}
}

Test(log, a_long_line_is_cut)
{
	for (size_t len = 1020; len < 1030; len++) {
		struct sink sink = { 0 };
		struct ws_log log = { keep, &sink, WS_LOG_INFO };
		char text[2000];

		memset(text, 'x', len);
		text[len] = '\0';
		ws_log(&log, WS_LOG_INFO, "%s", text);
		cr_assert_eq(strlen(sink.line), len < 1023 ? len : 1023);
	}
}

Test(log, errno_is_kept)
{
	struct sink sink = { 0 };
	struct ws_log log = { keep, &sink, WS_LOG_INFO };

	errno = ENOENT;
	ws_log(&log, WS_LOG_INFO, "written");
	cr_assert_eq(errno, ENOENT);
	ws_log(&log, WS_LOG_DEBUG, "dropped");
	cr_assert_eq(errno, ENOENT);
}

/* Without a function lines go to stderr, a newline behind each. */
Test(log, stderr_is_the_default)
{
	struct ws_log log = { .level = WS_LOG_INFO };
	char octets[64] = "";
	int ends[2], saved = dup(2);

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(dup2(ends[1], 2), 2);
	ws_log(&log, WS_LOG_INFO, "%s\n", "one");
	ws_log(&log, WS_LOG_WARN, "two");
	fflush(stderr);
	cr_assert_eq(dup2(saved, 2), 2);
	close(ends[1]);
	cr_assert_eq(read(ends[0], octets, sizeof(octets) - 1), 9);
	cr_assert_str_eq(octets, "one?\ntwo\n");
	close(ends[0]);
	close(saved);
}
