/* load_options.c - the command line of the load generator. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static const char usage[] =
    "usage: load -m echo|fanout|http|storm|idle -p PORT [options]\n"
    "\n"
    "  -k KIND     of client: ws (the default), http, sio (Socket.IO over\n"
    "              WebSocket), polling (Socket.IO over HTTP); -m http is\n"
    "              -m echo -k http\n"
    "  -P PATH     where to; /echo, / or /socket.io/\n"
    "  -N NAME     Socket.IO's namespace; /\n"
    "  -c N        connections; 50\n"
    "  -d N        messages in flight, of each that sends; 1\n"
    "  -s OCTETS   of a message, or of an event's argument; 16\n"
    "  -b          binary messages, not text\n"
    "  -e          agree on permessage-deflate (RFC 7692), and send JSON that "
    "is\n"
    "              compressed; for WebSockets only\n"
    "  -t SECONDS  to measure, or to hold idle connections; 2\n"
    "  -w SECONDS  to warm up before; 0.3\n"
    "  -n COUNT    send exactly so many messages in all, without warming up\n"
    "  -S PID      tell what this process, the server, spends\n"
    "\n"
    "Prints one line. \"replies\" are echoes, deliveries, responses or, in a\n"
    "storm, connections from first to last; *_us are microseconds of each.\n"
    "Only 127.0.0.1 is talked to.\n";

static void
give_up(void)
{
	fputs(usage, stderr);
	exit(2);
}

/* Read a number within bounds, or end the program. */
static double
number(const char *text, double least, double most)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end != '\0' || !(n >= least && n <= most))
		fail("%s is not a number from %g to %g", text, least, most);
	return n;
}

static void
read_mode(const char *name)
{
	static const char *const names[] = { [ECHO] = "echo",
		[FANOUT] = "fanout",
		[STORM] = "storm",
		[IDLE] = "idle" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(name, names[i]) == 0) {
			opt.mode = (enum mode)i;
			return;
		}
	}
	if (strcmp(name, "http") != 0)
		fail("there is no mode %s", name);
	opt.mode = ECHO;
	opt.protocol = &protocol_http;
}

static const struct kind {
	const char *name;
	const struct protocol *protocol;
	const char *path;
} kinds[] = { { "ws", &protocol_ws, "/echo" }, { "http", &protocol_http, "/" },
	{ "sio", &protocol_sio, "/socket.io/" },
	{ "polling", &protocol_polling, "/socket.io/" } };

static const struct protocol *
kind_named(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(name, kinds[i].name) == 0)
			return kinds[i].protocol;
	}
	fail("there is no kind %s", name);
}

static const char *
usual_path(void)
{
	size_t i = 0;

	while (kinds[i].protocol != opt.protocol)
		i++;
	return kinds[i].path;
}

static void
read_option(int letter)
{
	switch (letter) {
	case 'm':
		read_mode(optarg);
		break;
	case 'k':
		opt.protocol = kind_named(optarg);
		break;
	case 'p':
		opt.port = (in_port_t)number(optarg, 1, 65535);
		break;
	case 'P':
		opt.path = optarg;
		break;
	case 'N':
		opt.namespace = optarg;
		break;
	case 'c':
		opt.connections = (unsigned)number(optarg, 1, 60000);
		break;
	case 'd':
		opt.depth = (unsigned)number(optarg, 1, 4096);
		break;
	case 's':
		opt.size = (size_t)number(optarg, 0, 1 << 24);
		break;
	case 'b':
		opt.binary = true;
		break;
	case 'e':
		opt.deflate = true;
		break;
	case 't':
		opt.seconds = number(optarg, 0, 3600);
		break;
	case 'w':
		opt.warm_seconds = number(optarg, 0, 3600);
		break;
	case 'n':
		opt.count = (uint64_t)number(optarg, 1, 1e12);
		break;
	case 'S':
		opt.server = (pid_t)number(optarg, 1, 1 << 30);
		break;
	default:
		give_up();
	}
}

void
read_options(int argc, char **argv)
{
	int letter;

	opt = (struct options){ .protocol = &protocol_ws,
		.connections = 50,
		.depth = 1,
		.size = 16,
		.namespace = "/",
		.seconds = 2,
		.warm_seconds = 0.3 };
	while (
	    (letter = getopt(argc, argv, "m:k:p:P:N:c:d:s:bet:w:n:S:")) != -1)
		read_option(letter);
	if (optind < argc || opt.port == 0)
		give_up();
	if (opt.path == NULL)
		opt.path = usual_path();
}
