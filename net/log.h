/* log.h - one line of text per event, to the place the program chose. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_LOG_H
#define WS_LOG_H

/* Levels are enum ws_log_level of ws.h; a line above the level is dropped
 * before it is formatted. */
struct ws_log {
	void (*write)(
	    void *arg, int level, const char *line); /* NULL: stderr */
	void *arg;
	int level;
};

/* Log one line. Keeps errno. A control octet in the text, which a peer may
 * have sent, is written as '?': nobody can forge a second line. Longer than
 * 1023 octets is cut. */
void ws_log(const struct ws_log *log, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
