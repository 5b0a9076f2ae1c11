/* test_examples_sio.c - each example of sio.h is built, spoken to, ended. */
/* SPDX-License-Identifier: MIT */

/*
 * The client speaks Engine.IO 4 over a WebSocket, packet by packet:
 *
 *	40          CONNECT, answered by 40{"sid":"..."}
 *	42["a",1]   EVENT; 420["a",1] asks for the acknowledgement 430[...]
 *	41          DISCONNECT
 *
 * That a page gets nothing more is seen by what comes next.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "example.h"

TestSuite(examples_sio, .fini = clean_up, .timeout = CHILD_S);

/* ---- a client ------------------------------------------------------------ */

static char id[64]; /* of the socket that was connected last */

static void
tell(int fd, const char *packet)
{
	say(fd, TEXT, packet, strlen(packet));
}

/* Connect to a namespace, over a connection that is open.
 *   packet  "40" or "40/admin,", and what the client has to say */
static void
join(int fd, const char *packet)
{
	const char *at;

	tell(fd, packet);
	(void)hear(fd, TEXT);
	cr_assert_eq(strncmp(heard, "40", 2), 0, "%s", heard);
	at = strstr(heard, "{\"sid\":\"");
	cr_assert_not_null(at, "%s", heard);
	(void)snprintf(id, sizeof(id), "%.20s", at + strlen("{\"sid\":\""));
}

static int
open_session(void)
{
	int fd = open_websocket("/socket.io/?EIO=4&transport=websocket");

	(void)hear(fd, TEXT);
	cr_assert_eq(strncmp(heard, "0{\"sid\":\"", 9), 0, "%s", heard);
	return fd;
}

static int
connect_as(const char *packet)
{
	int fd = open_session();

	join(fd, packet);
	return fd;
}

/* Expect a packet that has the id of a socket in place of "%s". */
static void
expect_with(int fd, const char *format, const char *of)
{
	const char *at = strstr(format, "%s");
	char packet[256];

	(void)snprintf(packet, sizeof(packet), "%.*s%s%s", (int)(at - format),
	    format, of, at + 2);
	expect(fd, packet);
}

/* Expect an event with one number from min to max. */
static void
expect_number(int fd, const char *event, long long min, long long max)
{
	size_t len = strlen(event);
	long long value;
	char *end;

	(void)hear(fd, TEXT);
	cr_assert_eq(strncmp(heard, event, len), 0, "%s", heard);
	value = strtoll(heard + len, &end, 10);
	cr_assert(value >= min && value <= max, "%s", heard);
	cr_assert_str_eq(end, "]", "%s", heard);
}

/* ---- the examples -------------------------------------------------------- */

Test(examples_sio, announcements_greet_the_newcomer_too_and_log)
{
	static const char greeting[] =
	    "42[\"announcements\",{\"message\":\"A new user has joined!\"}]";
	int anna, bert;

	start("examples/announcements.c", NULL);
	anna = connect_as("40");
	expect_line("A user connected");
	expect(anna, greeting);
	bert = connect_as("40");
	expect(anna, greeting);
	expect(bert, greeting);
	tell(bert, "42[\"event\",{\"message\":\"Hey\\u001b[2J\"}]");
	expect_line(" says {\"message\":\"Hey\\u001b[2J\"}");
	cr_assert_eq(strncmp(line, id, strlen(id)), 0, "%s", line);
	tell(bert, "42[\"event\"]");
	expect_line(" says ");
	tell(bert, "41");
	expect_line(" disconnected: client namespace disconnect");
	stop();
}

Test(examples_sio, counter_tells_all)
{
	int anna, bert;

	start("examples/counter.c", NULL);
	anna = connect_as("40");
	expect_line("A user connected");
	expect_line("Users online: 1");
	expect(anna, "42[\"stats\",{\"numClients\":1}]");
	bert = connect_as("40");
	expect(anna, "42[\"stats\",{\"numClients\":2}]");
	expect(bert, "42[\"stats\",{\"numClients\":2}]");
	tell(bert, "41");
	expect_line(" disconnected: client namespace disconnect");
	expect_line("Users online: 1");
	expect(anna, "42[\"stats\",{\"numClients\":1}]");
	bert = connect_as("40");
	expect(anna, "42[\"stats\",{\"numClients\":2}]");
	close(bert);
	expect_line(" disconnected: transport close");
	expect(anna, "42[\"stats\",{\"numClients\":1}]");
	stop();
}

