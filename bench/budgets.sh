#!/bin/sh
# budgets.sh - what an operation costs, held against what it cost before.
# SPDX-License-Identifier: MIT
#
#	bench/budgets.sh [record]
#
# Counts instructions (ir.sh) and memory (memory.sh), prints them beside the
# figures of budgets.tsv, and fails when one exceeds its budget by more than 3 %.
# A budget holds for one compiler and one kind of machine; on any other this only
# prints. "record" writes the new figures to budgets.tsv, beside those of other
# compilers and machines.
#
# No time is measured, so other work of the machine does not matter. To be sure,
# a figure that is too large is measured again, and the smaller one counts.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

case ${1:-} in
'' | record) ;;
*) die "usage: bench/budgets.sh [record]" ;;
esac
messages=5000
committed=$root/bench/budgets.tsv
figures=$out/budgets.now
# "cc (Debian 12.2.0-14) 12.2.0" may be called by other names.
compiler=$($CC --version | sed 's/^[^ ]*cc[-0-9]* (/gcc (/;q')
machine=$(uname -m)

# measure [ROWS]: instructions and memory, as "ROW <tab> FIGURE". The number of
# connections is a part of the row: where descriptors are few, there is no
# figure to be held against.
measure() {
	: >"$out/budgets.raw"
	if command -v valgrind >/dev/null; then
		sh "$root/bench/ir.sh" -n "$messages" -r "${1:-}" wsd \
			>>"$out/budgets.raw" || die "nothing can be counted"
	fi
	sh "$root/bench/memory.sh" wsd static wsd_sio wsd_polling \
		static_polling >>"$out/budgets.raw" ||
		die "memory cannot be measured"
	awk -F '\t' -v OFS='\t' '
	function value(key) {
		match($3, key "=[0-9.]*")
		return substr($3, RSTART + length(key) + 1,
		    RLENGTH - length(key) - 1)
	}
	$3 ~ /^instructions=/ { print $1, value("instructions") }
	$1 == "idle" {
		print "idle-" value("connections") "-" $2, value("rss_each")
	}
	$1 == "start" && $2 == "static" {
		print "empty-static", value("rss_kib")
	}
	$1 == "size" && $2 == "static" {
		print "size-static", value("file_octets")
	}' "$out/budgets.raw"
}

# compare [above]: the table, or only the rows that are above their figure.
compare() {
	awk -v compiler="$compiler" -v machine="$machine" -v mode="${1:-}" \
		-f "$root/bench/budgets.awk" "$committed" "$figures"
}

record() {
	awk -F '\t' -v compiler="$compiler" -v machine="$machine" \
		'/^#/ || $3 != compiler || $4 != machine' "$committed" \
		>"$out/budgets.tsv"
	sed "s|\$|	$compiler	$machine|" "$figures" >>"$out/budgets.tsv"
	cp "$out/budgets.tsv" "$committed"
	note "recorded in bench/budgets.tsv"
}

build_wsd
build_static
build_tools
BENCH_BUILT=yes
export BENCH_BUILT
command -v valgrind >/dev/null ||
	note "no valgrind: instructions are not counted"
measure >"$figures" || exit 1
if [ "${1:-}" = record ]; then
	record
	exit 0
fi
above=$(compare above)
if [ -n "$above" ]; then
	note "once more, to be sure:" "$above"
	measure "$above" >>"$figures" || exit 1
fi
compare
