/* fairness_ws.c - attacks by WebSocket (RFC 6455, RFC 7692). */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deflate/deflate.h"
#include "test/fuzz/corpora.h"
#include "fairness.h"

enum {
	FIN = 0x80,
	RSV1 = 0x40, /* compressed, RFC 7692 section 6 */
	MASK = 0x80,
	MESSAGE_MAX = 1 << 20, /* the server's usual --max-message */
	BURST = 126 << 10,     /* octets; what the server reads at once */
};

/* ---- frames -------------------------------------------------------------- */

/* The head of a masked frame but for the key. Returns its length. */
static size_t
write_head(uint8_t *out, unsigned first, size_t len)
{
	out[0] = (uint8_t)first;
	if (len < 126) {
		out[1] = (uint8_t)(MASK | len);
		return 2;
	}
	if (len <= UINT16_MAX) {
		out[1] = MASK | 126;
		out[2] = (uint8_t)(len >> 8);
		out[3] = (uint8_t)len;
		return 4;
	}
	out[1] = MASK | 127;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	return 10;
}

/* Append a masked frame.
 *   first  its first octet: FIN, reserved bits, the opcode */
static void
add_any_frame(
    struct octets *to, unsigned first, const uint8_t *data, size_t len)
{
	static const uint8_t key[4] = { 0x9d, 0x31, 0x5a, 0xc7 };
	uint8_t head[10];
	size_t start;

	add(to, head, write_head(head, first, len));
	add(to, key, sizeof(key));
	start = to->len;
	add(to, data, len);
	for (size_t i = 0; i < len; i++)
		to->data[start + i] ^= key[i % 4];
}

void
add_frame(struct octets *to, enum opcode opcode, const void *data, size_t len)
{
	add_any_frame(to, FIN | opcode, data, len);
}

void
add_upgrade(struct octets *to, const char *path, const char *fields)
{
	print(to,
	    "GET %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "%s"
	    "Sec-WebSocket-Version: 13\r\n\r\n",
	    path, fields);
}

/* Append the same frame again and again, up to so many octets. */
static void
repeat_frame(struct octets *to, unsigned first, const char *text, size_t octets)
{
	while (to->len < octets)
		add_any_frame(to, first, (const uint8_t *)text, strlen(text));
}

static void
flood_path(const char *path, const char *fields, unsigned connections,
    const struct octets *data)
{
	struct octets opening = { 0 };

	add_upgrade(&opening, path, fields);
	flood(&(struct flood){ .connections = connections,
	    .opening = &opening,
	    .opened = WS_OPENED,
	    .data = data,
	    .again = true });
}

/* ---- rooms --------------------------------------------------------------- */

static void
join_path(int fd, unsigned n, const void *arg)
{
	struct octets request = { 0 };
	char reply[4096];

	(void)n;
	add_upgrade(&request, arg, "");
	say(fd, request.data, request.len);
	hear(fd, WS_OPENED, reply, sizeof(reply));
	free(request.data);
}

pid_t
gather_members(const char *path, unsigned members)
{
	return gather(&(struct crowd){
	    .members = members_max(members), .join = join_path, .arg = path });
}

/* Send messages of one octet to a room: each makes the server write to every
 * member. */
static void
flood_room(unsigned members)
{
	struct octets data = { 0 };

	(void)gather_members("/room/x", members);
	repeat_frame(&data, FIN | TEXT, "x", BURST);
	flood_path("/room/x", "", 1, &data);
}

void
attack_room_1000(void)
{
	flood_room(1000);
}

void
attack_room_5000(void)
{
	flood_room(5000);
}

void
attack_room_15000(void)
{
	struct octets data = { 0 };
	int fd;

	(void)gather_members("/room/x", 15000);
	fd = dial(0);
	join_path(fd, 0, "/room/x");
	repeat_frame(&data, FIN | TEXT,
	    "0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef",
	    1);
	begin();
	for (;;) {
		say(fd, data.data, data.len);
		rest(1000);
	}
}

/* ---- many small ones ----------------------------------------------------- */

static void
flood_echo(unsigned first, const char *text, unsigned connections)
{
	struct octets data = { 0 };

	repeat_frame(&data, first, text, BURST);
	flood_path("/echo", "", connections, &data);
}

void
attack_tiny(void)
{
	flood_echo(FIN | TEXT, "x", 8);
}

void
attack_tiny_500(void)
{
	flood_echo(FIN | TEXT, "x", 500);
}

void
attack_pings(void)
{
	flood_echo(FIN | PING, "", 8);
}

