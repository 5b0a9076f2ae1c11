/* config.h - the program's options, from its command line. */
/* SPDX-License-Identifier: MIT */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>

#include "hub/hub.h"
#include "sio/sio.h"

#define CONFIG_LISTEN_MAX 16
#define CONFIG_LIST_MAX 64 /* times that --type or --header is given */
#define CONFIG_PLACES_MAX 16
#define CONFIG_PATH_SIZE 200

/* Where messages are passed on: a namespace, or the path of rooms. */
struct config_place {
	char path[CONFIG_PATH_SIZE]; /* begins with a slash, ends with none */
	bool self;                   /* the sender gets its own messages, too */
};

struct config_places {
	struct config_place *at; /* owned: CONFIG_PLACES_MAX of them, or NULL */
	unsigned count;
};

struct config {
	struct ws_options server;
	struct ws_files_options files;
	const char *listen[CONFIG_LISTEN_MAX]; /* borrowed from argv */
	unsigned listen_count;
	char ports[CONFIG_LISTEN_MAX][8]; /* those given as a number: ":8080" */
	struct config_places relays, rooms;
	struct hub_options hub;
	/* Those of --history, and the default behind them. */
	struct hub_keep keep[CONFIG_PLACES_MAX + 1];
	char patterns[CONFIG_PLACES_MAX + 1][WS_ROOM_NAME_MAX + 1];
	const char *directory; /* borrowed from argv; NULL: embedded pages */
	/* All borrowed from argv, ended by NULL. */
	const char *types[CONFIG_LIST_MAX + 1];
	const char *headers[CONFIG_LIST_MAX + 1];
	int grace_ms;
	bool quiet, no_sio;
	struct sio_options sio;
	char cors[1024]; /* the origins of all --cors options */
};

/* Read the command line, whose order getopt_long(3) may change. Print and exit
 * with 0 for --help and --version; print one line and exit with 2 for a
 * mistake. */
void config_read(struct config *config, int argc, char **argv);

#endif
