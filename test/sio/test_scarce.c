/* test_sio_scarce.c - Socket.IO when memory runs out, anywhere. */
/* SPDX-License-Identifier: MIT */
/*
 * The same conversations again and again; each time another allocation fails,
 * up to the first time that none did. Whatever it costs (an event, a socket, a
 * connection), the server goes on, others do not notice, each callback that
 * was promised comes once, and all memory comes back.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio/sio.h"
#include "test/live/live.h"
#include "test/scarce.h"
#include "sio_peer.h"

#define TEXT (CLIENT_FIN | 1)
#define BINARY (CLIENT_FIN | 2)

static struct live live;
static struct sio *io;
static struct sio_nsp *root, *rooms;
static struct sio_socket *last, *waiting;
static struct sio_ack *owed;
static char pid[64]; /* of who connected last */

/* Counts that must be 0 in the end. */
static int here;     /* connected and not disconnected */
static int carried;  /* user data that was not given back */
static int promised; /* acknowledgements that on_ack was not called for */
static int conversations, recovered, answers;

/* ---- the application ---------------------------------------------------- */

static void
on_connection(struct sio_socket *socket)
{
	static int user;

	here++;
	last = socket;
	recovered += sio_is_recovered(socket);
	if (sio_user(socket) == NULL) {
		carried++;
		sio_set_user(socket, &user);
	}
	(void)sio_join(socket, "all");
	(void)sio_emit(socket, "welcome", "{id: %s}", sio_id(socket));
	(void)sio_emit_to(sio_others(socket), "joined", "%s", sio_id(socket));
}

static void
on_disconnect(struct sio_socket *socket, const char *reason)
{
	here--;
	if (socket == last)
		last = NULL;
	(void)sio_emit_to(
	    sio_all(sio_nsp_of(socket)), "left", "'because of %s'", reason);
}

static void
on_expired(void *user)
{
	cr_assert_not_null(user);
	carried--;
}

static void
on_answer(
    struct sio_socket *socket, int error, struct sio_value args, void *arg)
{
	const bool *many = arg;

	(void)error;
	(void)args;
	answers++;
	if (!*many || socket == NULL)
		promised--;
}

static void
on_all(struct sio_socket *socket, struct sio_event *event)
{
	static bool one = false, many = true;
	struct sio_value args = sio_args(event), data = sio_binary("ab", 2);

	(void)sio_emit(socket, "back", "...%p", (const void *)&args);
	(void)sio_ack(event, "%p", (const void *)&data);
	(void)sio_forward(sio_in(sio_nsp_of(socket), "all"), event);
	promised += sio_emit_ack(socket, 60000, on_answer, &one, "q", "%p",
			(const void *)&data) == 0;
	promised += sio_emit_to_ack(sio_in(root, "all"), 60000, on_answer,
			&many, "q", NULL) >= 0;
	(void)sio_emit_to(sio_all(rooms), "news", "[%p]", (const void *)&data);
}

static void
on_later(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	sio_ack_drop(owed);
	owed = sio_ack_later(event);
}

static bool
count_one(struct sio_socket *socket, void *arg)
{
	(void)socket;
	++*(int *)arg;
	return true;
}

static void
on_admin(struct sio_socket *socket, struct sio_event *event)
{
	int found = 0;
	char room[32];

	for (int i = 0; i < 40; i++) {
		snprintf(room, sizeof(room), "room-%d", i);
		(void)sio_join(socket, room);
	}
	(void)sio_sockets_join(sio_all(root), "everybody");
	(void)sio_fetch(
	    sio_except(sio_in(root, sio_id(socket)), "x"), count_one, &found);
	(void)sio_sockets_leave(sio_all(root), "everybody");
	if (owed != NULL)
		(void)sio_ack_send(owed, "'later'");
	owed = NULL;
	if (sio_type(sio_arg(event, 0)) != SIO_ABSENT)
		sio_disconnect(socket, sio_boolean(sio_arg(event, 0), false));
}

static void
listen_to_all(
    struct sio_socket *socket, const char *name, struct sio_value args)
{
	(void)socket;
	(void)name;
	(void)sio_string(sio_at(args, 0), NULL);
}

