#!/bin/sh
# growth.sh - what one operation costs when there is much else.
# SPDX-License-Identifier: MIT
#
#	bench/growth.sh [quick]
#
# Counts user-space instructions with callgrind: for each message, with more and
# more connections; for operations on rooms and timers, with more and more of
# these. A row is flat when its last column is within 1.2 of its first one. A row
# that grows is marked, and explained below the table; one without an explanation
# makes this fail. "quick" leaves the largest numbers out.
# Instructions tell nothing about caches: ten times as many rooms are slower to
# reach where the count is the same.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
LOAD_CORE=$SERVER_CORE # with chrt: see ir.sh

case ${1:-} in
'') crowds='100 1000 10000 19000' sizes='10 1000 100000' ;;
quick) crowds='100 1000 10000' sizes='10 1000' ;;
*) die "usage: bench/growth.sh [quick]" ;;
esac
for tool in valgrind callgrind_control; do
	command -v $tool >/dev/null || die "no $tool: nothing can be counted"
done

counted() {
	awk '/^totals:|^summary:/ { if ($2 > most) most = $2 }
	     END { printf "%d\n", most }' "$out/callgrind.out"
}

# each FILE MESSAGES: instructions for each, as one more column of FILE.
each() {
	awk -v all="$(counted)" -v n="$2" \
		'BEGIN { printf "\t%.0f", all / n }' >>"$1"
}

# ---- connections -------------------------------------------------------------

# fits N: whether descriptors allow so many connections, on either side.
fits() {
	# The shells of Linux know these options of ulimit.
	# shellcheck disable=SC3045
	hard=$(ulimit -Hn)
	[ "$hard" = unlimited ] || [ "$hard" -ge $(($1 + 64)) ]
}

# crowd N MODE IDLE ACTIVE ROUNDS: one cell. Counting begins when all are
# connected and ends before they leave.
crowd() {
	start chrt -b 0 valgrind -q --tool=callgrind --instr-atstart=no \
		--callgrind-out-file="$out/callgrind.out" \
		"$out/src/wsd" --log error --ping 0 -l 127.0.0.1:0
	messages=$(on "$LOAD_CORE" "$out/growth-clients" "$port" "$@" \
		"callgrind_control -i on $pid >/dev/null 2>&1" \
		"callgrind_control -i off $pid >/dev/null 2>&1") ||
		die "the crowd fails"
	stop "$pid"
	each "$table" "$messages"
}

# crowd_row TITLE MODE ACTIVE REMARK: one row; ACTIVE of them speak, the others
# are idle, or "all" do.
crowd_row() {
	printf '%s\t%s' "$1" "${4:-}" >>"$table"
	for n in $crowds; do
		active=$3
		[ "$active" != all ] || active=$n
		rounds=$((10000 / active))
		[ $rounds -ge 2 ] || rounds=2
		if fits "$n"; then
			crowd "$2" $((n - active)) "$active" $rounds
		else
			note "descriptors are limited: no $n connections"
			printf '\t-' >>"$table"
		fi
	done
	echo >>"$table"
}

# ---- rooms and timers --------------------------------------------------------

growth_rows() {
	"$out/growth" | while IFS='	' read -r row title remark; do
		printf '%s\t%s' "$title" "$remark" >>"$table"
		for n in $sizes; do
			operations=$(valgrind -q --tool=callgrind \
				--toggle-collect='measured*' \
				--callgrind-out-file="$out/callgrind.out" \
				"$out/growth" "$row" "$n") ||
				die "$row fails"
			each "$table" "$operations"
		done
		echo >>"$table"
	done
}

# ---- the tables --------------------------------------------------------------

# begin HEADING NUMBERS and finish: what stands between is a table, whose lines
# are TITLE <tab> REMARK and a figure for each number.
begin() {
	table=$out/growth.tsv
	heading=$1 numbers=$2
	: >"$table"
}

finish() {
	awk -F '\t' -v heading="$heading" -v numbers="$numbers" '
	BEGIN {
		printf "%-45s", heading
		n = split(numbers, head, " ")
		for (i = 1; i <= n; i++)
			printf " %9s", head[i]
		print "     ratio"
	}
	{
		printf "%-45s", $1
		for (i = 3; i <= NF; i++)
			printf " %9s", $i
		last = $NF == "-" ? $(NF - 1) : $NF
		ratio = last / $3
		printf " %9.2f%s\n", ratio, (ratio > 1.2 ? " *" : "")
		if (ratio <= 1.2)
			next
		notes[++count] = "* " $1 ": " ($2 != "" ? $2 : "WHY?")
		failed += $2 == ""
	}
	END {
		for (i = 1; i <= count; i++)
			print notes[i]
		print ""
		exit failed > 0
	}' "$table" || status=1
}

status=0
build_wsd
compile growth-clients growth-clients.c
# From the sources of the library, so always anew.
$CC -std=c11 -D_DEFAULT_SOURCE -O2 -I"$root" -o "$out/growth" \
	"$root/bench/growth.c" "$root/rooms.c" "$root/base/array.c" \
	"$root/base/mem.c" "$root/base/siphash.c" "$root/base/table.c" \
	"$root/net/timer.c" || die "growth does not build"

begin "instructions per message, connections:" "$crowds"
crowd_row "echo of 16 octets by 100, the others idle" echo 100
crowd_row "echo of 16 octets by all" echo all
crowd_row "delivery to a room of all" room all
finish
begin "instructions for each, N:" "$sizes"
growth_rows
finish
exit $status
