#!/bin/sh
# run.sh - all figures of the working tree in one run.
# SPDX-License-Identifier: MIT
#
#	bench/run.sh [quick]
#
# Throughput, CPU per message, latency, instructions per message and memory of
# wsd, beside floor.c (what the kernel alone costs) and the peers that are
# installed. The server has one core to itself, the generator another one.
# Each cell is measured several times, and the times are spread over the whole
# run, so that a noisy minute hurts all servers alike; the median is printed.
# All of it is in build/bench/figures.tsv, the medians in results.json.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case ${1:-} in
'') rounds=5 seconds=0.8 warm=0.2 messages=10000 ;;
quick) rounds=1 seconds=0.5 warm=0.1 messages=2500 ;;
*) die "usage: bench/run.sh [quick]" ;;
esac
quick=${1:-}
figures=$out/figures.tsv

# cell ROW SERVER ARGUMENTS...: measure a row of a server that is there.
cell() {
	row=$1 server=$2
	shift 2
	eval "pid=\${pid_$server:-} port=\${port_$server:-}"
	[ -n "$pid" ] || return 0
	line=$(load -p "$port" -S "$pid" -t "$seconds" -w "$warm" "$@") ||
		die "$row fails against $server"
	printf '%s\t%s\t%s\n' "$row" "$server" "$line" >>"$figures"
}

one_round() {
	for server in wsd floor lws ws; do
		cell echo-16 "$server" -m echo -c 50 -s 16 -d 1
		cell echo-16-d16 "$server" -m echo -c 50 -s 16 -d 16
		cell echo-1k "$server" -m echo -c 50 -s 1024 -d 1
	done
	for server in wsd lws ws; do
		cell room-500 "$server" -m fanout -P '/room/a?self=1' -c 500 \
			-s 64 -d 2
		cell storm "$server" -m storm -c 50
	done
	for server in wsd ws; do
		cell http "$server" -m http -P /healthz -c 50
	done
}

note "building"
build_wsd
build_tools
build_lws
build_ws
BENCH_BUILT=yes
export BENCH_BUILT
: >"$figures"

for server in wsd floor lws ws; do
	command=$(command_of "$server")
	[ -n "$command" ] || continue
	# shellcheck disable=SC2086
	start $command
	eval "pid_$server=$pid port_$server=$port"
done
round=1
while [ "$round" -le "$rounds" ]; do
	note "round $round of $rounds"
	one_round
	round=$((round + 1))
done
stop_all

if command -v valgrind >/dev/null; then
	note "counting instructions"
	sh "$root/bench/ir.sh" -n "$messages" wsd >>"$figures" || exit 1
	[ -n "$quick" ] || [ -z "$(command_of lws)" ] ||
		sh "$root/bench/ir.sh" -n "$messages" lws >>"$figures" || exit 1
else
	note "no valgrind: instructions are not counted"
fi
note "measuring memory"
if [ -n "$quick" ]; then
	sh "$root/bench/memory.sh" wsd static >>"$figures" || exit 1
else
	sh "$root/bench/memory.sh" wsd static lws ws >>"$figures" || exit 1
fi
awk -v json="$out/results.json" -f "$root/bench/report.awk" "$figures"
