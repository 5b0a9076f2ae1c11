#!/bin/sh
# known_flags.sh - print the flags that a compiler knows and links with.
# SPDX-License-Identifier: MIT
#
#	program/known_flags.sh "BEFORE" "AFTER" FLAG...
#
# BEFORE is the compiler with the flags that stand before these, AFTER what
# follows them. Each FLAG is tried together with those that were good before it;
# one FLAG may be several words. The answer is kept in build/known, since the
# Makefile asks each time.
set -u
before=$1 after=$2
shift 2
mkdir -p build/known
key=$(printf '%s\n' "$before" "$after" "$@" | cksum | tr -d ' ')
if [ -f "build/known/$key" ]; then
	cat "build/known/$key"
	exit
fi

# glibc warns of a fortified source that is not optimised. A sanitizer sees more
# of a call that is not fortified.
try=build/known/$$
trap 'rm -f "$try".*' EXIT
cat >$try.c <<'END'
#include <string.h>
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined _FORTIFY_SOURCE && (defined __SANITIZE_ADDRESS__ || \
    __has_feature(address_sanitizer) || __has_feature(memory_sanitizer))
#error "not with a sanitizer"
#endif
int
main(void)
{
	return 0;
}
END
known=
for flag; do
	# shellcheck disable=SC2086 # lists of words
	if $before -Werror $known $flag $after -o $try.out $try.c 2>/dev/null
	then
		known="$known $flag"
	fi
done
echo "${known# }" >"$try.new"
cat "$try.new"
mv "$try.new" "build/known/$key"
