#!/bin/sh
# layers.sh - which folder may know which: checks the floors by machine.
# SPDX-License-Identifier: MIT
#
# Run by make layers, with wsd and the libraries built. The table below has a
# row for each folder: the folders whose headers it may include and whose
# functions it may call. No objects of the product form a circle at link level,
# and no sources of bench/ do: a lower file calls a higher one through function
# pointers only. test/layers_test.sh breaks each rule in a copy of the tree.
set -u
NM=${NM:-nm}
mkdir -p build/layers
found=build/layers/found
: >$found

fail()
{
	echo "layers: $*" >>$found
}

# Report each line of the standard input.
fail_each()
{
	sed 's/^/layers: /' >>$found
}

# FOLDER: what it may use beside itself. ws.h and sio.h hold the words that the
# floors share (struct ws_member, the close codes, values of JSON); "api" are
# the functions of both, wherever they are defined. sums, http, rooms and ws are
# files of the top level.
table()
{
	cat <<-'END'
	ws.h:
	sio.h: ws.h
	hub.h: ws.h
	base: ws.h
	sums: base
	deflate: base
	http: base deflate
	net: base
	websocket: base sums deflate http ws.h
	files: base deflate http ws.h
	rooms: base ws.h
	server: base sums deflate http net websocket files rooms ws.h
	ws: base sums deflate http net websocket files rooms server ws.h
	sio/json: base ws.h sio.h
	sio/engine: base sums sio/json ws.h sio.h api
	sio: base sio/json sio/engine ws.h sio.h api
	hub: base sums ws.h hub.h api
	program: base ws.h sio.h hub.h api
	embed: base sums deflate
	examples: ws.h sio.h hub.h
	END
}

# For awk: the folder that a source, a header or an object belongs to.
folder='
	function folder(path) {
		if (path ~ /^(sha1|base64)\./)
			return "sums"
		if (path == "sio.h" || path == "sio/sio.h")
			return "sio.h"
		if (path == "hub.h" || path == "hub/hub.h")
			return "hub.h"
		if (path ~ /^build\/bundle_js\./)
			return "sio"
		if (path ~ /^build\/assets\./)
			return "program"
		if (path ~ /^program\/embed\./)
			return "embed"
		if (path ~ /^(http|rooms|ws)\.[co]$/ || path ~ /^(http|rooms)\.h$/)
			sub(/\..*/, "", path)
		else
			sub(/\/[^\/]*$/, "", path)
		return path
	}'

# ---- includes ---------------------------------------------------------------

