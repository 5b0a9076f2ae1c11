/* test_pmd_message.c - compressed messages and their pasts (RFC 7692, 7). */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "websocket/pmd_message.h"
#include "ws.h"
#include "test/fuzz/corpora.h"
#include "test/guard.h"
#include "test/scarce.h"
#include "test/deflate/zpeer.h"

enum {
	LIMIT = 1 << 20,
	KEPT_MAX = 65536
};

static struct ws_deflate_shared shared;
static struct ws_pmd_codec codec;

static void
end(void)
{
	ws_pmd_fini(&codec);
	ws_deflate_shared_fini(&shared);
	cr_assert_eq(scarce_blocks, 0, "%ld blocks leaked", scarce_blocks);
}

/* Begin one, with windows for everybody, or for nobody. */
static void
begin(unsigned bits, size_t budget)
{
	memset(&codec, 0, sizeof(codec));
	shared.bits = (uint8_t)bits;
	ws_pmd_init(&codec, &shared, 6, bits, budget);
}

static struct ws_pmd_context *
join(uint8_t server_bits, uint8_t client_bits, bool keeps)
{
	const struct ws_pmd agreed = { server_bits, client_bits, !keeps,
		!keeps };
	struct ws_pmd_context *context = ws_pmd_join(&codec, &agreed);

	cr_assert_not_null(context);
	return context;
}

/* ---- inflating --------------------------------------------------------- */

/* The stream of "Hello" in the fixed code, and as the last block. */
#define HELLO "\xf2\x48\xcd\xc9\xc9\x07"
#define LAST_HELLO "\xf3\x48\xcd\xc9\xc9\x07\x00"

