/* test_sio_packet.c - each packet form and each malformed one. */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "sio/packet.h"
#include "test/guard.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- heads -------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *in;
	int revision; /* 0: both */
	enum sio_packet_type type;
	unsigned attachments;
	const char *nsp;
	const char *query;
	int64_t id;
	const char *payload;
	const char *head; /* written again; NULL: as it was */
} packets[] = {
	{ "connect", "0", 0, SIO_CONNECT, 0, "/", "", -1, "", NULL },
	{ "connect with auth", "0{\"token\":\"123\"}", 0, SIO_CONNECT, 0, "/",
	    "", -1, "{\"token\":\"123\"}", NULL },
	{ "connect to a namespace", "0/admin,", 0, SIO_CONNECT, 0, "/admin", "",
	    -1, "", NULL },
	{ "connect without comma", "0/admin", 0, SIO_CONNECT, 0, "/admin", "",
	    -1, "", "0/admin," },
	{ "connect to a namespace with auth", "0/admin,{}", 0, SIO_CONNECT, 0,
	    "/admin", "", -1, "{}", NULL },
	{ "a query is part of the name", "0/admin?a=1,", 5, SIO_CONNECT, 0,
	    "/admin?a=1", "", -1, "", NULL },
	{ "a query is a query", "0/admin?a=1&b=?,", 4, SIO_CONNECT, 0, "/admin",
	    "a=1&b=?", -1, "", "0/admin," },
	{ "a query without comma", "0/admin?a", 4, SIO_CONNECT, 0, "/admin",
	    "a", -1, "", "0/admin," },
	{ "a query of the default namespace", "0/?a,", 4, SIO_CONNECT, 0, "/",
	    "a", -1, "", "0" },
	{ "an empty query", "0/a?,", 4, SIO_CONNECT, 0, "/a", "", -1, "",
	    "0/a," },
	{ "disconnect", "1", 0, SIO_DISCONNECT, 0, "/", "", -1, "", NULL },
	{ "disconnect of a namespace", "1/admin,", 0, SIO_DISCONNECT, 0,
	    "/admin", "", -1, "", NULL },
	{ "event", "2[\"a\"]", 0, SIO_EVENT, 0, "/", "", -1, "[\"a\"]", NULL },
	{ "event in a namespace", "2/b,[\"a\"]", 0, SIO_EVENT, 0, "/b", "", -1,
	    "[\"a\"]", NULL },
	{ "event in the named default", "2/,[\"a\"]", 0, SIO_EVENT, 0, "/", "",
	    -1, "[\"a\"]", "2" },
	{ "event with id", "212[\"a\"]", 0, SIO_EVENT, 0, "/", "", 12,
	    "[\"a\"]", NULL },
	{ "event with id 0", "20[\"a\"]", 0, SIO_EVENT, 0, "/", "", 0,
	    "[\"a\"]", NULL },
	{ "event with id in a namespace", "2/b,456[\"a\"]", 0, SIO_EVENT, 0,
	    "/b", "", 456, "[\"a\"]", NULL },
	{ "event without payload", "2", 0, SIO_EVENT, 0, "/", "", -1, "",
	    NULL },
	{ "event with id only", "27", 0, SIO_EVENT, 0, "/", "", 7, "", NULL },
	{ "leading zeros", "2007[]", 0, SIO_EVENT, 0, "/", "", 7, "[]", "27" },
	{ "many leading zeros", "2000000000000000000000000000000000007[]", 0,
	    SIO_EVENT, 0, "/", "", 7, "[]", "27" },
	{ "the highest id", "29007199254740991[]", 0, SIO_EVENT, 0, "/", "",
	    INT64_C(9007199254740991), "[]", NULL },
	{ "a namespace of strange octets", "2/\xc3\xa9 \"[{-,1[]", 0, SIO_EVENT,
	    0, "/\xc3\xa9 \"[{-", "", 1, "[]", NULL },
	{ "a namespace of slashes", "2//,[]", 0, SIO_EVENT, 0, "//", "", -1,
	    "[]", NULL },
	{ "a payload that is none", "2hello", 0, SIO_EVENT, 0, "/", "", -1,
	    "hello", "2" },
	{ "a sign is no id", "2-1[]", 0, SIO_EVENT, 0, "/", "", -1, "-1[]",
	    "2" },
	{ "ack", "3456[]", 0, SIO_ACK, 0, "/", "", 456, "[]", NULL },
	{ "ack in a namespace", "3/admin,456[]", 0, SIO_ACK, 0, "/admin", "",
	    456, "[]", NULL },
	{ "connect error", "4{\"message\":\"x\"}", 0, SIO_CONNECT_ERROR, 0, "/",
	    "", -1, "{\"message\":\"x\"}", NULL },
	{ "connect error of a namespace", "4/random,{}", 0, SIO_CONNECT_ERROR,
	    0, "/random", "", -1, "{}", NULL },
	{ "binary event", "51-[\"a\",{}]", 0, SIO_BINARY_EVENT, 1, "/", "", -1,
	    "[\"a\",{}]", NULL },
	{ "binary event, namespace, id", "52-/admin,456[\"a\"]", 0,
	    SIO_BINARY_EVENT, 2, "/admin", "", 456, "[\"a\"]", NULL },
	{ "binary event of ten", "510-[\"a\"]", 0, SIO_BINARY_EVENT, 10, "/",
	    "", -1, "[\"a\"]", NULL },
	{ "binary event, leading zero", "501-[\"a\"]", 0, SIO_BINARY_EVENT, 1,
	    "/", "", -1, "[\"a\"]", "51-" },
	{ "binary ack", "61-/admin,456[{}]", 0, SIO_BINARY_ACK, 1, "/admin", "",
	    456, "[{}]", NULL },
};

