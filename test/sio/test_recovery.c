/* test_sio_recovery.c - Socket.IO: who comes back as if it had not left. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio/sio.h"
#include "test/live/live.h"
#include "sio_peer.h"

static struct live live;
static struct sio *io;
static struct sio_nsp *root;
static struct sio_socket *last; /* to connect */
static int closed;
static size_t queue_max; /* of who polls; 0: the default */

static void
nothing(struct ws_server *server)
{
	(void)server;
}

static void
on_connection(struct sio_socket *socket)
{
	last = socket;
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	(void)socket;
	(void)reason;
	closed++;
}

/* A server that remembers five events or so. */
static void
begin(void)
{
	struct ws_options server = { .log_level = -1 };
	struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 1000,
		.engine = { .queue_max = queue_max } };

	live = live_here(&server, nothing, NULL);
	io = sio_new(live.server, &options);
	cr_assert_not_null(io);
	root = sio_of(io, "/");
	cr_assert_eq(sio_on_connection(root, on_connection), 0);
	cr_assert_eq(sio_on_disconnect(root, on_disconnect), 0);
}

static void
end(void)
{
	sio_free(io);
	live_end(&live);
}

TestSuite(sio_recovery, .init = begin, .fini = end, .timeout = 300);

static void
copy(char to[64], const char *text)
{
	snprintf(to, 64, "%s", text);
}

/* Connect anew, whatever the client may remember.
 *   pid  receives what it may come back with */
static struct client
enter(char pid[64])
{
	struct client c = peer_open(live.address, "EIO=4");

	peer_send(&c, "0");
	copy(pid, peer_expect(&c, "0{\"sid\":\"*\",\"pid\":\"*\"}"));
	return c;
}

static void
leave(struct client *c)
{
	closed = 0;
	client_close(c);
	client_until(&closed, 1);
}

/* offset may be NULL. */
static struct client
come_back(const char *pid, const char *offset)
{
	struct client c = peer_open(live.address, "EIO=4");
	char packet[256];

	snprintf(packet, sizeof(packet), "0{\"pid\":\"%s\"%s%s%s}", pid,
	    offset != NULL ? ",\"offset\":\"" : "",
	    offset != NULL ? offset : "", offset != NULL ? "\"" : "");
	peer_send(&c, packet);
	return c;
}

static void
expect_welcome(struct client *c, const char *pid, bool recovered)
{
	const char *got = peer_expect(c, "0{\"sid\":\"*\",\"pid\":\"*\"}");

	cr_expect_eq(strcmp(got, pid) == 0, recovered, "%s for %s", got, pid);
	cr_expect_eq(sio_is_recovered(last), recovered);
}

/* Events that are not for who is tested push out those that were. */
static void
chatter(void)
{
	for (int i = 0; i < 100; i++)
		cr_assert_eq(
		    sio_emit_to(sio_in(root, "elsewhere"), "n", "%d", i), 0);
}

Test(sio_recovery, who_has_everything_needs_no_old_events)
{
	char pid[64], offset[64];
	struct client c = enter(pid);

	cr_assert_eq(sio_emit(last, "n", "%d", 1), 0);
	copy(offset, peer_expect(&c, "2[\"n\",1,\"*\"]"));
	chatter();
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 2);
	c = come_back(pid, offset);
	copy(offset, peer_expect(&c, "2[\"n\",2,\"*\"]"));
	expect_welcome(&c, pid, true);
	/* And again: what was sent while it came back counts. */
	chatter();
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 3);
	c = come_back(pid, offset);
	copy(offset, peer_expect(&c, "2[\"n\",3,\"*\"]"));
	expect_welcome(&c, pid, true);
	client_close(&c);
}

Test(sio_recovery, who_was_sent_nothing_needs_no_old_events)
{
	char pid[64];
	struct client c = enter(pid);

	for (int i = 0; i < 2; i++) {
		chatter();
		leave(&c);
		c = come_back(pid, NULL);
		expect_welcome(&c, pid, true);
	}
	client_close(&c);
}

Test(sio_recovery, who_lacks_what_is_forgotten_connects_anew)
{
	char pid[64], offset[64];
	struct client c = enter(pid);

	cr_assert_eq(sio_emit_to(sio_all(root), "n", "%d", 1), 1);
	copy(offset, peer_expect(&c, "2[\"n\",1,\"*\"]"));
	/* This one was under way when the connection broke. */
	cr_assert_eq(sio_emit_to(sio_all(root), "n", "%d", 2), 1);
	chatter();
	leave(&c);
	c = come_back(pid, offset);
	expect_welcome(&c, pid, false);
	client_close(&c);
}

