#!/bin/sh
# sources.sh - what a test program is made of: sources.sh test/http/test_NAME.c
# SPDX-License-Identifier: MIT
#
# Prints the file itself and, where it includes NAME.h from below test/, NAME.c
# and NAME_*.c beside that header; those may include more. sources.sh -l FILE
# prints the libraries of others that these are linked with.

# The headers below test/ that files include, without ".h".
headers()
{
	for file; do
		sed -n 's/^#include "\([a-z_0-9/]*\)\.h".*/\1/p' "$file" |
		    while read -r name; do
			case $name in
			test/*) echo "$name" ;;
			*/*) ;;
			*) echo "${file%/*}/$name" ;;
			esac
		done
	done 2>/dev/null
}

sources()
{
	echo "$1"
	headers "$1" | while read -r name; do
		echo "$name"
		headers "$name".[ch]
	done | sort -u | while read -r name; do
		ls "$name".c "${name}"_*.c 2>/dev/null
	done
}

if [ "$1" != -l ]; then
	sources "$1"
elif sources "$2" | xargs grep -qs '^#include <zlib\.h>'; then
	echo -lz
fi
exit 0
