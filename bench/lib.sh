# lib.sh - what the scripts of bench/ share: building, starting, stopping.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Everything is built under build/bench, from a copy of the sources and with
# flags of its own, so that figures do not depend on what `make` built last.
# -O2 without -march also keeps AVX-512 out, which valgrind does not know.

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/build/bench
mkdir -p "$out/src" "$out/peers"

: "${CC:=cc}" "${SERVER_CORE:=0}" "${LOAD_CORE:=1}"
PATH=$PATH:/usr/sbin
nchan=/usr/lib/nginx/modules/ngx_nchan_module.so
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

# on CORE COMMAND...: run a command on one core, if there are two.
on() {
	core=$1
	shift
	if [ "$(nproc)" -gt 1 ]; then
		exec taskset -c "$core" "$@"
	fi
	exec "$@"
}

# ---- building ----------------------------------------------------------------

# compile OUTPUT "SOURCES" [FLAGS]: compile a program of bench/, unless it is
# newer than every file that it can be made of.
compile() {
	program=$out/$1 sources=$2
	shift 2
	[ -z "$(find "$root/bench" "$out"/src/*.a -name '*.[cha]' \
		-newer "$program" 2>&1)" ] && return
	# shellcheck disable=SC2086
	(cd "$root/bench" && $CC -std=c11 -D_DEFAULT_SOURCE \
		-D_FILE_OFFSET_BITS=64 -I"$root" -O2 -o "$program" $sources "$@")
}

# Build the server as make does.
build_wsd() {
	unset MAKEFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS WS_CFLAGS
	(cd "$root" && find . -path ./build -prune -o -path ./test -prune -o \
	    \( -name '*.[ch]' -o -name Makefile -o -name '*.in' -o \
	    -name '*.sh' \) -print |
	    tar cf - -T - www) | (cd "$out/src" && tar xf -)
	${MAKE:-make} -s -C "$out/src" CC="$CC" CFLAGS=-O2 wsd >&2 ||
		die "wsd does not build"
}

# Build the server as one static file (musl), after build_wsd.
build_static() {
	if command -v musl-gcc >/dev/null; then
		${MAKE:-make} -s -C "$out/src" static >/dev/null ||
			die "the static wsd does not build"
	else
		note "no musl-gcc: the static file is left out"
	fi
}

# The counterpart of the official Socket.IO server.
build_sio() {
	${MAKE:-make} -s -C "$out/src" CC="$CC" CFLAGS=-O2 libws.a libsio.a \
		>&2 || die "libsio.a does not build"
	compile sio-server sio-server.c -I "$out/src" -I "$out/src/sio" \
		"$out/src/libsio.a" "$out/src/libws.a" ||
		die "sio-server does not build"
}

build_tools() {
	compile load "load.c load_run.c load_latency.c load_options.c load_cost.c \
		load_ws.c load_http.c load_sio.c load_polling.c \
		load_deflate.c ../deflate/deflate.c \
		../deflate/deflate_block.c ../deflate/deflate_code.c ../deflate/deflate_match.c \
		../deflate/inflate*.c" || die "load does not build"
	compile floor floor.c -O3 || die "floor does not build"
	compile start start.c || die "start does not build"
}

# The attackers of fairness.sh.
build_fairness() {
	compile fairness "fairness.c fairness_net.c fairness_http.c \
		fairness_ws.c fairness_sio.c ../deflate/deflate.c \
		../deflate/deflate_block.c ../deflate/deflate_code.c \
		../deflate/deflate_match.c" || die "fairness does not build"
}

build_lws() {
	compile lws-server peers/lws-server.c -lwebsockets 2>/dev/null ||
		note "no libwebsockets (libwebsockets-dev): left out"
}

