/* test_net.c - addresses, listening, accepting, moving octets. */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* nftw, for tree.h */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "net/net.h"
#include "test/tree.h"

#define DEADLINE_MS 20000

/* ---- helpers ---- */

/* Wait until a descriptor is ready; that it takes so long is a failure. */
static void
await(int fd, short events)
{
	struct pollfd wait = { .fd = fd, .events = events };

	cr_assert_eq(poll(&wait, 1, DEADLINE_MS), 1);
}

/* Listen where it must work. */
static int
listen_at(const char *address)
{
	char error[WS_NET_ERROR] = "";
	int fd = ws_net_listen(address, error);

	cr_assert_geq(fd, 0, "%s: %s", address, error);
	return fd;
}

/* The port that the system chose. */
static unsigned
port_of(int fd)
{
	char text[WS_PEER_TEXT];
	const char *colon;

	ws_net_local_text(fd, text, sizeof(text));
	colon = strrchr(text, ':');
	cr_assert_not_null(colon, "%s", text);
	return (unsigned)atoi(colon + 1);
}

/* Connect to a port of this machine. */
static int
connect_v4(unsigned port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0, "%s",
	    strerror(errno));
	return fd;
}

static int
connect_v6(unsigned port)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static struct sockaddr_un
local(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	cr_assert_lt(strlen(path), sizeof(to.sun_path));
	strcpy(to.sun_path, path);
	return to;
}

