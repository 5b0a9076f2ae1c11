/* example.c - build a program from one source, run it and speak to it. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "example.h"

#define DEADLINE_MS 30000

/* ---- building ----------------------------------------------------------- */

static char directory[64]; /* holds what this test builds */
char program[96];

static const char *
env_or(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : otherwise;
}

void
build(const char *source)
{
	char command[1024];

	if (directory[0] == '\0') {
		strcpy(directory, "/tmp/ws-examples-XXXXXX");
		cr_assert_not_null(mkdtemp(directory));
	}
	(void)snprintf(program, sizeof(program), "%s/program", directory);
	(void)snprintf(command, sizeof(command),
	    "%s -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Wconversion "
	    "-Wshadow -Wstrict-prototypes -Wsign-compare -Werror %s -I. "
	    "-Isio -Ihub -o %s %s libhub.a %s %s",
	    env_or("CC", "cc"), env_or("CFLAGS", "-O1"), program, source,
	    env_or("WS_LIB", "libsio.a libws.a"), env_or("LDFLAGS", ""));
	cr_assert_eq(system(command), 0, "failed: %s", command);
}

/* ---- running ------------------------------------------------------------ */

pid_t child;
int child_in;
static int child_out;
struct sockaddr_in address;

void
spawn(char *const argv[], int inherited)
{
	int in[2], out[2];

	cr_assert_eq(pipe(in), 0);
	cr_assert_eq(pipe(out), 0);
	child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		if (inherited >= 0)
			dup2(inherited, INHERITED_FD);
		for (int fd = INHERITED_FD + (inherited >= 0); fd < 64; fd++)
			close(fd);
		alarm(CHILD_S);
		execv(program, argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	child_in = in[1];
	child_out = out[0];
}

static void
await(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	cr_assert_eq(poll(&readable, 1, DEADLINE_MS), 1, "nothing came");
}

char line[512];

void
expect_line(const char *text)
{
	for (;;) {
		size_t len = 0;
		char c;

		do {
			await(child_out);
			cr_assert_eq(read(child_out, &c, 1), 1,
			    "it ended before it printed '%s'", text);
			if (len < sizeof(line) - 1)
				line[len++] = c;
		} while (c != '\n');
		line[len - 1] = '\0';
		if (strstr(line, text) != NULL)
			return;
	}
}

void
start(const char *source, const char *argument)
{
	char *argv[] = { program, (char[]){ "127.0.0.1:0" }, (char *)argument,
		NULL };
	const char *port;

	build(source);
	spawn(argv, -1);
	expect_line("listening on ");
	cr_assert_not_null(strstr(line, "127.0.0.1:"), "%s", line);
	port = strrchr(line, ':') + 1;
	address = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)strtol(port, NULL, 10)) };
}

void
stop(void)
{
	int status;

	cr_assert_eq(kill(child, SIGTERM), 0);
	cr_assert_eq(waitpid(child, &status, 0), child);
	child = 0;
	cr_assert_eq(status, 0, "it ended with status %#x", (unsigned)status);
}

void
clean_up(void)
{
	if (child > 0)
		(void)kill(child, SIGKILL);
	if (directory[0] != '\0') {
		(void)unlink(program);
		(void)rmdir(directory);
	}
}

/* ---- a small client ----------------------------------------------------- */

int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void
put(int fd, const void *data, size_t len)
{
	cr_assert_eq(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

void
get(int fd, void *data, size_t len)
{
	for (size_t have = 0; have < len;) {
		ssize_t n;

		await(fd);
		n = recv(fd, (char *)data + have, len - have, 0);
		cr_assert_gt(n, 0, "the stream ended");
		have += (size_t)n;
	}
}

static char answer[2048];

void
ask(int fd, const char *method, const char *target, const char *body)
{
	char request[512];
	int n = snprintf(request, sizeof(request),
	    "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    method, target, strlen(body), body);

	put(fd, request, (size_t)n);
}

void
expect_answer(int fd, const char *status, const char *body)
{
	size_t have = 0;
	ssize_t n;
	char *end;

	do {
		await(fd);
		n = recv(fd, answer + have, sizeof(answer) - 1 - have, 0);
		cr_assert_geq(n, 0);
		have += (size_t)n;
	} while (n > 0);
	close(fd);
	answer[have] = '\0';
	cr_assert_eq(strncmp(answer, "HTTP/1.1 ", 9), 0, "%s", answer);
	cr_assert_eq(strncmp(answer + 9, status, 3), 0, "%s", answer);
	end = strstr(answer, "\r\n\r\n");
	cr_assert_not_null(end);
	cr_assert_str_eq(end + 4, body);
}

void
send_upgrade(int fd, const char *target)
{
	char request[512];
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\n",
	    target);

	put(fd, request, (size_t)n);
}

/* Open a WebSocket; the key and its answer are those of RFC 6455, 1.3. */
int
open_websocket(const char *target)
{
	int fd = dial();
	size_t have = 0;

	send_upgrade(fd, target);
	while (have < 4 || memcmp(answer + have - 4, "\r\n\r\n", 4) != 0) {
		cr_assert_lt(have, sizeof(answer) - 1);
		get(fd, answer + have++, 1);
	}
	answer[have] = '\0';
	cr_assert_eq(strncmp(answer, "HTTP/1.1 101 ", 13), 0, "%s", answer);
	cr_assert_not_null(strstr(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	return fd;
}

void
say(int fd, int opcode, const void *data, size_t len)
{
	static const unsigned char key[4] = { 0x37, 0xfa, 0x21, 0x3d };
	unsigned char frame[6 + 125];

	cr_assert_leq(len, 125);
	frame[0] = (unsigned char)(0x80 | opcode);
	frame[1] = (unsigned char)(0x80 | len);
	memcpy(frame + 2, key, 4);
	for (size_t i = 0; i < len; i++)
		frame[6 + i] = ((const unsigned char *)data)[i] ^ key[i % 4];
	put(fd, frame, 6 + len);
}

char heard[126];

size_t
hear(int fd, int opcode)
{
	unsigned char header[2];

	get(fd, header, 2);
	cr_assert_eq(header[0], 0x80 | opcode, "first octet %#x", header[0]);
	cr_assert_leq(header[1], 125);
	get(fd, heard, header[1]);
	heard[header[1]] = '\0';
	return header[1];
}

void
expect(int fd, const char *text)
{
	(void)hear(fd, TEXT);
	cr_assert_str_eq(heard, text);
}

void
check_echo(void)
{
	int fd = open_websocket("/");

	say(fd, TEXT, "hello", 5);
	expect(fd, "hello");
	close(fd);
}
