/* static_list.h - answer with the listing of a directory. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_STATIC_LIST_H
#define WS_STATIC_LIST_H

#include "static_write.h"

/* Answer with a listing of the directory that the answer's file is; or with one
 * that is not complete yet, where the request may wait for it. HEAD does not
 * wait. */
void ws_static_list(struct ws_static_context *c);

#endif