# What comes from npm: ws, and the official server of Socket.IO.
build_ws() {
	if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
		note "no Node.js with npm: ws and socket.io are left out"
		return
	fi
	cmp -s "$root/bench/peers/package.json" "$out/peers/package.json" ||
		rm -rf "$out/peers/node_modules"
	cp "$root"/bench/peers/*.js* "$out/peers"
	[ -d "$out/peers/node_modules" ] && return
	(cd "$out/peers" && npm install --no-audit --no-fund --ignore-scripts \
		--no-package-lock --loglevel=error >/dev/null 2>&1) ||
		note "npm cannot install ws and socket.io: left out"
}

# Files to be served, and a configuration for nginx.
build_files() {
	mkdir -p "$out/files" "$out/nginx"
	seq 1000000 | head -c 4096 >"$out/files/4k.txt"
	seq 1000000 | head -c 1048576 >"$out/files/1m.txt"
	module=
	if [ -f "$nchan" ]; then
		module="load_module $nchan;"
	else
		note "no nchan (libnginx-mod-nchan): nginx has no rooms"
	fi
	sed -e "s|@MODULE@|$module|" -e "s|@DIR@|$out|" \
		"$root/bench/peers/nginx.conf" >"$out/nginx/nginx.conf.in"
	[ -f "$nchan" ] || sed -i '/nchan_/d' "$out/nginx/nginx.conf.in"
}

# ---- the servers -------------------------------------------------------------

# The command of a server, in which @PORT@ stands for a port if it does not say
# itself where it listens. Prints nothing when it is not there.
command_of() {
	modules=$out/peers/node_modules
	case $1 in
	wsd) echo "$out/src/wsd --log error -l 127.0.0.1:0" ;;
	wsd_shared)
		echo "$out/src/wsd --deflate=shared --log error -l 127.0.0.1:0"
		;;
	wsd_dedicated)
		echo "$out/src/wsd --deflate=dedicated --deflate-memory=1G" \
			"--log error -l 127.0.0.1:0"
		;;
	static)
		[ ! -x "$out/src/build/wsd-static" ] || echo \
			"$out/src/build/wsd-static --log error -l 127.0.0.1:0"
		;;
	wsd_files)
		echo "$out/src/wsd --log error -l 127.0.0.1:0 $out/files"
		;;
	wsd_sio) echo "$out/sio-server" ;;
	floor) echo "$out/floor" ;;
	lws) [ ! -x "$out/lws-server" ] || echo "$out/lws-server" ;;
	lws_shared)
		[ ! -x "$out/lws-server" ] || echo "$out/lws-server deflate"
		;;
	ws_shared)
		[ ! -d "$modules/ws" ] ||
			echo "node $out/peers/ws-server.js deflate"
		;;
	ws) [ ! -d "$modules/ws" ] || echo "node $out/peers/ws-server.js" ;;
	sio)
		[ ! -d "$modules/socket.io" ] ||
			echo "node $out/peers/socket.io-server.js"
		;;
	websocketd)
		! command -v websocketd >/dev/null ||
			echo "websocketd --loglevel=fatal --address=127.0.0.1" \
				"--port=@PORT@ cat"
		;;
	nginx)
		! command -v nginx >/dev/null || echo "nginx -e stderr" \
			"-p $out/nginx -c $out/nginx/@PORT@.conf"
		;;
	*) peer_named "$1" | sed 's/^/env PORT=@PORT@ /' ;;
	esac
}

# The commands in PEERS: "name=command; other=command".
peer_named() {
	echo "${PEERS:-}" | tr ';' '\n' | sed -n "s/^ *$1=//p"
}

names_of_peers() {
	echo "${PEERS:-}" | tr ';' '\n' | sed -n 's/^ *\([a-z0-9_]*\)=.*/\1/p'
}

# version_of PEER: print its version, if that can be found out.
version_of() {
	case $1 in
	lws) pkg-config --modversion libwebsockets | sed 's/-*$//' ;;
	ws | sio)
		name=$1
		[ "$1" = ws ] || name=socket.io
		sed -n 's/.*"version": "\(.*\)".*/\1/p' \
			"$out/peers/node_modules/$name/package.json"
		;;
	websocketd) dpkg-query -W -f '${Version}' websocketd ;;
	nginx) nginx -v 2>&1 | sed 's|.*/||' ;;
	node) node --version | tr -d v ;;
	esac 2>/dev/null
}

# ---- running -----------------------------------------------------------------

# listens PORT: whether a process listens there, by /proc/net/tcp (proc(5)).
listens() {
	grep -q ":$(printf %04X "$1") 0\{8,32\}:0000 0A" /proc/net/tcp \
		/proc/net/tcp6 2>/dev/null
}

# Choose a free port below those that the system gives to clients.
free_port() {
	port=${last_port:-$((15000 + $$ % 5000))}
	port=$((port + 1))
	while listens "$port"; do
		port=$((port + 1))
	done
	last_port=$port
}

# Wait until the server listens. It prints "listening on http://HOST:PORT/", or
# was told the port.
is_up() {
	if [ -n "$told" ]; then
		listens "$told"
		return
	fi
	port=$(sed -n '/^listening on/s/.*:\([0-9]*\)\/.*/\1/p' "$log")
	[ -n "$port" ]
}

# start COMMAND...: start a server on its core; sets pid and port.
start() {
	log=$out/server.log told=
	case $* in
	*@PORT@*)
		free_port
		told=$port
		sed "s|@PORT@|$port|" "$out/nginx/nginx.conf.in" \
			>"$out/nginx/$port.conf" 2>/dev/null
		# shellcheck disable=SC2046
		set -- $(echo "$*" | sed "s|@PORT@|$port|g")
		;;
	esac
	: >"$log"
	(on "$SERVER_CORE" "$@") >"$log" 2>"$log.errors" &
	pid=$!
	servers="$servers $pid"
	tries=0
	until is_up; do
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
