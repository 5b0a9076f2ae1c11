/* net.h - sockets, clocks, randomness and limits: what is asked of the system. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_NET_H
#define WS_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "address.h"

/* Results of the calls that move octets and accept. */
enum {
	WS_NET_AGAIN = -1, /* nothing now: wait for readiness */
	WS_NET_GONE = -2,  /* the peer is gone, or this connection failed */
	WS_NET_FULL = -3,  /* out of descriptors or memory */
};

/* ---- net_listen.c --------------------------------------------------------- */

/* Open a listening socket, non-blocking, close-on-exec.
 *   address  "HOST:PORT", ":PORT" (every address, both families), "[V6]:PORT"
 *            or "unix:PATH[,mode=0660]"; port 0 lets the system choose; the
 *            host is numeric or "localhost"
 *   error    receives a sentence when it fails; room for WS_NET_ERROR
 * The file of a unix socket is replaced only if no server answers there.
 * Returns the descriptor or -1, with errno EINVAL for a malformed address. */
#define WS_NET_ERROR 160
int ws_net_listen(const char *address, char error[WS_NET_ERROR]);

/* Take over a listening socket that somebody else opened (LISTEN_FDS).
 * Returns 0, or -1 with errno set when it is not a listening stream socket. */
int ws_net_adopt(int fd);

/* The address a socket listens on, as text: "127.0.0.1:8080", "[::]:8080" or
 * "unix:/run/wsd.sock". Always terminated. */
void ws_net_local_text(int fd, char *text, size_t size);

/* Remove the file of a unix socket that ws_net_listen made, and close it. */
void ws_net_unlisten(int fd);

/* ---- net.c: connections -------------------------------------------------- */

/* Accept one connection: non-blocking, close-on-exec, no delay.
 *   peer  receives its address
 * Returns the descriptor, WS_NET_AGAIN when none waits, WS_NET_GONE when the
 * one that waited is gone (try again), or WS_NET_FULL. */
int ws_net_accept(int fd, struct ws_peer *peer);

/* Receive what is there, at most size octets. Returns how many, 0 at the end
 * of the stream, WS_NET_AGAIN or WS_NET_GONE. */
ssize_t ws_net_recv(int fd, void *buf, size_t size);

/* Read from any descriptor, as ws_net_recv does from a socket. */
ssize_t ws_net_read(int fd, void *buf, size_t size);

/* Send what the system takes. Returns how many octets, WS_NET_AGAIN or
 * WS_NET_GONE; never raises SIGPIPE. */
ssize_t ws_net_send(int fd, const void *data, size_t len);

/* The same from several places, at most 64. */
ssize_t ws_net_sendv(int fd, const struct iovec *parts, int count);

/* Send a part of an open file. Returns how many octets, 0 when the file ends
 * before offset + len (it was truncated), WS_NET_AGAIN or WS_NET_GONE. The
 * process must ignore SIGPIPE. */
ssize_t ws_net_sendfile(int fd, int file, uint64_t offset, size_t len);

/* Have the system end a connection whose peer does not acknowledge data for
 * timeout_ms, where the system can, and probe a silent peer (SO_KEEPALIVE).
 * Connections inherit it from the listening socket. */
void ws_net_user_timeout(int fd, unsigned timeout_ms);

/* Send no more, so that the peer reads the end; it may still send. */
void ws_net_shutdown(int fd);

/* Close a connection. */
void ws_net_close(int fd);

/* ---- net_system.c: clocks, randomness, limits ----------------------------- */

/* Milliseconds of a clock that never goes back. */
int64_t ws_net_now_ms(void);

/* Seconds since 1970. */
int64_t ws_net_unix_s(void);

/* Fill out with len random octets, fit for keys and session ids. Returns 0, or
 * -1 with errno set. */
int ws_net_random(void *out, size_t len);

/* How many descriptors the process may have. */
size_t ws_net_descriptors(void);

/* Raise the soft limit of descriptors to the hard one.
 * Returns the limit now in force. */
size_t ws_net_raise_descriptors(void);

/* Open a descriptor to hold in reserve. When there are no more, closing it with
 * ws_net_close makes room for one connection, to accept and refuse it.
 * Returns the descriptor or -1. */
int ws_net_reserve(void);

/* Ignore SIGPIPE unless the process has chosen a handler: sendfile has no flag
 * that keeps it from being raised. */
void ws_net_ignore_sigpipe(void);

#endif
