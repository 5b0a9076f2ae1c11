/* auction.c - teaches a clock that all share, and acknowledgements. */
/* SPDX-License-Identifier: MIT */
/* usage: auction [ADDRESS [MILLISECONDS]], 20000
 *
 * Three teams bid against each other. The first bid starts the clock. When the
 * time is up, the highest bid wins. The next bid opens another auction. */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const teams[] = { "red", "green", "blue" };

static struct ws_server *server;
static const char *leader; /* NULL: nobody has bid yet */
static long long duration_ms, highest, ends_ms;

static const char *
find_team(const char *name)
{
	for (size_t i = 0; name != NULL && i < 3; i++) {
		if (strcmp(teams[i], name) == 0)
			return teams[i];
	}
	return NULL;
}

/* Send the leading team, its bid, and the time that is left. */
static void
tell(struct sio_target target)
{
	sio_emit_to(target, "state", "{team: %s, amount: %lld, left: %lld}",
	    leader, highest, leader != NULL ? ends_ms - ws_now(server) : 0LL);
}

static void
on_end(struct ws_timer *timer, void *nsp)
{
	(void)timer;
	sio_emit_to(
	    sio_all(nsp), "sold", "{team: %s, amount: %lld}", leader, highest);
	leader = NULL;
	highest = 0;
}

static void
on_connection(struct sio_socket *socket)
{
	fprintf(stderr, "A user connected: %s\n", sio_id(socket));
	tell(sio_self(socket));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	fprintf(stderr, "%s disconnected: %s\n", sio_id(socket), reason);
}

/* Accept a bid that is higher than all before it. The acknowledgement says
 * whether it is. */
static void
on_bid(struct sio_socket *socket, struct sio_event *event)
{
	const char *team = find_team(sio_string(sio_arg(event, 0), NULL));
	struct sio_nsp *nsp = sio_nsp_of(socket);
	int64_t amount;

	if (team == NULL || !sio_integer(sio_arg(event, 1), &amount) ||
	    amount <= highest) {
		sio_ack(event, "false");
		return;
	}
	if (leader == NULL) {
		ends_ms = ws_now(server) + duration_ms;
		ws_timer_start(server, duration_ms, 0, on_end, nsp);
	}
	leader = team;
	highest = amount;
	sio_ack(event, "true");
	tell(sio_all(nsp));
}

int
main(int argc, char **argv)
{
	struct sio_nsp *nsp;

	server = ws_server_new(NULL);
	nsp = sio_of(sio_new(server, NULL), "/");
	duration_ms = argc > 2 ? atoi(argv[2]) : 20000;
	sio_on_connection(nsp, on_connection);
	sio_on_disconnect(nsp, on_disconnect);
	sio_on(nsp, "bid", on_bid);
	ws_files(server, "/", "examples/pages", NULL);
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", "auction.html");
}
