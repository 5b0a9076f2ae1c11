/* test_live_rooms.c - many members and slow ones, on a real server. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/client.h"
#include "live.h"

#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)
#define SIZE 8192

static struct live live;

static void
on_open(struct ws_conn *conn)
{
	live_on_open(conn);
	(void)ws_join(conn, "room", WS_STR);
}

static void
on_message(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	(void)ws_publish(ws_server_of(conn), "room", 4, kind, data, len, conn);
}

static void
on_close(struct ws_conn *conn, const struct ws_closed *how)
{
	cr_expect_not(ws_in_room(conn, "room", WS_STR),
	    "close is called before it left its rooms");
	live_on_close(conn, how);
}

static void
setup(struct ws_server *server)
{
	static const struct ws_handler room = { .open = on_open,
		.message = on_message,
		.drain = live_on_drain,
		.close = on_close };

	if (ws_endpoint(server, "/room", &room, NULL) < 0)
		abort();
}

static void
begin(void)
{
	static const struct ws_options options = {
		.queue_max = 256 << 10, .close_ms = 3000, .log_level = -1
	};

	live = live_here(&options, setup, NULL);
}

static void
end(void)
{
	live_end(&live);
}

TestSuite(live_rooms, .init = begin, .fini = end, .timeout = 300);

static struct client
enter(void)
{
	int before = seen.opened;
	struct client c = client_ws(live.address, "/room");

	client_until(&seen.opened, before + 1);
	return c;
}

/* Each member gets each message once and in order, but for the sender. */
Test(live_rooms, all_others_get_each_message_once_and_in_order)
{
	enum {
		MEMBERS = 30,
		COUNT = 200
	};
	struct client c[MEMBERS];
	char text[32];

	for (int i = 0; i < MEMBERS; i++)
		c[i] = enter();
	cr_assert_eq(ws_room_count(live.server, "room", 4), MEMBERS);
	for (int n = 0; n < COUNT; n++) {
		snprintf(text, sizeof(text), "%d", n);
		client_send_frame(&c[0], TEXT, text, WS_STR);
	}
	for (int n = 0; n < COUNT; n++) {
		snprintf(text, sizeof(text), "%d", n);
		for (int i = 1; i < MEMBERS; i++)
			client_expect(&c[i], TEXT, text, WS_STR);
	}
	cr_assert(client_is_quiet(&c[0], 20), "the sender got it, too");
	for (int i = 0; i < MEMBERS; i++)
		client_close(&c[i]);
	client_until(&seen.closed, MEMBERS);
	cr_assert_eq(ws_room_count(live.server, "room", 4), 0);
}

/* Publish 16 MiB, more than any socket holds; the fast one loses nothing. */
static void
publish_much(struct client *fast, int flags)
{
	static uint8_t data[SIZE];

	for (uint32_t n = 0; n < 2048; n++) {
		memcpy(data, &n, sizeof(n));
		cr_assert_gt(ws_publish(live.server, "room", 4,
				 WS_BINARY | flags, data, SIZE, NULL),
		    0);
		client_expect(fast, BINARY, data, SIZE);
	}
}

Test(live_rooms, a_member_that_never_reads_is_closed_with_1013)
{
	struct client slow, fast = enter();
	struct response r;
	struct frame f;
	uint32_t n = 0;

	slow = client_open_small(live.address, 4096);
	client_puts(&slow, client_request("/room", ""));
	client_until(&seen.opened, 2);
	publish_much(&fast, 0);
	client_until(&seen.closed, 1);
	cr_assert_eq(seen.closed, 1, "%d closed, the last with %d", seen.closed,
	    seen.ended.code);
	cr_assert_eq(seen.ended.code, 1013);
	cr_assert_eq(seen.ended.by, WS_BY_SERVER);
	cr_assert_eq(ws_room_count(live.server, "room", 4), 1);
	client_close(&slow);
	/* One that starts to read in time sees whole messages in order and
	 * then the code. */
	slow = client_open(live.address);
	client_puts(&slow, client_request("/room", ""));
	client_until(&seen.opened, 3);
	while (ws_send(seen.last, WS_BINARY, "12345678", 8) != WS_EFULL)
		continue;
	cr_assert_eq(ws_send(seen.last, WS_TEXT, "x", 1), WS_ECLOSED);
	cr_assert_not(ws_is_writable(seen.last));
	cr_assert_eq(client_response(&slow, &r, false), 101);
	while (client_recv_frame(&slow, &f) && f.first == BINARY) {
		cr_assert_eq(f.len, 8);
		n++;
	}
	cr_assert_eq(f.first, CLIENT_FIN | 8);
	cr_assert_eq(f.code, 1013);
	cr_assert_gt(n, 0);
	client_close(&slow);
	client_close(&fast);
}

