# wsd and libws.a, for GNU make and BSD make.
# SPDX-License-Identifier: MIT
#
#   make          wsd and libws.a          make test     the tests
#   make run      build and start wsd      make check    all that CI runs
#   make static   one static file (musl)   make bench    figures
#   make install  respects DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR MANDIR

VERSION = 0.1.0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man

CFLAGS ?= -O2 -g
WS_CFLAGS = -std=c11 -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra \
	-Wconversion -Wshadow -Wstrict-prototypes -Wsign-compare

# The readiness backend: epoll, or kqueue everywhere else.
LOOP != case `uname -s` in Linux) echo epoll ;; *) echo kqueue ;; esac

LIB_OBJS = sha1.o base64.o utf8.o siphash.o frame.o field.o http.o chunked.o \
	reply.o mem.o buf.o timer.o log.o peers.o loop.o loop_$(LOOP).o net.o \
	handshake.o session.o rooms.o files.o beneath.o files_list.o \
	files_type.o static.o conn.o conn_http.o conn_ws.o ws.o listen.o \
	route.o hub.o tasks.o
PROGRAM_OBJS = main.o config.o systemd.o assets.o
EMBED_OBJS = embed.o sha1.o

all: wsd libws.a

wsd: $(PROGRAM_OBJS) libws.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(PROGRAM_OBJS) libws.a

libws.a: $(LIB_OBJS)
	rm -f $@
	$(AR) rcs $@ $(LIB_OBJS)

embed: $(EMBED_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(EMBED_OBJS)

assets.c: embed www www/*
	./embed www > $@.new
	mv $@.new $@

run: wsd
	./wsd

clean:
	rm -rf *.o *.d wsd libws.a embed assets.c ws.pc build

.SUFFIXES: .c .o
.c.o:
	$(CC) $(WS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

.PHONY: all run clean

-include $(LIB_OBJS:.o=.d) $(PROGRAM_OBJS:.o=.d) $(EMBED_OBJS:.o=.d)
