/* log.c - one line of text per event, to the place the program chose. */
/* SPDX-License-Identifier: MIT */
/*
 * Lines go to stderr, which may be a pipe that nobody reads, or a terminal that
 * was stopped. A write to it would wait, and the whole server with it. So each
 * write is preceded by poll(2). A pipe that can be written has room for
 * PIPE_BUF octets, and a line is shorter: one write takes all of it. stderr is
 * not made non-blocking, because other processes have the same open file.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/line.h"
#include "log.h"

#define NAME_OCTETS 32 /* of a name in front of a line */
/* The most octets of a line, its line end included. Where a pipe takes fewer in
 * one write, a line is as short. */
#define LINE_OCTETS (PIPE_BUF < 1056 ? PIPE_BUF - NAME_OCTETS : 1024)
#define SECOND_MS 1000

/* Write a line to stderr, unless that would wait. Returns whether it was
 * written. */
static bool
put(char *line, size_t len)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	line[len++] = '\n'; /* in the same write, so that lines stay whole */
	return poll(&out, 1, 0) > 0 && write(out.fd, line, len) == (ssize_t)len;
}

static void
tell_dropped(struct ws_log *log)
{
	char line[96];
	int len;

	if (log->dropped == 0)
		return;
	len = snprintf(line, sizeof(line),
	    "%llu line%s dropped: nobody read the log",
	    (unsigned long long)log->dropped,
	    log->dropped == 1 ? " was" : "s were");
	if (put(line, (size_t)len))
		log->dropped = 0;
}

/* Format a line behind the name, if the level asks for one.
 *   line  has room for NAME_OCTETS and LINE_OCTETS
 * Returns its length. */
static size_t
format_line(const struct ws_log *log, int level, char *line, const char *format,
    va_list args)
{
	size_t name = 0;

	if (log->write == NULL && log->name != NULL && level <= log->name_level)
		name = (size_t)snprintf(
		    line, NAME_OCTETS, "%.*s", NAME_OCTETS - 1, log->name);
	return name + ws_line_format(line + name, LINE_OCTETS, format, args);
}

void
ws_log(struct ws_log *log, int level, const char *format, ...)
{
	char line[NAME_OCTETS + LINE_OCTETS];
	size_t len;
	int saved = errno;
	va_list args;

	if (level > log->level)
		return;
	va_start(args, format);
	len = format_line(log, level, line, format, args);
	va_end(args);
	if (log->write != NULL) {
		log->write(log->arg, level, line);
	} else {
		tell_dropped(log);
		if (log->dropped > 0 || !put(line, len))
			log->dropped++;
	}
	errno = saved;
}

void
ws_log_end(struct ws_log *log)
{
	int saved = errno;

	tell_dropped(log);
	errno = saved;
}

/* ---- lines that a stranger can cause ----------------------------------- */

static bool
is_over(const struct ws_log_cause *cause, int64_t now_ms)
{
	return now_ms - cause->since_ms >= SECOND_MS;
}

/* Find the counter of a cause, or one that is free for it. The last one counts
 * what has no counter of its own. */
static struct ws_log_cause *
find(struct ws_log *log, const char *what, int code, int64_t now_ms)
{
	struct ws_log_cause *at = log->causes, *unused = NULL;
	struct ws_log_cause *last = at + WS_LOG_CAUSES - 1;

	for (; at < last; at++) {
		bool is_free = at->what == NULL ||
			       (at->left_out == 0 && is_over(at, now_ms));

		if (at->what != NULL && at->code == code &&
		    strcmp(at->what, what) == 0)
			return at;
		if (unused == NULL && is_free)
			unused = at;
	}
	if (unused == NULL) {
		last->what = "with other causes";
		return last;
	}
	*unused = (struct ws_log_cause){
		.what = what, .code = code, .since_ms = now_ms
	};
	return unused;
}

bool
ws_log_allows(struct ws_log *log, const char *what, int code, int64_t now_ms)
{
	struct ws_log_cause *cause = find(log, what, code, now_ms);

	if (cause->left_out == 0 && is_over(cause, now_ms)) {
		cause->since_ms = now_ms;
		cause->lines = 0;
	}
	if (cause->lines < WS_LOG_RATE) {
		cause->lines++;
		return true;
	}
	cause->left_out++;
	return false;
}

bool
ws_log_settle(struct ws_log *log, int level, int64_t now_ms)
{
	bool more = false;

	for (int i = 0; i < WS_LOG_CAUSES; i++) {
		struct ws_log_cause *cause = &log->causes[i];
		char code[16] = "";

		if (cause->left_out == 0)
			continue;
		if (!is_over(cause, now_ms)) {
			more = true;
			continue;
		}
		if (cause->code != 0)
			(void)snprintf(code, sizeof(code), " %d", cause->code);
		ws_log(log, level, "and %llu more %s%s",
		    (unsigned long long)cause->left_out, cause->what, code);
		cause->left_out = 0;
	}
	return more;
}
