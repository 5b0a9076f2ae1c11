#!/bin/sh
# ir.sh - user-space instructions for each operation, counted by callgrind.
# SPDX-License-Identifier: MIT
#
#	bench/ir.sh [-n MESSAGES] [-r ROWS] [SERVER]
#
# SERVER is wsd (which is the default) or lws; ROWS are some of those below,
# separated by spaces (all). Each figure is
#
#	(instructions for 2N messages - instructions for N) / N
#
# so start, handshakes and end cancel out. The number of events in a turn of the
# server's loop would depend on chance. So the generator runs on the server's
# core, and chrt -b makes the server wait until the generator has nothing more to
# send: two runs differ by 0.2 %, whatever else the machine does. Prints one line for each
# figure: the row, the server, instructions=COUNT.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
LOAD_CORE=$SERVER_CORE

messages=10000 rows=
while getopts n:r: option; do
	case $option in
	n) messages=$OPTARG ;;
	r) rows=$OPTARG ;;
	*) die "usage: bench/ir.sh [-n MESSAGES] [-r ROWS] [SERVER]" ;;
	esac
done
shift $((OPTIND - 1))
server=${1:-wsd}

command -v valgrind >/dev/null || die "no valgrind: instructions are not counted"
if [ -z "${BENCH_BUILT:-}" ]; then
	build_tools
	[ "$server" != wsd ] || build_wsd
	[ "$server" != lws ] || build_lws
fi
command=$(command_of "$server")
[ -n "$command" ] || die "no $server"

# The server has no environment, and a path of the same length everywhere. These
# strings stand at the end of its stack, so they move the stack. glibc's strcmp
# chooses its way by where in a page a string begins: that makes up to 3 % of the
# cost of a page.
program=${command%% *}
place=$(mktemp -d /tmp/bench.XXXXXX) || exit 1
trap 'stop_all; rm -r "$place"' EXIT
ln -s "$program" "$place/server"

# count N ARGUMENTS...: all instructions of a server that serves N messages.
count() {
	n=$1
	shift
	# shellcheck disable=SC2086
	start chrt -b 0 env -i -C / "$(command -v valgrind)" -q \
		--tool=callgrind --callgrind-out-file="$out/callgrind.out" \
		"$place/server" ${command#"$program"}
	load -p "$port" "$@" -n "$n" >/dev/null || die "load failed"
	stop "$pid"
	awk '/^totals:|^summary:/ { if ($2 > most) most = $2 }
	     END { printf "%d\n", most }' "$out/callgrind.out"
}

# row NAME DIVISOR N ARGUMENTS...: one figure; a message of N counts DIVISOR.
row() {
	name=$1 divisor=$2 n=$3
	shift 3
	case " ${rows:-$name} " in *" $name "*) ;; *) return ;; esac
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
[ "$server" = wsd ] || exit 0
row storm 1 $((messages / 10)) -m storm -c 50
row http 1 "$messages" -m http -P /healthz -c 50
row page 1 "$messages" -m http -P / -c 50
