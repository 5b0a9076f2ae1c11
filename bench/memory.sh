#!/bin/sh
# memory.sh - memory of idle connections and of nothing, size, time to start.
# SPDX-License-Identifier: MIT
#
#	bench/memory.sh [-c CONNECTIONS] [SERVER...]
#
# Servers are wsd, static (wsd with musl), wsd_shared and wsd_dedicated (with
# permessage-deflate agreed on), lws and ws; and wsd_sio, wsd_polling and
# static_polling, whose clients speak Socket.IO, over WebSocket or by polling.
# Each is started afresh. "rss_each" is what its resident memory grew by, per
# idle client.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

connections=10000
[ "${1:-}" != -c ] || { connections=$2; shift 2; }
[ $# -gt 0 ] || set -- wsd static

# The shells of Linux know these options of ulimit.
# shellcheck disable=SC3045
hard=$(ulimit -Hn)
if [ "$hard" != unlimited ] && [ "$hard" -lt $((connections + 64)) ]; then
	connections=$((hard - 64))
	note "descriptors are limited: only $connections connections"
fi
# shellcheck disable=SC3045
ulimit -n "$hard" 2>/dev/null || true
if [ -z "${BENCH_BUILT:-}" ]; then
	build_wsd
	build_static
	build_tools
	build_lws
	build_ws
fi

for server; do
	client='-P /echo' program=$server
	case $server in
	wsd_shared | wsd_dedicated) client='-P /echo -e' ;;
	*_sio) client='-k sio -N /relay/bench' program=${server%_sio} ;;
	*_polling)
		client='-k polling -N /relay/bench' program=${server%_polling}
		;;
	esac
	command=$(command_of "$program")
	[ -n "$command" ] || continue
	# shellcheck disable=SC2086
	start $command
	# shellcheck disable=SC2086
	figures=$(load $client -m idle -p "$port" -c "$connections" -t 1 \
		-S "$pid") || exit 1
	printf 'idle\t%s\t%s\n' "$server" "$figures"
	stop "$pid"
	[ "$program" = "$server" ] || continue
	# shellcheck disable=SC2086
	figures=$("$out/start" 21 $command) || exit 1
	printf 'start\t%s\t%s\n' "$server" "$figures"
	case $server in
	wsd | static)
		file=${command%% *}
		cp "$file" "$out/stripped"
		strip "$out/stripped"
		printf 'size\t%s\tfile_octets=%s\n' "$server" \
			"$(wc -c <"$out/stripped" | tr -d ' ')"
		;;
	esac
done
