#!/bin/sh
# run.sh - wsd against real clients, proxies and a browser.
# SPDX-License-Identifier: MIT
#
# Usage, from anywhere, with all and examples made:
#   test/interop/run.sh [suite ...]
#   PEER=official test/interop/run.sh sio-engine sio-protocol sio-clients ...
#     the suites of Socket.IO against the official server, which proves them
#   VERSIONS=all test/interop/run.sh sio-versions
#     the whole table of docs/clients.md; see sio/versions.js
# Prints a line for each check, and fails when one fails. What is not installed
# is an error, never a reason to test less.
set -u
cd "$(dirname "$0")/../.." || exit 1

PATH=$PATH:/usr/sbin
BUILD=${BUILD:-$PWD/build/interop}
WSD=${WSD:-$PWD/wsd}
export PATH BUILD WSD
suites=${*:-curl ws deflate python proxies relay browser browser-pages
    browser-examples sio-engine sio-protocol sio-clients
    sio-versions sio-python sio-api sio-server sio-proxies sio-browser
    sio-admin}
missing=

# need COMMAND PACKAGE: note what is not there.
need() {
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

# Debian's module belongs to Debian's interpreter, which need not come first.
find_python() {
	for PYTHON in python3 /usr/bin/python3; do
		"$PYTHON" -c 'import websockets, socketio, aiohttp, websocket' \
		    2>/dev/null && return
	done
	missing="$missing python3-websockets python3-socketio"
	missing="$missing python3-aiohttp python3-websocket"
}

suite() {
	case $1 in
	curl) node test/interop/curl.js ;;
	ws|deflate|relay) node "test/interop/$1.js" ;;
	python) "$PYTHON" test/interop/python.py ;;
	proxies) node test/interop/proxies.js ;;
	browser|browser-*) node "test/interop/$1.js" ;;
	sio-python) "$PYTHON" test/interop/sio/python.py ;;
	sio-*) node "test/interop/sio/${1#sio-}.js" ;;
	*) echo "FAILED  there is no suite '$1'"; return 1 ;;
	esac
}

need node nodejs
need npm npm
need curl curl
need nginx nginx
need haproxy haproxy
need chromium chromium
find_python
export PYTHON
if [ -n "$missing" ]; then
	echo "run.sh: please install:$missing" >&2
	exit 1
fi
for file in "$WSD" libsio.a build/examples/reference; do
	if [ ! -e "$file" ]; then
		echo "run.sh: $file is not built" >&2
		exit 1
	fi
done

mkdir -p "$BUILD" || exit 1
for one in sio/twin sio/hooks deflate; do
	${CC:-cc} -std=c11 -D_DEFAULT_SOURCE -I. -Isio -O1 \
	    -o "$BUILD/${one#*/}" "test/interop/$one.c" libsio.a libws.a ||
	    exit 1
done
# The oldest clients name three packages by addresses at GitHub; the overrides
# have the same code from the registry. Scripts would compile parts of old
# packages that have a form in JavaScript, too. npm may put an optional package
# of a new ws where an old ws finds it, which means an older one by that name.
if ! cmp -s test/interop/package.json "$BUILD/package.json" ||
    [ ! -d "$BUILD/node_modules" ]; then
	cp test/interop/package.json "$BUILD/package.json"
	(cd "$BUILD" && npm install --ignore-scripts --no-audit --no-fund \
	    --no-package-lock --loglevel=error) || {
		rm -f "$BUILD/package.json"
		exit 1
	}
	rm -rf "$BUILD/node_modules/bufferutil" \
	    "$BUILD/node_modules/utf-8-validate"
fi

: >"$BUILD/log"
status=0
for one in $suites; do
	echo "---- $one"
	{ suite "$one" 2>&1 || echo "FAILED  suite $one"; } | tee -a "$BUILD/log"
done
good=$(grep -c '^ok ' "$BUILD/log")
bad=$(grep -c '^FAILED ' "$BUILD/log")
[ "$bad" -eq 0 ] && [ "$good" -gt 0 ] || status=1
echo "interop: $good checks passed, $bad failed"
exit $status
