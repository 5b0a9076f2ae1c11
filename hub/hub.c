/* hub.c - rooms with a history: how they begin and end. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "own.h"

/* Drop the history when memory is full: it is kept for clients that may come,
 * and others are here. */
static size_t
relieve(void *arg, size_t least)
{
	struct hub *hub = arg;

	if (hub->history.octets >= least && ws_memory_is_full(hub->server)) {
		hub_history_shrink(&hub->history, 0);
		hub_count_history(hub);
	}
	return hub->history.octets;
}

static void
free_hub(void *arg)
{
	struct hub *hub = arg;
	struct hub_place *place;

	hub_polls_stop(hub);
	hub_watches_free(hub);
	ws_memory_relief_cancel(hub->server, relieve, hub);
	ws_timer_stop(hub->sweep);
	hub_history_fini(&hub->history);
	hub_count_history(hub);
	while ((place = hub->places) != NULL) {
		hub->places = place->next;
		ws_mem_free(place);
	}
	ws_mem_free(hub);
}

/* Give a hub a name that none before it had: 40 bits of chance. */
static int
name_boot(struct hub *hub)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char chance[8];

	if (ws_random(chance, sizeof(chance)) < 0)
		return -1;
	for (int i = 0; i < 8; i++)
		hub->boot[i] = letters[chance[i] % 32];
	return 0;
}

/* Begin what needs memory. Returns 0, or -1: what has begun must be ended. */
static int
begin(struct hub *hub)
{
	if (ws_memory_relief(hub->server, relieve, hub) < 0 ||
	    ws_at_stop(hub->server, hub_polls_stop, hub) < 0)
		return -1;
	return ws_at_free(hub->server, free_hub, hub);
}

struct hub *
hub_new(struct ws_server *server, const struct hub_options *options)
{
	static const struct hub_options defaults = { 0 };
	struct hub *hub = ws_mem_resize(NULL, sizeof(*hub));
	uint8_t key[16];

	if (hub == NULL)
		return NULL;
	*hub = (struct hub){ .server = server,
		.options = options != NULL ? *options : defaults };
	if (ws_random(key, sizeof(key)) < 0 || name_boot(hub) < 0 ||
	    hub_history_init(&hub->history, &hub->options, key) < 0) {
		ws_mem_free(hub);
		return NULL;
	}
	hub_count_history(hub);
	if (begin(hub) < 0) {
		ws_at_free_cancel(server, hub_polls_stop, hub);
		free_hub(hub);
		return NULL;
	}
	return hub;
}

/* Add the endpoints of a place. Returns as hub_rooms. */
static int
add_endpoints(
    struct hub *hub, const char *path, struct hub_place *place, bool http)
{
	int result = hub_socket_add(path, place);

	if (result < 0 || !http)
		return result;
	result = ws_http(hub->server, path, "GET, POST", hub_on_http, place);
	if (result < 0)
		return result;
	return ws_http_body(
	    hub->server, path, hub->options.max_message, NULL, NULL);
}

int
hub_rooms(
    struct hub *hub, const char *path, const struct hub_rooms_options *options)
{
	static const struct hub_rooms_options defaults = { 0 };
	struct hub_place *place;

	if (path == NULL)
		return WS_EINVAL;
	if (options == NULL)
		options = &defaults;
	place = ws_mem_resize(NULL, sizeof(*place));
	if (place == NULL)
		return WS_ENOMEM;
	*place = (struct hub_place){ .hub = hub,
		.next = hub->places,
		.path_octets = options->whole_path ? 0 : strlen(path),
		.self = options->self };
	hub->places = place;
	return add_endpoints(hub, path, place, !options->no_http);
}