/* Connect to a unix socket. Returns a descriptor or -1. */
static int
connect_local(const char *path)
{
	struct sockaddr_un to = local(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
has_ipv6(void)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool has = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/* Accept what must be coming. */
static int
accept_one(int listening, struct ws_peer *peer)
{
	int fd;

	await(listening, POLLIN);
	fd = ws_net_accept(listening, peer);
	cr_assert_geq(fd, 0, "%d", fd);
	return fd;
}

/* A TCP connection over the loopback: ours, and the peer's end. */
static void
connection(int *ours, int *theirs)
{
	int listening = listen_at("127.0.0.1:0");
	struct ws_peer peer;

	*theirs = connect_v4(port_of(listening));
	*ours = accept_one(listening, &peer);
	close(listening);
}

static bool
is_nonblocking(int fd)
{
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

static bool
closes_on_exec(int fd)
{
	return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

/* ---- addresses as text ---- */

Test(net, peers_as_text)
{
	static const struct {
		const char *text;
		struct ws_peer peer;
	} rows[] = {
		{ "unix", { .family = 0 } },
		{ "127.0.0.1:80",
		    { { [10] = 255, 255, 127, 0, 0, 1 }, 80, 4 } },
		{ "127.255.0.9:1",
		    { { [10] = 255, 255, 127, 255, 0, 9 }, 1, 4 } },
		{ "192.0.2.1:65535",
		    { { [10] = 255, 255, 192, 0, 2, 1 }, 65535, 4 } },
		{ "[::1]:8080", { { [15] = 1 }, 8080, 6 } },
		{ "[::]:0", { { 0 }, 0, 6 } },
		{ "[2001:db8::1]:443",
		    { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, 443, 6 } },
		{ "[7f00::1]:1", { { 0x7f, [15] = 1 }, 1, 6 } },
		{ "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
		    { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
			  255, 255, 255, 255, 255 },
			65535, 6 } },
	};

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		char text[WS_PEER_TEXT];

		ws_peer_text(&rows[i].peer, text);
		cr_assert_str_eq(text, rows[i].text);
	}
}

/* ---- what cannot be listened on ---- */

/* A path of 110 octets, more than sun_path has. */
#define TEN "/123456789"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

Test(net, refuses_what_is_no_address)
{
	static const struct {
		const char *address, *why; /* why must be in the sentence */
	} rows[] = {
		{ "", "expected HOST:PORT" },
		{ "8080", "expected HOST:PORT" },
		{ ":", "expected HOST:PORT" },
		{ "127.0.0.1", "expected HOST:PORT" },
		{ "127.0.0.1:", "expected HOST:PORT" },
		{ "127.0.0.1:http", "expected HOST:PORT" },
		{ "127.0.0.1:-1", "expected HOST:PORT" },
		{ "127.0.0.1:+1", "expected HOST:PORT" },
		{ "127.0.0.1: 1", "expected HOST:PORT" },
		{ "127.0.0.1:1 ", "expected HOST:PORT" },
		{ "127.0.0.1:0x50", "expected HOST:PORT" },
		{ "127.0.0.1:65536", "expected HOST:PORT" },
		{ "127.0.0.1:99999999999999999999", "expected HOST:PORT" },
		{ "::1:8080", "expected HOST:PORT" },
		{ "::1", "expected HOST:PORT" },
		{ "[::1]", "expected HOST:PORT" },
		{ "[::1]8080", "expected HOST:PORT" },
		{ "[::1:8080", "expected HOST:PORT" },
		{ "[]:0", "cannot listen" },
		{ "[:0", "cannot listen" },
		{ "]:0", "cannot listen" },
		{ "http://127.0.0.1:0", "expected HOST:PORT" },
		{ "300.0.0.1:0", "cannot listen" },
		{ "192.0.2.1:0", "cannot listen" }, /* of documentation */
		{ "unix:", "empty" },
		{ "unix:,mode=0600", "empty" },
		{ "unix:" LONG, "too long" },
		{ "unix:" LONG LONG, "too long" },
		{ "unix:/nowhere/at/all.sock", "No such file" },
		{ "unix:build/test/none,mode=", "mode=" },
		{ "unix:build/test/none,mode=0999", "mode=" },
		{ "unix:build/test/none,mode=01000", "mode=" },
		{ "unix:build/test/none,mode=-1", "mode=" },
		{ "unix:build/test/none,mode=0600x", "mode=" },
		{ "unix:build/test/none,owner=root", "mode=" },
		{ "unix:build/test/none,", "mode=" },
	};

	(void)unlink("build/test/none");
	for (size_t i = 0; i < WS_LEN(rows); i++) {
		const char *address = rows[i].address;
		char error[WS_NET_ERROR] = "";

		cr_assert_eq(ws_net_listen(address, error), -1, "%s", address);
		cr_assert_not_null(
		    strstr(error, "cannot listen on "), "%s", error);
		cr_assert_not_null(
		    strstr(error, rows[i].why), "%s: %s", address, error);
	}
	cr_assert_neq(
	    access("build/test/none", F_OK), 0, "a refusal left a file");
}

Test(net, refuses_a_host_longer_than_any)
{
	char address[400], error[WS_NET_ERROR];

	memset(address, 'a', sizeof(address));
	strcpy(address + 300, ":0");
	cr_assert_eq(ws_net_listen(address, error), -1);
	cr_assert_not_null(strstr(error, "expected HOST:PORT"));
}

Test(net, a_port_in_use_is_said_so)
{
	int fd = listen_at("127.0.0.1:0");
	char address[64], error[WS_NET_ERROR];

	snprintf(address, sizeof(address), "127.0.0.1:%u", port_of(fd));
	cr_assert_eq(ws_net_listen(address, error), -1);
	cr_assert_not_null(strstr(error, "in use"), "%s", error);
	/* Every address includes this one. */
	snprintf(address, sizeof(address), ":%u", port_of(fd));
	cr_assert_eq(ws_net_listen(address, error), -1);
	cr_assert_not_null(strstr(error, "in use"), "%s", error);
	ws_net_unlisten(fd);
}

/* ---- TCP ---- */

Test(net, listens_on_ipv4_and_accepts)
{
	int fd = listen_at("127.0.0.1:0"), client, taken, on = 0;
	char text[WS_PEER_TEXT], expected[WS_PEER_TEXT];
	socklen_t len = sizeof(on);
	struct ws_peer peer;

	cr_assert(is_nonblocking(fd) && closes_on_exec(fd));
	ws_net_local_text(fd, text, sizeof(text));
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", port_of(fd));
	cr_assert_str_eq(text, expected);
	cr_assert_eq(ws_net_accept(fd, &peer), WS_NET_AGAIN);
	client = connect_v4(port_of(fd));
	taken = accept_one(fd, &peer);
	cr_assert(is_nonblocking(taken) && closes_on_exec(taken));
	cr_assert_eq(getsockopt(taken, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
	cr_assert_neq(on, 0, "no delay");
	cr_assert_eq(peer.family, 4);
	ws_peer_text(&peer, text);
	snprintf(expected, sizeof(expected), "127.0.0.1:%u", port_of(client));
	cr_assert_str_eq(text, expected);
	cr_assert_eq(ws_net_accept(fd, &peer), WS_NET_AGAIN);
	close(client);
	ws_net_close(taken);
	ws_net_unlisten(fd);
}

Test(net, listens_on_ipv6)
{
	struct ws_peer peer;
	char text[WS_PEER_TEXT];
	int fd, client, taken;

	if (!has_ipv6())
		cr_skip_test("no IPv6 here");
	fd = listen_at("[::1]:0");
	ws_net_local_text(fd, text, sizeof(text));
	cr_assert_eq(strncmp(text, "[::1]:", 6), 0, "%s", text);
	client = connect_v6(port_of(fd));
	cr_assert_geq(client, 0);
	taken = accept_one(fd, &peer);
	cr_assert_eq(peer.family, 6);
	ws_peer_text(&peer, text);
	cr_assert_eq(strncmp(text, "[::1]:", 6), 0, "%s", text);
	close(client);
	close(taken);
	ws_net_unlisten(fd);
}

/* ":0" serves both families; an IPv4 peer is shown as one. */
Test(net, every_address_is_both_families)
{
	int fd = listen_at(":0");
	struct ws_peer peer;
	char text[WS_PEER_TEXT];
	int client = connect_v4(port_of(fd));
	int taken = accept_one(fd, &peer);

	cr_assert_eq(peer.family, 4);
	ws_peer_text(&peer, text);
	cr_assert_eq(strncmp(text, "127.0.0.1:", 10), 0, "%s", text);
	close(client);
	close(taken);
	if (has_ipv6()) {
		client = connect_v6(port_of(fd));
		cr_assert_geq(client, 0);
		taken = accept_one(fd, &peer);
		cr_assert_eq(peer.family, 6);
		close(client);
		close(taken);
	}
	ws_net_unlisten(fd);
}

Test(net, a_name_can_be_listened_on)
{
	int fd = listen_at("localhost:0");

	cr_assert_neq(port_of(fd), 0);
	ws_net_unlisten(fd);
}

/* The port is free again at once, although connections linger. */
Test(net, a_port_can_be_listened_on_again)
{
	int fd = listen_at("127.0.0.1:0"), client, taken;
	char address[64];
	struct ws_peer peer;

	snprintf(address, sizeof(address), "127.0.0.1:%u", port_of(fd));
	client = connect_v4(port_of(fd));
	taken = accept_one(fd, &peer);
	close(taken); /* our side closes first: TIME_WAIT is ours */
	close(client);
	ws_net_unlisten(fd);
	ws_net_unlisten(listen_at(address));
}

Test(net, accept_says_when_descriptors_are_out)
{
	struct rlimit limit, few;
	int fd = listen_at("127.0.0.1:0");
	int client = connect_v4(port_of(fd)), taken;
	struct ws_peer peer;

	await(fd, POLLIN);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = (rlim_t)client + 1;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	cr_assert_eq(ws_net_accept(fd, &peer), WS_NET_FULL);
	cr_assert_eq(ws_net_descriptors(), (size_t)few.rlim_cur);
	cr_assert_eq(ws_net_reserve(), -1);
	cr_assert_eq(ws_net_raise_descriptors(), ws_net_descriptors());
	cr_assert_geq(ws_net_descriptors(), (size_t)few.rlim_cur);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	taken = ws_net_accept(fd, &peer);
	cr_assert_geq(taken, 0);
	close(taken);
	close(client);
	ws_net_unlisten(fd);
}

/* ---- unix sockets ---- */

/* A path of a test's own, removed with unplant. */
static char directory[64];

static const char *
plant(const char *name)
{
	static char path[128];

	if (directory[0] == '\0')
		tree_make(directory);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
unplant(void)
{
	tree_remove(directory);
	directory[0] = '\0';
}

static const char *
address_of(const char *path, const char *options)
{
	static char address[256];

	snprintf(address, sizeof(address), "unix:%s%s", path, options);
	return address;
}

Test(net, listens_on_a_unix_socket)
{
	const char *path = plant("ws.sock");
	int fd = listen_at(address_of(path, "")), client, taken;
	struct ws_peer peer;
	char text[128], expected[160];

	cr_assert(is_nonblocking(fd) && closes_on_exec(fd));
	ws_net_local_text(fd, text, sizeof(text));
	snprintf(expected, sizeof(expected), "unix:%s", path);
	cr_assert_str_eq(text, expected);
	client = connect_local(path);
	cr_assert_geq(client, 0);
	taken = accept_one(fd, &peer);
	cr_assert_eq(peer.family, 0);
	cr_assert(is_nonblocking(taken) && closes_on_exec(taken));
	ws_peer_text(&peer, text);
	cr_assert_str_eq(text, "unix");
	close(client);
	close(taken);
	ws_net_unlisten(fd);
	cr_assert_neq(access(path, F_OK), 0, "the file stayed");
	unplant();
}

Test(net, a_unix_socket_has_the_mode_that_was_asked_for)
{
	static const struct {
		const char *option;
		mode_t mode;
	} rows[] = { { ",mode=0660", 0660 }, { ",mode=600", 0600 },
		{ ",mode=0777", 0777 }, { ",mode=0", 0 } };
	const char *path = plant("ws.sock");

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		int fd = listen_at(address_of(path, rows[i].option));
		struct stat st;

		cr_assert_eq(stat(path, &st), 0);
		cr_assert_eq(st.st_mode & 07777, rows[i].mode, "%s: %o",
		    rows[i].option, (unsigned)st.st_mode);
		ws_net_unlisten(fd);
	}
	unplant();
}

Test(net, a_stale_unix_socket_is_replaced)
{
	const char *path = plant("ws.sock");
	struct sockaddr_un at = local(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client;

	/* A server that died: its file is there, nobody answers. */
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	close(fd);
	fd = listen_at(address_of(path, ""));
	client = connect_local(path);
	cr_assert_geq(client, 0);
	close(client);
	ws_net_unlisten(fd);
	unplant();
}

Test(net, a_live_unix_socket_is_never_taken)
{
	const char *path = plant("ws.sock");
	int fd = listen_at(address_of(path, "")), client;
	char error[WS_NET_ERROR];

	cr_assert_eq(ws_net_listen(address_of(path, ""), error), -1);
	cr_assert_not_null(
	    strstr(error, "another server is listening"), "%s", error);
	client = connect_local(path);
	cr_assert_geq(client, 0, "the first server was robbed");
	close(client);
	ws_net_unlisten(fd);
	unplant();
}

/* A live server that is too busy to accept: asking whether somebody answers
 * must not wait for it. */
Test(net, a_busy_unix_socket_is_never_taken, .timeout = 60)
{
	const char *path = plant("ws.sock");
	struct sockaddr_un at = local(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), waiting[64];
	size_t count = 0;
	char error[WS_NET_ERROR];

	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	while (count < WS_LEN(waiting)) { /* until its backlog is full */
		int client = socket(AF_UNIX, SOCK_STREAM, 0);

		waiting[count++] = client;
		cr_assert_geq(fcntl(client, F_SETFL, O_NONBLOCK), 0);
		if (connect(client, (struct sockaddr *)&at, sizeof(at)) < 0)
			break;
	}
	cr_assert_lt(count, WS_LEN(waiting));
	cr_assert_eq(ws_net_listen(address_of(path, ""), error), -1);
	cr_assert_not_null(
	    strstr(error, "another server is listening"), "%s", error);
	while (count > 0)
		close(waiting[--count]);
	close(fd);
	unplant();
}

Test(net, a_file_that_is_no_socket_is_left_alone)
{
	static const char *const names[] = { "file", "dir", "link",
		"dangling" };
	char error[WS_NET_ERROR], there[128];
	int fd;

	plant("");
	tree_file(directory, "file", "precious");
	tree_dir(directory, "dir");
	fd = listen_at(address_of(plant("ws.sock"), ""));
	tree_link(directory, "link", "ws.sock");
	tree_link(directory, "dangling", "nothing");
	for (size_t i = 0; i < WS_LEN(names); i++) {
		struct stat before, after;

		strcpy(there, plant(names[i]));
		cr_assert_eq(lstat(there, &before), 0);
		cr_assert_eq(ws_net_listen(address_of(there, ""), error), -1,
		    "%s", names[i]);
		cr_assert_not_null(strstr(error, "is not a socket"), "%s: %s",
		    names[i], error);
		cr_assert_eq(lstat(there, &after), 0, "%s is gone", names[i]);
		cr_assert_eq(before.st_ino, after.st_ino);
	}
	ws_net_unlisten(fd);
	unplant();
}

/* The longest path that fits, and one more. */
Test(net, a_unix_path_may_fill_its_place)
{
	char path[160], error[WS_NET_ERROR];
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, len;
	int fd;

	strcpy(path, plant(""));
	len = strlen(path);
	memset(path + len, 'p', sizeof(path) - len);
	path[max] = '\0';
	fd = listen_at(address_of(path, ",mode=0600"));
	ws_net_unlisten(fd);
	cr_assert_neq(access(path, F_OK), 0);
	path[max] = 'p';
	path[max + 1] = '\0';
	cr_assert_eq(ws_net_listen(address_of(path, ""), error), -1);
	cr_assert_not_null(strstr(error, "too long"), "%s", error);
	unplant();
}

/* ---- sockets that others opened ---- */

Test(net, adopts_listening_sockets_only)
{
	int fd = listen_at("127.0.0.1:0");
	int idle = socket(AF_INET, SOCK_STREAM, 0);
	int datagram = socket(AF_INET, SOCK_DGRAM, 0);
	int file = ws_net_reserve();
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	cr_assert_eq(fcntl(fd, F_SETFL, 0), 0);
	cr_assert_eq(ws_net_adopt(fd), 0);
	cr_assert(is_nonblocking(fd) && closes_on_exec(fd));
	errno = 0;
	cr_assert_eq(ws_net_adopt(idle), -1);
	cr_assert_eq(errno, EINVAL);
	cr_assert_eq(ws_net_adopt(datagram), -1);
	cr_assert_eq(ws_net_adopt(pair[0]), -1);
	cr_assert_eq(ws_net_adopt(file), -1);
	cr_assert_eq(errno, ENOTSOCK);
	cr_assert_eq(ws_net_adopt(-1), -1);
	cr_assert_eq(errno, EBADF);
	close(idle);
	close(datagram);
	close(file);
	close(pair[0]);
	close(pair[1]);
	ws_net_unlisten(fd);
}

Test(net, the_text_of_an_address_is_always_terminated)
{
	int fd = listen_at("127.0.0.1:0");

	for (size_t size = 1; size < 20; size++) {
		char text[20];

		memset(text, 'x', sizeof(text));
		ws_net_local_text(fd, text, size);
		cr_assert_not_null(memchr(text, '\0', size), "%zu", size);
	}
	ws_net_unlisten(fd);
	for (size_t size = 1; size < 3; size++) {
		char text[4] = "xxx";

		ws_net_local_text(-1, text, size);
		cr_assert_eq(strlen(text), size - 1);
	}
}

/* ---- moving octets ---- */

Test(net, sends_and_receives)
{
	struct iovec parts[] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
	int ours, theirs;
	char octets[16];

	connection(&ours, &theirs);
	cr_assert_eq(ws_net_recv(ours, octets, sizeof(octets)), WS_NET_AGAIN);
	cr_assert_eq(write(theirs, "hello", 5), 5);
	await(ours, POLLIN);
	cr_assert_eq(ws_net_recv(ours, octets, 2), 2);
	cr_assert_eq(ws_net_recv(ours, octets + 2, 14), 3);
	cr_assert_eq(memcmp(octets, "hello", 5), 0);
	cr_assert_eq(ws_net_send(ours, "1234", 4), 4);
	cr_assert_eq(ws_net_sendv(ours, parts, 3), 5);
	ws_net_shutdown(ours);
	cr_assert_eq(recv(theirs, octets, 16, MSG_WAITALL), 9);
	cr_assert_eq(memcmp(octets, "1234abcde", 9), 0);
	/* Our direction ended, the peer's goes on until it ends. */
	cr_assert_eq(write(theirs, "x", 1), 1);
	await(ours, POLLIN);
	cr_assert_eq(ws_net_recv(ours, octets, 16), 1);
	close(theirs);
	await(ours, POLLIN);
	cr_assert_eq(ws_net_recv(ours, octets, 16), 0);
	ws_net_close(ours);
}

Test(net, a_full_socket_says_again)
{
	static char octets[65536];
	int ours, theirs, file;
	ssize_t n;

	connection(&ours, &theirs);
	while ((n = ws_net_send(ours, octets, sizeof(octets))) > 0)
		continue;
	cr_assert_eq(n, WS_NET_AGAIN);
	cr_assert_eq(
	    ws_net_sendv(ours, &(struct iovec){ octets, 1 }, 1), WS_NET_AGAIN);
	file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (file >= 0) { /* where there is such a file */
		cr_assert_eq(ws_net_sendfile(ours, file, 0, 1), WS_NET_AGAIN);
		close(file);
	}
	close(theirs);
	ws_net_close(ours);
}

/* No SIGPIPE: it would end this process. */
Test(net, a_peer_that_is_gone_is_no_signal)
{
	const struct linger reset = { .l_onoff = 1 };
	int ours, theirs;
	char octet;

	connection(&ours, &theirs);
	setsockopt(theirs, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(theirs);
	await(ours, POLLIN);
	cr_assert_eq(ws_net_recv(ours, &octet, 1), WS_NET_GONE);
	cr_assert_eq(ws_net_send(ours, "x", 1), WS_NET_GONE);
	cr_assert_eq(
	    ws_net_sendv(ours, &(struct iovec){ "x", 1 }, 1), WS_NET_GONE);
	ws_net_close(ours);
}

Test(net, sends_a_part_of_a_file)
{
	int ours, theirs, file;
	char octets[16];

	plant("");
	tree_file(directory, "file", "0123456789");
	file = open(plant("file"), O_RDONLY);
	cr_assert_geq(file, 0);
	connection(&ours, &theirs);
	cr_assert_eq(ws_net_sendfile(ours, file, 3, 4), 4);
	cr_assert_eq(recv(theirs, octets, 4, MSG_WAITALL), 4);
	cr_assert_eq(memcmp(octets, "3456", 4), 0);
	cr_assert_eq(ws_net_sendfile(ours, file, 8, 100), 2);
	cr_assert_eq(ws_net_sendfile(ours, file, 10, 1), 0, "truncated");
	cr_assert_eq(ws_net_sendfile(ours, file, 1 << 20, 1), 0, "truncated");
	close(file);
	close(theirs);
	ws_net_close(ours);
	unplant();
}

Test(net, sigpipe_is_ignored_unless_it_is_handled)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	struct sigaction was;

	cr_assert_eq(sigaction(SIGPIPE, &action, NULL), 0);
	ws_net_ignore_sigpipe();
	cr_assert_eq(sigaction(SIGPIPE, NULL, &was), 0);
	cr_assert_eq(was.sa_handler, SIG_IGN);
	action.sa_handler = (void (*)(int))abort;
	cr_assert_eq(sigaction(SIGPIPE, &action, NULL), 0);
	ws_net_ignore_sigpipe();
	cr_assert_eq(sigaction(SIGPIPE, NULL, &was), 0);
	cr_assert_eq(was.sa_handler, action.sa_handler);
}

/* ---- clocks and randomness ---- */

Test(net, clocks_and_randomness)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };
	int64_t before = ws_net_now_ms();

	for (int i = 0; i < 1000; i++) {
		int64_t now = ws_net_now_ms();

		cr_assert_geq(now, before);
		before = now;
	}
	cr_assert_gt(ws_net_unix_s(), 1600000000);
	cr_assert_eq(ws_net_random(a, sizeof(a)), 0);
	cr_assert_eq(ws_net_random(b, sizeof(b)), 0);
	cr_assert_neq(memcmp(a, b, sizeof(a)), 0);
}

static void
on_alarm(int number)
{
	(void)number;
}

/* Linux stops in the midst of it when there is a signal. */
Test(net, randomness_has_any_length)
{
	enum {
		MUCH = 8 << 20
	};
	static const struct itimerval often = { .it_interval.tv_usec = 1000,
		.it_value.tv_usec = 1000 };
	static const struct itimerval never = { 0 };
	static const uint8_t zeros[32];
	uint8_t *octets = calloc(1, MUCH);

	cr_assert_not_null(octets);
	cr_assert(signal(SIGALRM, on_alarm) != SIG_ERR);
	cr_assert_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	cr_assert_eq(ws_net_random(octets, MUCH), 0);
	cr_assert_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	cr_assert_neq(memcmp(octets + MUCH - 32, zeros, 32), 0);
	free(octets);
}