Test(live_rooms, a_member_that_never_reads_misses_volatile_messages)
{
	static uint8_t data[SIZE];
	struct client slow, fast = enter();
	struct response r;
	struct frame f;
	uint32_t number = 0, previous = 0;

	slow = client_open_small(live.address, 4096);
	client_puts(&slow, client_request("/room", ""));
	client_until(&seen.opened, 2);
	publish_much(&fast, WS_VOLATILE);
	cr_assert_eq(seen.closed, 0, "closed with %d", seen.ended.code);
	cr_assert_eq(ws_send(seen.last, WS_BINARY | WS_VOLATILE, data, SIZE),
	    WS_ESKIPPED);
	cr_assert_not(ws_is_writable(seen.last));
	cr_assert_lt(ws_queued(seen.last), 256 << 10);
	cr_assert_eq(seen.drains, 0);
	/* What it did get is whole and in order; then it drains. */
	cr_assert_eq(client_response(&slow, &r, false), 101);
	while (seen.drains == 0) {
		cr_assert(client_recv_frame(&slow, &f));
		cr_assert_eq(f.len, SIZE);
		memcpy(&number, f.data, sizeof(number));
		cr_assert(number == 0 || number > previous);
		previous = number;
	}
	cr_assert(ws_is_writable(seen.last));
	cr_assert_eq(
	    ws_send(seen.last, WS_TEXT | WS_VOLATILE, "again", WS_STR), 0);
	do
		cr_assert(client_recv_frame(&slow, &f));
	while (f.first == BINARY);
	cr_assert_eq(memcmp(f.data, "again", 5), 0);
	client_close(&slow);
	client_close(&fast);
}

/* Members that leave, end and join while others speak. */
Test(live_rooms, members_come_and_go_while_others_speak)
{
	enum {
		ROUNDS = 200,
		MEMBERS = 8
	};
	struct client speaker = enter(), c[MEMBERS];
	char text[32];

	for (int i = 0; i < MEMBERS; i++)
		c[i] = enter();
	for (int n = 0; n < ROUNDS; n++) {
		int which = n % MEMBERS;

		snprintf(text, sizeof(text), "%d", n);
		client_send_frame(&speaker, TEXT, text, WS_STR);
		if (n % 3 == 0)
			client_reset(&c[which]);
		else if (n % 3 == 1) {
			client_send_close(&c[which], 1000, "");
			client_close(&c[which]);
		} else
			client_close(&c[which]);
		c[which] = enter();
		for (int i = 0; i < MEMBERS; i++) {
			if (i != which)
				client_expect(&c[i], TEXT, text, WS_STR);
		}
	}
	for (int i = 0; i < MEMBERS; i++)
		client_close(&c[i]);
	client_close(&speaker);
	client_until(&seen.closed, seen.opened);
}

static bool
end_member(struct ws_member *member, void *arg)
{
	struct ws_conn *conn = ws_member_conn(member);
	int *count = arg;

	cr_expect_not_null(conn);
	switch ((*count)++ % 4) {
	case 0:
		ws_terminate(conn);
		break;
	case 1:
		(void)ws_close(conn, 1000, NULL, 0);
		break;
	case 2:
		ws_leave_all(conn);
		break;
	default:
		(void)ws_leave(conn, "room", 4);
		(void)ws_join(conn, "elsewhere", WS_STR);
	}
	return true;
}

