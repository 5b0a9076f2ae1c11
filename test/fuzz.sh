#!/bin/sh
# fuzz.sh - every fuzz target for a few seconds, beginning with its corpus.
# SPDX-License-Identifier: MIT
#
#   make fuzz [FUZZ_SECONDS=5] [TESTS="frame http"]
#
# What a target finds is left in build/fuzz; what it learns in
# build/fuzz/corpus/NAME, which is worth keeping between runs.
set -u
CC=${FUZZ_CC:-clang}
FLAGS="-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all"
DIR=build/fuzz

mkdir -p $DIR/obj
stale=$(find $LIB ./*.h ./*/*.h sio/*/*.h -newer $DIR/libws.a 2>/dev/null)
if [ ! -f $DIR/libws.a ] || [ -n "$stale" ]; then
	rm -f $DIR/libws.a $DIR/obj/*
	# shellcheck disable=SC2086 # lists of words
	printf '%s\n' $LIB | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I {} \
	    sh -c "$CC $WS_CFLAGS $FLAGS -c {} -o $DIR/obj/\$(echo {} | tr / -).o \
		-fsanitize=fuzzer-no-link,address,undefined" || exit 1
	ar rcs $DIR/libws.a $DIR/obj/*.o
fi

status=0
for name in ${*:-$(cd test/fuzz && ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')}; do
	corpus=test/fuzz/corpus/$name
	mkdir -p "$DIR/corpus/$name"
	[ -d "$corpus" ] || corpus=
	# shellcheck disable=SC2086,SC2046
	if ! $CC $WS_CFLAGS $FLAGS -fsanitize=fuzzer,address,undefined \
	    -o "$DIR/$name" $(sh test/sources.sh "test/fuzz/fuzz_$name.c") \
	    $DIR/libws.a $(sh test/sources.sh -l "test/fuzz/fuzz_$name.c") ||
	    ! "$DIR/$name" -max_total_time="${FUZZ_SECONDS:-5}" -timeout=20 \
		-artifact_prefix="$DIR/$name-" "$DIR/corpus/$name" $corpus \
		>"$DIR/$name.log" 2>&1; then
		tail -n 50 "$DIR/$name.log"
		echo "FAILED  fuzz $name"
		status=1
		continue
	fi
	echo "ok      fuzz $name ($(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' \
	    "$DIR/$name.log") runs)"
done
exit $status
