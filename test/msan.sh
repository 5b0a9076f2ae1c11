#!/bin/sh
# msan.sh - the unit tests of what parses, under MemorySanitizer.
# SPDX-License-Identifier: MIT
#
# Run by make check, by hand with TESTS="frame http". The libraries and the tests
# are compiled by clang, with test/msan/criterion in the place of Criterion,
# which would have to be compiled like this as well; so would zlib, hence tests
# that compare with it are left out, and so are tests of what only moves octets.
set -u
FLAGS='-O1 -g1 -fno-omit-frame-pointer -fsanitize=memory
    -fno-sanitize-recover=all'
DIR=build/msan
JOBS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
export FLAGS DIR WS_CFLAGS

mkdir -p $DIR
rm -f $DIR/*.o $DIR/*.log $DIR/libws.a
# shellcheck disable=SC2086,SC2016 # lists of words; expanded by that shell
printf '%s\n' $LIB | xargs -n 1 -P "$JOBS" sh -c '
	clang $WS_CFLAGS $FLAGS -c "$0" -o "$DIR/$(echo "$0" | tr / -).o"' ||
    exit 1
ar rcs $DIR/libws.a $DIR/*.o

tests=$(cd test && find base deflate http websocket sio net/test_address.c \
    net/test_timer.c server/test_peers.c server/test_rooms.c sim/test_sim_edges.c \
    -name 'test_*.c' | sort)
chosen=
for file in $tests; do
	file=test/$file
	name=$(basename "$file" .c)
	case " ${TESTS:-${name#test_}} " in *" ${name#test_} "*) ;;
	*) continue ;; esac
	sources=$(sh test/sources.sh "$file")
	# Those that run a server on a socket belong to make test.
	case $sources in *test/client.c*) continue ;; esac
	# shellcheck disable=SC2086
	! grep -qs '^#include <zlib\.h>' $sources || continue
	chosen="$chosen $file"
done

# shellcheck disable=SC2086,SC2016
printf '%s\n' $chosen | xargs -n 1 -P "$JOBS" sh -c '
	name=$(basename "$0" .c)
	clang $WS_CFLAGS $FLAGS -Wno-everything -Itest/msan -o "$DIR/$name" \
	    $(sh test/sources.sh "$0") "$DIR/libws.a" -lm &&
	    "$DIR/$name" >"$DIR/$name.log" 2>&1 && exit
	echo "FAILED  ${name#test_}"
	tail -n 40 "$DIR/$name.log"
	exit 1'
status=$?
cat $DIR/test_*.log | awk '/ passed, [0-9]+ failed$/ { p += $1; f += $3 }
    END { print p " passed, " f " failed" }'
exit $status
