/* fuzz_config.c - any command line: it is read, or refused with one line. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program ends at a mistake; here it goes back to where it was called. */
static jmp_buf before;

static _Noreturn void
leave(int status)
{
	longjmp(before, status + 1);
}

#define exit leave
#include "program/amount.c"
#undef LEN
#include "program/setting.c"
#include "program/config.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ARGUMENTS_MAX = 40
};

/* The input is arguments, each ended by a newline. */

static struct config config;
static int lines; /* said since the program was called */

static void
check(bool good)
{
	if (!good)
		abort();
}

int
say(int fd, const char *format, ...)
{
	static char line[65536];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	check(len > 0 && line[len < (int)sizeof(line) ? len - 1 : 65534] != 0);
	lines += fd == STDERR_FILENO;
	return 0;
}

bool
say_now(int fd, const char *format, ...)
{
	(void)fd;
	(void)format;
	return true;
}

/* What was read is what a server is made of. */
static void
check_config(void)
{
	struct ws_options options = config.server;
	struct ws_server *server;

	check(config.listen_count <= CONFIG_LISTEN_MAX);
	check(config.relays.count <= CONFIG_PLACES_MAX);
	check(config.rooms.count <= CONFIG_PLACES_MAX);
	for (unsigned i = 0; i < config.listen_count; i++)
		check(config.listen[i] != NULL);
	for (unsigned i = 0; i < config.rooms.count; i++)
		check(config.rooms.at[i].path[0] == '/');
	options.log_level = -1;
	options.memory = 0;
	server = ws_server_new(&options);
	check(server != NULL || errno != EINVAL);
	ws_server_free(server);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[4096];
	char *argv[ARGUMENTS_MAX + 2] = { "wsd" };
	int argc = 1, status;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *at = text; *at != '\0' && argc <= ARGUMENTS_MAX;) {
		argv[argc++] = at;
		at += strcspn(at, "\n");
		if (*at != '\0')
			*at++ = '\0';
	}
	optind = 0;
	lines = 0;
	status = setjmp(before);
	if (status == 0) {
		config_read(&config, argc, argv);
		check(lines == 0);
		check_config();
	} else
		check(status == 1 ? lines == 0 : status == 3 && lines == 1);
	free(config.relays.at);
	free(config.rooms.at);
	memset(&config, 0, sizeof(config));
	return 0;
}
