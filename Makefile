# Makefile - wsd and libws.a, for GNU make and BSD make.
# SPDX-License-Identifier: MIT
#
# make help prints these lines:
#
#   make                   wsd, libws.a, libsio.a and libhub.a
#   make run               build and start wsd, print the address to open
#   make test              build and run the tests; TESTS="frame rooms" two
#   make check             all that CI runs; STEPS="layers fuzz" two steps
#   make layers            check which folder includes and calls which
#   make fuzz              run each fuzz target for FUZZ_SECONDS=5
#   make msan              the tests of what parses, with MemorySanitizer
#   make cov               run the tests, print the coverage of each file
#   make mutate            change an operator at a time; CHANGES=300, SEED=1
#   make bench             measure, beside what is installed of other servers
#   make fairness          measure waiting during attacks; ATTACKS="tiny" one
#   make bench-ir          count instructions and memory, against the budgets
#   make examples          build/examples/NAME
#   make asan              build/wsd-asan, with sanitizers
#   make static            build/wsd-static, one file without libraries
#   make format            lay out the source with clang-format
#   make compile_commands  build/compile_commands.json, for clangd
#   make install           below PREFIX=/usr/local and DESTDIR; make uninstall
#   make dist              build/wsd-VERSION.tar.gz
#   make clean             remove what was built
#
# V=1 prints each command whole.
#
# make install and make uninstall respect DESTDIR, PREFIX, BINDIR, LIBDIR,
# INCLUDEDIR, MANDIR, BASH_DIR, ZSH_DIR and FISH_DIR. CC, CFLAGS, CPPFLAGS and
# LDFLAGS are the user's; when one of them changes, make compiles all again. make
# install compiles nothing.
#
# To cross compile: make CC=aarch64-linux-gnu-gcc HOSTCC=cc, for a system with
# kqueue with LOOP=kqueue as well.

VERSION != sed -n 's/^.define WS_VERSION "\(.*\)"/\1/p' ws.h

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASH_DIR ?= $(PREFIX)/share/bash-completion/completions
ZSH_DIR ?= $(PREFIX)/share/zsh/site-functions
FISH_DIR ?= $(PREFIX)/share/fish/vendor_completions.d

CFLAGS ?= -g
HOSTCC ?= $(CC)
FUZZ_SECONDS ?= 5

# Ours, which the user's follow. _DEFAULT_SOURCE is empty as it is in files that
# define it themselves.
WS_CFLAGS = -std=c11 -O2 -D_DEFAULT_SOURCE= -D_FILE_OFFSET_BITS=64 -I. \
	-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wsign-compare

# Hardened like the packages of a careful distribution, as far as the compiler
# knows how: a program at an address that nobody can guess, tables of the linker
# that are read-only before main, guards in stack frames, functions of libc that
# check the size of what they write to. _FORTIFY_SOURCE is 3, or else 2. Marks
# at the targets of indirect jumps (-fcf-protection=branch) would cost 9 of 377
# instructions an echo, and 6 of 240 a delivery.
HARD = -fPIE -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection=return -mbranch-protection=standard \
	'-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2' \
	'-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3'
HARD_LINK = -pie -Wl,-z,relro -Wl,-z,now
HARD_CFLAGS != sh program/known_flags.sh '$(CC) $(WS_CFLAGS)' \
	'$(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' $(HARD)
HARD_LDFLAGS != sh program/known_flags.sh '$(CC) $(HARD_CFLAGS) $(CFLAGS)' \
	'$(LDFLAGS)' $(HARD_LINK)

# The readiness backend: epoll on Linux, kqueue everywhere else. EXTRA_OBJS
# become part of the library; the tests of kqueue on Linux need that.
LOOP != case `uname -s` in Linux) echo epoll ;; *) echo kqueue ;; esac
EXTRA_OBJS ?=

# The sources, floor by floor.
BASE = base/array.c base/buf.c base/deadlines.c base/digits.c base/line.c \
	base/mem.c base/mem_trim.c base/origin.c base/siphash.c base/table.c base/url.c \
	base/utf8.c
DEFLATE = deflate/crc32.c deflate/deflate.c deflate/deflate_block.c \
	deflate/deflate_code.c deflate/deflate_match.c \
	deflate/deflate_shared.c deflate/gzip.c deflate/inflate.c \
	deflate/inflate_table.c deflate/inflate_tokens.c \
	deflate/inflate_window.c