static void
expect_span(const char *name, struct ws_span span, const char *expected)
{
	cr_expect(span.len == strlen(expected) &&
		      memcmp(span.at, expected, span.len) == 0,
	    "%s: \"%.*s\"", name, (int)span.len, span.at);
}

static void
check_packet(size_t row, int revision)
{
	const char *name = packets[row].name, *in = packets[row].in;
	size_t len = strlen(in), n;
	struct guard g = guard_copy(in, len);
	struct sio_packet packet;
	char head[64];

	cr_assert_eq(
	    sio_packet_decode((const char *)g.at, len, revision, &packet), 0,
	    "%s", name);
	cr_expect_eq(packet.type, packets[row].type, "%s", name);
	cr_expect_eq(packet.attachments, packets[row].attachments, "%s", name);
	cr_expect_eq(packet.id, packets[row].id, "%s", name);
	expect_span(name, packet.nsp, packets[row].nsp);
	expect_span(name, packet.query, packets[row].query);
	expect_span(name, packet.payload, packets[row].payload);

	n = sio_packet_write_head(&packet, head);
	cr_expect_leq(n, SIO_PACKET_HEAD_MAX + packet.nsp.len, "%s", name);
	head[n] = '\0';
	if (packets[row].head == NULL)
		cr_expect(
		    strncmp(in, head, n) == 0 && n + packet.payload.len == len,
		    "%s: %s", name, head);
	else
		cr_expect_str_eq(head, packets[row].head, "%s", name);
	guard_free(&g);
}

Test(sio_packet, decodes_and_writes_heads)
{
	for (size_t i = 0; i < LEN(packets); i++) {
		if (packets[i].revision != 4)
			check_packet(i, 5);
		if (packets[i].revision != 5)
			check_packet(i, 4);
	}
}