static const struct {
	const char *name;
	struct ws_span payload;
	const char *expected; /* NULL: refused */
} payloads[] = {
	{ "7.2.3.1: one block", WS_SPAN(HELLO "\x00"), "Hello" },
	{ "7.2.3.1: two blocks, an empty one between",
	    WS_SPAN("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
	    "Hello" },
	{ "7.2.3.3: a stored block", WS_SPAN("\0\x05\0\xfa\xffHello\0"),
	    "Hello" },
	{ "7.2.3.4: BFINAL", WS_SPAN(LAST_HELLO "\0"), "Hello" },
	{ "7.2.3.4: BFINAL, twice", WS_SPAN(LAST_HELLO LAST_HELLO "\0"),
	    "HelloHello" },
	{ "7.2.3.4: BFINAL, and a block that is not",
	    WS_SPAN(LAST_HELLO HELLO "\0"), "HelloHello" },
	{ "7.2.3.5: two blocks in one message",
	    WS_SPAN("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
	    "Hello" },
	{ "7.2.3.6: an empty message", WS_SPAN("\0"), "" },
	{ "empty, of blocks", WS_SPAN("\0\0\0\xff\xff\0\0\0\xff\xff\0"), "" },
	{ "empty, the fixed code", WS_SPAN("\x02\0"), "" },
	{ "empty, without an octet", WS_SPAN(""), "" },
	{ "the block of the tail is final", WS_SPAN("\x01"), "" },
	/* What is missing. */
	{ "cut in the tail's block", WS_SPAN(HELLO), NULL },
	{ "cut in a codeword", WS_SPAN("\xf2\x48\xcd\xc9"), NULL },
	{ "cut in a stored block", WS_SPAN("\0\x05\0\xfa\xffHel"), NULL },
	{ "cut before a length", WS_SPAN("\0\x05\0"), NULL },
	{ "nothing behind the final block", WS_SPAN(LAST_HELLO), NULL },
	/* What is too much, or wrong. */
	{ "the tail was not removed", WS_SPAN(HELLO "\0\0\0\xff\xff"), NULL },
	{ "reserved type", WS_SPAN("\x06"), NULL },
	{ "a length that contradicts itself", WS_SPAN("\0\x05\0\0\0Hello\0"),
	    NULL },
	{ "a distance before the first octet", WS_SPAN("\x02\x42\0\0"), NULL },
	{ "junk", WS_SPAN("Hello"), NULL },
};

static int
inflate_guarded(struct ws_pmd_context *context, struct ws_span payload,
    size_t limit, uint8_t **out, size_t *len)
{
	struct guard g = guard_copy(payload.at, payload.len);
	const char *reason = NULL;
	int result = ws_pmd_inflate(
	    &codec, context, g.at, g.len, limit, out, len, &reason);

	guard_free(&g);
	cr_assert(result == 0 || (reason != NULL && reason[0] != '\0'));
	return result;
}

Test(pmd_message, rfc7692_7_2_2_inflates_what_is_right)
{
	begin(15, 0);
	for (size_t i = 0; i < WS_LEN(payloads); i++) {
		const char *expected = payloads[i].expected;
		uint8_t *out = NULL;
		size_t len = 0;
		int result = inflate_guarded(join(15, 15, false),
		    payloads[i].payload, LIMIT, &out, &len);

		cr_expect_eq(result,
		    expected != NULL ? 0 : WS_CLOSE_INVALID_PAYLOAD, "%s: %d",
		    payloads[i].name, result);
		if (result != 0 || expected == NULL)
			continue;
		cr_expect_eq(
		    len, strlen(expected), "%s: %zu", payloads[i].name, len);
		cr_expect_eq(
		    memcmp(out, expected, len), 0, "%s", payloads[i].name);
	}
	end();
}

/* Whatever came before, nothing of it is left. */
Test(pmd_message, rfc7692_7_1_1_messages_without_context_are_alone)
{
	/* "Hello", and again by reference: 7.2.3.2. */
	static const struct ws_span first = WS_SPAN(HELLO "\0");
	static const struct ws_span second = WS_SPAN("\xf2\0\x11\0\0");
	struct ws_pmd_context *context;
	uint8_t *out;
	size_t len;

	for (int keeps = 0; keeps < 2; keeps++) {
		begin(15, 1 << 20);
		context = join(15, 15, keeps);
		cr_assert_eq(
		    inflate_guarded(context, first, LIMIT, &out, &len), 0);
		cr_assert_eq(
		    inflate_guarded(context, second, LIMIT, &out, &len),
		    keeps ? 0 : WS_CLOSE_INVALID_PAYLOAD);
		if (keeps)
			cr_assert_eq(memcmp(out, "Hello", 5), 0);
		ws_pmd_leave(&codec, context);
		end();
	}
}

/* The limit holds to the octet, and no memory is taken beyond it. */
Test(pmd_message, stops_at_the_limit)
{
	static uint8_t zeros[LIMIT + 1];
	static const size_t sizes[] = { 0, 1, 2, 4095, 4096, 4097, 65535, 65536,
		65537, 1000000, LIMIT };
	struct zpeer peer;

	zpeer_init(&peer, 15, 15, 0, 0);
	begin(15, 0);
	for (size_t i = 0; i < WS_LEN(sizes); i++) {
		struct ws_pmd_context *context = join(15, 15, false);
		size_t len, deflated = zpeer_deflate(&peer, zeros, sizes[i]);
		struct ws_span payload = { (char *)peer.room, deflated };
		uint8_t *out;

		cr_assert_eq(
		    inflate_guarded(context, payload, sizes[i], &out, &len), 0,
		    "%zu octets", sizes[i]);
		cr_assert_eq(len, sizes[i]);
		cr_assert_leq(
		    codec.inflated_room, sizes[i] < 4096 ? 4096 : sizes[i]);
		ws_pmd_end_inflate(&codec);
		cr_assert_leq(codec.inflated_room, KEPT_MAX);
		deflated = zpeer_deflate(&peer, zeros, sizes[i] + 1);
		payload = (struct ws_span){ (char *)peer.room, deflated };
		cr_assert_eq(
		    inflate_guarded(context, payload, sizes[i], &out, &len),
		    WS_CLOSE_TOO_BIG, "%zu octets", sizes[i]);
		cr_assert_leq(
		    codec.inflated_room, sizes[i] < 4096 ? 4096 : sizes[i]);
		ws_pmd_end_inflate(&codec);
	}
	zpeer_fini(&peer);
	end();
}

/* ---- both directions --------------------------------------------------- */

/* One of many messages, some of them like others. */
static size_t
message(struct dice *dice, uint8_t *out)
{
	static const size_t most[] = { 1, 40, 300, 3000, 70000 };
	size_t len = roll(dice, (uint32_t)most[roll(dice, 5)] + 1);

	switch (roll(dice, 4)) {
	case 0:
		fill_random(dice, out, len);
		break;
	case 1:
		fill_text(dice, out, len);
		break;
	default:
		fill_json(dice, out, len);
	}
	return len;
}

/* Talk with zlib. Each side gets what the other one sent, and remembers it; or
 * it is sent as it is, and not remembered. Returns the octets sent by us. */
static size_t
talk(struct ws_pmd_context *context, struct zpeer *peer, unsigned rounds,
    uint64_t seed)
{
	static uint8_t text[70000];
	struct dice dice = { seed };
	size_t total = 0;

	for (unsigned i = 0; i < rounds; i++) {
		size_t len = message(&dice, text), n;
		bool alone = roll(&dice, 4) == 0;
		const uint8_t *deflated;
		uint8_t *out;

		n = ws_pmd_deflate(
		    &codec, context, text, len, alone, &deflated);
		cr_assert(n < len || n == 0);
		total += n > 0 ? n : len;
		if (n > 0) {
			cr_assert_eq(zpeer_inflate(peer, deflated, n), len);
			cr_assert_eq(memcmp(peer->room, text, len), 0);
			ws_pmd_sent(context, text, len);
		}
		ws_pmd_end_deflate(&codec);
		if (roll(&dice, 10) == 0)
			ws_pmd_idle(context);
		len = message(&dice, text);
		n = zpeer_deflate(peer, text, len);
		cr_assert_eq(inflate_guarded(context,
				 (struct ws_span){ (char *)peer->room, n },
				 sizeof(text), &out, &n),
		    0, "message %u", i);
		cr_assert_eq(n, len);
		cr_assert(len == 0 || memcmp(out, text, len) == 0);
		ws_pmd_end_inflate(&codec);
	}
	return total;
}

Test(pmd_message, talks_with_zlib_in_all_windows)
{
	for (uint8_t bits = 8; bits <= 15; bits++) {
		for (int keeps = 0; keeps < 2; keeps++) {
			uint8_t theirs = bits < 9 ? 9 : bits;
			struct ws_pmd_context *context;
			struct zpeer peer;

			begin(15, 1 << 20);
			context = join(bits, theirs, keeps);
			zpeer_init(&peer, theirs, bits, keeps, keeps);
			(void)talk(context, &peer, 100, bits);
			zpeer_fini(&peer);
			ws_pmd_leave(&codec, context);
			cr_assert_eq(codec.budget, 1 << 20);
			end();
		}
	}
}

/* Peers with and without a past, with large windows and small ones, all served
 * by the same compressor. */
Test(pmd_message, keeps_peers_apart)
{
	enum {
		PEERS = 6
	};
	struct ws_pmd_context *contexts[PEERS];
	struct zpeer peers[PEERS];

	begin(15, 1 << 20);
	for (unsigned i = 0; i < PEERS; i++) {
		uint8_t bits = (uint8_t)(15 - i);

		contexts[i] = join(bits, bits, i % 2);
		zpeer_init(&peers[i], bits, bits, i % 2, i % 2);
	}
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned i = 0; i < PEERS; i++)
			(void)talk(
			    contexts[i], &peers[i], 2, round * PEERS + i + 1);
	}
	for (unsigned i = 0; i < PEERS; i++) {
		ws_pmd_leave(&codec, contexts[i]);
		zpeer_fini(&peers[i]);
	}
	end();
}

