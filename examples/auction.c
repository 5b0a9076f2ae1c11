/* auction.c - teams bid against each other and the clock. */
/* SPDX-License-Identifier: MIT */
/*
 *	auction [ADDRESS [DIRECTORY [DURATION_MS]]]
 *
 * The first bid starts the clock, 20 seconds; when it has run down, the highest
 * bid wins. The next bid starts another auction.
 */
#include <sio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEAM_SIZE 32

static int64_t duration_ms = 20000;
static struct sio_nsp *hall;
static int64_t highest; /* 0: nobody has bid yet */
static char leader[TEAM_SIZE];
static int64_t ends_ms;

static void
on_end(struct ws_timer *timer, void *arg)
{
	(void)timer;
	(void)arg;
	sio_emit_to(sio_all(hall), "sold", "{team: %s, amount: %lld}", leader,
	    (long long)highest);
	highest = 0;
}

static void
send_state(struct sio_target target, struct ws_server *server)
{
	if (highest == 0) {
		sio_emit_to(target, "state", "{running: false}");
		return;
	}
	sio_emit_to(target, "state",
	    "{running: true, team: %s, amount: %lld, left: %lld}", leader,
	    (long long)highest, (long long)(ends_ms - ws_now(server)));
}

static void
on_connection(struct sio_socket *socket)
{
	send_state(sio_self(socket), sio_server(sio_io(hall)));
}

/* "bid" has a team and an amount; it is acknowledged with whether it counts. */
static void
on_bid(struct sio_socket *socket, struct sio_event *event)
{
	struct ws_server *server = sio_server(sio_io(hall));
	const char *team = sio_string(sio_get(sio_arg(event, 0), "team"), NULL);
	int64_t amount;

	(void)socket;
	if (team == NULL || team[0] == '\0' || strlen(team) >= TEAM_SIZE ||
	    !sio_integer(sio_get(sio_arg(event, 0), "amount"), &amount) ||
	    amount <= highest) {
		sio_ack(
		    event, "{ok: false, highest: %lld}", (long long)highest);
		return;
	}
	if (highest == 0) {
		if (ws_timer_start(server, duration_ms, 0, on_end, NULL) ==
		    NULL)
			return;
		ends_ms = ws_now(server) + duration_ms;
	}
	highest = amount;
	strcpy(leader, team);
	sio_ack(event, "{ok: true}");
	send_state(sio_all(hall), server);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct sio *io = sio_new(server, NULL);
	char address[128];

	if (io == NULL)
		return 1;
	if (argc > 3)
		duration_ms = atoi(argv[3]);
	hall = sio_of(io, "/");
	sio_on_connection(hall, on_connection);
	sio_on(hall, "bid", on_bid);
	ws_files(server, "/", argc > 2 ? argv[2] : "examples/pages", NULL);
	if (ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "http://%s/auction.html\n", address);
	return ws_run(server) < 0;
}
