/* files_root.h - what a document root holds, and one exact name in it. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FILES_ROOT_H
#define WS_FILES_ROOT_H

#include "files.h"
#include "open_beneath.h"

enum {
	WS_FILES_NOTE_SIZE = 512, /* two names of 200 octets, and a sentence */
	/* Siblings that the operator was told of. A site with many more of
	 * them is told of some again, as it would be after a restart. */
	WS_FILES_NOTED = 64,
};

struct ws_files {
	char *path;                /* owned; NULL when the files are embedded */
	char *absolute;            /* owned: where path leads, or NULL */
	struct ws_beneath beneath; /* dir is owned; -1: gone, or embedded */
	uint64_t device, inode;    /* of dir */
	int64_t checked_s;         /* when the name was followed last */
	const char *const *types;  /* borrowed, see ws_files_set_types */
	const char *cause;         /* static: why the last look-up failed */
	bool has_note;
	char note[WS_FILES_NOTE_SIZE];  /* for the operator, if has_note */
	uint64_t noted[WS_FILES_NOTED]; /* identities of those siblings */
	const struct ws_asset *assets;  /* borrowed */
	size_t count;
	int64_t modified_s; /* of all assets */
};

/* Find a file or directory by its exact name.
 *   name  "" for the root itself; any other begins with '/' and is shorter than
 *         WS_FILES_PATH_SIZE
 *   file  written on success only: all but type, encoding and vary
 * Returns 0 or an enum ws_files_error; then root->cause may tell more. */
int
ws_files_look_up(struct ws_files *root, const char *name, struct ws_file *file);

/* Describe an asset as ws_files_look_up does.
 *   asset  borrowed for as long as the file is used */
void ws_files_root_asset(
    const struct ws_asset *asset, int64_t modified_s, struct ws_file *file);

#endif
