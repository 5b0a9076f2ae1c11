/* assets.h - the pages of www/, built into the program. */
/* SPDX-License-Identifier: MIT */
#ifndef ASSETS_H
#define ASSETS_H

#include "ws.h"

extern const struct ws_asset ws_www_assets[]; /* sorted by path */
extern const size_t ws_www_assets_count;

#endif
