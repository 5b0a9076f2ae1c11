/* hub.c - teaches rooms that WebSockets, EventSource and curl share. */
/* SPDX-License-Identifier: MIT */
/* usage: hub [ADDRESS]; curl -d hi localhost:8080/room/a */
#include <hub.h>

static bool
may(struct ws_request *request, enum hub_wish wish, const char *room,
    size_t len, void *arg)
{
	(void)request, (void)room, (void)len, (void)arg;
	return wish == HUB_JOIN || len < 20; /* long names are for listeners */
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);
	struct hub *hub = hub_new(server, &(struct hub_options){ .may = may });

	if (hub == NULL || hub_rooms(hub, "/room/", NULL) < 0)
		return 1;
	return ws_serve(server, argc > 1 ? argv[1] : ":8080", NULL);
}
