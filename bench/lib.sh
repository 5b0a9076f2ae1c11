# lib.sh - what the scripts of bench/ share: building, starting, stopping.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Everything is built under build/bench, from a copy of the sources and with
# flags of its own, so that figures do not depend on what `make` built last.
# -O2 without -march also keeps AVX-512 out, which valgrind does not know.

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/build/bench
mkdir -p "$out/src"

: "${CC:=cc}" "${SERVER_CORE:=0}" "${LOAD_CORE:=1}"
servers= # process ids of all servers that run
trap 'stop_all' EXIT
trap 'exit 1' INT TERM HUP

note() {
	echo "bench: $*" >&2
}

die() {
	note "$*"
	exit 1
}

# on CORE COMMAND...: run it on this core alone, if there are two.
on() {
	core=$1
	shift
	if [ "$(nproc)" -gt 1 ]; then
		exec taskset -c "$core" "$@"
	fi
	exec "$@"
}

# ---- building ----------------------------------------------------------------

# compile OUTPUT SOURCE [FLAGS]: one file of bench/, if it is newer.
compile() {
	program=$out/$1 source=$root/bench/$2
	shift 2
	# shellcheck disable=SC3013
	[ "$program" -nt "$source" ] && return
	$CC -std=c11 -D_DEFAULT_SOURCE -O2 -o "$program" "$source" "$@"
}

# The server twice: as `make` builds it, and as one static file (musl).
build_wsd() {
	unset MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS WS_CFLAGS
	cp -Rp "$root"/*.[ch] "$root/Makefile" "$root/www" "$out/src"
	${MAKE:-make} -s -C "$out/src" CC="$CC" CFLAGS=-O2 wsd >&2 ||
		die "wsd does not build"
	if command -v musl-gcc >/dev/null; then
		${MAKE:-make} -s -C "$out/src" static >/dev/null ||
			die "the static wsd does not build"
	else
		note "no musl-gcc: the static file is left out"
	fi
}

build_tools() {
	compile load load.c
	compile floor floor.c
	compile start start.c
}

build_lws() {
	if ! compile lws-server peers/lws-server.c -lwebsockets 2>/dev/null; then
		note "no libwebsockets (libwebsockets-dev): left out"
	fi
}

build_ws() {
	if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
		note "no Node.js with npm: ws is left out"
		return
	fi
	mkdir -p "$out/peers"
	cp "$root/bench/peers/package.json" "$root/bench/peers/ws-server.js" \
		"$out/peers"
	[ -d "$out/peers/node_modules/ws" ] && return
	(cd "$out/peers" && npm install --no-audit --no-fund --ignore-scripts \
		--no-package-lock --loglevel=error >/dev/null 2>&1) ||
		note "npm cannot install ws: left out"
}

# The command of a server. Prints nothing when it is not there.
command_of() {
	case $1 in
	wsd) echo "$out/src/wsd --log error -l 127.0.0.1:0" ;;
	static)
		[ ! -x "$out/src/build/wsd-static" ] ||
			echo "$out/src/build/wsd-static --log error -l 127.0.0.1:0"
		;;
	floor) echo "$out/floor" ;;
	lws) [ ! -x "$out/lws-server" ] || echo "$out/lws-server" ;;
	ws)
		[ ! -d "$out/peers/node_modules/ws" ] ||
			echo "node $out/peers/ws-server.js"
		;;
	esac
}

# ---- running -----------------------------------------------------------------

# start COMMAND...: start a server on its core; sets pid and port. All servers
# here say where they listen, in the form "listening on http://HOST:PORT/".
start() {
	log=$out/server.log
	: >"$log"
	(on "$SERVER_CORE" "$@") >"$log" 2>"$log.errors" &
	pid=$!
	servers="$servers $pid"
	tries=0
	until port=$(sed -n '/^listening on/s/.*:\([0-9]*\)\/.*/\1/p' "$log") &&
		[ -n "$port" ]; do
		tries=$((tries + 1))
		if ! kill -0 "$pid" 2>/dev/null || [ $tries -gt 600 ]; then
			die "$1 does not start: $(cat "$log.errors")"
		fi
		sleep 0.05
	done
}

stop() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

stop_all() {
	for each in $servers; do
		stop "$each"
	done
	servers=
}

# load ARGUMENTS...: one run of the generator on its core.
load() {
	(on "$LOAD_CORE" "$out/load" "$@")
}
