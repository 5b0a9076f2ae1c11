/* start.c - how long a server takes from nothing to the first answer. */
/* SPDX-License-Identifier: MIT */
/*
 *	start TIMES COMMAND...
 *
 * Starts the command TIMES times, reads the address from its output, requests
 * /healthz, and reads its memory. Prints two medians: microseconds to the first
 * octet of the answer, and resident KiB at that moment.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TIMES_MAX = 1000
};

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static double
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static pid_t
launch(char **command, int *output)
{
	int ends[2];
	pid_t pid = -1;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		fail("start");
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	close(ends[1]);
	*output = ends[0];
	return pid;
}

/* The port in "listening on http://127.0.0.1:PORT/". */
static in_port_t
read_port(int output)
{
	char text[1024];
	size_t len = 0;
	const char *colon;
	ssize_t n;

	while (len < sizeof(text) - 1) {
		n = read(output, text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		text[len] = '\0';
		if (strncmp(text, "listening on http:", 18) == 0 &&
		    (colon = strchr(text + 18, ':')) != NULL &&
		    strchr(colon, '/') != NULL)
			return (in_port_t)strtoul(colon + 1, NULL, 10);
	}
	fprintf(stderr, "start: the server does not say where it listens\n");
	exit(1);
}

static void
ask(in_port_t port)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\n"
				      "Host: 127.0.0.1\r\n\r\n";
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char first;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0 ||
	    recv(fd, &first, 1, 0) != 1)
		fail("start: no answer");
	close(fd);
}

static double
rss_kib(pid_t pid)
{
	char name[64], line[256];
	double kib = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(name, "r");
	if (file == NULL)
		fail(name);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Rss: %lf kB", &kib) == 1)
			break;
	}
	fclose(file);
	return kib;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), ascending);
	return values[count / 2];
}

int
main(int argc, char **argv)
{
	double took_us[TIMES_MAX], resident_kib[TIMES_MAX];
	size_t times = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (times == 0 || times > TIMES_MAX) {
		fprintf(stderr, "usage: start TIMES COMMAND...\n");
		return 2;
	}
	for (size_t i = 0; i < times; i++) {
		double began_us = now_us();
		int output;
		pid_t pid = launch(argv + 2, &output);

		ask(read_port(output));
		took_us[i] = now_us() - began_us;
		resident_kib[i] = rss_kib(pid);
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		close(output);
	}
	printf("start_us=%.0f rss_kib=%.0f\n", median(took_us, times),
	    median(resident_kib, times));
	return 0;
}