/* Messages of a thousand fragments of one octet each. */
void
attack_fragments(void)
{
	struct octets data = { 0 };

	add_any_frame(&data, TEXT, (const uint8_t *)"x", 1);
	for (int i = 0; i < 1000; i++)
		add_any_frame(&data, 0, (const uint8_t *)"x", 1);
	add_any_frame(&data, FIN, (const uint8_t *)"x", 1);
	flood_path("/echo", "", 8, &data);
}

/* ---- compressed ones ----------------------------------------------------- */

#define DEFLATE                                          \
	"Sec-WebSocket-Extensions: permessage-deflate; " \
	"client_no_context_takeover\r\n"

/* Compress one message of MESSAGE_MAX octets and send it over and over. */
static void
flood_packed(const uint8_t *message)
{
	enum {
		BITS = 15,
		LEVEL = 9
	};
	void *memory = malloc(ws_deflate_octets(BITS));
	uint8_t *packed = malloc(2 * MESSAGE_MAX);
	struct octets data = { 0 };
	struct ws_deflate *d;
	size_t len;

	if (memory == NULL || packed == NULL)
		fail("out of memory");
	d = ws_deflate_init(memory, BITS, LEVEL);
	len = ws_deflate_message(
	    d, message, MESSAGE_MAX, packed, 2 * MESSAGE_MAX);
	add_any_frame(&data, FIN | RSV1 | TEXT, packed, len);
	flood_path("/echo", DEFLATE, 8, &data);
}

void
attack_bombs(void)
{
	uint8_t *zeros = calloc(1, MESSAGE_MAX);

	if (zeros == NULL)
		fail("out of memory");
	flood_packed(zeros);
}

void
attack_deflate_echo(void)
{
	uint8_t *json = malloc(MESSAGE_MAX);
	struct dice dice = { 1 };

	if (json == NULL)
		fail("out of memory");
	fill_json(&dice, json, MESSAGE_MAX);
	flood_packed(json);
}

/* ---- coming and going ---------------------------------------------------- */

/* Connect, ask for a WebSocket, and reset the connection: with a linger time of
 * zero, close(2) sends RST. */
void
attack_storm(void)
{
	enum {
		AT_ONCE = 200
	};
	const struct linger none = { .l_onoff = 1 };
	struct octets request = { 0 };
	int fds[AT_ONCE];

	add_upgrade(&request, "/room/x", "");
	begin();
	for (;;) {
		for (unsigned i = 0; i < AT_ONCE; i++) {
			fds[i] = dial(i);
			(void)setsockopt(
			    fds[i], SOL_SOCKET, SO_LINGER, &none, sizeof(none));
			say(fds[i], request.data, request.len);
		}
		for (unsigned i = 0; i < AT_ONCE; i++)
			close(fds[i]);
	}
}

/* End all members of a room at once, by ending their process. */
void
attack_drop(void)
{
	pid_t crowd = gather_members("/room/x", 19000);

	begin();
	for (;;) {
		(void)kill(crowd, SIGKILL);
		(void)waitpid(crowd, NULL, 0);
		rest(1000);
		crowd = gather_members("/room/x", 19000);
	}
}

/* Become a WebSocket that has sent all but the last octet of a message.
 *   arg  a struct octets, the message */
static void
join_half(int fd, unsigned n, const void *arg)
{
	const struct octets *message = arg;

	join_path(fd, n, "/echo");
	say(fd, message->data, message->len - 1);
}

/* All leave in the midst of a message. */
static void
leave_halves(unsigned members, size_t octets)
{
	struct octets message = { 0 };
	uint8_t *zeros = calloc(1, octets);
	struct crowd crowd = { .members = members_max(members),
		.join = join_half,
		.arg = &message };
	pid_t pid;

	if (zeros == NULL)
		fail("out of memory");
	add_frame(&message, BINARY, zeros, octets);
	pid = gather(&crowd);
	begin();
	for (;;) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		rest(1000);
		pid = gather(&crowd);
	}
}

void
attack_halves(void)
{
	leave_halves(500, 1 << 20);
}

void
attack_small_halves(void)
{
	leave_halves(8000, 60000);
}

/* Have thousands send at once. They are silent from then on, all for the same
 * time, so the server pings all of them in one turn. */
void
attack_pings_due(void)
{
	unsigned count = members_max(15000);
	int *fds = calloc(count, sizeof(*fds));
	struct octets data = { 0 };

	if (fds == NULL)
		fail("out of memory");
	for (unsigned i = 0; i < count; i++) {
		fds[i] = dial(i);
		join_path(fds[i], i, "/echo");
	}
	tally->members = count;
	add_frame(&data, TEXT, "x", 1);
	begin();
	for (;;) {
		for (unsigned i = 0; i < count; i++)
			say(fds[i], data.data, data.len);
		rest(1500);
	}
}
