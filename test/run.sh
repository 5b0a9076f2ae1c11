#!/bin/sh
# run.sh - build and run the tests of the libraries and the program, several at
# a time.
# SPDX-License-Identifier: MIT
#
#   make test [TESTS="frame rooms"]
#
# Each test_NAME.c below test/ is one program, build/test/NAME, linked against
# libsio.a and libws.a. If a test brings its own allocator or network, or
# includes a module whole, the archive's member of that name stays out. Programs
# run from the top of the tree. cli and cli-sio are scripts that start wsd: they
# test its options, signals and sockets, and what it does with Socket.IO. The
# output of a test is in build/test/NAME.log, and shown when it fails.
set -u

WS_CFLAGS=${WS_CFLAGS:--std=c11 -D_DEFAULT_SOURCE=}
JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
DIR=build/test

file_of()
{
	ls test/*/test_"$1".c test/*/*/test_"$1".c 2>/dev/null
}

sources()
{
	sh test/sources.sh "$(file_of "$1")"
}

# Whether a program has to be compiled again: anything may be included.
is_stale()
{
	[ ! -x "$DIR/$1" ] || [ -n "$(find . -path ./build -prune -o \
	    \( -name '*.[ch]' -o -name '*.a' \) -newer "$DIR/$1" -print)" ]
}

compile()
{
	# shellcheck disable=SC2086,SC2046 # flags are lists of words
	! is_stale "$1" || ${CC:-cc} $WS_CFLAGS -O1 ${CPPFLAGS:-} ${CFLAGS:-} \
	    ${LDFLAGS:-} -idirafter test/kqueue -o "$DIR/$1" \
	    $(sources "$1") libhub.a libsio.a libws.a ${CRITERION:--lcriterion} \
	    $(sh test/sources.sh -l "$(file_of "$1")") -lm
}

# Print one number of the line that Criterion ends with.
figure()
{
	sed -n "s/.*Synthesis: .*$1: *\([0-9]*\).*/\1/p" "$2" | tail -n 1
}

# Run a script of test/cli, which prints a line for each check.
run_script()
{
	log=$DIR/$1.log
	python3 "$2" >"$log" 2>&1
	status=$?
	passed=$(grep -c '^ok ' "$log") failed=$(grep -c '^FAILED ' "$log")
	if [ $status -ne 0 ] || [ "$passed" -eq 0 ]; then
		[ "$failed" -gt 0 ] || failed=1
		echo "FAILED  $1 (exit status $status)"
		sed "/^ok /d; s/^/        /" "$log"
	else
		echo "ok      $1 ($passed)"
	fi
	echo "$passed $failed" >"$DIR/$1.result"
}

# Compile and run one; NAME.result says how it ended.
run_one()
{
	case $1 in
	cli) run_script cli test/cli/cli.py; return ;;
	cli-sio) run_script cli-sio test/cli/sio.py; return ;;
	esac
	log=$DIR/$1.log
	: >"$log"
	if ! compile "$1" 2>&1; then
		echo "not compiled: $1"
		echo "0 1" >"$DIR/$1.result"
		return
	fi
	"$DIR/$1" --jobs 2 --timeout 120 --color=never >"$log" 2>&1
	status=$?
	total=$(figure Tested "$log") passed=$(figure Passing "$log")
	if [ $status -ne 0 ] || [ "${total:-0}" -eq 0 ]; then
		failed=$((${total:-0} - ${passed:-0}))
		[ $failed -gt 0 ] || failed=1
		echo "${passed:-0} $failed" >"$DIR/$1.result"
		echo "FAILED  $1 (exit status $status)"
		sed "s/^/        /" "$log"
		return
	fi
	echo "$passed 0" >"$DIR/$1.result"
	echo "ok      $1 ($passed)"
}

has()
{
	# shellcheck disable=SC2086
	echo "#include <$1>" |
	    ${CC:-cc} ${CPPFLAGS:-} ${CFLAGS:-} -E - >/dev/null 2>&1
}

# What the tests need beyond the compiler: a header, and Debian's package.
want()
{
	has "$1" && return
	if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
		echo "installing $2"
		export DEBIAN_FRONTEND=noninteractive
		apt-get install -y -q "$2" >/dev/null 2>&1 ||
		    { apt-get update -q && apt-get install -y -q "$2"; } \
			>/dev/null
		has "$1" && return
	fi
	cat >&2 <<-END
	There is no <$1>. The tests need Criterion, a library for unit tests in
	C, and zlib, to compare with. Install them:
	    Debian, Ubuntu   apt-get install libcriterion-dev zlib1g-dev
	    Fedora           dnf install criterion-devel zlib-devel
	    macOS            brew install criterion
	    FreeBSD          pkg install criterion
	END
	exit 1
}

want_python()
{
	command -v python3 >/dev/null && return
	cat >&2 <<-END
	There is no python3, which tests the options and signals of wsd. Install
	it (apt-get, dnf, brew or pkg install python3).
	END
	exit 1
}

if [ "${1:-}" = --one ]; then
	run_one "$2"
	exit 0
fi

want criterion/criterion.h libcriterion-dev
want zlib.h zlib1g-dev
want_python
mkdir -p $DIR
rm -f $DIR/*.result
names=${*:-cli cli-sio $(find test -name 'test_*.c' |
    sed 's|.*/test_||; s|\.c$||' | sort)}
# shellcheck disable=SC2086
printf '%s\n' $names | xargs -n 1 -P "$JOBS" sh "$0" --one

# shellcheck disable=SC2086
cat $DIR/*.result | awk -v names="$(echo $names | wc -w)" '
	{ passed += $1; failed += $2 }
	END {
		if (NR < names)
			failed += names - NR
		printf "%d passed, %d failed\n", passed, failed
		exit failed > 0 || passed == 0
	}'
