#!/bin/sh
# codec.sh - the speed of masking, UTF-8, SHA-1 and base64, beside memcpy.
# SPDX-License-Identifier: MIT
#
#	bench/codec.sh
#
# Compiled as the library is, for any processor of this kind.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# From the sources of the library, so always anew.
$CC -std=c11 -D_DEFAULT_SOURCE -O2 -I"$root" -o "$out/codec" \
	"$root/bench/codec.c" "$root/websocket/frame.c" "$root/base/utf8.c" "$root/sha1.c" \
	"$root/base64.c" || die "codec does not build"
on "$SERVER_CORE" "$out/codec"
