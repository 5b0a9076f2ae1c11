/* fairness_sio.c - attacks by Socket.IO, by WebSocket and by polling. */
/* SPDX-License-Identifier: MIT */
/*
 * They aim at what the program serves by itself: the namespace / tells all
 * members how many they are whenever that changes, /relay/NAME passes each
 * event to all others, /chat looks into what it gets.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fairness.h"

#define ENGINE "/socket.io/?EIO=4&transport="
#define RELAY "/relay/x"

enum {
	BURST = 126 << 10,    /* octets; what the server reads at once */
	PAYLOAD_MAX = 990000, /* octets; the server takes 1,000,000 */
	POLLS = 1000,
};

/* ---- by WebSocket -------------------------------------------------------- */

/* Append a text frame. */
static void
add_text(struct octets *to, const char *text)
{
	add_frame(to, TEXT, text, strlen(text));
}

/* Append the request for a WebSocket, and at once for a namespace. */
static void
add_connect(struct octets *to, const char *packet)
{
	add_upgrade(to, ENGINE "websocket", "");
	add_text(to, packet);
}

/* What the answer to a packet of kind CONNECT begins with: the packet itself,
 * and an object. Lives until the next call. */
static const char *
connected(const char *packet)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s{", packet);
	return text;
}

static void
join_namespace(int fd, unsigned n, const void *packet)
{
	struct octets request = { 0 };
	char reply[65536];

	(void)n;
	add_connect(&request, packet);
	say(fd, request.data, request.len);
	hear(fd, connected(packet), reply, sizeof(reply));
	free(request.data);
}

static pid_t
gather_clients(const char *packet, unsigned members)
{
	return gather(&(struct crowd){ .members = members_max(members),
	    .join = join_namespace,
	    .arg = packet });
}

/* Connections that join by one packet and send the same data for ever. */
static void
flood_packets(
    const char *packet, unsigned connections, const struct octets *data)
{
	struct octets opening = { 0 };

	add_connect(&opening, packet);
	flood(&(struct flood){ .connections = connections,
	    .opening = &opening,
	    .opened = connected(packet),
	    .data = data,
	    .again = true });
}

/* Come and go: all are told each time. */
void
attack_sio_joins(void)
{
	struct octets data = { 0 };

	(void)gather_clients("40", 1000);
	while (data.len < BURST) {
		add_text(&data, "41");
		add_text(&data, "40");
	}
	flood_packets("40", 1, &data);
}

/* A namespace is made for each name, and ends with its last client. */
void
attack_sio_namespaces(void)
{
	struct octets data = { 0 };
	char packet[64];

	for (unsigned i = 0; i < 4000; i++) {
		snprintf(packet, sizeof(packet), "40/relay/n%u,", i);
		add_text(&data, packet);
		snprintf(packet, sizeof(packet), "41/relay/n%u,", i);
		add_text(&data, packet);
	}
	flood_packets("40", 8, &data);
}

/* All members of / end at once: as many are told each time. */
void
attack_sio_drop(void)
{
	pid_t crowd = gather_clients("40", 500);

	(void)gather_clients("40", 1000);
	begin();
	for (;;) {
		(void)kill(crowd, SIGKILL);
		(void)waitpid(crowd, NULL, 0);
		rest(1000);
		crowd = gather_clients("40", 500);
	}
}

/* ---- JSON ---------------------------------------------------------------- */

/* Send messages with a value of PAYLOAD_MAX in them, in front of what /chat
 * looks for. The value is open, then a piece as often as fits, then close. */
static void
flood_json(const char *open, const char *piece, const char *close)
{
	struct octets packet = { 0 }, data = { 0 };

	print(&packet, "42/chat,[\"send-message\",{\"x\":%s", open);
	for (unsigned i = 0; packet.len < PAYLOAD_MAX; i++)
		print(&packet, "%s%s", i > 0 ? "," : "", piece);
	print(&packet, "%s,\"user\":\"u\",\"message\":\"m\"}]", close);
	add_frame(&data, TEXT, packet.data, packet.len);
	flood_packets("40/chat,", 4, &data);
}

/* Nested 90 deep; a server may refuse more than 100. */
void
attack_json_deep(void)
{
	flood_json("[",
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
	    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	    "]");
}

void
attack_json_keys(void)
{
	flood_json("{", "\"key\":1", "}");
}

void
attack_json_numbers(void)
{
	flood_json("[",
	    "0.0000000000000000000000000000000000000000000000000000000000000"
	    "000000000000000000000000000000000000000000000000000000000000012"
	    "34567890123456789012345678901234567890e-300",
	    "]");
}

void
attack_json_escapes(void)
{
	flood_json(
	    "[", "\"\\n\\t\\\"\\\\\\u0001\\b\\f\\r\\/\\u00e9\\u20ac\"", "]");
}

void
attack_json_surrogates(void)
{
	flood_json("[", "\"\\ud83d\\ude00\\ud83d\\ude00\\ud83d\\ude00\"", "]");
}