static enum sio_verdict
ask(struct sio_socket *socket)
{
	const char *what = sio_string(sio_get(sio_auth(socket), "be"), NULL);
	static int user;

	if (what == NULL)
		return SIO_NEXT;
	if (sio_user(socket) == NULL) {
		carried++;
		sio_set_user(socket, &user);
	}
	(void)sio_join(socket, "early");
	if (strcmp(what, "refused") == 0) {
		(void)sio_refusal(socket, "no", "{why: %s}", what);
		return SIO_REFUSE;
	}
	waiting = socket;
	return SIO_WAIT;
}

static void
on_waited(void *user)
{
	waiting = NULL;
	on_expired(user);
}

static void
furnish(struct sio_nsp *nsp)
{
	bool good = sio_on_connection(nsp, on_connection) == 0 &&
		    sio_on_disconnect(nsp, on_disconnect) == 0 &&
		    sio_on(nsp, "all", on_all) == 0 &&
		    sio_on(nsp, "later", on_later) == 0 &&
		    sio_on(nsp, "admin", on_admin) == 0;

	cr_assert(good);
}

static void
nothing(struct ws_server *server)
{
	(void)server;
}

static void
begin(void)
{
	static const struct ws_options silent = { .log_level = -1 };
	static const struct sio_options options = { .recovery_ms = 60000,
		.recovery_octets = 4000 };

	live = live_here(&silent, nothing, NULL);
	io = sio_new(live.server, &options);
	cr_assert_not_null(io);
	root = sio_of(io, "/");
	rooms = sio_of_pattern(io, "/room-*");
	cr_assert(root != NULL && rooms != NULL);
	furnish(root);
	furnish(rooms);
	cr_assert_eq(sio_use(rooms, ask), 0);
	cr_assert_eq(sio_on_any_outgoing(rooms, listen_to_all), 0);
	cr_assert_eq(sio_on_expired(root, on_expired), 0);
	cr_assert_eq(sio_on_expired(rooms, on_waited), 0);
	cr_assert_not_null(sio_of(io, "/bystander"));
}

static void
end(void)
{
	sio_ack_drop(owed);
	owed = NULL;
	sio_free(io);
	live_end(&live);
}

/* ---- a client that may not be answered ---------------------------------- */

/* Keep the private id that came with a CONNECT. */
static void
keep_pid(const struct frame *f)
{
	static const char name[] = "\"pid\":\"";
	const size_t len = sizeof(name) - 1;

	for (size_t i = 0; i + len + 20 < f->len; i++) {
		if (memcmp(f->data + i, name, len) == 0)
			snprintf(pid, sizeof(pid), "%.20s",
			    (const char *)f->data + i + len);
	}
}

/* Receive what there is: all that came before the answer to a ping. */
static void
settle(struct client *c)
{
	struct frame f;

	client_send_frame(c, CLIENT_FIN | 9, "", 0);
	while (client_recv_frame(c, &f) && f.first != (CLIENT_FIN | 10)) {
		keep_pid(&f);
		/* It waits for the same from us. */
		if (f.first == (CLIENT_FIN | 8))
			client_shut(c);
	}
}

static void
say(struct client *c, const char *text)
{
	client_send_frame(c, TEXT, text, WS_STR);
	settle(c);
}

static struct client
websocket(int protocol, const char *sid)
{
	struct client c = client_open(live.address);
	struct response r;
	char path[128];

	snprintf(path, sizeof(path),
	    "/socket.io/?EIO=%d&transport=websocket%s%s", protocol,
	    sid[0] != '\0' ? "&sid=" : "", sid);
	client_puts(&c, client_request(path, ""));
	(void)client_response(&c, &r, false);
	return c;
}

/* Ask by polling.
 *   sid   "" for a new session
 *   post  NULL to receive
 * Receives a new session's sid. */
static void
ask_polling(char sid[21], const char *post)
{
	struct client c = client_open(live.address);
	struct response r;
	char request[512];
	const char *at;

	snprintf(request, sizeof(request),
	    "%s /socket.io/?EIO=4&transport=polling%s%s HTTP/1.1\r\n"
	    "Host: a\r\nContent-Length: %zu\r\n\r\n%s",
	    post != NULL ? "POST" : "GET", sid[0] != '\0' ? "&sid=" : "", sid,
	    post != NULL ? strlen(post) : 0, post != NULL ? post : "");
	client_puts(&c, request);
	if (client_response(&c, &r, false) == 200 && sid[0] == '\0' &&
	    r.len > 40) {
		at = memchr(r.body, ':', r.len);
		if (at != NULL)
			snprintf(sid, 21, "%.20s", at + 2);
	}
	client_close(&c);
}

