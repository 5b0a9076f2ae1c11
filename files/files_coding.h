/* files_coding.h - which form of a file to send: plain, gzip or Brotli. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_FILES_CODING_H
#define WS_FILES_CODING_H

#include "files_path.h"
#include "files_root.h"

/* Find a file by its exact name, or the compressed form of one that is there in
 * no other.
 *   p       only_compressed is set
 *   accept  the value of Accept-Encoding
 *   file    written on success only
 * Returns 0 or an enum ws_files_error. */
int ws_files_find_coded(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file);

/* Choose the form of a file that a client likes best, and describe it: type,
 * encoding, vary and entity-tag.
 *   p     as ws_files_find_coded left it
 *   file  as it was found; replaced by a sibling where that is chosen */
void ws_files_represent(struct ws_files *root, struct ws_files_path *p,
    struct ws_span accept, struct ws_file *file);

#endif
