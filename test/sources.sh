#!/bin/sh
# sources.sh - what a test program is made of: sources.sh test/test_NAME.c
# SPDX-License-Identifier: MIT
#
# Prints the file itself and, where it includes NAME.h of this directory,
# NAME.c and NAME_*.c; those may include more. sources.sh -l test/test_NAME.c
# prints the libraries of others that these are linked with.

includes()
{
	sed -n 's/^#include "\([a-z_0-9]*\)\.h".*/\1/p' "$@"
}

sources()
{
	echo "$1"
	includes "$1" | while read -r name; do
		{ echo "$name"; includes test/"$name".[ch]; } 2>/dev/null
	done | sort -u | while read -r name; do
		ls test/"$name".c test/"${name}"_*.c 2>/dev/null
	done
}

if [ "$1" != -l ]; then
	sources "$1"
elif sources "$2" | xargs grep -qs '^#include <zlib\.h>'; then
	echo -lz
fi
exit 0
