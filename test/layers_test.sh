#!/bin/sh
# layers_test.sh - make layers finds every kind of violation.
# SPDX-License-Identifier: MIT
#
# Works in a copy of the tree, build/layers/tree: the clean copy must pass; then
# each rule of layers.sh is broken once, alone, and make layers must fail and
# name what was done. It must name nothing new once the copy is clean again.
set -u
MAKE=${MAKE:-make}
top=$PWD
copy=$PWD/build/layers/tree
failures=0

complain()
{
	echo "layers_test: $*" >&2
	failures=$((failures + 1))
}

# Run make layers in the copy; what it finds is then in "found".
layers()
{
	$MAKE -j2 layers CFLAGS=-O0 >build/out 2>&1
	status=$?
	grep '^layers: ' build/out | sort >found
	return $status
}

# expect RULE LINE: make layers fails, for the line among others. Then all
# files are as they were. They are newer than their objects, so make compiles
# them again.
expect()
{
	! layers || complain "$1: make layers passes"
	grep -qxF "layers: $2" found || {
		complain "$1: make layers does not say: $2"
		cat build/out
	}
	for file in $changed; do
		if [ -f "$top/$file" ]; then
			cp "$top/$file" "$file"
		else
			rm "$file"
		fi
	done
	changed=
}

# Append the standard input to a file.
append()
{
	changed="$changed $1"
	mkdir -p "$(dirname "$1")"
	cat >>"$1"
}

# ---- the rules --------------------------------------------------------------

include_that_points_up()
{
	append base/utf8.c <<-'END'
	#include "net/loop.h"
	END
	expect 'an include that points up' \
	    'base/utf8.c of base may not include net/loop.h of net'
}

include_that_points_up_in_sio()
{
	append sio/json/json.c <<-'END'
	#include "sio/packet.h"
	END
	expect 'an include that points up in sio' \
	    'sio/json/json.c of sio/json may not include sio/packet.h of sio'
}

include_of_an_internal()
{
	append program/main.c <<-'END'
	#include "net/log.h"
	END
	expect 'an internal of the library in the program' \
	    'program/main.c of program may not include net/log.h of net'
}

call_that_points_up()
{
	append rooms.c <<-'END'
	struct ws_server *ws_server_new(const struct ws_options *);
	struct ws_server *ws_rooms_up(void);
	struct ws_server *ws_rooms_up(void) { return ws_server_new(NULL); }
	END
	expect 'a call that points up' \
	    'rooms.c of rooms may not call ws_server_new of ws'
}

circle()
{
	append base/utf8.c <<-'END'
	int ws_circle_in(void);
	int ws_circle_out(void);
	int ws_circle_in(void) { return ws_circle_out(); }
	END
	append base/siphash.c <<-'END'
	int ws_circle_in(void);
	int ws_circle_out(void);
	int ws_circle_out(void) { return ws_circle_in(); }
	END
	expect 'a circle' 'in a circle: base/utf8.o'
}

circle_in_bench()
{
	append bench/load_left.c <<-'END'
	int right(void);
	int left(void);
	int left(void) { return right(); }
	END
	append bench/load_right.c <<-'END'
	int right(void);
	int left(void);
	int right(void) { return left(); }
	END
	expect 'a circle in bench' 'in a circle: bench/load/load_left.o'
}

allocation()
{
	append rooms.c <<-'END'
	#include <stdlib.h>
	void *ws_rooms_own(void);
	void *ws_rooms_own(void) { return malloc(1); }
	END
	expect 'malloc outside of base/mem.c' \
	    'rooms.c calls malloc, which is kept for base/mem'
}

call_of_a_function_that_ends_the_process()
{
	append rooms.c <<-'END'
	#include <stdlib.h>
	void ws_rooms_end(void);
	void ws_rooms_end(void) { exit(1); }
	END
	expect 'exit in the library' 'rooms.c calls exit, which nobody may'
}

writable_global()
{
	append rooms.c <<-'END'
	int ws_rooms_global;
	END
	expect 'a writable global' \
	    'libws.a has writable data: ws_rooms_global (B)'
}

writable_static()
{
	append rooms.c <<-'END'
	int ws_rooms_next(void);
	int ws_rooms_next(void) { static int next; return ++next; }
	END
	expect 'a static variable' 'rooms.o has writable data: .bss'
}

symbol_without_prefix()
{
	append rooms.c <<-'END'
	void rooms_up(void);
	void rooms_up(void) { }
	END
	expect 'a symbol without a prefix' \
	    'libws.a leaks the symbol rooms_up'
}

impure_call()
{
	append sha1.c <<-'END'
	char *getenv(const char *);
	char *ws_sha1_home(void);
	char *ws_sha1_home(void) { return getenv("HOME"); }
	END
	expect 'an impure call' 'sha1.c is pure but uses getenv'
}

folder_without_a_row()
{
	append attic/attic.h <<-'END'
	/* Nothing. */
	END
	expect 'a folder without a row' \
	    'attic/attic.h is in no folder of the table'
}

rm -rf "$copy"
mkdir -p "$copy/build"
tar cf - --exclude=./build --exclude=./.git --exclude='*.a' --exclude=./wsd \
    --exclude=node_modules . | (cd "$copy" && tar xf -)
cd "$copy" || exit 1
changed=

layers || { complain 'the tree is not clean'; cat found; }
cp found clean
rules=$(sed -n '/^# ---- the rules/,$s/^\([a-z_]*\)()$/\1/p' \
    "$top/test/layers_test.sh")
for rule in $rules; do
	$rule
done
layers
cmp -s found clean || complain 'the tree does not become clean again'
[ $failures -eq 0 ] || exit 1
echo "layers_test: $(echo "$rules" | wc -l) violations found"
