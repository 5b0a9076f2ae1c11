/* test_sio_client.c - packets in, and clients that send wrong ones. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sio_app.h"

TestSuite(sio_client, .init = app_begin, .fini = app_end, .timeout = 300);

Test(sio_client, events_come_and_go)
{
	static const struct {
		const char *sent, *answer;
	} rows[] = {
		{ "2[\"echo\"]", "2[\"back\"]" },
		{ "2[\"echo\",1,null,true,{\"a\":[1]}]",
		    "2[\"back\",1,null,true,{\"a\":[1]}]" },
		{ "2[\"echo\",\"\\u00e9\"]", "2[\"back\",\"\\u00e9\"]" },
		{ "2[\"echo\",\"\\\"\xf0\x9f\x98\x80\"]",
		    "2[\"back\",\"\\\"\xf0\x9f\x98\x80\"]" },
		{ "20[\"ack\",1,\"x\"]", "30[1,\"x\"]" },
		{ "2007[\"ack\"]", "37[]" },
		{ "29007199254740991[\"ack\"]", "39007199254740991[]" },
		/* Nobody listens to these, and nothing follows. */
		{ "2[7,1]", NULL },
		{ "2", NULL },
		{ "399[\"too late\"]", NULL },
	};
	struct client c = enter();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		peer_send(&c, rows[i].sent);
		if (rows[i].answer != NULL)
			(void)peer_expect(&c, rows[i].answer);
		else
			peer_expect_silence(&c, "21[\"ack\"]", "31[]");
	}
	client_close(&c);
}

Test(sio_client, an_event_may_follow_its_connect_at_once)
{
	struct client c = peer_open(live.address, "EIO=4");

	peer_send(&c, "0");
	peer_send(&c, "2[\"echo\",1]");
	(void)peer_expect(&c, "0{\"sid\":\"*\"}");
	(void)peer_expect(&c, "2[\"back\",1]");
	client_close(&c);
}

Test(sio_client, binary_arguments_come_and_go)
{
	struct client c = enter();

	peer_send(&c, "51-[\"echo\",{\"_placeholder\":true,\"num\":0}]");
	peer_binary(&c, "\0\1\2", 3);
	(void)peer_expect(
	    &c, "51-[\"back\",{\"_placeholder\":true,\"num\":0}]");
	peer_expect_binary(&c, "\0\1\2", 3);
	peer_send(&c, "52-7[\"ack\",{\"a\":{\"_placeholder\":true,\"num\":1}},"
		      "{\"num\":0,\"_placeholder\":true}]");
	peer_binary(&c, "", 0);
	peer_binary(&c, "x", 1);
	(void)peer_expect(&c, "62-7[{\"a\":{\"_placeholder\":true,\"num\":0}},"
			      "{*}]");
	peer_expect_binary(&c, "x", 1);
	peer_expect_binary(&c, "", 0);
	client_close(&c);
}

/* The limit max_payload is for each attachment, as in the reference. */
Test(sio_client, ten_attachments_of_max_payload_each_are_taken)
{
	static const struct sio_options options = { .engine.max_payload =
							1000 };
	static char data[1000];
	struct client c;

	app_restart(&options);
	c = enter();
	peer_send(&c, "510-[\"ping\",{\"_placeholder\":true,\"num\":9}]");
	for (int n = 0; n < 10; n++)
		peer_binary(&c, data, sizeof(data));
	is_alive(&c);
	client_close(&c);
}

/* The Java client sends null beside octets so. */
Test(sio_client, a_binary_packet_without_payload_is_dropped)
{
	static const char *const packets[] = { "51-", "51-7", "61-", "61-7" };
	struct client c = enter();

	for (size_t i = 0; i < 4; i++) {
		peer_send(&c, packets[i]);
		peer_binary(&c, "x", 1);
	}
	peer_send(&c, "52-");
	peer_binary(&c, "x", 1);
	peer_binary(&c, "y", 1);
	is_alive(&c);
	client_close(&c);
	/* In protocol 3 a message of octets begins with its type. */
	c = peer_open(live.address, "EIO=3");
	(void)peer_expect(&c, "0");
	for (size_t i = 0; i < 4; i++) {
		peer_send(&c, packets[i]);
		peer_binary(&c, "\4x", 2);
	}
	is_alive(&c);
	client_close(&c);
}

/* ---- wrong packets ------------------------------------------------------ */

