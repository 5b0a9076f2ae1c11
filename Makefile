# Makefile - wsd and libws.a, for GNU make and BSD make.
# SPDX-License-Identifier: MIT
#
#   make           wsd and the libraries  make test      build and run the tests
#   make run       build and start wsd    make check     all that CI runs
#   make asan      wsd with sanitizers    make fuzz      FUZZ_SECONDS each
#   make static    one static file        make bench     figures
#   make examples  into build/examples    make layers    who may know whom
#   make format    lay out the source     make bench-ir  figures without time
#   make dist      a tarball
#
# make install and make uninstall respect DESTDIR, PREFIX, BINDIR, LIBDIR,
# INCLUDEDIR and MANDIR. CC, CFLAGS, CPPFLAGS and LDFLAGS are the user's; when
# one of them changes, make compiles all again. make install compiles nothing.
#
# To cross compile: make CC=aarch64-linux-gnu-gcc HOSTCC=cc, for a system with
# kqueue with LOOP=kqueue as well.

VERSION != sed -n 's/^.define WS_VERSION "\(.*\)"/\1/p' ws.h

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man

CFLAGS ?= -g
HOSTCC ?= $(CC)
FUZZ_SECONDS ?= 5

# Ours, which the user's follow. _DEFAULT_SOURCE is empty as it is in files that
# define it themselves.
WS_CFLAGS = -std=c11 -O2 -D_DEFAULT_SOURCE= -D_FILE_OFFSET_BITS=64 -I. -Isio \
	-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wsign-compare

# The readiness backend: epoll on Linux, kqueue everywhere else. EXTRA_OBJS
# become part of the library; the tests of kqueue on Linux need that.
LOOP != case `uname -s` in Linux) echo epoll ;; *) echo kqueue ;; esac
EXTRA_OBJS ?=

LIB_OBJS = sha1.o base64.o utf8.o siphash.o print.o address.o frame.o field.o \
	http.o http_tables.o target.o chunked.o reply.o gzip.o condition.o \
	encoding.o static_body.o deflate.o deflate_match.o deflate_block.o \
	deflate_code.o inflate.o inflate_table.o crc32.o mem.o buf.o \
	table.o timer.o log.o peers.o loop.o loop_$(LOOP).o net.o \
	handshake.o pmd.o compressor.o packer.o session.o rooms.o files.o \
	beneath.o files_list.o files_type.o static.o conn.o conn_send.o conn_http.o \
	conn_reply.o conn_ws.o conn_message.o conn_pmd.o ws.o listen.o route.o \
	request.o hub.o tasks.o $(EXTRA_OBJS)
SIO_OBJS = sio/payload.o sio/octets.o sio/engine.o sio/engine_due.o \
	sio/engine_handshake.o sio/engine_http.o sio/engine_poll.o \
	sio/engine_send.o sio/engine_session.o sio/engine_ws.o sio/cors.o \
	sio/json.o sio/json_string.o sio/decimal.o sio/number.o sio/value.o \
	sio/text.o sio/convert.o sio/format.o sio/packet.o sio/io.o sio/nsp.o \
	sio/hooks.o sio/client.o sio/connect.o sio/socket.o sio/emit.o \
	sio/target.o sio/ack.o sio/recovery.o sio/bundle.o sio/bundle_js.o
PROGRAM_OBJS = main.o config.o say.o namespaces.o systemd.o assets.o
OBJS = $(PROGRAM_OBJS) $(LIB_OBJS)
ALL_OBJS = $(OBJS) $(SIO_OBJS)

# A file that changes when the flags do, so that no two kinds of objects mix.
FLAGS = $(CC) $(WS_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LOOP) $(EXTRA_OBJS)
STAMP != mkdir -p build; echo '$(FLAGS)' > build/flags.new; \
	cmp -s build/flags.new build/flags || cp -f build/flags.new build/flags; \
	rm -f build/flags.new; echo build/flags

# What the scripts under test/ need to know.
ENV = CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' CFLAGS='$(CFLAGS)' \
	LDFLAGS='$(LDFLAGS)' WS_CFLAGS='$(WS_CFLAGS)'

all: wsd libws.a libsio.a ws.pc sio.pc

wsd: $(PROGRAM_OBJS) libsio.a libws.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(PROGRAM_OBJS) libsio.a libws.a

libws.a: $(LIB_OBJS)
	rm -f $@
	$(AR) rcs $@ $(LIB_OBJS)

libsio.a: $(SIO_OBJS)
	rm -f $@
	$(AR) rcs $@ $(SIO_OBJS)

$(ALL_OBJS): $(STAMP)