/* ---- conversations ------------------------------------------------------ */

static void
talk_of_all(void)
{
	struct client c = websocket(4, "");

	say(&c, "40{\"token\":\"x\"}");
	say(&c, "42[\"all\",1]");
	say(&c, "30[\"answer\"]");
	say(&c, "42/room-1,[\"too early\"]");
	client_close(&c);
	c = websocket(4, "");
	say(&c, "40");
	say(&c, "40/room-1,");
	client_send_frame(&c, TEXT,
	    "452-/room-1,7[\"all\",{\"_placeholder\":true,\"num\":0},{"
	    "\"_placeholder\":true,\"num\":1}]",
	    WS_STR);
	client_send_frame(&c, BINARY, "one", 3);
	client_send_frame(&c, BINARY, "two", 3);
	settle(&c);
	say(&c, "425[\"later\"]");
	say(&c, "42[\"admin\"]");
	say(&c, "42/room-1,[\"admin\",false]");
	say(&c, "40/room-1,");
	say(&c, "42/room-1,[\"admin\",true]");
	client_close(&c);
}

static void
talk_to_middlewares(void)
{
	struct client c = websocket(4, "");

	say(&c, "40/none,");
	say(&c, "40/room-2,{\"be\":\"refused\"}");
	say(&c, "40/room-3,{\"be\":\"patient\"}");
	if (waiting != NULL)
		(void)sio_admit(waiting);
	waiting = NULL;
	settle(&c);
	say(&c, "40/room-4,{\"be\":\"patient\"}");
	client_close(&c);
	/* It may still be waiting: it is heard that it has gone. */
	for (int i = 0; i < 4; i++)
		(void)ws_step(live.server, 0);
	waiting = NULL;
}

static void
come_back(void)
{
	struct client c = websocket(4, "");
	char packet[128];

	pid[0] = '\0';
	say(&c, "40");
	client_close(&c);
	for (int i = 0; i < 4; i++)
		(void)ws_step(live.server, 0);
	(void)sio_emit_to(sio_in(root, "all"), "missed", "%s", "this");
	c = websocket(4, "");
	snprintf(packet, sizeof(packet), "40{\"pid\":\"%s\"}", pid);
	say(&c, packet);
	say(&c, "41");
	client_close(&c);
}

static void
poll_and_upgrade(void)
{
	char sid[21] = "";
	struct client c;

	ask_polling(sid, NULL);
	ask_polling(sid, "40\x1e"
			 "42[\"all\",\"\xc3\xa9\"]");
	ask_polling(sid, "451-[\"all\",{\"_placeholder\":true,\"num\":0}]"
			 "\x1e"
			 "bAQL/");
	if (last != NULL)
		(void)sio_emit(last, "polled", NULL);
	ask_polling(sid, last != NULL ? NULL : "3");
	c = websocket(4, sid);
	say(&c, "2probe");
	say(&c, "5");
	say(&c, "42[\"all\"]");
	client_close(&c);
}

static void
talk_old(void)
{
	struct client c = websocket(3, "");

	say(&c, "42[\"all\",1]");
	say(&c, "40/room-5?be=patient&x=%20,");
	waiting = NULL;
	client_close(&c);
}

/* Ask by polling for what waits. Lives until the next call. */
static const char *
poll_for(const char *sid)
{
	static char body[4096];
	struct client c = client_open(live.address);
	struct response r;
	char request[128];

	snprintf(request, sizeof(request),
	    "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
	    "Host: a\r\n\r\n",
	    sid);
	client_puts(&c, request);
	body[0] = '\0';
	if (client_response(&c, &r, false) == 200)
		snprintf(body, sizeof(body), "%.*s", (int)r.len,
		    (const char *)r.body);
	client_close(&c);
	return body;
}

