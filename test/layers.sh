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
	sio/engine: base sio/json ws.h sio.h api
	sio: base sio/json sio/engine ws.h sio.h api
	program: base ws.h sio.h api
	embed: base sums deflate
	examples: ws.h sio.h
	END
}

# The folder that a source, a header or an object belongs to.
folder_of()
{
	case $1 in
	sha1.*|base64.*) echo sums ;;
	ws.h) echo ws.h ;;
	http.*|rooms.*|ws.*) echo "${1%.*}" ;;
	sio.h|sio/sio.h) echo sio.h ;;
	build/bundle_js.*) echo sio ;;
	build/assets.*) echo program ;;
	program/embed.*) echo embed ;;
	*/*) echo "${1%/*}" ;;
	esac
}

# ---- includes ---------------------------------------------------------------

# A bare name is a neighbour, ws.h or the installed name of sio.h; a name with a
# folder is that file. Prints "FILE FOLDER HEADER FOLDER-OF-HEADER".
includes()
{
	for file in *.[ch] */*.[ch] sio/*/*.[ch]; do
		case $file in
		build/*|test/*|bench/*) continue ;;
		esac
		for header in $(sed -n \
		    's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$file")
		do
			path=$header
			[ ! -f "$(dirname "$file")/$header" ] ||
			    path=$(dirname "$file")/$header
			path=${path#./}
			echo "$file $(folder_of "$file") $header" \
			    "$(folder_of "$path")"
		done
	done
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

# External symbols of an object: "T ws_send". Without the underscore of macOS.
external()
{
	$NM -g "$1" | sed -n 's/^[0-9a-f]* *\([A-TV-Z]\) _*\(.*\)/\1 \2/p'
}

# Undefined ones, without those that compilers and sanitizers add themselves.
undefined()
{
	$NM -u "$1" | sed 's/^ *U *//; /:$/d; /^$/d
		s/^_\(ws_\|sio_\|eio_\|mem\|str\)/\1/' |
	    grep -vE '^_GLOBAL_OFFSET_TABLE_$|^__stack_chk_|^__(asan|ubsan)_'
}

# "CALLER CALLED SYMBOL" for each object that uses another one of the list.
links()
{
	{
		for object; do
			external "$object" | sed "s|^.|D $object|"
		done
		for object; do
			undefined "$object" | sed "s|^|U $object |"
		done
	} | awk '
		$1 == "D" { home[$3] = $2 }
		$1 == "U" && $3 in home && home[$3] != $2 {
			print $2, home[$3], $3
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
	api=$(grep -ohE '\<(ws|sio)_[a-z0-9_]+\(' ws.h sio/sio.h | tr -d '(' |
	    sort -u)
	# shellcheck disable=SC2046
	(cd build/obj && links $(cd ../.. && objects)) >build/layers/links
	while read -r caller called symbol; do
		other=$(folder_of "$called")
		folder=$(folder_of "$caller")
		[ "$other" = "$folder" ] && continue
		case "
$api
" in
		*"
$symbol
"*)		case $folder in
			sio|sio/engine|program) other=api ;;
			esac ;;
		esac
		echo "${caller%.o}.c $folder $symbol $other"
	done <build/layers/links | not_allowed call | fail_each
}

# tsort(1) names the members of each circle.
check_circles()
{
	cut -d' ' -f1,2 "$1" | sort -u | tsort 2>&1 >/dev/null |
	    sed -n 's/^tsort: //; /contains a loop/d; s/^/in a circle: /p' |
	    fail_each
}

# The programs of bench/ that have several files.
check_bench()
{
	for source in bench/load*.c; do
		object=build/layers/$(basename "$source" .c).o
		[ "$object" -nt "$source" ] || ${CC:-cc} -std=c11 -O1 \
		    -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 -I. -w -c \
		    -o "$object" "$source" || fail "$source does not compile"
	done
	links build/layers/load*.o >build/layers/bench
	check_circles build/layers/bench
}

