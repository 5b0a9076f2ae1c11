/* sio_app.c - a Socket.IO server for tests, which records what it is told. */
/* SPDX-License-Identifier: MIT */
#include "sio_app.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct live live;
struct sio *io;
struct sio_nsp *root;
struct sio_socket *last;
int closed;
char heard[65536];

/* ---- the record --------------------------------------------------------- */

void
hear(const char *format, ...)
{
	size_t len = strlen(heard);
	va_list args;

	va_start(args, format);
	vsnprintf(heard + len, sizeof(heard) - len, format, args);
	va_end(args);
}

void
remember(struct sio_socket *socket)
{
	last = socket;
}

static void
on_disconnecting(struct sio_socket *socket, const char *reason)
{
	hear("disconnecting %s: %s (%d); ", sio_nsp_name(sio_nsp_of(socket)),
	    reason, sio_in_room(socket, "kept"));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	hear("disconnect %s: %s (%d); ", sio_nsp_name(sio_nsp_of(socket)),
	    reason, sio_in_room(socket, "kept"));
	closed++;
}

/* ---- events ------------------------------------------------------------- */

static void
on_ping(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	(void)sio_ack(event, "'pong'");
}

void
on_echo(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	cr_expect_eq(sio_emit(socket, "back", "...%p", (const void *)&args), 0);
}

void
on_ack(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	(void)socket;
	cr_expect(sio_wants_ack(event));
	cr_expect_eq(sio_ack(event, "...%p", (const void *)&args), 0);
	cr_expect_not(sio_wants_ack(event));
	cr_expect_eq(sio_ack(event, NULL), WS_ESTATE);
}

/* "do": what to do, and with which rooms. The number that comes of it is
 * acknowledged. */
static void
on_do(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);
	const char *what = sio_string(sio_arg(event, 0), NULL);
	const char *a = sio_string(sio_arg(event, 1), NULL);
	const char *b = sio_string(sio_arg(event, 2), NULL);
	long n = 0;

	if (strcmp(what, "join") == 0)
		n = sio_join(socket, a);
	else if (strcmp(what, "leave") == 0)
		n = sio_leave(socket, a);
	else if (strcmp(what, "all") == 0)
		n = sio_emit_to(sio_all(nsp), "news", "'all'");
	else if (strcmp(what, "others") == 0)
		n = sio_emit_to(sio_others(socket), "news", "'others'");
	else if (strcmp(what, "in") == 0)
		n = sio_emit_to(sio_in(nsp, a), "news", "'in'");
	else if (strcmp(what, "and") == 0)
		n = sio_emit_to(sio_and(sio_in(nsp, a), b), "news", "'and'");
	else if (strcmp(what, "to") == 0)
		n = sio_emit_to(sio_to(socket, a), "news", "'to'");
	else if (strcmp(what, "except") == 0)
		n = sio_emit_to(sio_except(sio_all(nsp), a), "news", "'ex'");
	else if (strcmp(what, "in-except") == 0)
		n = sio_emit_to(
		    sio_except(sio_in(nsp, a), b), "news", "'in-ex'");
	else if (strcmp(what, "count") == 0)
		n = (long)sio_room_count(nsp, a);
	else if (strcmp(what, "sockets-join") == 0)
		n = sio_sockets_join(sio_in(nsp, a), b);
	else if (strcmp(what, "sockets-leave") == 0)
		n = sio_sockets_leave(sio_in(nsp, a), b);
	else if (strcmp(what, "disconnect") == 0)
		n = sio_disconnect_sockets(sio_in(nsp, a), b != NULL);
	else if (strcmp(what, "forward") == 0)
		n = sio_forward(sio_others(socket), event);
	else if (strcmp(what, "leave-me") == 0)
		sio_disconnect(socket, false);
	else if (strcmp(what, "close-me") == 0)
		sio_disconnect(socket, true);
	else
		cr_expect_fail("%s", what);
	sio_ack(event, "%ld", n);
}

/* ---- life --------------------------------------------------------------- */

static void
nothing(struct ws_server *server)
{
	(void)server;
}

void
app_start(const struct sio_options *options)
{
	struct ws_options silent = { .log_level = -1 };

	live = live_here(&silent, nothing, NULL);
	io = sio_new(live.server, options);
	cr_assert_not_null(io);
	root = sio_of(io, "/");
	cr_assert_not_null(root);
	last = NULL;
	closed = 0;
	heard[0] = '\0';
	cr_assert_eq(sio_on(root, "ping", on_ping), 0);
	cr_assert_eq(sio_on(root, "echo", on_echo), 0);
	cr_assert_eq(sio_on(root, "ack", on_ack), 0);
	cr_assert_eq(sio_on(root, "do", on_do), 0);
	cr_assert_eq(sio_on_connection(root, remember), 0);
	cr_assert_eq(sio_on_disconnecting(root, on_disconnecting), 0);
	cr_assert_eq(sio_on_disconnect(root, on_disconnect), 0);
}

void
app_end(void)
{
	sio_free(io);
	live_end(&live);
}

void
app_restart(const struct sio_options *options)
{
	app_end();
	app_start(options);
}

void
app_begin(void)
{
	app_start(NULL);
}

/* ---- clients ------------------------------------------------------------ */

struct client
enter(void)
{
	struct client c = peer_open(live.address, "EIO=4");

	(void)peer_connect(&c, "");
	return c;
}

void
ask(struct client *c, const char *what, const char *answer)
{
	char packet[300];

	snprintf(packet, sizeof(packet), "21[\"do\",%s]", what);
	peer_send(c, packet);
	snprintf(packet, sizeof(packet), "31[%s]", answer);
	(void)peer_expect(c, packet);
}

void
is_alive(struct client *c)
{
	peer_expect_silence(c, "27[\"ping\"]", "37[\"pong\"]");
}
