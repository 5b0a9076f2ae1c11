/* test_records.c - packets that wait for a client to poll. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "eio.h"
#include "sio/engine/message.h"
#include "sio/engine/records.h"
#include "test/scarce.h"

static struct ws_server *server;

static void
begin(void)
{
	server = ws_server_new(&(struct ws_options){ .log_level = -1 });
	cr_assert_not_null(server);
}

static void
end(void)
{
	ws_server_free(server);
	server = NULL;
}

TestSuite(records, .init = begin, .fini = end);

static size_t
held(void)
{
	struct ws_stats stats;

	ws_stats(server, &stats);
	return stats.memory;
}

static struct eio_packet
text(const char *data)
{
	return (struct eio_packet){ EIO_MESSAGE, EIO_TEXT, data, strlen(data) };
}

static void
expect_next(
    const struct eio_records *records, size_t *at, const char *data, int flags)
{
	struct eio_packet packet;
	int got;

	cr_assert(eio_records_next(records, at, &packet, &got));
	cr_expect_eq(packet.type, EIO_MESSAGE);
	cr_expect_eq(packet.form, EIO_TEXT);
	cr_assert_eq(packet.len, strlen(data));
	cr_expect_arr_eq(packet.data, data, packet.len);
	cr_expect_eq(got, flags);
}

Test(records, no_block_is_no_packet)
{
	struct eio_records *records = NULL;
	struct eio_packet packet;
	size_t at = 0;

	cr_expect_not(eio_records_next(records, &at, &packet, NULL));
	cr_expect_eq(eio_records_waiting(records), 0);
	eio_records_free(&records);
	cr_expect_null(records);
}

Test(records, packets_come_out_as_they_went_in)
{
	struct eio_message *shared =
	    eio_prepare(WS_TEXT, "longer than a reference", WS_STR);
	struct eio_message *brief = eio_prepare(WS_TEXT, "brief", WS_STR);
	struct eio_packet packet, empty = text("");
	struct eio_packet binary = { EIO_MESSAGE, EIO_BINARY, "\x00\xff", 2 };
	struct eio_records *records = NULL;
	size_t before = held(), at = 0;

	for (int i = 0; i < 50; i++) {
		const struct eio_packet own = text("of its own");

		cr_assert_eq(eio_records_add(&records, server, &own, i), 0);
		cr_assert_eq(
		    eio_records_share(&records, server, shared, WS_NO_COMPRESS),
		    0);
		cr_assert_eq(eio_records_share(&records, server, brief, 0), 0);
		cr_assert_eq(eio_records_add(&records, server, &empty, 0), 0);
	}
	cr_assert_eq(eio_records_add(&records, server, &binary, 0), 0);
	/* The sender has its own reference, and drops it. */
	eio_message_free(shared);
	eio_message_free(brief);
	for (int i = 0; i < 50; i++) {
		expect_next(records, &at, "of its own", i);
		expect_next(
		    records, &at, "longer than a reference", WS_NO_COMPRESS);
		expect_next(records, &at, "brief", 0);
		expect_next(records, &at, "", 0);
	}
	cr_assert(eio_records_next(records, &at, &packet, NULL));
	cr_expect_eq(packet.form, EIO_BINARY);
	cr_expect_arr_eq(packet.data, "\x00\xff", 2);
	cr_expect_not(eio_records_next(records, &at, &packet, NULL));
	cr_expect_gt(held(), before);
	eio_records_free(&records);
	cr_expect_eq(held(), before);
}

Test(records, a_message_is_held_once_for_all)
{
	enum {
		MANY = 100,
		OCTETS = 100000
	};
	static char data[OCTETS];
	struct eio_records *all[MANY] = { NULL };
	struct eio_message *message = eio_prepare(WS_BINARY, data, OCTETS);
	size_t before = held();

	for (int i = 0; i < MANY; i++) {
		cr_assert_eq(eio_records_share(&all[i], server, message, 0), 0);
		/* What counts for the limits of a client is all that waits. */
		cr_expect_gt(eio_records_waiting(all[i]), OCTETS);
	}
	eio_message_free(message);
	cr_expect_gt(held() - before, OCTETS);
	cr_expect_lt(held() - before, OCTETS + MANY * 256);
	for (int i = 0; i < MANY; i++)
		eio_records_free(&all[i]);
	cr_expect_eq(held(), before);
}

Test(records, without_memory_nothing_changes)
{
	struct eio_message *message =
	    eio_prepare(WS_TEXT, "longer than a reference", WS_STR);
	struct eio_packet packet = text("a packet");
	struct eio_records *records = NULL;
	size_t before = held(), at = 0;

	scarce(1);
	cr_expect_eq(eio_records_add(&records, server, &packet, 0), WS_ENOMEM);
	scarce(1);
	cr_expect_eq(
	    eio_records_share(&records, server, message, 0), WS_ENOMEM);
	scarce(0);
	cr_expect_null(records);
	packet.len = SIZE_MAX;
	cr_expect_eq(eio_records_add(&records, server, &packet, 0), WS_ENOMEM);
	packet.len = SIZE_MAX / 4;
	cr_expect_eq(eio_records_add(&records, server, &packet, 0), WS_ENOMEM);
	packet = text("a packet");
	while (eio_records_waiting(records) < 60)
		cr_assert_eq(eio_records_add(&records, server, &packet, 0), 0);
	scarce(1);
	while (eio_records_share(&records, server, message, 0) == 0)
		continue;
	scarce(0);
	expect_next(records, &at, "a packet", 0);
	eio_records_free(&records);
	eio_message_free(message);
	cr_expect_eq(held(), before);
}

/* ---- in a server ------------------------------------------------------- */

#define LONG 50000

Test(records, a_broadcast_is_stored_once_for_all_that_poll)
{
	enum {
		MANY = 30
	};
	static char data[LONG + 1];
	static struct eio_session *sessions[MANY];
	char sids[MANY][21];
	struct eio_message *message;
	struct ws_stats before, now;
	struct response r;

	memset(data, 'x', LONG);
	eio_test_begin(NULL);
	for (int i = 0; i < MANY; i++) {
		strcpy(sids[i], eio_open_polling(""));
		sessions[i] = eio_test.last;
	}
	ws_stats(eio_test.live.server, &before);
	message = eio_prepare(WS_TEXT, data, LONG);
	for (int i = 0; i < MANY; i++)
		cr_assert_eq(eio_send_prepared(sessions[i], message, 0), 0);
	eio_message_free(message);
	ws_stats(eio_test.live.server, &now);
	cr_expect_gt(now.memory - before.memory, LONG);
	cr_expect_lt(now.memory - before.memory, LONG + MANY * 256);
	for (int i = 0; i < MANY; i++) {
		cr_assert_eq(eio_get(&r, sids[i]), 200);
		cr_assert_eq(r.len, LONG + 1);
		cr_assert_eq(r.body[0], '4');
		cr_assert_eq(r.body[LONG], 'x');
	}
	eio_test_end();
}