/* The past makes messages smaller, or nobody would pay for it. */
Test(pmd_message, refers_to_the_past)
{
	uint8_t text[300];
	struct dice dice = { 8 };
	struct ws_pmd_context *context;
	const uint8_t *out;
	size_t first, second, alone;

	fill_json(&dice, text, sizeof(text));
	begin(12, 1 << 20);
	context = join(12, 12, true);
	first =
	    ws_pmd_deflate(&codec, context, text, sizeof(text), false, &out);
	ws_pmd_sent(context, text, sizeof(text));
	second =
	    ws_pmd_deflate(&codec, context, text, sizeof(text), false, &out);
	alone = ws_pmd_deflate(&codec, context, text, sizeof(text), true, &out);
	cr_expect_gt(first, 4 * second, "%zu, %zu", first, second);
	cr_expect_eq(alone, first);
	/* Used since the last time, so it stays for once. */
	ws_pmd_idle(context);
	cr_expect_not_null(context->sent.at);
	ws_pmd_idle(context);
	cr_expect_null(context->sent.at);
	cr_expect_eq(
	    ws_pmd_deflate(&codec, context, text, sizeof(text), false, &out),
	    first);
	ws_pmd_leave(&codec, context);
	end();
}

Test(pmd_message, sends_as_it_is_what_does_not_get_smaller)
{
	static const struct {
		const char *name, *text;
	} rows[] = { { "nothing", "" }, { "one octet", "x" }, { "two", "xy" },
		{ "few", "hello" } };
	static uint8_t noise[100000];
	struct dice dice = { 3 };
	const uint8_t *out;

	begin(15, 0);
	fill_random(&dice, noise, sizeof(noise));
	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(
		    ws_pmd_deflate(&codec, join(15, 15, false), rows[i].text,
			strlen(rows[i].text), true, &out),
		    0, "%s", rows[i].name);
	cr_expect_eq(ws_pmd_deflate(&codec, join(15, 15, false), noise,
			 sizeof(noise), true, &out),
	    0);
	cr_expect_gt(codec.deflated_room, KEPT_MAX);
	ws_pmd_end_deflate(&codec);
	cr_expect_leq(codec.deflated_room, KEPT_MAX);
	end();
}

