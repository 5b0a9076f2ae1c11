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
 * The server takes the first that it can accept and answers with what is to be
 * done, or does not answer. There are two things to agree on for each of the
 * two directions, whether a message may refer to those before it (then both
 * sides must remember them), and how far back (then they need not remember
 * more):
 *
 *	                             offered by client      answered by server
 *	 server_no_context_takeover  forget, please         I do
 *	 client_no_context_takeover  I could forget         you must
 *	 server_max_window_bits=N    no further, please     I keep to this or less
 *	 client_max_window_bits[=N]  I could keep to less   keep to this
 *	                             (I do keep to N)
 *
 * A client that was not offering client_max_window_bits does not know it, and
 * must not be sent it. If its past then were larger than this server is
 * willing to remember, it is told client_no_context_takeover instead, which
 * clients are expected to know (section 7.1.1.2).
 *
 * What is offered must be understood completely: a parameter that is unknown,
 * comes twice or has a wrong value makes the offer one of something else, and
 * it is declined (section 7). What is not even of the form that RFC 6455
 * section 9.1 gives, is no handshake:
 *
 *	 extension-list = 1#extension
 *	 extension = token *( ";" token [ "=" ( token | quoted-string ) ] )
 *
 * There may be white space between any two of these, because that grammar is
 * written in the terms of RFC 2616 (section 2.1, implied *LWS); and a quoted
 * string must be a token between its quotes.
 */

#include "pmd.h"

#include <string.h>

#include "base/bytes.h"
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
	char front[2]; /* its first octets, which are all of it that matters */
};

/* An offer of permessage-deflate. */
struct offer {
	unsigned seen; /* set of enum parameter */
	uint8_t server_bits, client_bits;
	bool declined;
};

/* ---- reading ---------------------------------------------------------------- */

static void
skip(struct ws_span *rest, size_t n)
{
	rest->at += n;
	rest->len -= n;
}

static void
skip_space(struct ws_span *rest)
{
	while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
		skip(rest, 1);
}

/* Whether the next octet, behind white space, is a certain one; it is taken. */
static bool
take_char(struct ws_span *rest, char octet)
{
	skip_space(rest);
	if (rest->len == 0 || rest->at[0] != octet)
		return false;
	skip(rest, 1);
	return true;
}

/* Take a token. Returns false if there is none. */
static bool
take_token(struct ws_span *rest, struct ws_span *token)
{
	skip_space(rest);
	*token = (struct ws_span){ rest->at, 0 };
	while (rest->len > 0 && ws_http_is(rest->at[0], WS_HTTP_TOKEN)) {
		skip(rest, 1);
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

/* Take a quoted string, behind its first quote. */
static bool
take_quoted(struct ws_span *rest, struct value *value)
{
	while (rest->len > 0 && rest->at[0] != '"') {
		if (rest->at[0] == '\\' && rest->len > 1)
			skip(rest, 1); /* quoted-pair */
		if (!ws_http_is(rest->at[0], WS_HTTP_TOKEN))
			return false;
		append(value, rest->at[0]);
		skip(rest, 1);
	}
	if (rest->len == 0)
		return false;
	skip(rest, 1);
	return value->octets > 0;
}

/* Take what may be behind the name of a parameter. */
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

/* ---- offers ----------------------------------------------------------------- */

static enum parameter
parameter_of(struct ws_span name)
{
	for (size_t i = 0; i < WS_LEN(parameters); i++) {
		if (ws_span_equal(name, parameters[i].name))
			return parameters[i].parameter;
	}
	return UNKNOWN;
}

/* 8 to 15 in decimal, without a leading zero (section 7.1.2); 0 if not. */
static uint8_t
bits_of(const struct value *value)
{
	const char *digits = value->front;

	if (value->octets == 1 && (digits[0] == '8' || digits[0] == '9'))
		return (uint8_t)(digits[0] - '0');
	if (value->octets == 2 && digits[0] == '1' && digits[1] >= '0' &&
	    digits[1] <= '5')
		return (uint8_t)(10 + digits[1] - '0');
	return 0;
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

/* ---- answers ---------------------------------------------------------------- */

static void
write_text(struct ws_pmd_answer *answer, struct ws_span text)
{
	memcpy(answer->value + answer->octets, text.at, text.len);
	answer->octets = (uint8_t)(answer->octets + text.len);
}

static void
write_parameter(struct ws_pmd_answer *answer, enum parameter parameter)
{
	size_t i = 0;

	while (parameters[i].parameter != parameter)
		i++;
	write_text(answer, WS_SPAN("; "));
	write_text(answer, parameters[i].name);
}

static void
write_bits(
    struct ws_pmd_answer *answer, enum parameter parameter, unsigned bits)
{
	char digits[2] = { '1', (char)('0' + bits % 10) };

	write_parameter(answer, parameter);
	write_text(answer, WS_SPAN("="));
	write_text(answer, bits < 10 ? (struct ws_span){ digits + 1, 1 }
				     : (struct ws_span){ digits, 2 });
}

static uint8_t
smaller(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* What follows from an offer that is accepted. */
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
	if (offer->seen & CLIENT_BITS)
		agreed->client_bits =
		    smaller(policy->client_bits, offer->client_bits);
	else if (policy->client_bits < WS_PMD_BITS_MAX)
		agreed->client_no_context = true;
}

static void
write_answer(const struct ws_pmd *agreed, const struct offer *offer,
    struct ws_pmd_answer *answer)
{
	write_text(answer, WS_SPAN("permessage-deflate"));
	if (agreed->server_no_context)
		write_parameter(answer, SERVER_NO_CONTEXT);
	if (agreed->client_no_context)
		write_parameter(answer, CLIENT_NO_CONTEXT);
	if (offer->seen & SERVER_BITS)
		write_bits(answer, SERVER_BITS, agreed->server_bits);
	if (agreed->client_bits < WS_PMD_BITS_MAX)
		write_bits(answer, CLIENT_BITS, agreed->client_bits);
}

/* Look through the extensions of one field. Returns false if it is malformed. */
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
