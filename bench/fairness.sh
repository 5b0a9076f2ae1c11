#!/bin/sh
# fairness.sh - how long a well-behaved client waits while others attack.
# SPDX-License-Identifier: MIT
#
#	bench/fairness.sh [--short] [--seconds N] [--bound MS] [ATTACK...]
#	make fairness
#
# For each attack of the table in fairness.c, wsd is started afresh, one client
# sends one small message after the other to /echo, and the attack runs for
# some seconds (--short: for one, and without nginx). The figure is the
# processor time that the server spends between a message and its answer: the
# median, and the longest. Where nginx can do the same job, it is attacked in
# the same way while the client asks it for /healthz; its longest gap stands
# beside ours. It takes Linux, and descriptors: crowds are as large as
# `ulimit -Hn` allows.
#
# GOOD is below the goal, ok below the bound, SLOW above it. SILENT got no
# answer at all, DROPPED lost its connection. Other work of the machine empties
# the caches of the processor, so a figure above the bound is taken once more,
# and the second one counts. Status 1 when any is above the bound.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

seconds=4 bound=50 goal=20 files=$out/fairness-files peers=yes failed=''
while [ $# -gt 0 ]; do
	case $1 in
	--short) seconds=1 peers= ;;
	--bound)
		bound=$2
		shift
		;;
	--seconds)
		seconds=$2
		shift
		;;
	-*) die "usage: bench/fairness.sh [--short] [--seconds N]" \
		"[--bound MS] [ATTACK...]" ;;
	*) break ;;
	esac
	shift
done

# Make the files that fairness_http.c asks for, 100 MB, once.
make_files() {
	[ ! -f "$files/done" ] || return
	rm -rf "$files"
	mkdir -p "$files/many"
	seq 100000 | head -c 200000 >"$files/text"
	for n in $(seq 0 399); do
		{ echo "<!-- $n -->"; cat "$files/text"; } >"$files/f$n.html"
	done
	(cd "$files/many" && seq -f 'file-%05g.txt' 10000 | xargs touch)
	truncate -s 64M "$files/big.bin"
	: >"$files/done"
}

# Start nginx with these files, with listings, and with gzip of texts.
make_peer() {
	build_files
	sed -i -e "s|root .*|root $files; autoindex on; gzip on;|" \
		"$out/nginx/nginx.conf.in"
}

# Start wsd with the options that an attack needs; sets pid and port.
start_for() {
	options=$(echo "$1" | sed -e 's/^-$//' -e "s|@FILES@|$files|")
	case $options in
	*@STUCK@*)
		# Standard error is a pipe that is open for reading, and not
		# read.
		rm -f "$out/stuck"
		mkfifo "$out/stuck"
		exec 9<>"$out/stuck"
		# shellcheck disable=SC2016,SC2086
		start sh -c 'exec "$@" 2>"$0"' "$out/stuck" "$out/src/wsd" \
			-l 127.0.0.1:0 ${options%@STUCK@*}
		;;
	*--log*)
		# shellcheck disable=SC2086
		start "$out/src/wsd" -l 127.0.0.1:0 $options
		;;
	*)
		# shellcheck disable=SC2086
		start "$out/src/wsd" -l 127.0.0.1:0 --log error $options
		;;
	esac
}

# End the server, even one that does not react to SIGTERM.
halt() {
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	servers=
}

# attack_it NAME [--http]: attack the server that runs; sets figures.
attack_it() {
	attack=$1
	shift
	figures=$(on "$LOAD_CORE" "$out/fairness" "$@" -p "$port" -S "$pid" \
		-t "$seconds" "$attack" 2>"$out/fairness.errors") ||
		figures=
}

# The same attack on nginx; prints its longest gap.
peer() {
	if [ "$2" = - ] || [ -z "$peers" ]; then
		echo -
		return
	fi
	# shellcheck disable=SC2046
	start $(command_of nginx)
	attack_it "$1" --http
	halt
	echo "${figures:-?}" | awk -F '\t' '{
		if ($NF == "ok") printf "%.2f\n", $4 / 1000; else print $NF }'
}

# measure NAME OPTIONS: attack a server of its own; sets figures.
measure() {
	start_for "$2"
	attack_it "$1"
	halt
}

# Whether the figures are within the bound.
is_good() {
	echo "$figures" | awk -F '\t' -v bound="$bound" \
		'{ exit $NF != "ok" || $4 > bound * 1000 }'
}

# row NAME PEER OPTIONS WHAT: one line of the table.
row() {
	measure "$1" "$3"
	is_good || measure "$1" "$3"
	if [ -z "$figures" ]; then
		failed="$failed $1"
		printf '%-16s cannot run: %s\n' "$1" \
			"$(tail -n 1 "$out/fairness.errors")"
		return
	fi
	mine=$figures
	beside=$(peer "$1" "$2")
	echo "$mine" | awk -F '\t' -v bound="$bound" -v goal="$goal" \
		-v beside="$beside" -v what="$4" '{
		verdict = "SLOW"
		if ($NF != "ok")
			verdict = toupper($NF)
		else if ($4 <= goal * 1000)
			verdict = "GOOD"
		else if ($4 <= bound * 1000)
			verdict = "ok"
		printf "%-16s %13.0f %10.3f %10.2f  %-8s %9s  %s", $1, $2,
			$3 / 1000, $4 / 1000, verdict, beside, what
		if ($6 > 0)
			printf " (%d members, %d lost)", $6, $7
		if ($8 > 0)
			printf " (%d ended)", $8
		printf "\n"
		exit(verdict != "GOOD" && verdict != "ok")
	}' || failed="$failed $1"
}

# The shells of Linux know these options of ulimit.
# shellcheck disable=SC3045
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
[ -n "${BENCH_BUILT:-}" ] || build_wsd >&2
build_fairness
make_files
if [ -n "$peers" ] && [ -n "$(command_of nginx)" ]; then
	make_peer
else
	peers=
fi
attacks=$("$out/fairness" --attacks)
for name; do
	echo "$attacks" | cut -f 1 | grep -qx -e "$name" ||
		die "no such attack: $name"
done
printf '%-16s %13s %10s %10s  %-8s %9s  %s\n' attack 'octets sent' 'median ms' \
	'longest ms' verdict "nginx's" what
tab=$(printf '\t')
while IFS=$tab read -r name beside options what <&3; do
	case " $* " in
	"  " | *" $name "*) row "$name" "$beside" "$options" "$what" ;;
	esac
done 3<<END
$attacks
END
[ -z "$failed" ] || die "above $bound ms:$failed"
echo "fairness: no client waits for more than $bound ms"
