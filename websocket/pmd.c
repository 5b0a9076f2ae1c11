/* pmd.c - permessage-deflate: what is agreed on (RFC 7692 section 7.1). */
/* SPDX-License-Identifier: MIT */

/*
 * A client that can compress messages says so in its request, and how. It may
 * make several offers, in one field or in many, the best one first:
 *
 *	 Sec-WebSocket-Extensions:
 *	     permessage-deflate; server_max_window_bits=10,
 *	     permessage-deflate; client_max_window_bits
 *
 * The server accepts the first offer that it can and answers how messages will
 * be compressed; if it accepts none, it does not answer. Two things are agreed
 * on for each direction. May a message refer to those before it? Then both
 * sides must remember them. And how far back? Then they need not remember more:
 *
 *	                             offered by client      answered by server
 *	 server_no_context_takeover  forget, please         I do
 *	 client_no_context_takeover  I could forget         you must
 *	 server_max_window_bits=N    no further, please     I keep to this or less
 *	 client_max_window_bits[=N]  I could keep to less   keep to this
 *	                             (I do keep to N)
 *
 * A client that does not offer client_max_window_bits may not know it, and must
 * not be sent it (section 7.1.2.2). If its window is then larger than this
 * server is willing to remember, the server answers client_no_context_takeover
 * instead, which every client should support (section 7.1.1.2).
 *
 * For example, a server with windows of 1 << 12 octets answers these two offers
 * with the first of these answers, or with the second if it keeps no past:
 *
 *	 permessage-deflate; server_max_window_bits=10
 *	 permessage-deflate; server_no_context_takeover;
 *	     client_no_context_takeover; server_max_window_bits=10
 *
 * An offer must be understood completely: a parameter that is unknown, comes
 * twice or has a wrong value makes the server decline it (section 7). A field
 * that does not even have the form of RFC 6455 section 9.1 makes the handshake
 * fail:
 *
 *	 extension-list = 1#extension
 *	 extension = token *( ";" token [ "=" ( token | quoted-string ) ] )
 *
 * White space may stand between any two of these, because that grammar uses the
 * terms of RFC 2616 (section 2.1, implied *LWS). A quoted string must hold a
 * token.
 */

#include <stdio.h>

#include "pmd.h"
#include "base/bytes.h"
#include "base/digits.h"
#include "http/field.h"

/* The parameters of an offer, as bits of a set. */
enum parameter {
	UNKNOWN = 0,
	SERVER_NO_CONTEXT = 1,
	CLIENT_NO_CONTEXT = 2,
	SERVER_BITS = 4,
	CLIENT_BITS = 8,
};

static const struct {
	enum parameter parameter;
	struct ws_span name;
} parameters[] = {
	{ SERVER_NO_CONTEXT, { "server_no_context_takeover", 26 } },
	{ CLIENT_NO_CONTEXT, { "client_no_context_takeover", 26 } },
	{ SERVER_BITS, { "server_max_window_bits", 22 } },
	{ CLIENT_BITS, { "client_max_window_bits", 22 } },
};

/* The value of a parameter, without quotes. */
struct value {
	bool given;
	size_t octets;
	char front[2]; /* its first octets; a good value is not longer */
};

/* An offer of permessage-deflate. */
struct offer {
	unsigned seen; /* set of enum parameter */
	uint8_t server_bits, client_bits;
	bool declined;
};

/* ---- reading ------------------------------------------------------------- */

static void
skip_space(struct ws_span *rest)
{
	while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
		ws_span_drop(rest, 1);
}

/* Take an octet, if it comes next behind white space. Returns whether it
 * did. */
static bool
take_char(struct ws_span *rest, char octet)
{
	skip_space(rest);
	if (rest->len == 0 || rest->at[0] != octet)
		return false;
	ws_span_drop(rest, 1);
	return true;
}

/* Take a token. Returns false if there is none. */
static bool
take_token(struct ws_span *rest, struct ws_span *token)
{
	skip_space(rest);
	*token = (struct ws_span){ rest->at, 0 };
	while (rest->len > 0 && ws_http_is(rest->at[0], WS_HTTP_TOKEN)) {
		ws_span_drop(rest, 1);
		token->len++;
	}
	return token->len > 0;
}

static void
append(struct value *value, char octet)
{
	if (value->octets < sizeof(value->front))
		value->front[value->octets] = octet;
	value->octets++;
}

/* Take a quoted string, behind its first quote. RFC 6455 section 9.1: without
 * the quotes it must be a token. */
static bool
take_quoted(struct ws_span *rest, struct value *value)
{
	while (rest->len > 0 && rest->at[0] != '"') {
		if (rest->at[0] == '\\' && rest->len > 1)
			ws_span_drop(rest, 1); /* quoted-pair */
		if (!ws_http_is(rest->at[0], WS_HTTP_TOKEN))
			return false;
		append(value, rest->at[0]);
		ws_span_drop(rest, 1);
	}
	if (rest->len == 0)
		return false;
	ws_span_drop(rest, 1);
	return value->octets > 0;
}

/* Take the value that may follow the name of a parameter. */
static bool
take_value(struct ws_span *rest, struct value *value)
{
	struct ws_span token;

	*value = (struct value){ .given = take_char(rest, '=') };
	if (!value->given)
		return true;
	if (take_char(rest, '"'))
		return take_quoted(rest, value);
	if (!take_token(rest, &token))
		return false;
	for (size_t i = 0; i < token.len; i++)
		append(value, token.at[i]);
	return true;
}

/* ---- offers -------------------------------------------------------------- */

