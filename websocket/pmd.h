/* pmd.h - permessage-deflate: what is agreed on (RFC 7692 section 7.1). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_PMD_H
#define WS_PMD_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"

/* Windows have 1 << bits octets. */
#define WS_PMD_BITS_MIN 8
#define WS_PMD_BITS_MAX 15

/* The result of a negotiation. All zero: messages are not compressed. */
struct ws_pmd {
	uint8_t server_bits;    /* window of our messages: 8 to 15 */
	uint8_t client_bits;    /* window of the client's: 8 to 15 */
	bool server_no_context; /* our messages do not refer to earlier ones */
	bool client_no_context; /* the client's do not */
};

/* The limits of a server. */
struct ws_pmd_policy {
	uint8_t server_bits;     /* our largest window */
	uint8_t server_bits_min; /* the smallest window that we can keep to */
	uint8_t client_bits;     /* the largest that we keep for a client */
	bool server_no_context;  /* we do not remember our messages */
	bool client_no_context;  /* we do not remember the client's */
};

/* Octets of the longest answer: all four parameters, two digits each. */
#define WS_PMD_ANSWER_MAX 128

/* The answer to a client. */
struct ws_pmd_answer {
	uint8_t octets;                    /* 0: send no such field */
	char value[WS_PMD_ANSWER_MAX + 1]; /* of Sec-WebSocket-Extensions */
};

/* Choose among the extensions that a client offers: the first offer of
 * permessage-deflate that this server can accept.
 *   head, buf  a complete request head and the buffer it was parsed from
 *   agreed     receives the result; zero if no offer was accepted
 *   answer     receives the answer
 * Returns false if one of the fields is malformed: the handshake must then be
 * refused with 400 (RFC 6455 section 9.1).
 *
 * An offer is declined, and the next one examined, if it has a parameter that
 * is unknown, repeated, or has a value that it may not have; and if its
 * server_max_window_bits is below policy->server_bits_min. Other extensions are
 * declined. RFC 7692 sections 5 and 7.1. */
bool ws_pmd_negotiate(const struct ws_http_head *head, const char *buf,
    const struct ws_pmd_policy *policy, struct ws_pmd *agreed,
    struct ws_pmd_answer *answer);

#endif