Test(sio_recovery, what_was_sent_before_a_client_connected_is_not_for_it)
{
	char pid[64], offset[64];
	struct client c = enter(pid);

	cr_assert_eq(sio_emit(last, "n", "%d", 1), 0);
	copy(offset, peer_expect(&c, "2[\"n\",1,\"*\"]"));
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 2);
	/* Clients keep the offset, though they have connected anew. */
	c = enter(pid);
	leave(&c);
	sio_emit_to(sio_all(root), "n", "%d", 3);
	c = come_back(pid, offset);
	(void)peer_expect(&c, "2[\"n\",3,\"*\"]");
	expect_welcome(&c, pid, true);
	client_close(&c);
}

/* Leaves when it hears the first of two be told. */
static struct sio_socket *victim;

static void
end_victim(struct sio_socket *socket, const char *name, struct sio_value args)
{
	(void)name;
	(void)args;
	if (victim != NULL && socket != victim)
		eio_close(sio_session(victim));
	victim = NULL;
}

Test(sio_recovery, who_leaves_while_an_event_is_told_has_not_got_it)
{
	char pid[2][64], got[64];
	struct client c[2] = { enter(pid[0]) };
	struct sio_socket *sockets[2] = { last };
	int which;

	c[1] = enter(pid[1]);
	sockets[1] = last;
	cr_assert_eq(sio_on_any_outgoing(root, end_victim), 0);
	/* Whichever comes first, once the other one goes before its turn. */
	for (which = 0; which < 2; which++) {
		victim = sockets[which];
		closed = 0;
		if (sio_emit_to(sio_all(root), "n", "%d", which) == 1 &&
		    closed == 1)
			break;
	}
	victim = NULL;
	cr_assert_lt(which, 2);
	client_close(&c[which]);
	c[which] = come_back(pid[which], NULL);
	snprintf(got, sizeof(got), "2[\"n\",%d,\"*\"]", which);
	if (which == 1)
		(void)peer_expect(&c[1], "2[\"n\",0,\"*\"]");
	(void)peer_expect(&c[which], got);
	expect_welcome(&c[which], pid[which], true);
	client_close(&c[0]);
	client_close(&c[1]);
}

/* A process takes longer than this to end and to begin. */
static void
let_time_pass(void)
{
	int64_t then_ms = client_now_ms();

	while (client_now_ms() < then_ms + 2)
		continue;
}

Test(sio_recovery, offsets_of_an_earlier_process_are_older)
{
	char pid[64], before[64], offset[64];
	struct client c = enter(pid);

	for (int i = 0; i < 10; i++)
		cr_assert_eq(sio_emit(last, "n", NULL), 0);
	for (int i = 0; i < 10; i++)
		copy(before, peer_expect(&c, "2[\"n\",\"*\"]"));
	client_close(&c);
	end();
	let_time_pass();
	begin();
	c = enter(pid);
	leave(&c);
	for (int i = 0; i < 3; i++)
		sio_emit_to(sio_all(root), "n", NULL);
	/* A client that connects anew keeps the offset, see above. */
	c = come_back(pid, before);
	for (int i = 0; i < 3; i++) {
		copy(offset, peer_expect(&c, "2[\"n\",\"*\"]"));
		cr_expect_str_neq(offset, before);
	}
	expect_welcome(&c, pid, true);
	client_close(&c);
}

static int expired;

static void
chatter_of_the_end(void *user)
{
	(void)user;
	expired++;
	chatter();
}

/* Send a request of Engine.IO by polling. Its answer's body lives as long as
 * the client. */
static struct client
ask_polling(struct response *r, const char *sid, const char *post)
{
	struct client c = client_open(live.address);
	char request[512];

	snprintf(request, sizeof(request),
	    "%s /socket.io/?EIO=4&transport=polling%s HTTP/1.1\r\n"
	    "Host: a\r\nContent-Length: %zu\r\n\r\n%s",
	    post[0] != '\0' ? "POST" : "GET", sid, strlen(post), post);
	client_puts(&c, request);
	(void)client_response(&c, r, false);
	return c;
}

/* Who is told that it goes may emit, and so push out what it is being sent. */
Test(sio_recovery, who_goes_while_it_is_told_what_it_missed)
{
	char pid[64], sid[64], packet[128];
	struct sio_value octets = sio_binary("0123456789", 10);
	struct response r;
	struct client c;

	end();
	queue_max = 40;
	begin();
	cr_assert_eq(sio_on_expired(root, chatter_of_the_end), 0);
	c = enter(pid);
	sio_set_user(last, &expired);
	leave(&c);
	for (int i = 0; i < 2; i++)
		sio_emit_to(sio_all(root), "n", "%p", &octets);
	c = ask_polling(&r, "", "");
	snprintf(sid, sizeof(sid), "&sid=%.20s", (const char *)r.body + 9);
	client_close(&c);
	expired = 0;
	snprintf(packet, sizeof(packet), "40{\"pid\":\"%s\"}", pid);
	c = ask_polling(&r, sid, packet);
	client_close(&c);
	cr_expect_eq(expired, 1);
	cr_expect_eq(sio_clients(io), 0);
}
