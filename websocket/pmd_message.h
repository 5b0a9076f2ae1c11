/* pmd_message.h - one compressor and one decompressor for all (RFC 7692). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_PMD_MESSAGE_H
#define WS_PMD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ledger.h"
#include "deflate/deflate_shared.h"
#include "deflate/inflate.h"
#include "pmd.h"

/* The terms agreed on with a peer, and its past. */
struct ws_pmd_context {
	uint8_t bits;    /* our messages refer back 1 << bits octets at most */
	bool own;        /* belongs to one peer and has windows; see below */
	bool used;       /* a message was sent since the last ws_pmd_idle */
	size_t reserved; /* octets of budget, for its windows */
	struct ws_ledger
	    *ledger; /* borrowed: counts windows; NULL: none does */
	struct ws_inflate_window sent;   /* at is owned; bits is 0: none */
	struct ws_inflate_window theirs; /* the same, for messages received */
};

/* Peers without a past share one context with all others that have agreed on
 * the same window. */
enum {
	WS_PMD_WINDOWS = WS_PMD_BITS_MAX - WS_PMD_BITS_MIN + 1
};

/* The codec of a server's messages. It allocates when the first message needs
 * memory. */
struct ws_pmd_codec {
	struct ws_deflate_shared *deflate; /* borrowed */
	struct ws_inflate *inflate;        /* owned or NULL */
	uint8_t *deflated;                 /* owned: a message, compressed */
	uint8_t *inflated;                 /* owned: one, inflated */
	size_t deflated_room, inflated_room;
	bool enabled;   /* permessage-deflate is negotiated at all */
	bool dedicated; /* peers get windows, as long as there is budget */
	uint8_t level;  /* of compression */
	uint8_t bits;   /* of the largest window */
	size_t budget;  /* octets left to be reserved for windows */
	struct ws_ledger *ledger; /* borrowed, or NULL; set by the caller */
	struct ws_pmd_context shared[WS_PMD_WINDOWS];
};

/* Begin a codec in zeroed memory, before anything is agreed on.
 *   deflate  whose bits are those of the largest window or more; borrowed until
 *            ws_pmd_fini
 *   level    as for ws_deflate_init
 *   bits     of windows, WS_PMD_BITS_MIN to WS_PMD_BITS_MAX
 *   budget   octets that the windows of all peers may have together; 0: no peer
 *            has any */
void ws_pmd_init(struct ws_pmd_codec *codec, struct ws_deflate_shared *deflate,
    unsigned level, unsigned bits, size_t budget);

/* Release everything. Contexts must have been left. */
void ws_pmd_fini(struct ws_pmd_codec *codec);

/* ---- contexts ---------------------------------------------------------- */

/* The policy for the next peer: it gets windows while the budget has room for
 * two of the largest. */
struct ws_pmd_policy ws_pmd_policy_of(const struct ws_pmd_codec *codec);

/* Make a context for a peer.
 *   agreed  with that peer
 * Returns the context, to be released with ws_pmd_leave; or NULL when out of
 * memory. */
struct ws_pmd_context *
ws_pmd_join(struct ws_pmd_codec *codec, const struct ws_pmd *agreed);

/* Release a context; NULL is allowed. */
void ws_pmd_leave(struct ws_pmd_codec *codec, struct ws_pmd_context *context);

/* Release the window of sent messages if none was sent since the last call. To
 * be called at intervals. The next message begins without a past, which a
 * sender may always do. Received messages must be kept: the peer may refer to
 * them at any time (RFC 7692 section 7.1.1.2). */
void ws_pmd_idle(struct ws_pmd_context *context);

/* ---- messages ---------------------------------------------------------- */

/* Compress a message. RFC 7692 section 7.2.1.
 *   context    whose window; and the past, unless is_alone
 *   data, len  borrowed
 *   is_alone   the result refers to nothing before it, and can be sent to any
 *              peer with such a window
 *   out        receives the result, valid until ws_pmd_end_deflate
 * Returns its octets; or 0 when it would not be smaller, or out of memory:
 * then the message is to be sent as it is. */
size_t ws_pmd_deflate(struct ws_pmd_codec *codec,
    const struct ws_pmd_context *context, const void *data, size_t len,
    bool is_alone, const uint8_t **out);

/* Remember a message that was sent compressed, as the peer remembers it, too.
 * It does not matter with which context it was compressed. */
void ws_pmd_sent(struct ws_pmd_context *context, const void *data, size_t len);

/* Inflate a message, and remember it if the peer may refer to it.
 * RFC 7692 section 7.2.2.
 *   in, len  the payload of its frames; borrowed
 *   limit    octets that the message may have; no more are written
 *   out      receives the message, valid until ws_pmd_end_inflate; may be
 *            changed
 *   out_len  receives its octets
 *   reason   receives a sentence when it fails, static
 * Returns 0; or the code to close with: 1011 when out of memory, 1009 when the
 * message is larger than the limit, 1007 when it is malformed. RFC 7692 names
 * none for data that is no DEFLATE stream; other servers send 1007, "data that
 * is not consistent with the type of the message" (RFC 6455 section 7.4.1).
 * The work is bounded by len and by limit, whatever is in the message. */
int ws_pmd_inflate(struct ws_pmd_codec *codec, struct ws_pmd_context *context,
    const uint8_t *in, size_t len, size_t limit, uint8_t **out, size_t *out_len,
    const char **reason);

/* Release a buffer that is not worth keeping. To be called when a compressed
 * message was used, and when an inflated one was. */
void ws_pmd_end_deflate(struct ws_pmd_codec *codec);
void ws_pmd_end_inflate(struct ws_pmd_codec *codec);

/* The smallest window, of bits at most, in which a message of len octets can be
 * read if it does not refer to earlier ones. Receivers for which the result is
 * equal can be sent the same octets. */
unsigned ws_pmd_window(unsigned bits, size_t len);

#endif
