#!/bin/sh
# layers.sh - who may know whom: checks the floors by machine.
# SPDX-License-Identifier: MIT
#
# Run by make layers, with wsd and libws.a built. A file may include headers of
# its own floor and of those below, with the exceptions that the table names:
# the engines of floor 3 do not know each other, and the program and the
# examples know the public headers alone, but for how the program prints. ws.h
# holds the public words (struct ws_member, struct ws_asset, close codes) and
# may be included from floor 2 on.
set -u
failures=0

fail()
{
	echo "layers: $*" >&2
	failures=$((failures + 1))
}

# file: headers it may include, beside its own
table()
{
	cat <<-'END'
	# 1: pure. No memory, no descriptor, no clock, no globals.
	bytes.h:
	sha1: bytes.h
	base64: bytes.h
	utf8: bytes.h
	siphash: bytes.h
	print:
	address: bytes.h print.h
	frame: bytes.h
	field: bytes.h
	target: bytes.h field.h http.h
	http: bytes.h field.h target.h
	http_tables: http.h
	chunked: bytes.h http.h
	reply: bytes.h http.h
	deflate: bytes.h deflate_state.h
	deflate_match: bytes.h deflate_state.h
	deflate_block: bytes.h deflate_state.h
	deflate_code: bytes.h deflate_state.h
	deflate_state:
	inflate: bytes.h inflate_table.h
	inflate_table: bytes.h inflate.h
	crc32:
	condition: bytes.h field.h http.h
	gzip: bytes.h crc32.h deflate.h inflate.h
	# 2: memory, and what is checked with what is remembered.
	mem: ws.h
	buf: bytes.h mem.h
	encoding: buf.h bytes.h compressor.h field.h gzip.h inflate.h mem.h
	table: mem.h
	timer: mem.h
	peers: bytes.h mem.h siphash.h table.h
	pmd: bytes.h field.h http.h
	compressor: deflate.h mem.h
	packer: bytes.h compressor.h inflate.h mem.h pmd.h
	handshake: base64.h bytes.h field.h http.h pmd.h sha1.h
	# 2: the system.
	log: print.h
	net: address.h bytes.h print.h
	loop: mem.h net.h timer.h
	loop_epoll: loop.h
	loop_kqueue: loop.h
	# 3: engines. They do not know each other.
	session: buf.h bytes.h frame.h mem.h utf8.h ws.h
	rooms: bytes.h mem.h siphash.h table.h ws.h
	beneath: bytes.h print.h
	files: beneath.h bytes.h encoding.h field.h mem.h print.h ws.h
	files_list: beneath.h bytes.h field.h files.h mem.h print.h
	files_type: bytes.h files.h
	static: buf.h bytes.h condition.h encoding.h field.h files.h http.h mem.h print.h ws.h
	static_body: encoding.h files.h gzip.h mem.h static.h
	# 4: one connection.
	conn: BELOW session.h static.h ws.h
	conn_send: BELOW conn.h session.h static.h ws.h
	conn_http: BELOW conn.h session.h static.h ws.h
	conn_reply: BELOW conn.h session.h static.h ws.h
	conn_ws: BELOW conn.h session.h static.h ws.h
	conn_message: BELOW conn.h session.h static.h ws.h
	conn_pmd: BELOW conn.h session.h static.h ws.h
	# 5: the server.
	ws.h:
	server: BELOW conn.h rooms.h files.h static.h session.h ws.h
	ws: BELOW conn.h rooms.h files.h static.h session.h server.h
	listen: BELOW conn.h rooms.h files.h static.h session.h server.h
	route: BELOW conn.h rooms.h files.h static.h session.h server.h
	request: BELOW conn.h rooms.h files.h static.h session.h server.h
	hub: BELOW conn.h rooms.h files.h static.h session.h server.h
	tasks: BELOW conn.h rooms.h files.h static.h session.h server.h
	# 6: what is in sio/ stands on ws.h alone, and on each other.
	# 7: the program, and what it brings along.
	main: assets.h config.h namespaces.h print.h say.h systemd.h sio.h ws.h
	config: print.h say.h sio.h ws.h
	say: print.h
	namespaces: sio.h ws.h
	systemd: print.h
	assets: ws.h
	# A program of its own, which writes assets.c.
	embed: bytes.h crc32.h gzip.h sha1.h
	END
}

# What floors 4 and 5 stand on.
below='address.h bytes.h base64.h buf.h deflate.h field.h frame.h handshake.h http.h log.h
    loop.h mem.h net.h packer.h peers.h pmd.h print.h sha1.h siphash.h timer.h utf8.h'

