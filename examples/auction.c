/* auction.c - three teams bid against each other and the clock. */
/* SPDX-License-Identifier: MIT */
/* usage: auction [ADDRESS [MILLISECONDS]], 20000
 *
 * The first bid starts the clock. When the time is up, the highest bid wins.
 * The next bid opens another auction. */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const teams[] = { "red", "green", "blue" };

static struct ws_server *server;
static struct sio_nsp *hall;
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
on_end(struct ws_timer *timer, void *arg)
{
	(void)timer;
	(void)arg;
	sio_emit_to(
	    sio_all(hall), "sold", "{team: %s, amount: %lld}", leader, highest);
	leader = NULL;
	highest = 0;
}

static void
on_connection(struct sio_socket *socket)
{
	tell(sio_self(socket));
}

static bool
start_clock(void)
{
	ends_ms = ws_now(server) + duration_ms;
	return ws_timer_start(server, duration_ms, 0, on_end, NULL) != NULL;
}

/* Accept a bid that is higher than all before it. The acknowledgement says
 * whether it is. */
static void
on_bid(struct sio_socket *socket, struct sio_event *event)
{
	const char *team = find_team(sio_string(sio_arg(event, 0), NULL));
	int64_t amount;

	(void)socket;
	if (team == NULL || !sio_integer(sio_arg(event, 1), &amount) ||
	    amount <= highest || (leader == NULL && !start_clock())) {
		sio_ack(event, "false");
		return;
	}
	leader = team;
	highest = amount;
	sio_ack(event, "true");
	tell(sio_all(hall));
}

int
main(int argc, char **argv)
{
	struct sio *io = sio_new(server = ws_server_new(NULL), NULL);
	char address[128];

	if (io == NULL)
		return 1;
	duration_ms = argc > 2 ? atoi(argv[2]) : 20000;
	hall = sio_of(io, "/");
	sio_on_connection(hall, on_connection);
	sio_on(hall, "bid", on_bid);
	ws_files(server, "/", "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on http://%s/auction.html\n", address);
	return ws_run(server) < 0;
}