/* One who could not be asked is not waited for. */
Test(sio_scarce, a_group_ends_without_who_was_not_asked, .timeout = 300)
{
	static char question[2000];
	static bool many = true;
	bool failed = true;

	memset(question, 'x', sizeof(question) - 1);
	for (size_t n = 1; failed; n++) {
		struct client c;
		char sid[21] = "";

		begin();
		ask_polling(sid, NULL);
		ask_polling(sid, "40");
		c = websocket(4, "");
		say(&c, "40");
		scarce(n);
		promised += sio_emit_to_ack(sio_all(root), 0, on_answer, &many,
				question, NULL) >= 0;
		failed = scarce_calls >= n;
		scarce(0);
		say(&c, "430[1]");
		if (strstr(poll_for(sid), question) != NULL)
			ask_polling(sid, "430[2]");
		client_close(&c);
		cr_expect_eq(promised, 0, "%zu", n);
		sio_free(io);
		io = NULL;
		end();
	}
}

/* A client that has half of a packet takes all that comes next for the rest. */
Test(sio_scarce, a_packet_is_sent_with_its_attachments_or_not, .timeout = 300)
{
	static char octets[300];
	struct sio_value data = sio_binary(octets, sizeof(octets));
	bool failed = true;

	for (size_t n = 1; failed; n++) {
		for (int many = 0; many < 2; many++) {
			char sid[21] = "";
			const char *body;

			begin();
			ask_polling(sid, NULL);
			ask_polling(sid, "40");
			cr_assert_not_null(last);
			scarce(n);
			if (many)
				(void)sio_emit_to(sio_all(root), "data", "%p",
				    (const void *)&data);
			else
				(void)sio_emit(
				    last, "data", "%p", (const void *)&data);
			failed = scarce_calls >= n;
			scarce(0);
			if (last != NULL)
				(void)sio_emit(last, "and", NULL);
			body = poll_for(sid);
			if (strstr(body, "451-[") != NULL &&
			    strstr(body, "bAAAA") == NULL) {
				cr_expect_null(strstr(body, "and"));
				cr_expect_str_eq(poll_for(sid), "1", "%zu", n);
			}
			sio_free(io);
			io = NULL;
			end();
		}
	}
}

/* Check the end that all come to, whatever failed. */
static void
check_all(size_t n)
{
	client_until(&here, 0);
	sio_free(io);
	io = NULL;
	cr_assert_eq(carried, 0, "%d user data after %zu", carried, n);
	cr_assert_eq(promised, 0, "%d answers after %zu", promised, n);
}

Test(sio_scarce, any_allocation_may_fail, .timeout = 600)
{
	bool failed = true;

	for (size_t n = 1; failed; n++) {
		struct client bystander, c;

		begin();
		bystander = peer_open(live.address, "EIO=4");
		peer_send(&bystander, "0/bystander,");
		(void)peer_expect(&bystander, "0/bystander,{*}");
		scarce(n);
		talk_of_all();
		talk_to_middlewares();
		come_back();
		poll_and_upgrade();
		talk_old();
		failed = scarce_calls >= n;
		scarce(0);
		conversations++;
		/* It still works, and nobody else has noticed. */
		c = peer_open(live.address, "EIO=4");
		peer_send(&c, "0");
		(void)peer_expect(&c, "0{*}");
		(void)peer_expect(&c, "2[\"welcome\",*]");
		client_close(&c);
		cr_assert_eq(
		    sio_emit_to(sio_all(sio_of(io, "/bystander")), "x", NULL),
		    1);
		(void)peer_expect(&bystander, "2/bystander,[\"x\",*]");
		client_close(&bystander);
		check_all(n);
		end();
		cr_assert_eq(
		    scarce_blocks, 0, "%ld blocks after %zu", scarce_blocks, n);
	}
	cr_expect_gt(conversations, 200);
	cr_expect_gt(recovered, 100);
	cr_expect_gt(answers, 100);
}

Test(sio_scarce, a_server_needs_all_of_its_memory)
{
	static const struct sio_options options = { .recovery_ms = 1000 };

	io = NULL;
	for (size_t n = 1; io == NULL; n++) {
		struct ws_server *server = ws_server_new(NULL);

		cr_assert_not_null(server);
		scarce(n);
		io = sio_new(server, &options);
		scarce(0);
		sio_free(io);
		ws_server_free(server);
		cr_assert_eq(scarce_blocks, 0, "%zu", n);
	}
}
