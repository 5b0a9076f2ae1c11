/* socket.h - what all files that touch sockets share. */
/* SPDX-License-Identifier: MIT */
#ifndef WS_SOCKET_H
#define WS_SOCKET_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "address.h"

/* An address of any family that is listened on. */
union ws_sockaddr {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
	struct sockaddr_storage storage;
};

/* Have a descriptor never block, and not be inherited by other programs.
 * Returns 0, or -1 with errno. */
int ws_socket_nonblocking(int fd);

/* Tell the address of a peer, which is zero for a unix socket. */
void ws_socket_peer(struct ws_peer *peer, const union ws_sockaddr *from);

#endif