# The row of a file: of the header itself, or of what it belongs to.
row_of()
{
	case $1 in
	sio/*) echo " ws.h $(cd sio && echo *.h)"; return ;;
	esac
	table | sed -n "s/^$1:/ /p" | head -n 1 | sed "s/BELOW/$(echo $below)/"
}

check_includes()
{
	for file in *.c *.h sio/*.c sio/*.h; do
		name=${file%.[ch]}
		row=$(row_of "$file")
		[ -n "$row" ] || row=$(row_of "$name")
		if [ -z "$row" ] && ! table | grep -qE "^($file|$name):"; then
			fail "$file stands on no floor; give it a row"
			continue
		fi
		for header in $(included "$file"); do
			case " $row $name.h " in
			*" $header "*) ;;
			*) fail "$file may not include $header" ;;
			esac
		done
	done
	for file in examples/*.c; do
		for header in $(included "$file"); do
			[ "$header" = ws.h ] || [ "$header" = sio.h ] ||
			    fail "$file may not include $header: it is a program"
		done
	done
}

included()
{
	sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$1"
}

# Undefined symbols of an object, without the underscore of macOS and without
# what compilers and sanitizers add by themselves.
undefined()
{
	nm -u "$1" | sed 's/^ *U *//; /:$/d; /^$/d; s/^_\(ws_\|mem\|str\)/\1/' |
	    grep -vE '^_GLOBAL_OFFSET_TABLE_$|^__stack_chk_|^__(asan|ubsan)_'
}

# External symbols with their types, one per line: "T ws_send".
external()
{
	nm -g "$1" | sed -n 's/^[0-9a-f]* *\([A-TV-Z]\) _*\(.*\)/\1 \2/p'
}

pure='sha1 base64 utf8 siphash print address frame field target http http_tables chunked reply
    deflate deflate_match deflate_block deflate_code inflate inflate_table crc32
    gzip condition sio/payload sio/octets sio/json sio/json_string sio/packet
    sio/decimal sio/number'

check_pure()
{
	known=$(for name in $pure; do external "$name.o"; done | cut -d' ' -f2)
	for name in $pure; do
		for symbol in $(undefined "$name.o"); do
			case $symbol in
			mem[a-z]*|str[a-z]*|__mem*_chk|__str*_chk) ;;
			*)
				echo "$known" | grep -qx "$symbol" ||
				    fail "$name.c is pure but uses $symbol"
				;;
			esac
		done
	done
}

# Objects of a library, with their directory.
objects()
{
	case $1 in
	libws.a) ar t "$1" | grep '\.o$' | grep -v '^kqueue\.o$' ;;
	libsio.a) ar t "$1" | sed -n '/\.o$/s|^|sio/|p' ;;
	esac
}

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
	done | sort -u >build/layers.found
	# Local data, too: d, b and their kin for small data. Pointers in
	# constants that the linker must fill in are in .data.rel.ro: type d.
	for object in $(objects "$1"); do
		writable_sections "$object" | sed "s|^|$object has writable data: |"
	done >>build/layers.found
	while read -r line; do
		fail "$line"
	done <build/layers.found
	rm -f build/layers.found
}

# The sections of an object that are written to while the program runs.
writable_sections()
{
	objdump -h "$1" | awk '
		$2 ~ /^\.(data|bss|sdata|sbss|tdata|tbss)/ &&
		$2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ { print $2 }
		$2 == "COMMON" { print $2 }'
}

# Calls that only some files make: "FILES: names".
reserved()
{
	cat <<-'END'
	mem: malloc calloc realloc reallocarray free aligned_alloc strdup
	net: socket bind listen accept accept4 connect recv recvmsg recvfrom
	net: send sendmsg sendto sendfile shutdown setsockopt getsockopt
	net: getsockname getpeername getaddrinfo freeaddrinfo clock_gettime
	net: time gettimeofday getrandom arc4random_buf getrlimit setrlimit
	net: prlimit prlimit64
	net: sigaction signal unlink chmod
	loop_epoll loop_kqueue: epoll_create1 epoll_ctl epoll_wait kqueue kevent
	loop_epoll loop_kqueue: poll select
	beneath files_list: openat openat64
	beneath: readlinkat syscall
	files files_list beneath sio/bundle: fstat fstat64
	files files_list beneath: fstatat fstatat64 lseek lseek64
	files files_list beneath net sio/bundle: open open64
	files files_list beneath net: fcntl fcntl64
	files_list: fdopendir readdir readdir64 closedir opendir
	files static: pread pread64
	log: write
	rooms: abort
	NOBODY: exit _exit system popen fork execve printf puts stdout stderr
	NOBODY: fprintf vfprintf vsnprintf fputs fputc putc perror
	NOBODY: pthread_create longjmp setjmp sleep usleep nanosleep gets sprintf
	NOBODY: strcpy strcat rand srand random
	END
}

check_calls()
{
	for object in $(objects libws.a) $(objects libsio.a); do
		name=${object%.o}
		for symbol in $(undefined "$object"); do
			reserved_to "$symbol" >build/layers.found
			[ -s build/layers.found ] || continue
			grep -qw "$name" build/layers.found ||
			    fail "$name.c calls $symbol, which is kept for" \
				"$(tr '\n' ' ' <build/layers.found)"
		done
	done
	rm -f build/layers.found
}

# Who may use a symbol; nothing if everybody may.
reserved_to()
{
	reserved | sed 's/$/ /' | sed -n "s/^\([^:]*\):.* $1 .*/\1/p"
}

check_includes
check_pure
check_library libws.a ws_
check_library libsio.a 'sio_|eio_'
check_calls
if [ $failures -gt 0 ]; then
	echo "layers: $failures violations" >&2
	exit 1
fi
echo "layers: every file stays on its floor"