# A bare name is a neighbour, ws.h or the installed name of sio.h; a name with a
# folder is that file. Prints "FILE FOLDER HEADER FOLDER-OF-HEADER".
includes()
{
	# shellcheck disable=SC2046 # a list of words
	awk "$folder"'
	BEGIN {
		for (i = 1; i < ARGC; i++)
			exists[ARGV[i]] = 1
	}
	FNR == 1 {
		dir = FILENAME
		if (!sub(/[^\/]*$/, "", dir))
			dir = ""
		print FILENAME, folder(FILENAME), FILENAME, folder(FILENAME)
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		path = dir part[2] in exists ? dir part[2] : part[2]
		print FILENAME, folder(FILENAME), part[2], folder(path)
	}' $(find . -name '*.[ch]' ! -path './build/*' ! -path './test/*' \
	    ! -path './bench/*' | sed 's|^\./||')
}

# Print the lines of the standard input, of the form "A FOLDER B FOLDER", in
# which the row of the first folder does not name the second.
not_allowed()
{
	{ table; echo END; cat; } | awk '
	$1 == "END" { rows = 1; next }
	!rows {
		folder = $1
		sub(/:$/, "", folder)
		known[folder] = 1
		for (i = 2; i <= NF; i++)
			may[folder, $i] = 1
		next
	}
	!($2 in known) { print $1 " is in no folder of the table"; next }
	$2 == $4 || ($2, $4) in may { next }
	{ print $1 " of " $2 " may not '"$1"' " $3 " of " $4 }' | sort -u
}

check_includes()
{
	includes | not_allowed include | fail_each
}

# ---- links ------------------------------------------------------------------

# Print "OBJECT TYPE SYMBOL" for each external symbol of the objects; the type is
# U where it is only used. Without the underscore of macOS, and without what
# compilers and sanitizers add themselves; a function that _FORTIFY_SOURCE has
# replaced (__printf_chk, __openat64_2) has its own name.
symbols()
{
	$NM -gA "$@" | sed -n 's/^\([^ ]*\):[0-9a-f ]* \([A-Z]\) /\1 \2 /p' |
	    sed 's/ _\(ws_\|sio_\|eio_\|mem\|str\)/ \1/
		s/ __\([a-z0-9]*\)_chk$/ \1/; s/ __\(open[a-z0-9]*\)_2$/ \1/' |
	    grep -vE ' (_GLOBAL_OFFSET_TABLE_$|__stack_chk_|__(asan|ubsan)_)'
}

# Read symbols, print "CALLER CALLED SYMBOL" for each that one object uses and
# another one has.
links()
{
	awk '
	$2 != "U" { home[$3] = $1 }
	$2 == "U" { caller[++n] = $1; symbol[n] = $3 }
	END {
		for (i = 1; i <= n; i++)
			if (symbol[i] in home)
				print caller[i], home[symbol[i]], symbol[i]
	}' | sort -u
}

# The objects of the product, as paths below build/obj.
objects()
{
	sed -n 's|^build/obj/\(.*\): .*|\1|p' build/rules.mk |
	    grep -v '^test/'
}

# Calls point down the table, too: nobody reaches a function by declaring it.
check_links()
{
	links <build/layers/symbols >build/layers/links
	{
		grep -ohE '\<(ws|sio|hub)_[a-z0-9_]+\(' ws.h sio/sio.h hub/hub.h | tr -d '('
		cat build/layers/links
	} | awk "$folder"'
	NF == 1 { api[$1] = 1; next }
	{
		from = folder($1)
		to = folder($2)
		if ($3 in api && from ~ /^(sio|sio\/engine|hub|program)$/)
			to = "api"
		sub(/o$/, "c", $1)
		if (folder($2) != from)
			print $1, from, $3, to
	}' | not_allowed call | fail_each
}

# tsort(1) names the members of each circle.
check_circles()
{
	cut -d' ' -f1,2 "$1" | sort -u | tsort 2>&1 >/dev/null |
	    sed -n 's/^tsort: //; /contains a loop/d
		s|^build/layers/||; s/^/in a circle: /p' |
	    fail_each
}

# The programs of bench/ that have several files: NAME.c and NAME_*.c.
check_bench()
{
	objects=build/layers/bench/$1
	mkdir -p "$objects"
	if [ -n "$(find bench \( -name bench -o -name '*.[ch]' \) \
	    -newer "$objects/$1.o" 2>&1)" ]; then
		rm -f "$objects"/*.o
		for source in bench/"$1".c bench/"$1"_*.c; do
			${CC:-cc} -std=c11 -O1 -D_DEFAULT_SOURCE \
			    -D_FILE_OFFSET_BITS=64 -I. -w -c \
			    -o "$objects/$(basename "$source" .c).o" \
			    "$source" || fail "$source does not compile"
		done
	fi
	symbols "$objects"/*.o | links >"$objects/links"
	check_circles "$objects/links"
}

# ---- what pure code calls -----------------------------------------------------

# They call each other, and what copies, compares and formats.
pure='sha1 base64 base/url base/utf8 base/siphash base/deadlines
    base/digits base/line net/address http
    files/files_path websocket/frame http/field http/target
    http/http_tables http/chunked http/reply http/condition deflate/deflate deflate/deflate_match
    deflate/deflate_block deflate/deflate_code deflate/inflate
    deflate/inflate_table deflate/inflate_tokens
    deflate/inflate_window deflate/crc32 deflate/gzip sio/engine/payload
    sio/engine/query sio/engine/sid sio/json/json sio/json/json_string
    sio/json/number sio/packet'

# What pure code may call of libc, as an expression.
pure_also='mem[a-z]*|str[a-z]*|inet_ntop|v?snprintf|timegm'

check_pure()
{
	awk -v list="$pure" -v also="$pure_also" '
		BEGIN {
			n = split(list, name)
			for (i = 1; i <= n; i++)
				pure[name[i] ".o"] = 1
		}
		!($1 in pure) { next }
		$2 != "U" { known[$3] = 1; next }
		$3 !~ "^(" also ")$" {
			used[$1 " " $3] = 1
		}
		END {
			for (pair in used) {
				split(pair, part)
				sub(/o$/, "c", part[1])
				if (!(part[2] in known))
					print part[1] " is pure but uses " \
					    part[2]
			}
		}' build/layers/symbols | fail_each
}

# ---- what the libraries show and hold -----------------------------------------

# A library, and what the names of its symbols begin with.
check_library()
{
	symbols "$1" | awk -v library="$1" -v prefix="^($2)" '
		$2 == "U" { next }
		$3 !~ prefix { print library " leaks the symbol " $3 }
		$2 !~ /^[TRWV]$/ {
			print library " has writable data: " $3 " (" $2 ")"
		}' | sort -u | fail_each
	objdump -h "$1" | awk '
		/file format/ { object = $1; sub(/:$/, "", object) }
		$2 ~ /^\.(data|bss|sdata|sbss|tdata|tbss)/ &&
		$2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ ||
		$2 == "COMMON" { print object " has writable data: " $2 }' |
	    grep -v '^kqueue\.o' | fail_each
}

# Calls that only some files make: "FILES: names".
reserved()
{
	cat <<-'END'
	base/mem: malloc calloc realloc reallocarray free aligned_alloc strdup
	net/net: accept accept4 recv recvmsg recvfrom
	net/net: send sendmsg sendto sendfile shutdown
	net/net_listen: socket bind listen connect getsockopt getsockname
	net/net_listen: getpeername unlink chmod getaddrinfo freeaddrinfo
	net/net net/net_listen: setsockopt
	net/net_system: clock_gettime time gettimeofday getrandom arc4random_buf
	net/net_system: getrlimit setrlimit prlimit prlimit64 signal
	net/net_system net/signal net/signal_kqueue: sigaction
	net/signal_epoll: signalfd sigprocmask
	net/loop_epoll net/loop_kqueue: epoll_create1 epoll_ctl epoll_wait
	net/loop_epoll net/loop_kqueue: select
	net/log net/loop_epoll net/loop_kqueue: poll
	net/loop_kqueue net/signal_kqueue: kqueue kevent
	files/open_beneath files/files_list sio/bundle: openat openat64
	files/open_beneath: readlinkat syscall
	files/files_root files/files_list files/open_beneath sio/bundle: fstat fstat64
	files/files_root files/files_list files/open_beneath: fstatat fstatat64 lseek lseek64
	files/files_root files/files_list files/open_beneath net/machine net/net_system sio/bundle: open open64
	files/files_root files/files_list files/open_beneath net/net net/signal_kqueue: fcntl fcntl64
	files/files_list: fdopendir readdir readdir64 closedir opendir
	files/file net/net: pread pread64
	net/log: write
	rooms: abort
	NOBODY: exit _exit system popen fork execve printf puts stdout stderr
	NOBODY: fprintf vfprintf fputs fputc putc perror
	NOBODY: pthread_create longjmp setjmp sleep usleep nanosleep gets sprintf
	NOBODY: strcpy strcat rand srand random
	END
}

check_calls()
{
	{
		reserved
		echo END
		grep -v -e '^program/' -e '^build/assets' build/layers/symbols
	} | awk '
		$1 == "END" { rows = 1; next }
		!rows {
			split($0, half, ": *")
			n = split(half[2], name, " ")
			for (i = 1; i <= n; i++)
				kept[name[i]] = half[1]
			next
		}
		$2 != "U" || !($3 in kept) { next }
		{
			sub(/\.o$/, "", $1)
			if (index(" " kept[$3] " ", " " $1 " ") == 0)
				print $1 ".c calls " $3 ", which " \
				    (kept[$3] == "NOBODY" ? "nobody may" : \
				    "is kept for " kept[$3])
		}' | fail_each
}

# shellcheck disable=SC2046 # a list of words
(cd build/obj && symbols $(cd ../.. && objects)) >build/layers/symbols
check_includes
check_links
check_circles build/layers/links
check_bench load
check_bench fairness
check_pure
check_library libws.a ws_
check_library libsio.a 'sio_|eio_'
check_library libhub.a hub_
check_calls
if [ -s $found ]; then
	sort -u $found >&2
	echo "layers: $(sort -u $found | wc -l) violations" >&2
	exit 1
fi
echo "layers: $(table | wc -l) folders stay on their floors, no circles"