Test(sio_client, a_client_that_breaks_the_protocol_is_disconnected)
{
	static const struct {
		const char *name, *packets[3];
	} rows[] = {
		{ "not a packet", { "abc" } },
		{ "unknown type", { "7" } },
		{ "malformed JSON", { "2[\"echo\"" } },
		{ "JSON and more", { "2[\"echo\"]]" } },
		{ "no array", { "2{}" } },
		{ "empty array", { "2[]" } },
		{ "reserved name", { "2[\"connect\"]" } },
		{ "reserved name escaped", { "2[\"\\u0064isconnect\"]" } },
		{ "name no string", { "2[null]" } },
		{ "connected twice", { "0" } },
		{ "not connected there", { "2/custom,[\"echo\"]" } },
		{ "CONNECT_ERROR", { "4{\"message\":\"no\"}" } },
		{ "too many attachments", { "551-[\"echo\"]" } },
		{ "text behind 51-99999999", { "51-99999999", "2[\"echo\"]" } },
		{ "malformed JSON before attachments", { "51-[\"echo\"" } },
		{ "no attachments", { "50-[\"echo\"]" } },
		{ "text for an attachment",
		    { "51-[\"echo\",{\"_placeholder\":true,\"num\":0}]",
			"2[\"echo\"]" } },
		{ "an attachment for nothing", { "#" } },
		{ "placeholder out of range",
		    { "51-[\"echo\",{\"_placeholder\":true,\"num\":1}]",
			"#" } },
		{ "huge ack id", { "299999999999999999999[\"ack\"]" } },
		{ "ack that is no array", { "30{}" } },
		{ "DISCONNECT with a payload", { "1[]" } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c = enter();

		heard[0] = '\0';
		closed = 0;
		for (int p = 0; p < 3 && rows[i].packets[p] != NULL; p++) {
			if (strcmp(rows[i].packets[p], "#") == 0)
				peer_binary(&c, "x", 1);
			else
				peer_send(&c, rows[i].packets[p]);
		}
		peer_expect_end(&c);
		client_until(&closed, 1);
		cr_expect_str_eq(heard,
		    "disconnecting /: forced close (0); "
		    "disconnect /: forced close (0); ",
		    "%s: %s", rows[i].name, heard);
		client_close(&c);
	}
}

Test(sio_client, deep_json_costs_the_connection_only)
{
	static char packet[60000];
	struct client c = enter();

	snprintf(packet, sizeof(packet), "2[\"echo\",");
	memset(packet + strlen(packet), '[', 50000);
	peer_send(&c, packet);
	peer_expect_end(&c);
	client_close(&c);
	c = enter();
	client_close(&c);
}

Test(sio_client, the_first_packet_is_a_connect)
{
	static const char *const packets[] = { "2[\"echo\"]", "1", "30[]" };

	for (size_t i = 0; i < 3; i++) {
		struct client c = peer_open(live.address, "EIO=4");

		peer_send(&c, packets[i]);
		peer_expect_end(&c);
		client_close(&c);
	}
}

static void
never(struct sio_socket *socket, struct sio_event *event)
{
	(void)socket;
	cr_expect_fail("called for %s", sio_event_name(event));
}

Test(sio_client, an_event_with_a_nul_in_its_name_has_no_handler)
{
	struct client c = enter();

	cr_assert_eq(sio_on(root, "secret", never), 0);
	cr_assert_eq(sio_on(root, "", never), 0);
	peer_send(&c, "2[\"secret\\u0000\"]");
	peer_send(&c, "2[\"secret\\u0000x\",1]");
	peer_send(&c, "2[\"\\u0000\"]");
	is_alive(&c);
	client_close(&c);
}

Test(sio_client, a_request_cannot_use_the_session_of_a_websocket)
{
	static const char *const methods[] = { "GET", "POST", "PUT" };
	struct client c = enter();
	char request[256], sid[EIO_ID_SIZE];

	for (int i = 0; i < 3; i++) {
		struct client other = client_open(live.address);
		struct response r;

		snprintf(request, sizeof(request),
		    "%s /socket.io/?EIO=4&transport=websocket&sid=%s HTTP/1.1"
		    "\r\nHost: a\r\nContent-Length: 1\r\n\r\n1",
		    methods[i], eio_id(sio_session(last), sid));
		client_puts(&other, request);
		cr_expect_eq(client_response(&other, &r, false), 400);
		cr_expect_eq(
		    memcmp(r.body, "{\"code\":3,", 10), 0, "%s", methods[i]);
		is_alive(&c);
		client_close(&other);
	}
	client_close(&c);
}
