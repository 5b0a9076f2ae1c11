#!/bin/sh
# hardening.sh - read off the binaries how they are hardened.
# SPDX-License-Identifier: MIT
#
#	test/hardening.sh PROGRAM [LIBRARY...]
#	test/hardening.sh -s STATIC
#
# Prints what is missing. PROGRAM and LIBRARY are made by make on Linux, STATIC
# by make static.
set -u
status=0

# has TEXT FILE: the last output of readelf has a line that matches TEXT.
has()
{
	grep -qE "$1" "$out" || { echo "$2: no $1"; status=1; }
}

lacks()
{
	! grep -E "$1" "$out" || { echo "$2: $1"; status=1; }
}

# What a program has, whatever it is linked with.
look_at_program()
{
	readelf -hldW "$1" >"$out"
	has 'Type: +DYN' "$1"
	has 'FLAGS.*BIND_NOW' "$1"
	has 'FLAGS_1.* PIE' "$1"
	has 'GNU_RELRO' "$1"
	has 'GNU_STACK.* RW ' "$1"
	lacks '(LOAD|STACK).* RWE' "$1"
	lacks 'TEXTREL' "$1"
}

# Guards of stack frames, functions that check sizes, and for x86 the mark of a
# shadow stack in each object.
look_at_code()
{
	readelf -sW "$1" >"$out"
	has 'UND __stack_chk_fail' "$1"
	has 'UND __[a-z]+_chk' "$1"
	[ "$(uname -m)" = x86_64 ] || return
	# Where a stack frame takes a page or more, each page of it is touched
	# when it is allocated.
	objdump -d "$1" >"$out"
	! grep -qE 'sub +\$0x[1-9a-f][0-9a-f]{3,},%rsp' "$out" || has 'orq? .*\$0x0,(0x[0-9a-f]+)?\(%rsp\)' "$1"
	case $1 in *.a) ;; *) return ;; esac
	readelf -hnW "$1" >"$out"
	[ "$(grep -c 'Type: *REL' "$out")" -eq "$(grep -c SHSTK "$out")" ] ||
	    { echo "$1: an object has no mark of a shadow stack"; status=1; }
}

out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
if [ "$1" != -s ]; then
	look_at_program "$1"
	for file; do
		look_at_code "$file"
	done
	exit $status
fi

look_at_program "$2"
lacks INTERP "$2"
# The loader is not there to protect what is relocated; the program does it.
"$2" -l 127.0.0.1:0 >/dev/null 2>&1 &
pid=$!
for _ in $(seq 50); do
	grep -F "/${2##*/}" /proc/$pid/maps >"$out"
	! grep -q ' r--p ' "$out" || break
	sleep 0.1
done
kill $pid
wait $pid
has ' r--p ' "$2"
exit $status
