#!/bin/sh
# peak.sh - memory that a server gives back after a peak.
# SPDX-License-Identifier: MIT
#
#	bench/peak.sh [SERVER...]
#
# Servers are wsd and static (wsd with musl). For each attack of peak.py a
# server is started afresh. Fails when one has kept more than half as much again
# as it had before, five seconds after all clients have left.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

MOST=1.5 # of what was resident before

[ $# -gt 0 ] || set -- wsd static
# The shells of Linux know these options of ulimit.
# shellcheck disable=SC3045
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
if [ -z "${BENCH_BUILT:-}" ]; then
	build_wsd
	build_static
fi

failed=
for server; do
	command=$(command_of "$server")
	[ -n "$command" ] || continue
	for attack in crowd sessions halves; do
		# shellcheck disable=SC2086
		start $command --memory 4G
		figures=$( (on "$LOAD_CORE" python3 "$root/bench/peak.py" "$port" \
			"$pid" $attack)) || exit 1
		printf 'peak\t%s\t%s\t%s\n' "$server" $attack "$figures"
		stop "$pid"
		awk -v ratio="${figures##*ratio=}" -v most=$MOST \
			'BEGIN { exit ratio > most }' || failed=yes
	done
done
[ -z "$failed" ] || die "more than $MOST of what was resident before is kept"
