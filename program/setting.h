/* setting.h - one option: how it is written, and where its value goes. */
/* SPDX-License-Identifier: MIT */
#ifndef SETTING_H
#define SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "amount.h"
#include "config.h"

/* One option of the command line: how it is written, what --help says, and
 * where its value goes. */
struct setting {
	char name[24]; /* behind "--"; no pointer, which would be relocated */
	char letter;   /* behind "-", or 0 */
	const char *value; /* what --help calls its value; NULL for a flag */
	const char *help;  /* lines of at most 48 columns */
	/* Check the value and store it. A flag has none: it stores true. */
	void (*take)(
	    struct config *config, const struct setting *s, const char *value);
	/* The member of struct config that it sets; size tells an int from a
	 * size_t. */
	unsigned offset, size;
	/* For take_number, the range and the units; for take_word, the words,
	 * of which the first one means min, the second one min + 1. */
	uint64_t min, max;
	const struct unit *units;
	const char *words;
	bool zero_is_never; /* 0 is stored as -1 or SIZE_MAX */
};

/* Say in one line what is wrong with the command line, and exit with 2. */
void setting_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Return whether a text is a number, such as a port by itself. */
bool setting_is_number(const char *text);

/* Check a value and store it, or fail:
 *   take_number   a number with one of the setting's units, in its range
 *   take_word     one of the setting's words
 *   take_text     any text
 *   take_origins  "*", or origins of pages separated by commas
 *   take_path     a path like /live
 *   take_listen   "HOST:PORT", as ws_listen takes it, or the port alone; added
 *                 to config->listen
 *   take_type, take_header  added to a list of config->files; the library
 *                 checks them, and logs what is wrong
 *   take_place    "PATH" or "PATH,self", added to a struct config_places
 *   take_history  "[ROOMS=]N[,TIME[,SIZE]]", added to config->keep
 *   take_cache    the value of a header field
 *   take_cors     as take_origins, added to config->cors; "*" or "true"
 *                 replaces what is there */
void
take_number(struct config *config, const struct setting *s, const char *value);
void
take_word(struct config *config, const struct setting *s, const char *value);
void
take_text(struct config *config, const struct setting *s, const char *value);
void
take_origins(struct config *config, const struct setting *s, const char *value);
void
take_path(struct config *config, const struct setting *s, const char *value);
void
take_listen(struct config *config, const struct setting *s, const char *value);
void
take_type(struct config *config, const struct setting *s, const char *value);
void
take_header(struct config *config, const struct setting *s, const char *value);
void
take_place(struct config *config, const struct setting *s, const char *value);
void
take_history(struct config *config, const struct setting *s, const char *value);
void
take_cache(struct config *config, const struct setting *s, const char *value);
void
take_cors(struct config *config, const struct setting *s, const char *value);

#endif