HTTP = http/chunked.c http/condition.c http/field.c http/gzip_cache.c \
	http/http_tables.c http/reply.c http/target.c
NET = net/address.c net/log.c net/loop.c net/loop_$(LOOP).c net/machine.c \
	net/net.c net/net_listen.c net/net_system.c net/signal.c \
	net/signal_$(LOOP).c net/timer.c
WEBSOCKET = websocket/frame.c websocket/handshake.c websocket/pmd.c \
	websocket/pmd_message.c websocket/session.c
FILES = files/file.c files/files.c files/files_coding.c files/files_list.c \
	files/files_path.c files/files_root.c files/files_type.c \
	files/open_beneath.c files/static.c files/static_fields.c \
	files/static_file.c files/static_gzip.c files/static_list.c \
	files/static_write.c
SERVER = server/app_loop.c server/conn.c server/conn_http.c \
	server/conn_life.c server/conn_list.c server/conn_log.c \
	server/conn_message.c server/conn_pmd.c server/conn_reply.c \
	server/conn_request.c server/conn_send.c server/conn_shed.c \
	server/conn_stream.c server/conn_ws.c server/format.c server/lines.c \
	server/listen.c server/members.c server/peers.c server/relief.c \
	server/request.c server/route.c server/routes.c server/stop.c \
	server/turn.c
LIB_SRCS = sha1.c base64.c $(BASE) $(DEFLATE) http.c $(HTTP) $(NET) \
	$(WEBSOCKET) $(FILES) rooms.c $(SERVER) ws.c

JSON = sio/json/build.c sio/json/convert.c sio/json/format.c \
	sio/json/json.c sio/json/json_string.c sio/json/keep.c \
	sio/json/number.c sio/json/text.c sio/json/value.c
ENGINE = sio/engine/answer.c sio/engine/cors.c sio/engine/engine.c \
	sio/engine/handshake.c sio/engine/jsonp.c sio/engine/message.c \
	sio/engine/payload.c sio/engine/poll_answer.c sio/engine/polling.c \
	sio/engine/post.c sio/engine/query.c sio/engine/records.c \
	sio/engine/requests.c sio/engine/session.c sio/engine/sid.c \
	sio/engine/timeouts.c sio/engine/twice.c sio/engine/websocket.c
SIO = sio/ack.c sio/bundle.c sio/client.c sio/connect.c sio/emit.c \
	sio/every.c sio/hooks.c sio/ids.c sio/late.c sio/leave.c sio/many.c \
	sio/nsp.c sio/out.c sio/packet.c sio/partial.c sio/recovery.c \
	sio/recovery_log.c sio/refuse.c sio/reply.c sio/room_names.c \
	sio/socket.c sio/start.c sio/target.c sio/template.c
SIO_SRCS = $(JSON) $(ENGINE) $(SIO) build/bundle_js.c

HUB_SRCS = hub/ask.c hub/cursor.c hub/history.c hub/hub.c hub/poll.c \
	hub/publish.c hub/requests.c hub/socket.c hub/text.c hub/watch.c

PROGRAM_SRCS = program/amount.c program/config.c program/main.c \
	program/counts.c program/namespaces.c program/say.c program/setting.c \
	program/systemd.c build/assets.c
ALL_SRCS = $(LIB_SRCS) $(SIO_SRCS) $(HUB_SRCS) $(PROGRAM_SRCS)

LIB_OBJS = $(LIB_SRCS:%.c=build/obj/%.o) $(EXTRA_OBJS)
SIO_OBJS = $(SIO_SRCS:%.c=build/obj/%.o)
HUB_OBJS = $(HUB_SRCS:%.c=build/obj/%.o)
PROGRAM_OBJS = $(PROGRAM_SRCS:%.c=build/obj/%.o)
ALL_OBJS = $(LIB_OBJS) $(SIO_OBJS) $(HUB_OBJS) $(PROGRAM_OBJS)

