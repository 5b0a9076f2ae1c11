/* log.h - one line of text per event, to the place the program chose. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_LOG_H
#define WS_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Lines of one cause in one second. A person reads no more, and at this rate a
 * file grows by 100 MB a day at most. */
#define WS_LOG_RATE 10

/* Causes that are counted apart. Refusals and closes have some twenty that
 * occur; the last counter is for all causes beyond the others. */
#define WS_LOG_CAUSES 24

/* How often one cause occurred in a second. */
struct ws_log_cause {
	const char *what; /* static, such as "refused with"; NULL: not used */
	int code;
	unsigned lines;    /* written since then */
	uint64_t left_out; /* not written since then */
	int64_t since_ms;
};

/* Levels are enum ws_log_level of ws.h; a line above the level is dropped
 * before it is formatted. Zeroed memory is a log of errors to stderr. */
struct ws_log {
	void (*write)(
	    void *arg, int level, const char *line); /* NULL: stderr */
	void *arg;
	int level;
	const char *name; /* borrowed: what lines on stderr begin with, ": "
	                     included; NULL: nothing */
	int name_level;   /* lines above this level do without it */
	uint64_t dropped; /* lines that nobody read, since the last one */
	struct ws_log_cause causes[WS_LOG_CAUSES];
};

/* Log one line. Keeps errno. A control octet in the text, which a peer may
 * have sent, is written as '?': nobody can forge a second line. Longer than
 * 1023 octets is cut.
 * Never waits for stderr: a line that cannot be written at once is dropped and
 * counted, and the count is written in front of the next line that can be. */
void ws_log(struct ws_log *log, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Write how many lines were dropped, if any were and if that is possible now:
 * for the end of a program. */
void ws_log_end(struct ws_log *log);

/* Decide whether a line that a stranger can cause may be written: WS_LOG_RATE
 * of a cause in a second. The others are counted.
 *   what, code  the cause; what is static
 *   now_ms      a clock that never goes back
 * Returns whether to write the line. If not, ws_log_settle is due when a second
 * has passed. */
bool
ws_log_allows(struct ws_log *log, const char *what, int code, int64_t now_ms);

/* For each cause whose second has passed, write how many lines were left out:
 * "and 1234 more refused with 400".
 * Returns whether the second of a cause with such lines has not passed. */
bool ws_log_settle(struct ws_log *log, int level, int64_t now_ms);

#endif
