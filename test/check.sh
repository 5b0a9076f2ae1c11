#!/bin/sh
# check.sh - everything that must hold before a change is shared.
# SPDX-License-Identifier: MIT
#
# make check runs all steps; make check STEPS="layers fuzz" runs these two. Each
# build has a copy of the tree under build/check, so that no two kinds of
# objects mix, and a second run compiles only what has changed. When a step
# fails, its output is shown at once, and the other steps still run.
set -u
MAKE=${MAKE:-make}
DIR=$PWD/build/check
JOBS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
PATH=$PATH:/usr/sbin
steps='layers layers_test warnings format headers docs asan kqueue bmake musl
    hardening dist fuzz msan valgrind inject budgets fairness interop'

# Copy the sources to build/check/NAME, and go there. Of an earlier copy only
# build/ stays: a file may have been renamed.
enter()
{
	mkdir -p "$DIR/$1"
	find "$DIR/$1" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
	tar cf - --exclude=./build --exclude=./.git --exclude='*.a' \
	    --exclude=./wsd --exclude=node_modules . | (cd "$DIR/$1" && tar xf -)
	cd "$DIR/$1" || exit 1
}

# Start a wsd on a free port; sets pid and address.
start_wsd()
{
	"$@" -l 127.0.0.1:0 >"$DIR/wsd.out" 2>&1 &
	pid=$!
	for _ in $(seq 300); do
		address=$(sed -n 's|.*\(http://127.0.0.1:[0-9]*\).*|\1|p' \
		    "$DIR/wsd.out" | head -n 1)
		[ -z "$address" ] || return 0
		kill -0 $pid 2>/dev/null || break
		sleep 0.1
	done
	cat "$DIR/wsd.out"
	return 1
}

# ---- the steps --------------------------------------------------------------

about_layers='every file stays on its floor'
step_layers()
{
	$MAKE -j"$JOBS" layers
}

about_layers_test='make layers finds every kind of violation'
step_layers_test()
{
	sh test/layers_test.sh
}

about_warnings='clang and gcc find nothing to warn of'
step_warnings()
{
	enter warnings
	for cc in gcc clang; do
		find . -name '*.c' ! -path './test/[!k]*' \
		    ! -path './bench/peers/*' |
		    sed "s/^/$cc /"
	done | xargs -n 2 -P "$JOBS" sh -c '
		$0 -std=c11 -D_DEFAULT_SOURCE= -D_FILE_OFFSET_BITS=64 -Wall \
		    -Wextra -Wconversion -Wshadow -Wstrict-prototypes \
		    -Wsign-compare -Werror -O1 -I. -Isio -Ihub -idirafter test/kqueue \
		    -fsyntax-only $1'
}

about_format='the source is laid out by clang-format'
step_format()
{
	$MAKE format-check
}

about_headers='each header compiles alone, public ones in C++ as well'
step_headers()
{
	for header in $(find . -name '*.h' ! -path './build/*' \
	    ! -path './test/*'); do
		${CC:-cc} -std=c11 -D_DEFAULT_SOURCE= -Wall -Wextra -Werror \
		    -I. -Isio -Ihub -fsyntax-only -x c "$header" || return 1
	done
	for standard in c++11 c++17; do
		for cxx in g++ clang++; do
			command -v $cxx >/dev/null || continue
			printf '#include "%s.h"\n' ws sio hub |
			    $cxx -std=$standard -Wall -Wextra -pedantic \
				-Werror -fsyntax-only -I. -Isio -Ihub -x c++ - ||
			    return 1
		done
	done
}

about_docs='the manuals are well-formed and say what the program says'
step_docs()
{
	$MAKE -j"$JOBS" all && sh test/docs.sh
}

about_asan='all tests under AddressSanitizer and UBSan'
step_asan()
{
	enter asan
	$MAKE -j"$JOBS" test CFLAGS="-O1 -g -fno-omit-frame-pointer \
	    -fsanitize=address,undefined -fno-sanitize-recover=all"
}

# WS_PORTABLE takes the branches that are meant for other systems.
about_kqueue='all tests with kqueue and what other systems have, by clang'
step_kqueue()
{
	enter kqueue
	$MAKE -j"$JOBS" test CC=clang LOOP=kqueue CFLAGS='-O1 -g -Werror' \
	    CPPFLAGS='-Itest/kqueue -DWS_PORTABLE' \
	    EXTRA_OBJS=build/obj/test/kqueue/kqueue.o
}

# The path has a space in it, as home directories may.
about_bmake='BSD make builds, installs and removes the same'
step_bmake()
{
	enter 'b make'
	rm -rf root
	bmake -j"$JOBS" all && bmake install DESTDIR="$PWD/root" PREFIX=/usr ||
	    return 1
	for file in bin/wsd lib/libws.a lib/libsio.a lib/libhub.a lib/pkgconfig/ws.pc \
	    lib/pkgconfig/sio.pc lib/pkgconfig/hub.pc \
	    include/ws.h include/sio.h include/hub.h share/man/man1/wsd.1 \
	    share/man/man3/ws.3 share/man/man3/sio.3 share/man/man3/hub.3 \
	    share/bash-completion/completions/wsd \
	    share/zsh/site-functions/_wsd \
	    share/fish/vendor_completions.d/wsd.fish; do
		[ -f "root/usr/$file" ] || { echo "no $file"; return 1; }
	done
	export PKG_CONFIG_LIBDIR=root/usr/lib/pkgconfig
	for example in ws:echo sio:chat-app hub:hub; do
		# shellcheck disable=SC2046
		cc -o "build/${example#*:}" "examples/${example#*:}.c" \
		    $(PKG_CONFIG_SYSROOT_DIR=root \
		    pkg-config --cflags --libs "${example%:*}") || return 1
	done
	bmake uninstall DESTDIR="$PWD/root" PREFIX=/usr
	[ -z "$(find root -type f)" ] || return 1
	bmake layers && bmake compile_commands && bmake help
}