# ---- what pure code calls -----------------------------------------------------

# They call each other, and what copies, compares and formats.
pure='sha1 base64 base/url base/utf8 base/siphash base/deadlines
    base/digits base/line net/address http
    websocket/frame http/field http/target http/http_tables http/chunked
    http/reply http/condition deflate/deflate deflate/deflate_match
    deflate/deflate_block deflate/deflate_code deflate/inflate
    deflate/inflate_table deflate/crc32 deflate/gzip sio/engine/payload
    sio/engine/octets sio/json/json sio/json/json_string sio/json/decimal
    sio/json/number sio/packet'

check_pure()
{
	known=$(for name in $pure; do external "build/obj/$name.o"; done |
	    cut -d' ' -f2)
	for name in $pure; do
		for symbol in $(undefined "build/obj/$name.o"); do
			case $symbol in
			mem[a-z]*|str[a-z]*|__mem*_chk|__str*_chk) ;;
			snprintf|vsnprintf|__*snprintf_chk|inet_ntop) ;;
			*)
				echo "$known" | grep -qx "$symbol" ||
				    fail "$name.c is pure but uses $symbol"
				;;
			esac
		done
	done
}

# ---- what the libraries show and hold -----------------------------------------

# A library, and what the names of its symbols begin with.
check_library()
{
	external "$1" | while read -r type symbol; do
		echo "$symbol" | grep -qE "^($2)" ||
		    echo "$1 leaks the symbol $symbol"
		case $type in
		T|R|W|V) ;;
		*) echo "$1 has writable data: $symbol ($type)" ;;
		esac
	done | sort -u | fail_each
	objdump -h "$1" | awk '
		/file format/ { object = $1 }
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
	net/net: socket bind listen accept accept4 connect recv recvmsg recvfrom
	net/net: send sendmsg sendto sendfile shutdown setsockopt getsockopt
	net/net: getsockname getpeername getaddrinfo freeaddrinfo clock_gettime
	net/net: time gettimeofday getrandom arc4random_buf getrlimit setrlimit
	net/net: prlimit prlimit64 sigaction signal unlink chmod
	net/loop_epoll net/loop_kqueue: epoll_create1 epoll_ctl epoll_wait
	net/loop_epoll net/loop_kqueue: kqueue kevent poll select
	files/beneath files/files_list: openat openat64
	files/beneath: readlinkat syscall
	files/files files/files_list files/beneath sio/bundle: fstat fstat64
	files/files files/files_list files/beneath: fstatat fstatat64 lseek lseek64
	files/files files/files_list files/beneath net/net sio/bundle: open open64
	files/files files/files_list files/beneath net/net: fcntl fcntl64
	files/files_list: fdopendir readdir readdir64 closedir opendir
	files/files files/static: pread pread64
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
	objects | grep -v -e '^program/' -e '^build/assets' |
	    while read -r object; do
		undefined "build/obj/$object" | sed "s|^|${object%.o} |"
	done | { reserved; echo END; cat; } | awk '
		$1 == "END" { rows = 1; next }
		!rows {
			split($0, half, ": *")
			n = split(half[2], name, " ")
			for (i = 1; i <= n; i++)
				kept[name[i]] = half[1]
			next
		}
		$2 in kept && index(" " kept[$2] " ", " " $1 " ") == 0 {
			print $1 ".c calls " $2 ", which is kept for " kept[$2]
		}' | fail_each
}

check_includes
check_links
check_circles build/layers/links
check_bench
check_pure
check_library libws.a ws_
check_library libsio.a 'sio_|eio_'
check_calls
if [ -s $found ]; then
	sort -u $found >&2
	echo "layers: $(sort -u $found | wc -l) violations" >&2
	exit 1
fi
echo "layers: $(table | wc -l) folders stay on their floors, no circles"