/* ---- budget ------------------------------------------------------------ */

Test(pmd_message, promises_windows_as_long_as_there_is_budget)
{
	enum {
		BITS = 10,
		BOTH = 2 << BITS
	};
	struct ws_pmd_context *contexts[3];

	begin(BITS, 2 * BOTH + BOTH - 1);
	for (unsigned i = 0; i < 2; i++) {
		struct ws_pmd_policy policy = ws_pmd_policy_of(&codec);

		cr_assert(!policy.server_no_context);
		cr_assert(!policy.client_no_context);
		cr_assert_eq(policy.server_bits, BITS);
		cr_assert_eq(policy.client_bits, BITS);
		contexts[i] = join(BITS, BITS, true);
		/* Promised, not taken. */
		cr_assert_null(contexts[i]->sent.at);
		cr_assert_null(contexts[i]->theirs.at);
	}
	cr_assert_eq(codec.budget, BOTH - 1);
	cr_assert(ws_pmd_policy_of(&codec).server_no_context);
	cr_assert(ws_pmd_policy_of(&codec).client_no_context);
	contexts[2] = join(BITS, 15, false);
	cr_assert_eq(codec.budget, BOTH - 1);
	for (unsigned i = 0; i < 3; i++)
		ws_pmd_leave(&codec, contexts[i]);
	cr_assert_eq(codec.budget, 2 * BOTH + BOTH - 1);
	cr_assert(!ws_pmd_policy_of(&codec).server_no_context);
	ws_pmd_leave(&codec, NULL);
	end();
}

Test(pmd_message, shares_what_is_not_kept)
{
	begin(15, 0);
	for (uint8_t bits = 8; bits <= 15; bits++) {
		cr_expect_eq(join(bits, 15, false), join(bits, 9, false));
		cr_expect_eq(join(bits, 15, false)->bits, bits);
	}
	cr_expect_eq(scarce_blocks, 0, "a connection takes no memory");
	cr_expect(ws_pmd_policy_of(&codec).client_no_context);
	cr_expect_eq(ws_pmd_policy_of(&codec).client_bits, 15);
	end();
}

Test(pmd_message, finds_the_window_that_a_message_needs)
{
	static const struct {
		unsigned bits;
		size_t len;
		unsigned window;
	} rows[] = { { 15, 0, 8 }, { 15, 256, 8 }, { 15, 257, 9 },
		{ 15, 32768, 15 }, { 15, 32769, 15 }, { 15, SIZE_MAX, 15 },
		{ 9, 256, 8 }, { 9, 512, 9 }, { 9, 513, 9 }, { 8, 9999, 8 } };

	for (size_t i = 0; i < WS_LEN(rows); i++)
		cr_expect_eq(ws_pmd_window(rows[i].bits, rows[i].len),
		    rows[i].window, "%u bits, %zu octets", rows[i].bits,
		    rows[i].len);
}

/* ---- memory ------------------------------------------------------------ */

/* Without memory a message goes as it is, and is not received; and what is
 * remembered stays the same on both sides. */
Test(pmd_message, does_without_memory)
{
	static uint8_t text[20000];
	struct dice dice = { 5 };
	size_t done = 0;

	fill_text(&dice, text, sizeof(text));
	for (size_t nth = 1; done < 3; nth++) {
		const struct ws_pmd agreed = { 12, 12, false, false };
		struct ws_pmd_context *context;
		struct zpeer peer;
		const char *reason;
		const uint8_t *deflated;
		uint8_t *out;
		size_t n;

		begin(12, 1 << 20);
		zpeer_init(&peer, 12, 12, 1, 1);
		scarce(nth);
		context = ws_pmd_join(&codec, &agreed);
		for (unsigned i = 0; context != NULL && i < 3; i++) {
			n = ws_pmd_deflate(&codec, context, text, sizeof(text),
			    false, &deflated);
			if (n == 0)
				continue;
			cr_assert_eq(
			    zpeer_inflate(&peer, deflated, n), sizeof(text));
			ws_pmd_sent(context, text, sizeof(text));
		}
		if (context != NULL) {
			int result;

			n = zpeer_deflate(&peer, text, sizeof(text));
			result = ws_pmd_inflate(&codec, context, peer.room, n,
			    sizeof(text), &out, &n, &reason);
			cr_assert(
			    result == 0 || result == WS_CLOSE_INTERNAL_ERROR);
		}
		if (scarce_calls < nth)
			done++;
		scarce(0);
		ws_pmd_leave(&codec, context);
		zpeer_fini(&peer);
		end();
		cr_assert_lt(nth, 100);
	}
}
