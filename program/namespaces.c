/* namespaces.c - the Socket.IO namespaces that wsd offers. */
/* SPDX-License-Identifier: MIT */
/*
 *	/             tells all how many clients there are: "stats", {numClients}
 *	/chat         "send-message" becomes "receive-message" for all
 *	/ticker       "stock price update", a number, every second
 *	/relay/NAME   every event goes to all other clients unchanged; an
 *	              acknowledgement says how many they are
 *
 * A namespace of --relay does the same in place of what stands here.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counts.h"
#include "namespaces.h"

#define TICK_MS 1000

#define NAME_OCTETS_MAX 160

/* ---- /chat ------------------------------------------------------------- */

static bool
is_text(struct sio_value value, size_t max)
{
	size_t len;

	return sio_string(value, &len) != NULL && len > 0 && len <= max;
}

static void
chat_message(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value said = sio_arg(event, 0);
	struct sio_value user = sio_get(said, "user");
	struct sio_value message = sio_get(said, "message");
	time_t now = time(NULL);
	char hh_mm[sizeof("23:59")];

	if (!is_text(user, NAME_OCTETS_MAX) || !is_text(message, SIZE_MAX))
		return;
	(void)strftime(hh_mm, sizeof(hh_mm), "%H:%M", localtime(&now));
	sio_emit_to(sio_all(sio_nsp_of(socket)), "receive-message",
	    "{user: %p, message: %p, time: %s}", (void *)&user,
	    (void *)&message, hh_mm);
}

/* ---- /ticker ----------------------------------------------------------- */

static void
tick(struct ws_timer *timer, void *arg)
{
	struct sio_nsp *nsp = arg;

	if (sio_nsp_count(nsp) == 0) {
		ws_timer_stop(timer);
		sio_nsp_set_user(nsp, NULL);
		return;
	}
	/* Volatile: a client that cannot keep up misses prices rather than
	 * getting old ones late. */
	sio_emit_to(sio_volatile(sio_all(nsp)), "stock price update", "%d",
	    rand() % 1000);
}

/* Start the clock for the first client; tick() stops it after the last. */
static void
ticker_joined(struct sio_socket *socket)
{
	struct sio_nsp *nsp = sio_nsp_of(socket);

	if (sio_nsp_user(nsp) == NULL)
		sio_nsp_set_user(nsp, ws_timer_start(sio_server(sio_io(nsp)),
					  TICK_MS, TICK_MS, tick, nsp));
}

/* ---- /relay/NAME ------------------------------------------------------- */

static void
relay(struct sio_socket *socket, struct sio_event *event)
{
	long others = sio_forward(sio_others(socket), event);

	if (sio_wants_ack(event))
		sio_ack(event, "%ld", others > 0 ? others : 0);
}

static void
relay_to_all(struct sio_socket *socket, struct sio_event *event)
{
	long all = sio_forward(sio_all(sio_nsp_of(socket)), event);

	if (sio_wants_ack(event))
		sio_ack(event, "%ld", all > 0 ? all : 0);
}

/* Returns 0 or -1 when out of memory. */
static int
add_relay(struct sio *io, const struct config_place *place)
{
	struct sio_nsp *nsp = strchr(place->path, '*') != NULL
				  ? sio_of_pattern(io, place->path)
				  : sio_of(io, place->path);

	if (nsp == NULL)
		return -1;
	return sio_on_any(nsp, place->self ? relay_to_all : relay) < 0 ? -1 : 0;
}

/* ---- all --------------------------------------------------------------- */

/* Return whether a namespace is one that passes every event on. */
static bool
is_relay(const struct config_places *relays, const char *name)
{
	for (unsigned i = 0; i < relays->count; i++) {
		if (strcmp(relays->at[i].path, name) == 0)
			return true;
	}
	return false;
}

static int
add_root(struct sio *io)
{
	static const struct counts_events events = { "stats", "stats",
		"{numClients: %zu}" };
	struct sio_nsp *root = sio_of(io, "/");

	return root == NULL || counts_add(root, &events) < 0 ? -1 : 0;
}

static int
add_chat(struct sio *io)
{
	static const struct counts_events events = { "user-joined", "user-left",
		"{count: %zu}" };
	struct sio_nsp *chat = sio_of(io, "/chat");

	if (chat == NULL || counts_add(chat, &events) < 0 ||
	    sio_on(chat, "send-message", chat_message) < 0)
		return -1;
	return 0;
}

static int
add_ticker(struct sio *io)
{
	struct sio_nsp *ticker = sio_of(io, "/ticker");

	if (ticker == NULL || sio_on_connection(ticker, ticker_joined) < 0)
		return -1;
	return 0;
}

int
namespaces_add(struct sio *io, const struct config_places *relays)
{
	static const struct config_place below = { .path = "/relay/*" };

	if ((!is_relay(relays, "/") && add_root(io) < 0) ||
	    (!is_relay(relays, "/chat") && add_chat(io) < 0) ||
	    (!is_relay(relays, "/ticker") && add_ticker(io) < 0))
		return -1;
	for (unsigned i = 0; i < relays->count; i++) {
		if (add_relay(io, &relays->at[i]) < 0)
			return -1;
	}
	return is_relay(relays, below.path) ? 0 : add_relay(io, &below);
}