static enum parameter
parameter_of(struct ws_span name)
{
	for (size_t i = 0; i < WS_LEN(parameters); i++) {
		if (ws_span_equal(name, parameters[i].name))
			return parameters[i].parameter;
	}
	return UNKNOWN;
}

/* Read 8 to 15 in decimal, without a leading zero. Returns 0 for anything else.
 * RFC 7692 section 7.1.2. */
static uint8_t
bits_of(const struct value *value)
{
	uint64_t bits;

	if (value->octets > sizeof(value->front) || value->front[0] == '0' ||
	    ws_digits_read(value->front, value->octets, &bits) !=
		value->octets ||
	    bits < WS_PMD_BITS_MIN || bits > WS_PMD_BITS_MAX)
		return 0;
	return (uint8_t)bits;
}

/* Add a parameter to an offer. Returns false if that makes it unacceptable. */
static bool
add_parameter(
    struct offer *offer, struct ws_span name, const struct value *value)
{
	enum parameter parameter = parameter_of(name);

	if (offer->seen & parameter)
		return false;
	offer->seen |= parameter;
	switch (parameter) {
	case UNKNOWN:
		break;
	case SERVER_NO_CONTEXT:
	case CLIENT_NO_CONTEXT:
		return !value->given; /* 7.1.1 */
	case SERVER_BITS:             /* 7.1.2.1: with a value */
		offer->server_bits = bits_of(value);
		return offer->server_bits != 0;
	case CLIENT_BITS: /* 7.1.2.2: with one or without */
		offer->client_bits =
		    value->given ? bits_of(value) : WS_PMD_BITS_MAX;
		return offer->client_bits != 0;
	}
	return false;
}

/* Read one extension. Returns false if it is malformed. */
static bool
read_offer(struct ws_span extension, struct offer *offer)
{
	struct ws_span name;

	*offer = (struct offer){ .server_bits = WS_PMD_BITS_MAX,
		.client_bits = WS_PMD_BITS_MAX };
	if (!take_token(&extension, &name))
		return false;
	offer->declined = !ws_span_equal(name, WS_SPAN("permessage-deflate"));
	while (take_char(&extension, ';')) {
		struct value value;

		if (!take_token(&extension, &name) ||
		    !take_value(&extension, &value))
			return false;
		if (!offer->declined)
			offer->declined = !add_parameter(offer, name, &value);
	}
	return extension.len == 0;
}

/* ---- answers ------------------------------------------------------------- */

static uint8_t
smaller(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* Conclude what an accepted offer and the policy agree on. */
static void
agree(const struct offer *offer, const struct ws_pmd_policy *policy,
    struct ws_pmd *agreed)
{
	agreed->server_no_context =
	    policy->server_no_context || (offer->seen & SERVER_NO_CONTEXT) != 0;
	agreed->server_bits = smaller(policy->server_bits, offer->server_bits);
	agreed->client_no_context =
	    policy->client_no_context || (offer->seen & CLIENT_NO_CONTEXT) != 0;
	agreed->client_bits = WS_PMD_BITS_MAX;
	/* RFC 7692 section 7.1.2.2: only a client that offers the parameter may
	 * be sent it. */
	if (offer->seen & CLIENT_BITS)
		agreed->client_bits =
		    smaller(policy->client_bits, offer->client_bits);
	else if (policy->client_bits < WS_PMD_BITS_MAX)
		agreed->client_no_context = true;
}

/* Append to an answer; WS_PMD_ANSWER_MAX has room for all four parameters. */
static void
append_answer(struct ws_pmd_answer *answer, const char *format, unsigned bits)
{
	size_t used = answer->octets;
	int n = snprintf(
	    answer->value + used, sizeof(answer->value) - used, format, bits);

	answer->octets = (uint8_t)(used + (size_t)n);
}

static void
write_answer(const struct ws_pmd *agreed, const struct offer *offer,
    struct ws_pmd_answer *answer)
{
	append_answer(answer, "permessage-deflate", 0);
	if (agreed->server_no_context)
		append_answer(answer, "; server_no_context_takeover", 0);
	if (agreed->client_no_context)
		append_answer(answer, "; client_no_context_takeover", 0);
	if (offer->seen & SERVER_BITS)
		append_answer(
		    answer, "; server_max_window_bits=%u", agreed->server_bits);
	if (agreed->client_bits < WS_PMD_BITS_MAX)
		append_answer(
		    answer, "; client_max_window_bits=%u", agreed->client_bits);
}

/* Look through the extensions of one field. Returns false if it is
 * malformed. */
static bool
negotiate_field(struct ws_span list, const struct ws_pmd_policy *policy,
    struct ws_pmd *agreed, struct ws_pmd_answer *answer)
{
	struct ws_span extension;
	struct offer offer;

	while (ws_field_next(&list, &extension)) {
		if (!read_offer(extension, &offer))
			return false;
		if (answer->octets > 0 || offer.declined ||
		    offer.server_bits < policy->server_bits_min)
			continue;
		agree(&offer, policy, agreed);
		write_answer(agreed, &offer, answer);
	}
	return true;
}

bool
ws_pmd_negotiate(const struct ws_http_head *head, const char *buf,
    const struct ws_pmd_policy *policy, struct ws_pmd *agreed,
    struct ws_pmd_answer *answer)
{
	const struct ws_span name = WS_SPAN("Sec-WebSocket-Extensions");
	struct ws_span list;
	bool good = true;

	*agreed = (struct ws_pmd){ 0 };
	answer->octets = 0;
	for (unsigned n = 0;
	     good && ws_http_field_nth(head, buf, name, n, &list); n++)
		good = negotiate_field(list, policy, agreed, answer);
	if (good)
		return true;
	*agreed = (struct ws_pmd){ 0 };
	answer->octets = 0;
	return false;
}
