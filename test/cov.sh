#!/bin/sh
# cov.sh - how much of each file the tests run: lines and branches.
# SPDX-License-Identifier: MIT
#
# Run by make cov. Builds a copy of the tree, build/cov, with gcc's counters,
# runs make test there, and prints a table made by gcovr. The counts of
# an earlier run are removed first.
set -u
MAKE=${MAKE:-make}
JOBS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
DIR=build/cov

if ! command -v gcovr >/dev/null; then
	echo 'make cov needs gcovr: apt-get install gcovr, or pip install gcovr' >&2
	exit 1
fi

mkdir -p $DIR/build
find $DIR -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
tar cf - --exclude=./build --exclude=./.git --exclude='*.a' --exclude=./wsd \
    --exclude=node_modules . | (cd $DIR && tar xf -)
cd $DIR || exit 1
find . -name '*.gcda' -exec rm -f {} +
$MAKE -j"$JOBS" test CC=gcc CFLAGS='-O0 -g --coverage' >build/test.log 2>&1
status=$?
grep -E '^FAILED|^[0-9]+ passed, ' build/test.log

# One line for each file of the product: lines, covered, branches, covered.
gcovr --root . --csv --exclude '(test|bench|examples|build)/' \
    --gcov-ignore-parse-errors build >build/cov.csv 2>build/gcovr.log ||
    { cat build/gcovr.log; exit 1; }
awk -F, '
	function percent(part, whole) {
		return whole == 0 ? "-" : sprintf("%.1f", 100 * part / whole)
	}
	function row(file, lines, ran, branches, taken) {
		printf "%-32s %7s %7s %9s %7s\n", file, lines, \
		    percent(ran, lines), branches, percent(taken, branches)
	}
	NR == 1 {
		for (i = 1; i <= NF; i++)
			column[$i] = i
		printf "%-32s %7s %7s %9s %7s\n", "file", "lines", "%", \
		    "branches", "%"
		next
	}
	{
		lines = $column["line_total"]
		ran = $column["line_covered"]
		branches = $column["branch_total"]
		taken = $column["branch_covered"]
		row($1, lines, ran, branches, taken)
		all_lines += lines
		all_ran += ran
		all_branches += branches
		all_taken += taken
	}
	END { row("all", all_lines, all_ran, all_branches, all_taken) }
	' build/cov.csv
exit $status