Test(live_rooms, a_walk_may_end_its_members)
{
	struct client c[12];
	int count = 0;

	for (int i = 0; i < 12; i++)
		c[i] = enter();
	cr_assert_eq(
	    ws_room_walk(live.server, "room", 4, end_member, &count), 12);
	cr_assert_eq(count, 12);
	(void)client_wait(-1, 0, 0);
	cr_assert_eq(ws_room_count(live.server, "elsewhere", WS_STR), 3);
	for (int i = 0; i < 12; i++)
		client_close(&c[i]);
	client_until(&seen.closed, 12);
	cr_assert_eq(ws_room_count(live.server, "room", 4), 0);
	cr_assert_eq(ws_room_count(live.server, "elsewhere", WS_STR), 0);
}

/* ---- members of another kind ------------------------------------------- */

static struct ws_member guest;
static int delivered;
static long nested;

static void
deliver(struct ws_member *member, void *message)
{
	struct ws_selection all = { 0 };
	int kind;
	size_t len;
	const void *data = ws_prepared_data(message, &kind, &len);

	cr_expect_eq(member, &guest);
	cr_expect_eq(kind, WS_TEXT);
	cr_expect_eq(len, 2);
	cr_expect_eq(memcmp(data, "hi", 2), 0);
	nested = ws_publish_to(live.server, &all, message, 0);
	delivered++;
	if (delivered == 2) {
		ws_member_leave_all(live.server, member);
		ws_terminate(seen.last);
	}
}

Test(live_rooms, an_object_of_the_program_may_be_a_member)
{
	struct client c = enter();

	ws_member_init(&guest, deliver);
	cr_assert_null(ws_member_conn(&guest));
	cr_assert_eq(ws_member_join(live.server, &guest, "room", 4), 1);
	cr_assert_eq(ws_member_join(live.server, &guest, "room", 4), 0);
	cr_assert(ws_member_in_room(live.server, &guest, "room", WS_STR));
	cr_assert_not(ws_member_in_room(live.server, &guest, "other", 5));
	cr_assert_eq(ws_room_count(live.server, "room", 4), 2);
	client_send_frame(&c, TEXT, "hi", 2);
	client_until(&delivered, 1);
	cr_assert_eq(nested, WS_ESTATE);
	cr_assert_eq(seen.closed, 0);
	client_send_frame(&c, TEXT, "hi", 2);
	client_until(&seen.closed, 1);
	cr_assert_eq(delivered, 2);
	cr_assert_eq(ws_room_count(live.server, "room", 4), 0);
	client_close(&c);
}

/* ---- selections -------------------------------------------------------- */

#define ROOM(name)                     \
	{                              \
		name, sizeof(name) - 1 \
	}

Test(live_rooms, a_selection_reaches_each_member_once)
{
	static const struct ws_room_name ab[] = { ROOM("a"), ROOM("b"),
		ROOM("a"), ROOM("nobody") };
	static const struct ws_room_name x[] = { ROOM("x") };
	struct ws_selection selection = {
		.to = ab, .to_count = 4, .except = x, .except_count = 1
	};
	struct ws_prepared *message = ws_prepare(WS_TEXT, "sel", 3);
	static const char *const rooms[] = { "a", "b", "ab", "abx", "", "bx" };
	struct client c[6];
	struct ws_conn *conn[6];

	for (int i = 0; i < 6; i++) {
		c[i] = enter();
		conn[i] = seen.last;
		for (const char *r = rooms[i]; *r != '\0'; r++)
			cr_assert_eq(ws_join(seen.last, r, 1), 1);
	}
	cr_assert_eq(ws_publish_to(live.server, &selection, message, 0), 3);
	selection.without = ws_conn_member(conn[2]);
	cr_assert_eq(ws_publish_to(live.server, &selection, message, 0), 2);
	ws_prepared_free(message);
	for (int i = 0; i < 3; i++)
		client_expect(&c[i], TEXT, "sel", 3);
	for (int i = 0; i < 2; i++)
		client_expect(&c[i], TEXT, "sel", 3);
	for (int i = 0; i < 6; i++) {
		cr_assert(client_is_quiet(&c[i], 5));
		client_close(&c[i]);
	}
}

