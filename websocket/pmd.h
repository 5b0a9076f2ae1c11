/* pmd.h - permessage-deflate: what is agreed on (RFC 7692 section 7.1). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_PMD_H
#define WS_PMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"

/* Windows have 1 << bits octets. */
#define WS_PMD_BITS_MIN 8
#define WS_PMD_BITS_MAX 15

/* What was agreed on. All zero: nothing, messages are not compressed. */
struct ws_pmd {
	uint8_t server_bits;    /* of our matches' window, 8 to 15 */
	uint8_t client_bits;    /* of the client's, 8 to 15 */
	bool server_no_context; /* each message of ours begins without a past */
	bool client_no_context; /* each of the client's does */
};

/* What a server is willing to do. */
struct ws_pmd_policy {
	uint8_t server_bits;     /* the largest window that we have */
	uint8_t server_bits_min; /* the smallest that we can keep to */
	uint8_t client_bits;     /* the largest that we keep for a client */
	bool server_no_context;  /* we keep no past of our messages, */
	bool client_no_context;  /* and none of the client's */
};

/* Octets of the longest answer: all four parameters, two digits each. */
#define WS_PMD_ANSWER_MAX 128

/* What to answer to a client. */
struct ws_pmd_answer {
	uint8_t octets;                /* 0: without the field */
	char value[WS_PMD_ANSWER_MAX]; /* of Sec-WebSocket-Extensions */
};

/* Choose among the extensions that a client offers: the first offer of
 * permessage-deflate that this server can accept.
 *   head, buf  a complete request head and the buffer it was parsed from
 *   agreed     receives what was agreed on; zero if nothing was
 *   answer     receives what to answer
 * Returns false if one of the fields is malformed: RFC 6455 section 9.1 demands
 * to refuse the handshake then, with 400.
 *
 * An offer is declined, and the next one looked at, if it has a parameter that
 * is unknown, there twice, or with a value that it may not have; and if its
 * server_max_window_bits is below policy->server_bits_min. Other extensions
 * are declined. RFC 7692 sections 5 and 7.1. */
bool ws_pmd_negotiate(const struct ws_http_head *head, const char *buf,
    const struct ws_pmd_policy *policy, struct ws_pmd *agreed,
    struct ws_pmd_answer *answer);

#endif