.SUFFIXES: .c .o
.c.o:
	$(CC) $(WS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The pages become constants, written by a program of the machine that builds.
EMBED = embed.c sha1.c gzip.c crc32.c deflate.c deflate_match.c \
	deflate_block.c deflate_code.c inflate.c inflate_table.c
embed: $(EMBED) sha1.h gzip.h crc32.h deflate.h deflate_state.h inflate.h \
	inflate_table.h bytes.h
	$(HOSTCC) $(WS_CFLAGS) -O1 -o $@ $(EMBED)

assets.c: embed www www/*
	./embed www /socket.io.js > $@.new
	mv $@.new $@

sio/bundle_js.c: embed www/socket.io.js
	./embed -n sio_bundle_js www/socket.io.js \
	    'export { io, io as connect, io as default };' > $@.new
	mv $@.new $@

PC = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|'

ws.pc: ws.pc.in ws.h
	$(PC) ws.pc.in > $@

sio.pc: sio.pc.in ws.h
	$(PC) sio.pc.in > $@

run: wsd
	./wsd

# ---- other builds ----------------------------------------------------------
# All sources in one command each, so that their objects meet no others.

asan: assets.c sio/bundle_js.c
	$(CC) $(WS_CFLAGS) $(CPPFLAGS) -O1 -g -fno-omit-frame-pointer \
	    -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -o build/wsd-asan $(ALL_OBJS:.o=.c)

# As small as the compiler can: what makes a file smaller and the compiler does
# not know is left out. -Oz is of gcc 12. One partition and no room for pages of
# their own save 12 KB, and what the compiler is told not to do saves 2 more by
# experience: most of it is meant for speed. STATIC_CFLAGS come last.
STATIC_CC ?= musl-gcc
STATIC_CFLAGS ?=
SMALL = -Os -Oz -flto=auto -flto-partition=one -fno-pie -no-pie \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-fno-optimize-sibling-calls -fno-caller-saves -fno-jump-tables \
	-fno-tree-dominator-opts -fno-partial-inlining \
	-Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,norelro \
	-Wl,-z,common-page-size=64
static: assets.c sio/bundle_js.c
	@mkdir -p build; echo 'int main(void) { return 0; }' > build/try.c; \
	small=; for flag in $(SMALL); do \
	    $(STATIC_CC) -Werror $$small $$flag -static -o build/try \
		build/try.c 2>/dev/null && small="$$small $$flag"; \
	done; rm -f build/try build/try.c; \
	set -x; $(STATIC_CC) $(WS_CFLAGS) $(CPPFLAGS) $$small \
	    $(STATIC_CFLAGS) -static -s -o build/wsd-static $(ALL_OBJS:.o=.c)
	@ls -l build/wsd-static

examples: libws.a libsio.a
	@mkdir -p build/examples
	@for f in examples/*.c; do \
	    name=`basename $$f .c`; echo "$(CC) $$f"; \
	    $(CC) $(WS_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
		-o build/examples/$$name $$f libsio.a libws.a || exit 1; \
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

fuzz: assets.c sio/bundle_js.c
	@WS_CFLAGS='$(WS_CFLAGS)' LIB='$(LIB_OBJS:.o=.c) $(SIO_OBJS:.o=.c)' \
	    FUZZ_SECONDS='$(FUZZ_SECONDS)' sh test/fuzz.sh $(TESTS)

# make bench RECORD=yes, and likewise bench-ir, makes today's figures the ones
# to be shown, and to be kept.
RECORD ?=
bench:
	@$(ENV) sh bench/run.sh
	@test -z '$(RECORD)' || python3 bench/chart.py

bench-ir:
	@$(ENV) sh bench/budgets.sh $(RECORD:yes=record)

C_FILES = ls *.[ch] sio/*.[ch] test/*.[ch] test/kqueue/*.c test/kqueue/sys/*.h \
	examples/*.c bench/*.[ch] 2>/dev/null | grep -v -e '^assets\.c$$' -e bundle_js

format:
	clang-format -i `$(C_FILES)`

format-check:
	clang-format --dry-run -Werror `$(C_FILES)`

# ---- installation ----------------------------------------------------------

install:
	@test -x wsd && test -f libws.a && test -f libsio.a || \
	    { echo 'run make first'; exit 1; }
	mkdir -p "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig" \
	    "$(DESTDIR)$(INCLUDEDIR)" "$(DESTDIR)$(MANDIR)/man1" \
	    "$(DESTDIR)$(MANDIR)/man3"
	install -m 755 wsd "$(DESTDIR)$(BINDIR)"
	install -m 644 libws.a libsio.a "$(DESTDIR)$(LIBDIR)"
	install -m 644 ws.h sio/sio.h "$(DESTDIR)$(INCLUDEDIR)"
	install -m 644 man/wsd.1 "$(DESTDIR)$(MANDIR)/man1"
	install -m 644 man/ws.3 man/sio.3 "$(DESTDIR)$(MANDIR)/man3"
	for name in ws sio; do \
	    pc="$(DESTDIR)$(LIBDIR)/pkgconfig/$$name.pc"; \
	    $(PC) $$name.pc.in > "$$pc" && chmod 644 "$$pc" || exit 1; \
	done

uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/wsd" \
	    "$(DESTDIR)$(LIBDIR)/libws.a" "$(DESTDIR)$(LIBDIR)/libsio.a" \
	    "$(DESTDIR)$(LIBDIR)/pkgconfig/ws.pc" \
	    "$(DESTDIR)$(LIBDIR)/pkgconfig/sio.pc" \
	    "$(DESTDIR)$(INCLUDEDIR)/ws.h" "$(DESTDIR)$(INCLUDEDIR)/sio.h" \
	    "$(DESTDIR)$(MANDIR)/man1/wsd.1" \
	    "$(DESTDIR)$(MANDIR)/man3/ws.3" "$(DESTDIR)$(MANDIR)/man3/sio.3"

# What git tracks; in a tree without git, what is no product of a build.
DIST = wsd-$(VERSION)
dist:
	rm -rf build/$(DIST)
	mkdir -p build/$(DIST)
	{ git ls-files 2>/dev/null || find . -type f ! -path './build/*' \
	    ! -name '*.[oda]' ! -name wsd ! -name embed ! -name assets.c \
	    ! -name bundle_js.c ! -name '*.pc'; } | tar cf - -T - | \
	    (cd build/$(DIST) && tar xf -)
	cd build && tar cf - $(DIST) | gzip -9 > $(DIST).tar.gz
	rm -rf build/$(DIST)
	@ls -l build/$(DIST).tar.gz

clean:
	rm -rf *.[oad] *.pc sio/*.[od] sio/bundle_js.c test/kqueue/*.[od] \
	    wsd embed assets.c build

.PHONY: all run asan static examples test check layers fuzz bench bench-ir \
	format format-check install uninstall dist clean

-include $(ALL_OBJS:.o=.d)
