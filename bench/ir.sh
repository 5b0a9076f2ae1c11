#!/bin/sh
# ir.sh - user-space instructions per message, counted by callgrind.
# SPDX-License-Identifier: MIT
#
#	bench/ir.sh [-n MESSAGES] [SERVER]
#
# SERVER is wsd (which is the default) or lws. Each figure is
#
#	(instructions for 2N messages - instructions for N) / N
#
# so start, handshakes and end cancel out. The count does not depend on what
# else the machine does: two runs differ by less than 1 %. Prints one line for
# each figure: the row, the server, instructions=COUNT.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

messages=10000
[ "${1:-}" != -n ] || { messages=$2; shift 2; }
server=${1:-wsd}

command -v valgrind >/dev/null || die "no valgrind: instructions are not counted"
if [ -z "${BENCH_BUILT:-}" ]; then
	build_tools
	[ "$server" != wsd ] || build_wsd
	[ "$server" != lws ] || build_lws
fi
command=$(command_of "$server")
[ -n "$command" ] || die "no $server"

# count N ARGUMENTS...: all instructions of a server that serves N messages.
count() {
	n=$1
	shift
	# shellcheck disable=SC2086
	start valgrind -q --tool=callgrind \
		--callgrind-out-file="$out/callgrind.out" $command
	load -p "$port" "$@" -n "$n" >/dev/null || die "load failed"
	stop "$pid"
	awk '/^totals:|^summary:/ { if ($2 > most) most = $2 }
	     END { printf "%d\n", most }' "$out/callgrind.out"
}

# row NAME DIVISOR N ARGUMENTS...: one figure; a message of N counts DIVISOR.
row() {
	name=$1 divisor=$2 n=$3
	shift 3
	once=$(count "$n" "$@") && twice=$(count $((2 * n)) "$@") || exit 1
	awk -v row="$name" -v server="$server" -v a="$once" -v b="$twice" \
		-v n=$((n * divisor)) 'BEGIN {
		printf "%s\t%s\tinstructions=%.1f\n", row, server, (b - a) / n
	}'
}

row echo-16 1 "$messages" -m echo -P /echo -c 50 -s 16 -d 1
row echo-16-d16 1 "$messages" -m echo -P /echo -c 50 -s 16 -d 16
row echo-1k 1 "$messages" -m echo -P /echo -c 50 -s 1024 -d 1
row room-500 500 $((messages / 250)) -m fanout -P '/room/a?self=1' -c 500 -s 64
[ "$server" != wsd ] ||
	row http 1 "$messages" -m http -P /healthz -c 50
