# budgets.awk - figures beside those that are committed, and the budgets.
# SPDX-License-Identifier: MIT
#
# The first file is budgets.tsv: ROW FIGURE COMPILER MACHINE, separated by
# tabs. The second one is ROW FIGURE, as measured now; of a row that comes
# twice the least counts. -v compiler= and -v machine= say what it was measured
# with. With -v mode=above only the names of rows that are too large are
# printed; without, all are, and the exit status is 1 when there are any.
# A budget is what we want, a committed figure what we have: only the latter
# must not be exceeded.

BEGIN {
	FS = "\t"
	add("echo-16", "echo, 16 B text, 50 connections", 380)
	add("echo-16-d16", "the same, 16 in flight each", 195)
	add("echo-1k", "echo, 1 KiB text, 50 connections", 690)
	add("room-500", "delivery of 64 B to a room of 500", 240)
	add("storm", "open and close a WebSocket", "")
	add("http", "GET /healthz", "")
	add("page", "GET /, a page of 2.8 KB", "")
	add("idle-10000-wsd", "octets per idle WebSocket, of 10,000", 250)
	add("idle-10000-static", "the same, static (musl)", "")
	add("idle-10000-wsd_sio", "octets per idle Socket.IO client", 700)
	add("idle-10000-wsd_polling", "the same, polling", 1200)
	add("idle-10000-static_polling", "the same, static (musl)", "")
	add("empty-static", "KiB resident, empty, static", 320)
	add("size-static", "octets of the static file", 393216)
}

function add(row, text, most) {
	rows[++count] = row
	title[row] = text
	budget[row] = most
}

/^#/ {
	next
}

FNR == NR {
	if ($3 == compiler && $4 == machine) {
		committed[$1] = $2
		held = 1
	}
	next
}

{
	if (!($1 in title))
		add($1, $1, "")
	if (!($1 in now) || $2 + 0 < now[$1] + 0)
		now[$1] = $2
}

function change(row) {
	return 100 * (now[row] - committed[row]) / committed[row]
}

function is_above(row) {
	return row in now && row in committed && change(row) > 3
}

function is_below(row) {
	return row in now && row in committed && change(row) < -3
}

function print_row(row,   remark) {
	remark = "-"
	if (row in committed && row in now)
		remark = sprintf("%+.1f %%", change(row))
	printf "%-38s %9s %10s %8s %8s%s\n", title[row], \
	    row in now ? now[row] : "-", \
	    row in committed ? committed[row] : "-", remark, \
	    budget[row] != "" ? budget[row] : "-", \
	    is_above(row) ? "  TOO LARGE" : ""
}

END {
	if (mode != "above")
		printf "%-38s %9s %10s %8s %8s\n", "user-space instructions, and memory", \
		    "now", "committed", "change", "budget"
	for (i = 1; i <= count; i++) {
		above += is_above(rows[i])
		below += is_below(rows[i])
		if (mode != "above")
			print_row(rows[i])
		else if (is_above(rows[i]))
			printf "%s ", rows[i]
	}
	if (mode == "above")
		exit 0
	if (above)
		print "find out why, or, if it is worth it," \
		    " make bench-ir RECORD=yes"
	else if (below)
		print below " are smaller by more than 3 %:" \
		    " make bench-ir RECORD=yes keeps them so"
	printf "budgets: %s (%s, %s)\n", !held ? "no figures to hold against" \
	    : above ? above " exceeded by more than 3 %" : "all are kept", \
	    compiler, machine
	exit above > 0
}