/* The longest head of all. */
Test(sio_packet, writes_no_more_than_it_says)
{
	struct sio_packet packet = {
		.type = SIO_BINARY_EVENT,
		.attachments = 10,
		.nsp = { "/a", 2 },
		.id = (INT64_C(1) << 53) - 1,
	};
	static const char expected[] = "510-/a,9007199254740991";
	struct guard g = guard_copy(expected, SIO_PACKET_HEAD_MAX + 2);

	memset(g.at, 0, g.len);
	cr_assert_eq(sio_packet_write_head(&packet, (char *)g.at), g.len);
	cr_assert_eq(memcmp(g.at, expected, g.len), 0);
	guard_free(&g);
}

Test(sio_packet, writes_itself_in_ascii)
{
	static const struct {
		const char *packet, *ascii;
	} rows[] = {
		{ "", "" },
		{ "0", "0" },
		{ "2[\"a\\n\x7f\"]", "2[\"a\\n\x7f\"]" },
		{ "2[\"\xc3\xa9\"]", "2[\"\\u00e9\"]" },
		{ "31-12[\"\xe4\xb8\xad\xef\xbf\xbf\"]",
		    "31-12[\"\\u4e2d\\uffff\"]" },
		{ "2/a,7[\"\xf0\x9f\x98\x80\"]", "2/a,7[\"\\ud83d\\ude00\"]" },
		{ "2[\"\xf4\x8f\xbf\xbf/,\xc2\x80\"]",
		    "2[\"\\udbff\\udfff/,\\u0080\"]" },
		{ "2/\xc3\xa9,[\"\xc3\xa9\"]", "2/\xc3\xa9,[\"\\u00e9\"]" },
		{ "0/\xc3\xa9", "0/\xc3\xa9" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		size_t len = strlen(rows[i].packet), n;
		struct guard in = guard_copy(rows[i].packet, len);
		struct guard out =
		    guard_copy(rows[i].ascii, strlen(rows[i].ascii));

		memset(out.at, 0, out.len);
		n = sio_packet_ascii((const char *)in.at, len, (char *)out.at);
		cr_expect_eq(n, out.len, "row %zu", i);
		cr_expect_eq(memcmp(out.at, rows[i].ascii, n), 0, "row %zu", i);
		guard_free(&in);
		guard_free(&out);
	}
}

Test(sio_packet, refuses_malformed_heads)
{
	static const struct {
		const char *in;
		int error;
	} rows[] = {
		{ "", SIO_PACKET_ETYPE },
		{ "7", SIO_PACKET_ETYPE },
		{ "9[\"a\"]", SIO_PACKET_ETYPE },
		{ "a", SIO_PACKET_ETYPE },
		{ " 2[]", SIO_PACKET_ETYPE },
		{ "/", SIO_PACKET_ETYPE },
		{ "[\"a\"]", SIO_PACKET_ETYPE },
		{ "\xff", SIO_PACKET_ETYPE },
		{ "5", SIO_PACKET_EATTACHMENTS },
		{ "6", SIO_PACKET_EATTACHMENTS },
		{ "5-", SIO_PACKET_EATTACHMENTS },
		{ "51", SIO_PACKET_EATTACHMENTS },
		{ "51[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "5[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "5/a,[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "51/a,[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "5a-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "5--1-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "5+1-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "5 1-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "51.0-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "51e0-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "50-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "500-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "511-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		/* CVE-2026-33151: as many as a peer likes. */
		{ "51-99999999[\"a\"]", 0 },
		{ "599999999-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "54294967297-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "518446744073709551617-[\"a\"]", SIO_PACKET_EATTACHMENTS },
		{ "60-[]", SIO_PACKET_EATTACHMENTS },
		{ "611-[]", SIO_PACKET_EATTACHMENTS },
		{ "29007199254740992[]", SIO_PACKET_EID },
		{ "3/a,9007199254740992[]", SIO_PACKET_EID },
		{ "218446744073709551616[]", SIO_PACKET_EID },
		{ "299999999999999999999999999999999999999[]", SIO_PACKET_EID },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		size_t len = strlen(rows[i].in);
		struct guard g = guard_copy(rows[i].in, len);
		struct sio_packet packet = { .id = 42 };

		for (int revision = 4; revision <= 5; revision++)
			cr_expect_eq(sio_packet_decode((const char *)g.at, len,
					 revision, &packet),
			    rows[i].error, "%s", rows[i].in);
		/* Written only on success. */
		cr_expect(
		    rows[i].error == 0 || packet.id == 42, "%s", rows[i].in);
		guard_free(&g);
	}
}

/* Every beginning of every packet is read without a step too far, and is
 * either a packet or refused. */
Test(sio_packet, reads_every_beginning)
{
	for (size_t i = 0; i < LEN(packets); i++) {
		size_t len = strlen(packets[i].in);

		for (size_t n = 0; n <= len; n++) {
			struct guard g = guard_copy(packets[i].in, n);
			const char *at = (const char *)g.at;
			struct sio_packet packet;
			int error = sio_packet_decode(at, n, 5, &packet);

			cr_expect(error != 0 ||
				      packet.payload.at + packet.payload.len ==
					  at + n,
			    "%zu of %s", n, packets[i].in);
			cr_expect(error == 0 || n == 0 ||
				      error == SIO_PACKET_EATTACHMENTS,
			    "%zu of %s", n, packets[i].in);
			guard_free(&g);
		}
	}
}

/* ---- payloads ----------------------------------------------------------- */

enum {
	TOKENS = 64,
	NOT_JSON = -99
};

/* Decode and check a whole packet. */
static int
check(const char *in, struct sio_json_token *tokens, const char **text)
{
	struct sio_packet packet;
	struct sio_json json = { .count = 0 };
	int error = sio_packet_decode(in, strlen(in), 5, &packet);

	cr_assert_eq(error, 0, "%s", in);
	*text = packet.payload.at;
	if (packet.payload.len > 0) {
		sio_json_begin(&json, packet.payload.at, packet.payload.len,
		    SIO_JSON_DEPTH);
		if (sio_json_parse(&json, tokens, TOKENS) != 1)
			return NOT_JSON;
	}
	return sio_packet_check(&packet, *text, tokens, json.count);
}

Test(sio_packet, checks_the_shape_of_payloads)
{
	static const struct {
		const char *in;
		int error;
	} rows[] = {
		{ "0", 0 },
		{ "0{}", 0 },
		{ "0{\"a\":[1]}", 0 },
		{ "0null", SIO_PACKET_EPAYLOAD },
		{ "0[]", SIO_PACKET_EPAYLOAD },
		{ "0\"a\"", SIO_PACKET_EPAYLOAD },
		{ "0true", SIO_PACKET_EPAYLOAD },
		{ "0/a, 1", SIO_PACKET_EPAYLOAD },
		{ "1", 0 },
		{ "1/a,", 0 },
		{ "1{}", SIO_PACKET_EPAYLOAD },
		{ "1[]", SIO_PACKET_EPAYLOAD },
		{ "1null", SIO_PACKET_EPAYLOAD },
		{ "2", 0 },
		{ "21", 0 },
		{ "2[\"a\"]", 0 },
		{ "2[\"a\",null,{}]", 0 },
		{ "2[\"\"]", 0 },
		{ "2[1]", 0 },
		{ "2[-1.5,\"a\"]", 0 },
		{ "2 [\"a\"]", 0 },
		{ "2[]", SIO_PACKET_EPAYLOAD },
		{ "2{}", SIO_PACKET_EPAYLOAD },
		{ "2{\"0\":\"a\"}", SIO_PACKET_EPAYLOAD },
		{ "2\"a\"", SIO_PACKET_EPAYLOAD },
		{ "2null", SIO_PACKET_EPAYLOAD },
		{ "2[null]", SIO_PACKET_EPAYLOAD },
		{ "2[true]", SIO_PACKET_EPAYLOAD },
		/* CVE-2023-32695, CVE-2022-2421: names that are objects. */
		{ "2[{}]", SIO_PACKET_EPAYLOAD },
		{ "2[{\"toString\":\"a\"}]", SIO_PACKET_EPAYLOAD },
		{ "2[[\"a\"]]", SIO_PACKET_EPAYLOAD },
		{ "2[\"connect\"]", SIO_PACKET_EPAYLOAD },
		{ "2[\"connect_error\"]", SIO_PACKET_EPAYLOAD },
		{ "2[\"disconnect\"]", SIO_PACKET_EPAYLOAD },
		{ "2[\"disconnecting\"]", SIO_PACKET_EPAYLOAD },
		{ "2[\"newListener\"]", SIO_PACKET_EPAYLOAD },
		{ "2[\"removeListener\"]", SIO_PACKET_EPAYLOAD },
		{ "2[\"\\u0063onnect\"]", SIO_PACKET_EPAYLOAD },
		{ "2[\"connected\"]", 0 },
		{ "2[\"connec\"]", 0 },
		{ "2[\"Connect\"]", 0 },
		{ "2[\"a\",\"connect\"]", 0 },
		{ "3", 0 },
		{ "30[]", 0 },
		{ "30[1,\"connect\"]", 0 },
		{ "30[\"connect\"]", 0 },
		{ "30{}", SIO_PACKET_EPAYLOAD },
		{ "30null", SIO_PACKET_EPAYLOAD },
		{ "4", 0 },
		{ "4{}", 0 },
		{ "4\"a\"", 0 },
		{ "4[]", SIO_PACKET_EPAYLOAD },
		{ "4null", SIO_PACKET_EPAYLOAD },
		{ "4true", SIO_PACKET_EPAYLOAD },
		{ "51-", 0 },
		{ "51-1", 0 },
		{ "51-[\"a\"]", 0 },
		{ "51-[]", SIO_PACKET_EPAYLOAD },
		{ "51-{}", SIO_PACKET_EPAYLOAD },
		{ "51-[{\"_placeholder\":true,\"num\":0}]",
		    SIO_PACKET_EPAYLOAD },
		{ "51-[\"connect\"]", SIO_PACKET_EPAYLOAD },
		{ "61-", 0 },
		{ "61-1[]", 0 },
		{ "61-1{}", SIO_PACKET_EPAYLOAD },
		{ "2hello", NOT_JSON },
		{ "2[\"a\"", NOT_JSON },
		{ "2[\"a\"]x", NOT_JSON },
		{ "0{\"a\"}", NOT_JSON },
		/* The ack id of 51-99999999 is 99999999. */
		{ "51-99999999[\"a\"]", 0 },
	};
	struct sio_json_token tokens[TOKENS];
	const char *text;

	for (size_t i = 0; i < LEN(rows); i++)
		cr_expect_eq(check(rows[i].in, tokens, &text), rows[i].error,
		    "%s", rows[i].in);
}

#define HOLE(num) "{\"_placeholder\":true,\"num\":" num "}"

/* found: the numbers of the attachments, in the order of their places. */
Test(sio_packet, finds_placeholders)
{
	static const struct {
		const char *in;
		const char *found; /* NULL: refused */
	} rows[] = {
		{ "51-[\"a\"," HOLE("0") "]", "0" },
		{ "52-[\"a\"," HOLE("0") "," HOLE("1") "]", "01" },
		{ "52-[\"a\"," HOLE("1") "," HOLE("0") "]", "10" },
		{ "61-3[" HOLE("0") "]", "0" },
		{ "510-[\"a\"," HOLE("9") "]", "9" },
		/* Twice, and never. */
		{ "51-[\"a\"," HOLE("0") "," HOLE("0") "]", "00" },
		{ "51-[\"a\",1]", "" },
		/* Deep. */
		{ "52-[\"a\",{\"b\":[{\"c\":" HOLE("1") "}],\"d\":" HOLE(
		      "0") "}]",
		    "10" },
		/* In another order, and with more in it. */
		{ "51-[1,{\"num\":0,\"_placeholder\":true}]", "0" },
		{ "51-[1,{\"num\":0,\"x\":" HOLE(
		      "7") ",\"_placeholder\":true}]",
		    "0" },
		{ "51-[1,{\"num\":9,\"num\":0,\"_placeholder\":true}]", "0" },
		{ "51-[1,{\"\\u005fplaceholder\":true,\"n\\u0075m\":00}]",
		    NULL },
		{ "51-[1,{\"\\u005fplaceholder\":true,\"n\\u0075m\":0}]", "0" },
		/* Not true, so none. */
		{ "51-[1,{\"_placeholder\":false,\"num\":9}]", "" },
		{ "51-[1,{\"_placeholder\":1,\"num\":9}]", "" },
		{ "51-[1,{\"_placeholder\":\"true\",\"num\":9}]", "" },
		{ "51-[1,{\"_placeholder\":true,\"_placeholder\":null}]", "" },
		{ "51-[1,{\"_placeholder\":null,\"x\":" HOLE("0") "}]", "0" },
		/* In a packet without attachments they are objects. */
		{ "2[\"a\"," HOLE("0") "]", "" },
		{ "2[\"a\"," HOLE("99") "]", "" },
		{ "0" HOLE("0"), "" },
		/* CVE-2022-2421: numbers that are none, or out of range. */
		{ "51-[1," HOLE("1") "]", NULL },
		{ "51-[1," HOLE("10") "]", NULL },
		{ "510-[1," HOLE("10") "]", NULL },
		{ "51-[1," HOLE("-1") "]", NULL },
		{ "51-[1," HOLE("-0") "]", NULL },
		{ "51-[1," HOLE("0.5") "]", NULL },
		{ "52-[1," HOLE("1e0") "]", NULL },
		{ "51-[1," HOLE("1e9") "]", NULL },
		{ "51-[1," HOLE("4294967296") "]", NULL },
		{ "51-[1," HOLE("18446744073709551616") "]", NULL },
		{ "51-[1," HOLE("\"0\"") "]", NULL },
		{ "51-[1," HOLE("\"length\"") "]", NULL },
		{ "51-[1," HOLE("\"splice\"") "]", NULL },
		{ "51-[1," HOLE("null") "]", NULL },
		{ "51-[1," HOLE("{}") "]", NULL },
		{ "51-[1," HOLE("[0]") "]", NULL },
		{ "51-[1," HOLE(HOLE("0")) "]", NULL },
		{ "51-[1,{\"_placeholder\":true}]", NULL },
		{ "51-[1," HOLE("0") "," HOLE("1") "]", NULL },
	};
	struct sio_json_token tokens[TOKENS];
	const char *text;

	for (size_t i = 0; i < LEN(rows); i++) {
		int error = check(rows[i].in, tokens, &text);
		char found[16];
		size_t n = 0;

		if (rows[i].found == NULL) {
			cr_expect(error == SIO_PACKET_EPLACEHOLDER ||
				      error == NOT_JSON,
			    "%s: %d", rows[i].in, error);
			continue;
		}
		cr_assert_eq(error, 0, "%s: %d", rows[i].in, error);
		for (uint32_t at = 0; at < tokens[0].next;) {
			bool binary = tokens[at].type == SIO_BINARY;

			if (binary)
				found[n++] = (char)('0' + tokens[at].count);
			at = binary ? tokens[at].next : at + 1;
		}
		found[n] = '\0';
		cr_expect_str_eq(found, rows[i].found, "%s", rows[i].in);
	}
}

Test(sio_packet, knows_reserved_names)
{
	cr_expect(sio_packet_is_reserved("disconnecting", 13));
	cr_expect(sio_packet_is_reserved("connect", 7));
	cr_expect(!sio_packet_is_reserved("disconnecting", 12));
	cr_expect(!sio_packet_is_reserved("connect\0", 8));
	cr_expect(!sio_packet_is_reserved("", 0));
}