# One rule for each object, since make's own suffix rules put an object beside
# its source. Both makes read the file that this writes.
RULES != mkdir -p build; for source in $(ALL_SRCS) test/kqueue/kqueue.c; do \
	object=build/obj/$${source%.c}.o; mkdir -p $${object%/*}; \
	echo "$$object: $$source"; \
	printf '\t$$(SAY) "cc      %s"\n' $$source; \
	printf '\t$$(QUIET)$$(COMPILE) -o %s %s\n' $$object $$source; \
	done >build/rules.new; \
	cmp -s build/rules.new build/rules.mk || \
	cp -f build/rules.new build/rules.mk; \
	rm -f build/rules.new; echo build/rules.mk

# make V=1 prints each command whole.
V ?= 0
QUIET != test '$(V)' = 1 || echo @
SAY != test '$(V)' = 1 && echo '@:' || echo '@echo'

# A file that changes when the flags do, so that no two kinds of objects mix.
FLAGS = $(COMPILE) $(HARD_LDFLAGS) $(LDFLAGS) $(LOOP) $(EXTRA_OBJS)
STAMP != mkdir -p build; echo '$(FLAGS)' > build/flags.new; \
	cmp -s build/flags.new build/flags || cp -f build/flags.new build/flags; \
	rm -f build/flags.new; echo build/flags

# What the scripts under test/ and bench/ need to know.
ENV = CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' CFLAGS='$(CFLAGS)' \
	LDFLAGS='$(LDFLAGS)' WS_CFLAGS='$(WS_CFLAGS)'

all: wsd libws.a libsio.a libhub.a build/ws.pc build/sio.pc build/hub.pc

wsd: $(PROGRAM_OBJS) libhub.a libsio.a libws.a
	$(SAY) 'link    $@'
	$(QUIET)$(CC) $(HARD_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(PROGRAM_OBJS) \
	    libhub.a libsio.a libws.a

libws.a: $(LIB_OBJS)
	$(SAY) 'archive $@'
	$(QUIET)rm -f $@ && $(AR) rcs $@ $(LIB_OBJS)

libsio.a: $(SIO_OBJS)
	$(SAY) 'archive $@'
	$(QUIET)rm -f $@ && $(AR) rcs $@ $(SIO_OBJS)

libhub.a: $(HUB_OBJS)
	$(SAY) 'archive $@'
	$(QUIET)rm -f $@ && $(AR) rcs $@ $(HUB_OBJS)

$(ALL_OBJS): $(STAMP)

COMPILE = $(CC) $(WS_CFLAGS) $(HARD_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c
include build/rules.mk

# The pages become constants, written by a program of the machine that builds.
EMBED = program/embed.c base/array.c base/mem.c sha1.c $(DEFLATE)
build/embed: $(EMBED) sha1.h base/*.h deflate/*.h
	$(SAY) 'embed   www'
	$(QUIET)$(HOSTCC) $(WS_CFLAGS) -O1 -o $@ $(EMBED)

build/assets.c: build/embed www www/*
	@build/embed www /socket.io.js >$@.new && mv $@.new $@

build/bundle_js.c: build/embed www/socket.io.js
	@build/embed -n sio_bundle_js www/socket.io.js \
	    'export { io, io as connect, io as default }; export const { Manager, protocol } = io;' \
	    >$@.new && mv $@.new $@

help:
	@sed -n 's/^#   make/make/p' Makefile

PC = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|'

build/ws.pc: program/ws.pc.in ws.h
	@$(PC) program/ws.pc.in >$@

build/sio.pc: program/sio.pc.in ws.h
	@$(PC) program/sio.pc.in >$@

build/hub.pc: program/hub.pc.in ws.h
	@$(PC) program/hub.pc.in >$@

run: wsd
	./wsd

# ---- other builds ----------------------------------------------------------
# All sources in one command each, so that their objects meet no others.

asan: build/assets.c build/bundle_js.c
	$(SAY) 'link    build/wsd-asan'
	$(QUIET)$(CC) $(WS_CFLAGS) $(CPPFLAGS) -O1 -g -fno-omit-frame-pointer \
	    -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -o build/wsd-asan $(ALL_SRCS)

# One file that needs nothing else, small but without tricks. What each flag
# saves of 226 KB (gcc 12, musl):
#   -Oz (gcc 12 and later) after -Os   2 KB
#   -flto                              7 KB
#   -fno-asynchronous-unwind-tables   24 KB
#   -fno-move-loop-invariants          1 KB
#                     1 KB between arrays
#   -fconserve-stack                   nothing; but main would have the buffers
#                                      of all that it calls once: 16 KB resident
#   --gc-sections                      2 KB of libc
#   noseparate-code                    4 KB: code shares pages with constants
#   -fstack-protector                  7 KB: it guards functions with arrays of
#                                      characters, -strong 230 more
# A flag that the compiler does not know is left out. STATIC_CFLAGS come last.
STATIC_CC ?= musl-gcc
STATIC_CFLAGS ?=
SMALL = -Os -Oz -flto=auto -fno-asynchronous-unwind-tables \
	-flto-partition=one -fno-move-loop-invariants -fstack-protector \
	-fconserve-stack -Wl,--gc-sections -Wl,-z,noseparate-code

# Position-independent with musl's rcrt1.o, which applies the relocations:
# musl-gcc takes -static-pie for a dynamic file. The shell variable crt is where
# musl's files are. All that costs 16 KB of 268: relocations, and code and
# constants that end at a page.
STATIC_PIE = "-fPIE -nostartfiles $$crt/rcrt1.o $$crt/crti.o $$crt/crtn.o \
	-Wl,-pie,--no-dynamic-linker,-z,text,-z,relro,-z,now"
static: build/assets.c build/bundle_js.c
	@crt=`$(STATIC_CC) -### -xc /dev/null 2>&1 | \
	    sed -n 's|.* \([^ ]*\)/S*crt1\.o .*|\1|p'`; \
	small=`sh program/known_flags.sh '$(STATIC_CC) -static $(WS_CFLAGS)' \
	    '$(CPPFLAGS) $(STATIC_CFLAGS)' $(HARD) $(STATIC_PIE) $(SMALL)`; \
	case $$small in *rcrt1.o*) ;; \
	*) echo '$(STATIC_CC) links no static-pie: plain static' ;; esac; \
	test '$(V)' != 1 || set -x; $(STATIC_CC) $(WS_CFLAGS) $$small $(CPPFLAGS) \
	    $(STATIC_CFLAGS) -static -s -o build/wsd-static $(ALL_SRCS) \
	    program/pages.c
	@ls -l build/wsd-static

examples: libws.a libsio.a libhub.a
	@mkdir -p build/examples
	@for file in examples/*.c; do \
	    name=`basename $$file .c`; \
	    test -z "`find $$file libsio.a libhub.a libws.a ws.h sio/sio.h hub/hub.h \
		-newer build/examples/$$name 2>&1`" && continue; \
	    echo "cc      $$file"; \
	    (test '$(V)' != 1 || set -x; \
	    $(CC) $(WS_CFLAGS) -Isio -Ihub $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
		-o build/examples/$$name $$file libhub.a libsio.a libws.a) || exit 1; \
	done

# ---- tests -----------------------------------------------------------------

# make test TESTS="frame rooms" runs these two only, and so does make check
# STEPS="layers fuzz".
TESTS ?=
test: all examples
	@$(ENV) sh test/run.sh $(TESTS)

STEPS ?=
check:
	@MAKE='$(MAKE)' STEPS='$(STEPS)' FUZZ_SECONDS='$(FUZZ_SECONDS)' \
	    sh test/check.sh

layers: all
	@sh test/layers.sh

fuzz: build/assets.c build/bundle_js.c
	@WS_CFLAGS='$(WS_CFLAGS)' LIB='$(LIB_SRCS) $(SIO_SRCS) $(HUB_SRCS)' \
	    FUZZ_SECONDS='$(FUZZ_SECONDS)' sh test/fuzz.sh $(TESTS)

msan: build/assets.c build/bundle_js.c
	@WS_CFLAGS='$(WS_CFLAGS)' LIB='$(LIB_SRCS) $(SIO_SRCS)' \
	    TESTS='$(TESTS)' sh test/msan.sh

# make bench RECORD=yes, and likewise bench-ir, makes today's figures the ones
# to be shown, and to be kept.
RECORD ?=
bench:
	@$(ENV) sh bench/run.sh
	@test -z '$(RECORD)' || python3 bench/chart.py

bench-ir:
	@$(ENV) sh bench/budgets.sh $(RECORD:yes=record)

ATTACKS ?=
fairness:
	@$(ENV) sh bench/fairness.sh $(ATTACKS)

# The tests in a copy of the tree, so that these objects meet no others.
cov:
	@CC='$(CC)' MAKE='$(MAKE)' sh test/cov.sh

# Half an hour of two cores: 300 changes, each with the tests that run its line.
CHANGES ?= 300
SEED ?= 1
mutate:
	@python3 test/mutate.py --count '$(CHANGES)' --seed '$(SEED)'

# An entry for each C file of the tree. Quotes in flags are escaped for JSON.
COMPILE_ANY = $(CC) $(WS_CFLAGS) -Isio -Ihub -idirafter test/kqueue $(CPPFLAGS) \
	$(CFLAGS) -c
compile_commands:
	@mkdir -p build
	@for file in `$(C_FILES) | sed -n '/c$$/s|^\./||p' | sort`; do \
	    command=`printf '%s\n' '$(COMPILE_ANY)' "$$file" | tr '\n' ' ' | \
		sed 's/[\\"]/\\\\&/g'`; \
	    printf '{ "directory": "%s", "file": "%s",\n  "command": "%s" }\n' \
		"$$PWD" "$$file" "$$command"; \
	done | sed '1s/^/[ /; 3,$$s/^{/, {/; $$s/$$/ ]/' \
	    >build/compile_commands.json
	@echo build/compile_commands.json

C_FILES = find . -name '*.[ch]' ! -path './build/*' ! -path '*/node_modules/*'

format:
	clang-format -i `$(C_FILES)`

format-check:
	clang-format --dry-run -Werror `$(C_FILES)`

# ---- installation ----------------------------------------------------------

install:
	@test -x wsd && test -f libws.a && test -f libsio.a && \
	    test -f libhub.a || \
	    { echo 'run make first'; exit 1; }
	mkdir -p "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig" \
	    "$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(MANDIR)/man1" \
	    "$(DESTDIR)$(MANDIR)/man3" "$(DESTDIR)$(BASH_DIR)" \
	    "$(DESTDIR)$(ZSH_DIR)" "$(DESTDIR)$(FISH_DIR)"
	install -m 644 program/completion/wsd.bash "$(DESTDIR)$(BASH_DIR)/wsd"
	install -m 644 program/completion/_wsd "$(DESTDIR)$(ZSH_DIR)"
	install -m 644 program/completion/wsd.fish "$(DESTDIR)$(FISH_DIR)"
	install -m 755 wsd "$(DESTDIR)$(BINDIR)"
	install -m 644 libws.a libsio.a libhub.a "$(DESTDIR)$(LIBDIR)"
	install -m 644 ws.h sio/sio.h hub/hub.h "$(DESTDIR)$(INCLUDEDIR)"
	install -m 644 man/wsd.1 "$(DESTDIR)$(MANDIR)/man1"
	install -m 644 man/ws.3 man/sio.3 man/hub.3 "$(DESTDIR)$(MANDIR)/man3"
	for name in ws sio hub; do \
	    pc="$(DESTDIR)$(LIBDIR)/pkgconfig/$$name.pc"; \
	    $(PC) program/$$name.pc.in > "$$pc" && chmod 644 "$$pc" || exit 1; \
	done

uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/wsd" \
	    "$(DESTDIR)$(LIBDIR)/libws.a" "$(DESTDIR)$(LIBDIR)/libsio.a" \
	    "$(DESTDIR)$(LIBDIR)/libhub.a" "$(DESTDIR)$(LIBDIR)/pkgconfig/hub.pc" \
	    "$(DESTDIR)$(LIBDIR)/pkgconfig/ws.pc" \
	    "$(DESTDIR)$(LIBDIR)/pkgconfig/sio.pc" \
	    "$(DESTDIR)$(INCLUDEDIR)/ws.h" "$(DESTDIR)$(INCLUDEDIR)/sio.h" \
	    "$(DESTDIR)$(INCLUDEDIR)/hub.h" "$(DESTDIR)$(MANDIR)/man3/hub.3" \
	    "$(DESTDIR)$(BASH_DIR)/wsd" "$(DESTDIR)$(ZSH_DIR)/_wsd" \
	    "$(DESTDIR)$(FISH_DIR)/wsd.fish" \
	    "$(DESTDIR)$(MANDIR)/man1/wsd.1" \
	    "$(DESTDIR)$(MANDIR)/man3/ws.3" "$(DESTDIR)$(MANDIR)/man3/sio.3"

# What git tracks; in a tree without git, what is no product of a build.
DIST = wsd-$(VERSION)
dist:
	rm -rf build/$(DIST)
	mkdir -p build/$(DIST)
	if test -e .git; then git ls-files; else find . -type f \
	    ! -path './build/*' ! -name '*.a' ! -path ./wsd; fi | \
	    tar cf - -T - | \
	    (cd build/$(DIST) && tar xf -)
	cd build && tar cf - $(DIST) | gzip -9 > $(DIST).tar.gz
	rm -rf build/$(DIST)
	@ls -l build/$(DIST).tar.gz

clean:
	rm -rf wsd libws.a libsio.a libhub.a build

.PHONY: all run asan static examples test check layers fuzz msan mutate bench \
	bench-ir fairness cov compile_commands help format format-check install uninstall \
	dist clean

-include $(ALL_OBJS:.o=.d)