void
attack_json_ints(void)
{
	flood_json("[", "1", "]");
}

/* ---- by polling ---------------------------------------------------------- */

/* Where a session's requests go, without what stands before it. */
struct session {
	char id[64];
};

/* One exchange; text is what the answer has in it. */
static void
ask(int fd, const struct octets *request, const char *text, char *reply,
    size_t size)
{
	say(fd, request->data, request->len);
	hear(fd, text, reply, size);
}

static void
add_get(struct octets *to, const struct session *session)
{
	print(to, "GET " ENGINE "polling%s%s HTTP/1.1\r\nHost: a\r\n\r\n",
	    session->id[0] != '\0' ? "&sid=" : "", session->id);
}

static void
add_post(
    struct octets *to, const struct session *session, const struct octets *body)
{
	print(to,
	    "POST " ENGINE "polling&sid=%s HTTP/1.1\r\nHost: a\r\n"
	    "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
	    session->id, body->len);
	add(to, body->data, body->len);
}

/* Open a session, connect it to a namespace, and take the answer to that. */
static void
open_session(int fd, struct session *session, const char *namespace)
{
	struct octets request = { 0 }, body = { 0 };
	char reply[4096], packet[64];
	const char *id;

	session->id[0] = '\0';
	add_get(&request, session);
	ask(fd, &request, "\"sid\":", reply, sizeof(reply));
	id = strstr(reply, "\"sid\":");
	if (sscanf(id, "\"sid\":\"%63[^\"]\"", session->id) != 1)
		fail("no session: %s", reply);
	request.len = 0;
	snprintf(packet, sizeof(packet), "40%s,", namespace);
	print(&body, "%s", packet);
	add_post(&request, session, &body);
	ask(fd, &request, "ok", reply, sizeof(reply));
	request.len = 0;
	add_get(&request, session);
	ask(fd, &request, connected(packet), reply, sizeof(reply));
	free(request.data);
	free(body.data);
}

/* What each member of a polling crowd asks for, over and over. */
static struct octets next_get[POLLS];

static const struct octets *
poll_again(unsigned n)
{
	return &next_get[n];
}

static void
join_by_polling(int fd, unsigned n, const void *arg)
{
	struct session session;

	(void)arg;
	open_session(fd, &session, RELAY);
	add_get(&next_get[n], &session);
	say(fd, next_get[n].data, next_get[n].len);
}

static void
gather_polls(void)
{
	(void)gather(&(struct crowd){ .members = members_max(POLLS),
	    .join = join_by_polling,
	    .next = poll_again });
}

#define EVENT "42" RELAY ",[\"event\",\"0123456789abcdef0123456789abcdef\"]"

/* An honest event now and then: a thousand requests are answered. */
void
attack_polls(void)
{
	struct octets data = { 0 };
	int fd;

	gather_polls();
	fd = dial(0);
	join_namespace(fd, 0, "40" RELAY ",");
	add_text(&data, EVENT);
	begin();
	for (;;) {
		say(fd, data.data, data.len);
		rest(100);
	}
}

void
attack_polls_flood(void)
{
	struct octets data = { 0 };

	gather_polls();
	while (data.len < BURST)
		add_text(&data, EVENT);
	flood_packets("40" RELAY ",", 1, &data);
}

/* Send the same request over and over, from a session of its own. */
static void
flood_session(const char *namespace,
    void (*make)(struct octets *, const struct session *))
{
	struct octets request = { 0 };
	struct session session;

	open_session(dial(0), &session, namespace);
	make(&request, &session);
	flood(&(struct flood){
	    .connections = 1, .data = &request, .again = true });
}

/* A body of many events. */
static void
make_events(struct octets *request, const struct session *session)
{
	static const char event[] = "42" RELAY ",[\"e\"]\x1e";
	struct octets body = { 0 };

	while (body.len + sizeof(event) < PAYLOAD_MAX)
		add(&body, event, sizeof(event) - 1);
	body.len--;
	add_post(request, session, &body);
}

void
attack_sio_events(void)
{
	(void)gather_clients("40" RELAY ",", 1000);
	flood_session(RELAY, make_events);
}

/* One event of 160 KB in chunks of one octet, RFC 9112 section 7.1. It is one
 * that /chat does not know: nobody gets it. */
static void
make_chunks(struct octets *request, const struct session *session)
{
	static const char start[] = "42/chat,[\"";

	print(request,
	    "POST " ENGINE "polling&sid=%s HTTP/1.1\r\nHost: a\r\n"
	    "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "%zx\r\n%s\r\n",
	    session->id, strlen(start), start);
	for (int i = 0; i < 160000; i++)
		print(request, "1\r\nx\r\n");
	print(request, "2\r\n\"]\r\n0\r\n\r\n");
}

void
attack_chunks(void)
{
	for (int i = 0; i < 7; i++) {
		if (spawn() == 0)
			break;
	}
	flood_session("/chat", make_chunks);
}
