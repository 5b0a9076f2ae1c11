/* static_file.h - answer with a file, a part of it, or that it is known. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_STATIC_FILE_H
#define WS_STATIC_FILE_H

#include "static_write.h"

/* Answer with the answer's file, unless a condition of the request forbids it
 * (RFC 9110 section 13.2.2).
 *   cache  the value of Cache-Control */
void ws_static_file(struct ws_static_context *c, const char *cache);

#endif
