/* test_log.c - lines of the log. */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
	errno = EIO; /* a writer may spoil it */
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
		struct ws_log log = {
			.write = keep, .arg = &sink, .level = rows[i].limit
		};

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
		struct ws_log log = {
			.write = keep, .arg = &sink, .level = WS_LOG_INFO
		};

		ws_log(&log, WS_LOG_INFO, "%s", rows[i].text);
		cr_assert_str_eq(sink.line, rows[i].line, "%s", rows[i].name);
	}
}

Test(log, every_control_octet)
{
	for (int c = 1; c < 256; c++) {
		struct sink sink = { 0 };
		struct ws_log log = {
			.write = keep, .arg = &sink, .level = WS_LOG_INFO
		};
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
		struct ws_log log = {
			.write = keep, .arg = &sink, .level = WS_LOG_INFO
		};
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
	struct ws_log log = {
		.write = keep, .arg = &sink, .level = WS_LOG_INFO
	};

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

/* ---- a reader who does not read ---------------------------------------- */

/* stderr as a pipe. */
struct reader {
	int saved, ends[2];
};

static struct reader
begin_reader(void)
{
	struct reader r = { .saved = dup(2) };

	cr_assert_eq(pipe(r.ends), 0);
	cr_assert_eq(dup2(r.ends[1], 2), 2);
	return r;
}

/* Read what there is. Returns text. */
static const char *
read_lines(const struct reader *r, char text[1 << 17])
{
	size_t len = 0;
	ssize_t n;

	fcntl(r->ends[0], F_SETFL, O_NONBLOCK);
	while ((n = read(r->ends[0], text + len, (1 << 17) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static void
end_reader(struct reader *r)
{
	cr_assert_eq(dup2(r->saved, 2), 2);
	close(r->saved);
	close(r->ends[0]);
	close(r->ends[1]);
}

Test(log, a_pipe_that_nobody_reads_does_not_block, .timeout = 20)
{
	struct ws_log log = { .level = WS_LOG_INFO };
	struct reader r = begin_reader();
	static char text[1 << 17];
	unsigned sent = 20000, lines = 0;
	unsigned long long dropped = 0;
	const char *last;

	for (unsigned i = 0; i < sent; i++)
		ws_log(&log, WS_LOG_INFO, "line %u", i);
	cr_assert_gt(log.dropped, 0);
	dropped = log.dropped;
	for (const char *at = read_lines(&r, text); *at != '\0'; at++)
		lines += *at == '\n';
	cr_assert_eq(lines + dropped, sent, "%u and %llu", lines, dropped);
	ws_log(&log, WS_LOG_INFO, "read again");
	last = read_lines(&r, text);
	cr_assert_eq(strtoull(last, NULL, 10), dropped);
	cr_assert_not_null(strstr(
	    last, " lines were dropped: nobody read the log\nread again\n"));
	cr_assert_eq(log.dropped, 0);
	end_reader(&r);
}

Test(log, the_end_tells_how_many_lines_were_dropped)
{
	struct ws_log log = { .level = WS_LOG_INFO, .dropped = 1 };
	struct reader r = begin_reader();
	static char text[1 << 17];

	ws_log_end(&log);
	ws_log_end(&log);
	cr_assert_str_eq(
	    read_lines(&r, text), "1 line was dropped: nobody read the log\n");
	end_reader(&r);
}

Test(log, errors_and_warnings_begin_with_the_name)
{
	struct ws_log log = {
		.level = WS_LOG_INFO, .name = "wsd: ", .name_level = WS_LOG_WARN
	};
	struct reader r = begin_reader();
	static char text[1 << 17];

	ws_log(&log, WS_LOG_ERROR, "one");
	ws_log(&log, WS_LOG_WARN, "two");
	ws_log(&log, WS_LOG_INFO, "three");
	cr_assert_str_eq(read_lines(&r, text), "wsd: one\nwsd: two\nthree\n");
	end_reader(&r);
}

/* A pipe whose reader has gone, or no stderr at all, costs lines only. */
Test(log, no_reader_at_all)
{
	struct ws_log log = { .level = WS_LOG_INFO };
	struct reader r = begin_reader();

	signal(SIGPIPE, SIG_IGN);
	close(r.ends[0]);
	ws_log(&log, WS_LOG_INFO, "lost");
	cr_assert_eq(log.dropped, 1);
	close(2);
	ws_log(&log, WS_LOG_INFO, "lost, too");
	cr_assert_eq(log.dropped, 2);
	cr_assert_eq(dup2(r.saved, 2), 2);
}

/* ---- lines that a stranger can cause ----------------------------------- */

static unsigned
allowed(struct ws_log *log, const char *what, int code, int64_t now_ms,
    unsigned times)
{
	unsigned lines = 0;

	while (times-- > 0)
		lines += ws_log_allows(log, what, code, now_ms);
	return lines;
}

Test(log, ten_lines_a_second_of_each_cause)
{
	struct sink sink = { 0 };
	struct ws_log log = {
		.write = keep, .arg = &sink, .level = WS_LOG_INFO
	};

	cr_assert_eq(allowed(&log, "refused with", 400, 5000, 9), 9);
	cr_assert_eq(allowed(&log, "refused with", 400, 5900, 1235), 1);
	cr_assert_eq(allowed(&log, "refused with", 403, 5900, 10), 10);
	cr_assert_eq(allowed(&log, "closed with", 400, 5900, 12), 10);
	cr_assert(ws_log_settle(&log, WS_LOG_INFO, 5999));
	cr_assert_eq(sink.lines, 0);
	/* The second of the last cause ends later. */
	cr_assert(ws_log_settle(&log, WS_LOG_INFO, 6000));
	cr_assert_eq(sink.lines, 1);
	cr_assert_str_eq(sink.line, "and 1234 more refused with 400");
	cr_assert_not(ws_log_settle(&log, WS_LOG_INFO, 6900));
	cr_assert_eq(sink.lines, 2);
	cr_assert_str_eq(sink.line, "and 2 more closed with 400");
	cr_assert_not(ws_log_settle(&log, WS_LOG_INFO, 6900));
	cr_assert_eq(sink.lines, 2);
	cr_assert_eq(allowed(&log, "refused with", 400, 6900, 30), 10);
}

/* Until the lines left out are told, a cause is not written again. */
Test(log, the_number_left_out_comes_before_the_next_line)
{
	struct sink sink = { 0 };
	struct ws_log log = {
		.write = keep, .arg = &sink, .level = WS_LOG_INFO
	};

	cr_assert_eq(allowed(&log, "a", 0, 0, 11), 10);
	cr_assert_eq(allowed(&log, "a", 0, 9000, 1), 0);
	cr_assert_not(ws_log_settle(&log, WS_LOG_INFO, 9000));
	cr_assert_str_eq(sink.line, "and 2 more a");
	cr_assert_eq(allowed(&log, "a", 0, 9000, 1), 1);
}

Test(log, more_causes_than_counters_share_one)
{
	struct sink sink = { 0 };
	struct ws_log log = {
		.write = keep, .arg = &sink, .level = WS_LOG_INFO
	};
	unsigned lines = 0;

	for (int code = 1; code <= 10000; code++)
		lines += allowed(&log, "closed with", code, 1000, 1);
	cr_assert_eq(lines, WS_LOG_CAUSES - 1 + WS_LOG_RATE);
	cr_assert_not(ws_log_settle(&log, WS_LOG_INFO, 2000));
	cr_assert_eq(sink.lines, 1);
	cr_assert_str_eq(sink.line, "and 9967 more with other causes");
	/* A second later the counters are free for others. */
	cr_assert_eq(allowed(&log, "closed with", 20000, 2000, 20), 10);
}
