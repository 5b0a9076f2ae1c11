#!/bin/sh
# deflate.sh - size and speed of our DEFLATE beside zlib's.
# SPDX-License-Identifier: MIT
#
#	bench/deflate.sh [OPTIONS] [FILE...]      see deflate.c
#	bench/deflate.sh ir                       instructions, by valgrind
#
# Instructions are counted for each octet of what is compressed. glibc is told
# to clear memory without the one instruction that valgrind counts once for each
# octet, which would wrong zlib.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# count LEVEL KIND OCTETS TIMES: the four functions of deflate.c, of which those
# that compress see the octets so many times.
count() {
	GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=100000000 \
	valgrind -q --tool=callgrind --callgrind-out-file="$out/callgrind.out" \
		"$out/deflate" -r 1 -l "$1" -k "$2" >/dev/null || exit 1
	callgrind_annotate --inclusive=yes --show-percs=no --threshold=100 \
		"$out/callgrind.out" | awk -v level="$1" -v kind="$2" \
		-v octets="$3" -v times="$4" '
		$2 ~ /:(ours|zlib)_(write|read)$/ {
			gsub(",", "", $1)
			sub(".*:", "", $2)
			n = $2 ~ /write/ ? octets * times : octets
			if (!($2 in cost))
				cost[$2] = $1 / n
		}
		END {
			printf "%-12s %5d %8.1f %8.1f %6.2f %8.1f %8.1f %6.2f\n",
				kind, level,
				cost["ours_write"], cost["zlib_write"],
				cost["zlib_write"] / cost["ours_write"],
				cost["ours_read"], cost["zlib_read"],
				cost["zlib_read"] / cost["ours_read"]
		}'
}

instructions() {
	printf '%-12s %5s %8s %8s %6s %8s %8s %6s\n' messages level write \
		"zlib's" ratio read "zlib's" ratio
	for level in 1 6; do
		count $level "JSON 256" 65536 2
		count $level "JSON 1 KiB" 131072 2
		count $level "JSON 16 KiB" 524288 2
		count $level "text 1 MiB" 1048576 1
	done
}

if ! echo '#include <zlib.h>' | $CC -E - >/dev/null 2>&1; then
	note "no zlib (zlib1g-dev): DEFLATE is left out"
	exit 0
fi
# From the sources of the library, so always anew.
$CC -std=c11 -D_DEFAULT_SOURCE -I"$root" -O2 -o "$out/deflate" "$root/bench/deflate.c" \
	"$root"/deflate/deflate*.c "$root"/deflate/inflate*.c \
	"$root/base/mem.c" -lz || die "deflate does not build"
if [ "${1:-}" = ir ]; then
	instructions
else
	on "$SERVER_CORE" "$out/deflate" "$@"
fi