Test(examples_sio, namespaces_are_kept_apart)
{
	int both, main_only;

	start("examples/namespaces.c", NULL);
	both = connect_as("40");
	expect(both, "42[\"welcome\",\"Welcome to /\"]");
	join(both, "40/stackabuse,");
	expect(both, "42/stackabuse,[\"welcome\",\"Welcome to /stackabuse\"]");
	main_only = connect_as("40");
	expect(main_only, "42[\"welcome\",\"Welcome to /\"]");
	tell(both, "42/stackabuse,[\"say\",\"hidden\"]");
	expect(both, "42/stackabuse,[\"say\",\"hidden\"]");
	tell(both, "42[\"say\",\"seen\"]");
	expect(both, "42[\"say\",\"seen\"]");
	expect(main_only, "42[\"say\",\"seen\"]");
	tell(both, "40/else,");
	expect(both, "44/else,{\"message\":\"Invalid namespace\"}");
	stop();
}

Test(examples_sio, private_rooms_are_private)
{
	char anna_id[64];
	int anna, bert;

	start("examples/private-rooms.c", NULL);
	anna = connect_as("40");
	(void)snprintf(anna_id, sizeof(anna_id), "%s", id);
	bert = connect_as("40");
	tell(anna, "420[\"enter\",\"cellar\"]");
	expect(anna, "430[true]");
	/* Not in it, so not heard in it, and nothing is heard of it. */
	tell(bert, "42[\"whisper\",\"cellar\",\"let me in\"]");
	tell(bert, "420[\"enter\",7]");
	expect(bert, "430[false]");
	tell(bert, "421[\"enter\",\"cellar\"]");
	expect(bert, "431[true]");
	expect_with(anna, "42[\"entered\",\"cellar\",\"%s\"]", id);
	tell(bert, "42[\"whisper\",\"cellar\",\"hush\"]");
	expect_with(anna, "42[\"whisper\",\"cellar\",\"%s\",\"hush\"]", id);
	expect_with(bert, "42[\"whisper\",\"cellar\",\"%s\",\"hush\"]", id);
	tell(anna, "42[\"exit\",\"cellar\"]");
	expect_with(bert, "42[\"left\",\"cellar\",\"%s\"]", anna_id);
	tell(bert, "42[\"whisper\",\"cellar\",\"alone\"]");
	expect_with(bert, "42[\"whisper\",\"cellar\",\"%s\",\"alone\"]", id);
	tell(anna, "422[\"enter\",\"attic\"]");
	expect(anna, "432[true]");
	stop();
}

Test(examples_sio, stock_ticker_sends_a_price_to_all)
{
	static const char *const every_ms[] = { NULL, "50" };

	for (int i = 0; i < 2; i++) {
		int anna, bert;

		start("examples/stock-ticker.c", every_ms[i]);
		anna = connect_as("40");
		bert = connect_as("40");
		for (int n = 0; n < 1 + 4 * i; n++) {
			expect_number(
			    anna, "42[\"stock price update\",", 0, 999);
			expect_number(
			    bert, "42[\"stock price update\",", 0, 999);
		}
		stop();
		close(anna);
		close(bert);
	}
}

Test(examples_sio, chat_app_says_who_what_and_when)
{
	static const char said[] =
	    "42[\"receive-message\",{\"user\":\"Anna\",\"message\":"
	    "\"<b>\\\"hi\\\"</b>\",\"time\":";
	int anna, bert, hours, minutes, end;

	start("examples/chat-app.c", NULL);
	anna = connect_as("40");
	expect_line("A user connected");
	expect_line("Users online: 1");
	expect(anna, "42[\"user-joined\",{\"count\":1}]");
	bert = connect_as("40");
	expect(anna, "42[\"user-joined\",{\"count\":2}]");
	expect(bert, "42[\"user-joined\",{\"count\":2}]");
	tell(anna, "42[\"send-message\",{\"user\":\"Anna\"}]");
	tell(anna, "42[\"send-message\",\"Anna\"]");
	tell(anna, "42[\"send-message\",{\"user\":\"Anna\","
		   "\"message\":\"<b>\\\"hi\\\"</b>\"}]");
	for (int i = 0; i < 2; i++) {
		(void)hear(i == 0 ? anna : bert, TEXT);
		cr_assert_eq(
		    strncmp(heard, said, strlen(said)), 0, "%s", heard);
		end = 0;
		(void)sscanf(heard + strlen(said), "\"%2d:%2d\"}]%n", &hours,
		    &minutes, &end);
		cr_assert_eq(end, (int)strlen("\"HH:MM\"}]"), "%s", heard);
		cr_assert(hours < 24 && minutes < 60, "%s", heard);
	}
	expect_line("Message: {\"user\":\"Anna\",");
	tell(bert, "41");
	expect_line(" disconnected: client namespace disconnect");
	expect(anna, "42[\"user-left\",{\"count\":1}]");
	stop();
}

