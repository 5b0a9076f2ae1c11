#!/bin/sh
# run.sh - all figures of the working tree in one run.
# SPDX-License-Identifier: MIT
#
#	bench/run.sh                                   # or: make bench
#	bench/run.sh && python3 bench/chart.py         # make bench RECORD=yes
#	bench/run.sh quick
#
# Throughput, processor time and system calls per message, latency, memory of
# wsd, beside floor.c (what the kernel alone costs) and the peers that are
# installed: libwebsockets, npm ws and socket.io, websocketd, nginx with nchan.
# The server has one core to itself, the generator another one. Each cell is
# measured several times, and the times are spread over the whole run, so that
# a noisy minute hurts all servers alike; the median is printed. System calls
# are counted by strace afterwards, so that counting slows nothing that is
# timed. It takes Linux, five minutes, and a machine that does nothing else.
#
# All of it is in build/bench/figures.tsv, the medians are in results.json beside
# it. chart.py makes these the ones to be shown: bench/results.json, the charts,
# and docs/benchmarks.md. "quick" takes one short round.
#
# Another server takes part by PEERS="name=command; other=command". The command
# is split at spaces; it gets a port in the environment as PORT, on which it is
# to serve at 127.0.0.1, in the process that was started (or children of it):
#
#	/echo               a WebSocket that sends back each message as it came
#	/room/a?self=1      one that sends it to all who are there, and back
#	/healthz            200, a Content-Length and any body, for GET
#
# A row that a peer does not serve is left out. Example:
#
#	PEERS="uws=/opt/uws/bench" sh bench/run.sh
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case ${1:-} in
'') rounds=5 seconds=0.5 warm=0.1 calls=2000 idle=10000 ;;
quick) rounds=1 seconds=0.3 warm=0.1 calls=500 idle=1000 ;;
*) die "usage: bench/run.sh [quick]" ;;
esac
quick=${1:-}
figures=$out/figures.tsv
json=$out/results.json
others=$(names_of_peers | tr '\n' ' ')

# all_rows COMMAND: run COMMAND ROW SERVER ARGUMENTS... for each cell. Servers
# named wsd_SOMETHING are variants of wsd: one that serves a directory, and
# sio-server.c, which does the same as the official Socket.IO server beside it.
all_rows() {
	row "$1" echo-16 "wsd floor lws ws websocketd $others" \
		-m echo -c 50 -s 16
	row "$1" echo-16-d16 "wsd floor lws ws websocketd $others" \
		-m echo -c 50 -s 16 -d 16
	row "$1" echo-1k "wsd floor lws ws websocketd $others" \
		-m echo -c 50 -s 1024
	row "$1" echo-64k "wsd floor lws ws websocketd $others" \
		-m echo -c 50 -s 65536
	row "$1" room-500 "wsd lws ws nginx $others" \
		-m fanout -P '/room/a?self=1' -c 500 -s 64 -d 2
	row "$1" echo-json "wsd_shared lws_shared ws_shared" \
		-e -m echo -c 50 -s 1024
	row "$1" room-json "wsd_shared lws_shared ws_shared" \
		-e -m fanout -P '/room/a?self=1' -c 100 -s 1024 -d 2
	row "$1" storm "wsd lws ws websocketd $others" -m storm -c 50
	row "$1" http "wsd nginx ws $others" -m http -P /healthz -c 50
	row "$1" file-4k "wsd_files nginx" -m http -P /4k.txt -c 50
	row "$1" file-1m "wsd_files nginx" -m http -P /1m.txt -c 10
	row "$1" sio-echo "wsd_sio sio" -k sio -m echo -c 100 -s 16
	row "$1" sio-room "wsd_sio sio" \
		-k sio -m fanout -N /relay/bench -c 1000 -s 64 -d 2
	row "$1" sio-storm "wsd_sio sio" -k sio -m storm -N /relay/bench -c 50
	row "$1" polling-echo "wsd_sio sio" \
		-k polling -m echo -c 100 -s 16
}

# row COMMAND ROW "SERVERS" ARGUMENTS... Each round begins with another server,
# since the first one may find the machine in another state than the next.
row() {
	command=$1 row=$2 servers_of_row=$(rotated $((round - 1)) "$3")
	shift 3
	for server in $servers_of_row; do
		eval "pid=\${pid_$server:-} port=\${port_$server:-}"
		[ -z "$pid" ] || "$command" "$@"
	done
}

# rotated N "WORDS": print the words, the first N of them last.
rotated() {
	n=$1
	# shellcheck disable=SC2086
	set -- $2
	while [ "$n" -gt 0 ]; do
		first=$1
		shift
		set -- "$@" "$first"
		n=$((n - 1))
	done
	echo "$@"
}

# put TEXT: a line of figures of the present row and server.
put() {
	printf '%s\t%s\t%s\n' "$row" "${server%%_*}" "$1" >>"$figures"
}

# A cell that fails once is left out from then on. wsd must not fail.
give_up() {
	why=$(cat "$out/load.errors")
	[ "${server%%_*}" != wsd ] || die "$row fails: $why"
	note "$row is left out for $server: $why"
	failed="$failed $row/$server "
}

has_failed() {
	case $failed in *" $row/$server "*) return 0 ;; esac
	return 1
}

# Measure one cell.
cell() {
	has_failed && return
	if line=$(load -p "$port" -S "$pid" -t "$seconds" -w "$warm" "$@" \
		2>"$out/load.errors"); then
		put "$line"
	else
		give_up
	fi
}