Test(live_rooms, names_have_1_to_255_octets_of_any_kind)
{
	static const char nul[] = "a\0b";
	char name[300];
	struct client c = enter();

	memset(name, 0xFF, sizeof(name));
	cr_assert_eq(ws_join(seen.last, name, 0), WS_EINVAL);
	cr_assert_eq(ws_join(seen.last, name, 256), WS_EINVAL);
	cr_assert_eq(ws_join(seen.last, name, 255), 1);
	cr_assert_eq(ws_join(seen.last, nul, 3), 1);
	cr_assert_eq(ws_join(seen.last, "a", 1), 1);
	cr_assert(ws_in_room(seen.last, nul, 3));
	cr_assert_not(ws_in_room(seen.last, nul, 2));
	cr_assert(ws_leave(seen.last, nul, 3));
	cr_assert_not(ws_leave(seen.last, nul, 3));
	cr_assert(ws_in_room(seen.last, "a", WS_STR));
	client_close(&c);
}

static uint64_t
messages_out(void)
{
	struct ws_stats stats;

	ws_stats(live.server, &stats);
	return stats.messages_out;
}

/* Work is the deliveries that octets make, not the octets: nobody else waits
 * until all that one member has sent is delivered to all others. */
Test(live_rooms, a_flood_of_tiny_messages_takes_turns_with_others)
{
	enum {
		MEMBERS = 100,
		COUNT = 5000,
		TURN_MAX = 1000
	};
	struct client c[MEMBERS];
	static uint8_t flood[COUNT * 8];
	uint64_t begin, before;
	size_t len = 0;

	for (int i = 0; i < MEMBERS; i++)
		c[i] = enter();
	for (int i = 0; i < COUNT; i++)
		len += client_frame(flood + len, TEXT, "x", 1);
	cr_assert_eq(write(c[0].fd, flood, len), (ssize_t)len);
	begin = before = messages_out();
	while (before - begin < (uint64_t)COUNT * (MEMBERS - 1)) {
		cr_assert_geq(ws_step(live.server, 1000), 0);
		cr_assert_leq(messages_out() - before, TURN_MAX,
		    "%ju deliveries in one turn",
		    (uintmax_t)(messages_out() - before));
		before = messages_out();
	}
	cr_assert_eq(before - begin, (uint64_t)COUNT * (MEMBERS - 1));
	for (int i = 0; i < MEMBERS; i++)
		client_close(&c[i]);
}

/* What was sent to a large room leaves a slice at a time, and meanwhile others
 * are served. */
Test(live_rooms, a_broadcast_leaves_in_slices)
{
	enum {
		MEMBERS = 2000
	};
	static struct client c[MEMBERS];
	int turns = 0;
	uint8_t octet;

	for (int i = 0; i < MEMBERS; i++)
		c[i] = enter();
	cr_assert_eq(
	    ws_publish(live.server, "room", 4, WS_TEXT, "x", 1, NULL), MEMBERS);
	for (int i = 0; i < MEMBERS; i++) {
		while (recv(c[i].fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) < 0) {
			cr_assert_geq(ws_step(live.server, 1000), 0);
			turns++;
		}
	}
	cr_assert_geq(turns, 2, "all in %d turns", turns);
	for (int i = 0; i < MEMBERS; i++)
		client_expect(&c[i], TEXT, "x", 1);
	for (int i = 0; i < MEMBERS; i++)
		client_close(&c[i]);
}