Test(examples_sio, direct_message_reaches_every_page_of_one_user)
{
	int anna, bert[2], nobody;

	start("examples/direct-message.c", NULL);
	nobody = open_session();
	tell(nobody, "40");
	expect(nobody, "44{\"message\":\"a name is needed\"}");
	anna = connect_as("40{\"name\":\"Anna\"}");
	expect(anna, "42[\"here\",\"Anna\"]");
	for (int i = 0; i < 2; i++) {
		bert[i] = connect_as("40{\"name\":\"Bert\"}");
		expect(anna, "42[\"here\",\"Bert\"]");
	}
	for (int i = 0; i < 6; i++) { /* in any order */
		(void)hear(bert[i % 2], TEXT);
		cr_assert_eq(strncmp(heard, "42[\"here\",", 10), 0);
	}
	tell(anna, "420[\"direct\",\"Bert\",\"lunch?\"]");
	for (int i = 0; i < 2; i++)
		expect(bert[i],
		    "42[\"direct\",{\"from\":\"Anna\",\"text\":\"lunch?\"}]");
	expect(anna, "430[true]");
	tell(anna, "421[\"direct\",\"Carl\",\"lunch?\"]");
	expect(anna, "431[false]");
	tell(anna, "422[\"direct\",{},null]");
	expect(anna, "432[false]");
	/* Who has another page open is still here. */
	tell(bert[0], "41");
	tell(anna, "423[\"direct\",\"Bert\",\"still there?\"]");
	expect(anna, "433[true]");
	tell(bert[1], "41");
	expect(anna, "42[\"gone\",\"Bert\"]");
	stop();
}

Test(examples_sio, periodic_ticks_until_the_client_leaves)
{
	int anna, bert;

	start("examples/periodic.c", "50");
	anna = connect_as("40");
	bert = connect_as("40");
	for (int n = 0; n < 3; n++)
		expect_number(
		    anna, "42[\"tick\",", 1500000000000, 99999999999999);
	/* A timer that went on would send to who is not there. */
	close(anna);
	for (int n = 0; n < 5; n++)
		expect_number(
		    bert, "42[\"tick\",", 1500000000000, 99999999999999);
	stop();
}

Test(examples_sio, broadcast_modes_reach_whom_they_say)
{
	/* Clients 0 and 1; 1 is in the room. Who gets what 0 sends? */
	static const struct {
		const char *mode;
		int reaches[2];
	} rows[] = {
		{ "self", { 1, 0 } },
		{ "all", { 1, 1 } },
		{ "others", { 0, 1 } },
		{ "room", { 0, 1 } },
		{ "except", { 1, 0 } },
	};
	char packet[64];
	int fds[2];

	start("examples/broadcast-modes.c", NULL);
	fds[0] = connect_as("40");
	fds[1] = connect_as("40");
	tell(fds[1], "420[\"join\"]");
	expect(fds[1], "430[]");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		(void)snprintf(packet, sizeof(packet), "42[\"%s\",{\"n\":%zu}]",
		    rows[i].mode, i);
		tell(fds[0], packet);
		(void)snprintf(packet, sizeof(packet),
		    "42[\"news\",\"%s\",{\"n\":%zu}]", rows[i].mode, i);
		for (int who = 0; who < 2; who++) {
			if (rows[i].reaches[who])
				expect(fds[who], packet);
		}
	}
	/* And nobody got more. */
	tell(fds[0], "42[\"all\",\"the end\"]");
	for (int who = 0; who < 2; who++)
		expect(fds[who], "42[\"news\",\"all\",\"the end\"]");
	stop();
}