# count_calls N ARGUMENTS...: count the system calls of the server for N messages.
# Sometimes strace misses the signal that ends it, so it is tried again.
count_calls() {
	n=$1
	shift
	rm -f "$out/strace" "$out/strace.errors"
	strace -c -f -o "$out/strace" -p "$pid" 2>"$out/strace.errors" &
	tracer=$!
	tries=0
	until grep -qs attached "$out/strace.errors" || [ $tries -gt 100 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	load -p "$port" -n "$n" "$@" >/dev/null 2>"$out/load.errors"
	until grep -qs ' total$' "$out/strace" || [ $tries -gt 200 ]; do
		tries=$((tries + 1))
		kill -INT "$tracer" 2>/dev/null
		sleep 0.02
	done
	wait "$tracer" 2>/dev/null
	awk '$NF == "total" { print $4 }' "$out/strace"
}

# The difference between 2N messages and N: opening and closing cancel out.
system_calls() {
	has_failed && return
	messages=$calls
	case $row in
	room-json) messages=$((calls / 20)) each=100 ;;
	room-500) messages=$((calls / 20)) each=500 ;;
	sio-room) messages=$((calls / 20)) each=999 ;;
	echo-64k | file-1m) messages=$((calls / 4)) each=1 ;;
	*) each=1 ;;
	esac
	once=$(count_calls "$messages" "$@")
	twice=$(count_calls $((2 * messages)) "$@")
	[ "${once:-0}" -lt "${twice:-0}" ] || return
	put "$(awk -v a="$once" -v b="$twice" -v n=$((messages * each)) \
		'BEGIN { printf "calls=%.4f", (b - a) / n }')"
}

# Measure the disk space of a Socket.IO server: a stripped program, or a runtime
# and the packages for it.
octets_on_disk() {
	case $server in
	wsd_sio)
		cp "$out/sio-server" "$out/stripped"
		strip "$out/stripped"
		wc -c <"$out/stripped"
		;;
	sio)
		du -cbL "$(command -v node)" "$out/peers/node_modules" |
			awk '$2 == "total" { print $1 }'
		;;
	esac
}

# idle_socket_io ROW KIND: measure the memory of idle clients, at a server that
# has served nothing else.
idle_socket_io() {
	row=$1
	# shellcheck disable=SC2086
	start $command
	line=$(load -k "$2" -m idle -N /relay/bench -c "$idle" -t 1 \
		-p "$port" -S "$pid") || exit 1
	put "$line"
	stop "$pid"
}

# Measure the memory of Socket.IO servers, and how long they take to start.
socket_io_alone() {
	for server in wsd_sio sio; do
		command=$(command_of $server)
		[ -n "$command" ] || continue
		idle_socket_io sio-idle sio
		idle_socket_io polling-idle polling
		# shellcheck disable=SC2086
		line=$("$out/start" 5 $command) || exit 1
		row=sio-start
		put "$line file_octets=$(octets_on_disk)"
	done
}

# Print what was measured, on which machine, and when.
describe() {
	meta date "$(date -u +%Y-%m-%d)"
	meta processor "$(sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo)"
	meta cores "$(nproc)"
	meta system "$(uname -srm)"
	meta compiler "$($CC --version | head -n 1)"
	meta rounds "$rounds"
	for each in lws ws sio websocketd nginx node; do
		meta "$each" "$(version_of $each)"
	done
}

meta() {
	[ -z "$2" ] || printf 'meta\t%s\t%s\n' "$1" "$2" >>"$figures"
}

note "building"
build_wsd
build_static
build_sio
build_tools
build_lws
build_ws
build_files
BENCH_BUILT=yes
export BENCH_BUILT
: >"$figures"
failed=
describe

# The shells of Linux know these options of ulimit.
# shellcheck disable=SC3045
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
for server in wsd wsd_files wsd_sio wsd_shared floor lws lws_shared ws \
	ws_shared sio websocketd nginx $others; do
	command=$(command_of "$server")
	[ -n "$command" ] || continue
	# shellcheck disable=SC2086
	start $command
	eval "pid_$server=$pid port_$server=$port"
done
round=1
while [ "$round" -le "$rounds" ]; do
	note "round $round of $rounds"
	all_rows cell
	round=$((round + 1))
done
if command -v strace >/dev/null; then
	note "counting system calls"
	all_rows system_calls
else
	note "no strace: system calls are not counted"
fi
stop_all

note "measuring memory"
socket_io_alone
if [ -n "$quick" ]; then
	sh "$root/bench/memory.sh" -c "$idle" wsd static >>"$figures" || exit 1
else
	sh "$root/bench/memory.sh" wsd static lws ws >>"$figures" || exit 1
fi
if [ -z "$quick" ] && command -v valgrind >/dev/null; then
	note "counting instructions"
	for server in wsd lws; do
		[ -z "$(command_of $server)" ] || sh "$root/bench/ir.sh" \
			-n 2500 -r "echo-16 echo-16-d16 echo-1k room-500" \
			$server >>"$figures" || exit 1
	done
fi
awk -v json="$json" -f "$root/bench/report.awk" "$figures" || exit 1
echo
sh "$root/bench/codec.sh" || exit 1
echo
sh "$root/bench/deflate.sh" || exit 1
echo
sh "$root/bench/fairness.sh" --short || note "somebody can make others wait"
note "all figures are in $figures, the medians in $json"
