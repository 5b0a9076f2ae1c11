/* example.h - build a program from one source, run it and speak to it. */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Runs in the top directory, with libws.a and libsio.a built. From the
 * environment: CC, CFLAGS, LDFLAGS, and WS_LIB for other libraries. Every
 * program is built without a warning, into a directory of its own, and listens
 * on a port that the system chooses. Whatever goes wrong fails the test.
 */

#define CHILD_S 120 /* no child outlives a test that was killed by more */
#define INHERITED_FD 3

/* RFC 6455 section 5.2. */
enum {
	TEXT = 1,
	BINARY = 2,
	CLOSE = 8
};

extern char program[96];           /* what was built */
extern pid_t child;                /* it runs; 0 when none does */
extern int child_in;               /* its standard input */
extern struct sockaddr_in address; /* where it listens */
extern char line[512];             /* what expect_line has found */
extern char heard[126];            /* what hear has heard, terminated */

/* Build a program from one source. Warnings are errors. */
void build(const char *source);

/* Start what was built.
 *   inherited  becomes the child's descriptor 3, unless it is -1 */
void spawn(char *const argv[], int inherited);

/* Read what the child prints until a line contains a text. */
void expect_line(const char *text);

/* Build and start an example, and learn where it listens.
 *   argument  its second one; may be NULL */
void start(const char *source, const char *argument);

/* End it by SIGTERM. It must end in good order, with status 0: a sanitizer that
 * found something there, such as memory that was not released, makes it
 * another. */
void stop(void);

/* After each test: no child and no file is left. */
void clean_up(void);

/* ---- a small client ----------------------------------------------------- */

/* Connect. */
int dial(void);

/* Send octets; receive a number of them. */
void put(int fd, const void *data, size_t len);
void get(int fd, void *data, size_t len);

/* Ask for a page; read the answer to the end of the stream, and close. */
void ask(int fd, const char *method, const char *target, const char *body);
void expect_answer(int fd, const char *status, const char *body);

/* Ask for an upgrade; ask, and see it granted. */
void send_upgrade(int fd, const char *target);
int open_websocket(const char *target);

/* Send a short frame, masked. */
void say(int fd, int opcode, const void *data, size_t len);

/* Receive a short frame, as expected or of any text. Returns its length. */
size_t hear(int fd, int opcode);
void expect(int fd, const char *text);

/* Open, say hello, and have it back. */
void check_echo(void);

#endif