Test(examples_sio, whiteboard_shows_everybody_all_of_it)
{
	static const char stroke[] =
	    "42[\"drawing\",{\"x0\":0.25,\"y0\":0.5,\"x1\":0.75,"
	    "\"y1\":1,\"color\":\"#08704c\"}]";
	int anna, bert, carl;

	start("examples/whiteboard.c", NULL);
	anna = connect_as("40");
	bert = connect_as("40");
	tell(anna, "42[\"drawing\",{\"x0\":1}]");
	tell(anna, "42[\"drawing\",{\"color\":\"red\"}]");
	tell(anna, stroke);
	expect(bert, stroke);
	carl = connect_as("40");
	expect(carl, stroke);
	tell(bert, "42[\"clear\"]");
	expect(anna, "42[\"clear\"]");
	expect(bert, "42[\"clear\"]");
	expect(carl, "42[\"clear\"]");
	/* Who comes now finds an empty board. */
	close(anna);
	anna = connect_as("40");
	tell(bert, stroke);
	expect(anna, stroke);
	stop();
}

Test(examples_sio, auction_is_won_by_the_highest_bid)
{
	static const char idle[] =
	    "42[\"state\",{\"team\":null,\"amount\":0,\"left\":0}]";
	static const char leads[] =
	    "42[\"state\",{\"team\":\"blue\",\"amount\":11,\"left\":";
	static const char *const refused[] = {
		"420[\"bid\",\"red\",11]",
		"420[\"bid\",\"red\",10.5]",
		"420[\"bid\",\"red\",\"12\"]",
		"420[\"bid\",\"pink\",12]",
		"420[\"bid\"]",
	};
	int anna, bert;

	start("examples/auction.c", "1000");
	anna = connect_as("40");
	expect(anna, idle);
	tell(anna, "420[\"bid\",\"red\",0]");
	expect(anna, "430[false]");
	tell(anna, "420[\"bid\",\"blue\",11]");
	expect(anna, "430[true]");
	(void)hear(anna, TEXT);
	cr_assert_eq(strncmp(heard, leads, strlen(leads)), 0, "%s", heard);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		tell(anna, refused[i]);
		(void)hear(anna, TEXT);
		cr_assert_str_eq(heard, "430[false]", "%s", refused[i]);
	}
	expect(anna, "42[\"sold\",{\"team\":\"blue\",\"amount\":11}]");
	/* The next one begins at nothing. */
	bert = connect_as("40");
	expect(bert, idle);
	tell(bert, "420[\"bid\",\"green\",1]");
	expect(bert, "430[true]");
	stop();
}

Test(examples_sio, reference_does_what_suites_expect)
{
	int fd;

	start("examples/reference.c", "60000");
	fd = connect_as("40{\"token\":\"123\"}");
	expect(fd, "42[\"auth\",{\"token\":\"123\"}]");
	join(fd, "40/custom,");
	expect(fd, "42/custom,[\"auth\",{}]");
	tell(fd, "42[\"message\",1,\"2\",{\"3\":[true]}]");
	expect(fd, "42[\"message-back\",1,\"2\",{\"3\":[true]}]");
	tell(fd, "42456[\"message-with-ack\",1,\"2\",{\"3\":[false]}]");
	expect(fd, "43456[1,\"2\",{\"3\":[false]}]");
	tell(fd, "40/random,");
	expect(fd, "44/random,{\"message\":\"Invalid namespace\"}");
	stop();
}

Test(examples_sio, ticker_both_feeds_both)
{
	int raw, client;

	start("examples/ticker-both.c", NULL);
	raw = open_websocket("/");
	client = connect_as("40");
	(void)hear(raw, TEXT);
	cr_assert_eq(strncmp(heard, "{\"price\":", 9), 0, "%s", heard);
	expect_number(client, "42[\"price\",", 0, 999);
	close(raw);
	stop();
}

Test(examples_sio, auth_chat_lets_in_whom_it_knows)
{
	int anna, bert, stranger;

	start("examples/auth-chat.c", NULL);
	stranger = open_websocket("/socket.io/?EIO=4&transport=websocket");
	(void)hear(stranger, TEXT);
	tell(stranger, "40{\"token\":42}");
	expect(stranger, "44{\"message\":\"who are you?\"}");
	anna = connect_as("40{\"token\":\"anna's secret\"}");
	bert = connect_as("40{\"token\":\"bert's secret\"}");
	tell(anna, "42[\"say\",\"hello\"]");
	expect(bert, "42[\"said\",{\"from\":\"anna\",\"text\":\"hello\"}]");
	tell(bert, "420[\"direct\",\"anna\",\"psst\"]");
	expect(anna, "42[\"direct\",{\"from\":\"bert\",\"text\":\"psst\"}]");
	expect(bert, "430[{\"delivered\":true}]");
	tell(bert, "421[\"direct\",42]");
	expect(bert, "431[{\"delivered\":false}]");
	stop();
}
