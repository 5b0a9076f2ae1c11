#!/bin/sh
# fuzz.sh - every fuzz target for a few seconds, beginning with its corpus.
# SPDX-License-Identifier: MIT
#
#   make fuzz [FUZZ_SECONDS=5] [TESTS="frame http"]
#
# As many targets run at a time as there are processors. What a target finds is
# left in build/fuzz; what it learns in build/fuzz/corpus/NAME, which is worth
# keeping between runs.
set -u
CC=${FUZZ_CC:-clang}
FLAGS="-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all"
DIR=build/fuzz
JOBS=$(getconf _NPROCESSORS_ONLN)

# Compile and run one target.
fuzz()
{
	corpus=test/fuzz/corpus/$1
	mkdir -p "$DIR/corpus/$1"
	[ -d "$corpus" ] || corpus=
	# shellcheck disable=SC2086,SC2046
	if ! $CC $WS_CFLAGS $FLAGS -fsanitize=fuzzer,address,undefined \
	    -o "$DIR/$1" $(sh test/sources.sh "test/fuzz/fuzz_$1.c") \
	    $DIR/libws.a $(sh test/sources.sh -l "test/fuzz/fuzz_$1.c") ||
	    ! "$DIR/$1" -max_total_time="${FUZZ_SECONDS:-5}" -timeout=20 \
		-artifact_prefix="$DIR/$1-" "$DIR/corpus/$1" $corpus \
		>"$DIR/$1.log" 2>&1; then
		tail -n 50 "$DIR/$1.log"
		echo "FAILED  fuzz $1"
		return 1
	fi
	echo "ok      fuzz $1 ($(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' \
	    "$DIR/$1.log") runs)"
}

# This script runs itself for each target.
if [ "${1:-}" = -1 ]; then
	fuzz "$2"
	exit
fi

mkdir -p $DIR/obj
stale=$(find $LIB ./*.h ./*/*.h sio/*/*.h -newer $DIR/libws.a 2>/dev/null)
if [ ! -f $DIR/libws.a ] || [ -n "$stale" ]; then
	rm -f $DIR/libws.a $DIR/obj/*
	# shellcheck disable=SC2086 # lists of words
	printf '%s\n' $LIB | xargs -P "$JOBS" -I {} \
	    sh -c "$CC $WS_CFLAGS $FLAGS -c {} -o $DIR/obj/\$(echo {} | tr / -).o \
		-fsanitize=fuzzer-no-link,address,undefined" || exit 1
	ar rcs $DIR/libws.a $DIR/obj/*.o
fi

# shellcheck disable=SC2046,SC2086 # lists of words
printf '%s\n' ${*:-$(cd test/fuzz && ls fuzz_*.c |
    sed 's/^fuzz_//; s/\.c$//')} | xargs -P "$JOBS" -I {} sh "$0" -1 {}