about_musl='one static file below 384 KiB that serves its pages'
step_musl()
{
	$MAKE static || return 1
	[ "$(wc -c <build/wsd-static)" -lt 393216 ] ||
	    { echo "it is too large"; return 1; }
	mkdir -p "$DIR"
	start_wsd ./build/wsd-static || return 1
	curl -sSf "$address/" >"$DIR/page" && curl -sSf "$address/healthz"
	status=$?
	kill $pid
	wait $pid && cmp "$DIR/page" www/index.html && [ $status -eq 0 ]
}

about_hardening='the binaries are hardened, as readelf sees it'
step_hardening()
{
	$MAKE -j"$JOBS" all && $MAKE static || return 1
	sh test/hardening.sh ./wsd libws.a libsio.a libhub.a &&
	    sh test/hardening.sh -s build/wsd-static
}

about_dist='the tarball builds by itself'
step_dist()
{
	$MAKE dist || return 1
	rm -rf "$DIR/dist"
	mkdir -p "$DIR/dist"
	gzip -dc build/wsd-*.tar.gz | (cd "$DIR/dist" && tar xf -)
	cd "$DIR"/dist/wsd-* && $MAKE -j"$JOBS" && ./wsd --version
}

about_fuzz='each fuzz target for a few seconds'
step_fuzz()
{
	$MAKE fuzz
}

about_msan='the tests of what parses read no memory that was not written'
step_msan()
{
	$MAKE msan
}

# The client is that of python3-websockets, which the interop tests need, too.
about_valgrind='a live run leaves no memory behind and reads none that is not'
step_valgrind()
{
	$MAKE -j"$JOBS" all || return 1
	mkdir -p "$DIR"
	start_wsd valgrind -q --error-exitcode=9 --leak-check=full \
	    --errors-for-leak-kinds=all --show-leak-kinds=all ./wsd || return 1
	/usr/bin/python3 - "$address" <<-'END'
	import asyncio, sys, urllib.request, websockets

	http = sys.argv[1]
	ws = http.replace("http", "ws")

	async def talk():
	    room = [await websockets.connect(ws + "/room/r") for _ in range(20)]
	    for peer in room:
	        await peer.send("x" * 70000)
	    for peer in room:
	        for _ in range(19):
	            assert len(await peer.recv()) == 70000
	    async with websockets.connect(ws + "/echo", max_size=None) as echo:
	        for size in 0, 1, 125, 126, 65535, 65536, 1000000:
	            await echo.send(b"y" * size)
	            assert await echo.recv() == b"y" * size
	    for peer in room[:10]:
	        await peer.close()
	    room[10].transport.abort()

	for path in "/", "/chat.html", "/healthz":
	    urllib.request.urlopen(http + path).read()
	asyncio.run(talk())
	END
	status=$?
	kill $pid
	wait $pid || { cat "$DIR/wsd.out"; return 1; }
	return $status
}

about_inject='system calls that fail harm nobody but who asked'
step_inject()
{
	$MAKE -j"$JOBS" all && sh test/inject.sh
}

about_budgets='no operation costs more than what is committed'
step_budgets()
{
	$MAKE bench-ir RECORD=
}

# One attack of each kind: requests, files, crowds, the log, rooms, frames,
# compression, Socket.IO, JSON, polls. make fairness runs all.
FAIRNESS='head-gzip listing pipeline chunks drop bad-stuck room-1000 room-15000
    tiny fragments bombs deflate-echo sio-joins sio-events json-ints
    polls-flood'

about_fairness='no attack makes a client wait for 50 ms of processor time'
step_fairness()
{
	# shellcheck disable=SC2086
	sh bench/fairness.sh --short --seconds 0.4 --bound 50 $FAIRNESS
}

about_interop='official clients, proxies and a browser'
step_interop()
{
	$MAKE -j"$JOBS" all examples && sh test/interop/run.sh
}

# ---- running them -----------------------------------------------------------

mkdir -p "$DIR"
failed=
began=$(date +%s)
for step in ${STEPS:-$steps}; do
	start=$(date +%s)
	eval "echo \"==== $step: \$about_$step\""
	if (step_"$step") >"$DIR/$step.log" 2>&1; then
		grep -E '^[0-9]+ passed, |^(interop|budgets|fairness):' "$DIR/$step.log"
		echo "     good, $(($(date +%s) - start)) s"
	else
		grep -vE '^(cc|archive|link|embed) +[^ ]+$' "$DIR/$step.log" |
		    tail -n 100
		echo "     FAILED, all of it is in build/check/$step.log"
		failed="$failed $step"
	fi
done
echo "==== make check: $(($(date +%s) - began)) s${failed:+, failed:$failed}"
[ -z "$failed" ]
