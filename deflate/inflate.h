/* inflate.h - DEFLATE decoder, resumable at any octet (RFC 1951). */
/* SPDX-License-Identifier: MIT */
#ifndef WS_INFLATE_H
#define WS_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Results of ws_inflate_run without an error. */
enum ws_inflate_result {
	WS_INFLATE_MORE = 0, /* all input was taken, and more is needed */
	WS_INFLATE_FULL = 1, /* more output is due than there is room for */
	WS_INFLATE_END = 2,  /* the stream's last block is complete */
};

/* Errors in a stream: one for each rule of RFC 1951 that input can break. */
enum ws_inflate_error {
	WS_INFLATE_EBLOCK = -1,   /* 3.2.3: the reserved block type */
	WS_INFLATE_ESTORED = -2,  /* 3.2.4: NLEN is not LEN's complement */
	WS_INFLATE_ECOUNT = -3,   /* 3.2.7: over 286 or over 30 lengths */
	WS_INFLATE_EREPEAT = -4,  /* 3.2.7: nothing to repeat yet */
	WS_INFLATE_EOVERRUN = -5, /* 3.2.7: repeats beyond the last length */
	WS_INFLATE_EENDLESS = -6, /* 3.2.7: no codeword for the end of block */
	WS_INFLATE_EOVER = -7,    /* 3.2.2: more codewords than there can be */
	WS_INFLATE_EUNDER = -8,   /* 3.2.2: fewer, but for a single one */
	WS_INFLATE_ELITERAL = -9, /* 3.2.6: 286, 287, or no codeword */
	WS_INFLATE_EDISTANCE = -10, /* 3.2.6: 30, 31, or no codeword */
	WS_INFLATE_EFAR = -11, /* 3.2: beyond the window, or its beginning */
};

/* The octets decoded before the current output: the end of earlier messages, or
 * output that was given away. It is a ring, so that keeping a short message
 * does not move a long past. Set at and bits; zero the rest. */
struct ws_inflate_window {
	uint8_t *at;     /* borrowed: 1 << bits octets, or NULL: no past */
	uint16_t octets; /* in it, at most 1 << bits */
	uint16_t next;   /* where the next one goes */
	uint8_t bits;    /* 8 to 15; no distance may be above 1 << bits */
};

/* Input and output. The caller sets it up and may change it between calls, if
 * the first out_octets at out remain the output so far. */
struct ws_inflate_io {
	const uint8_t *in; /* borrowed: the input; advanced */
	size_t in_octets;  /* left of it */
	uint8_t *out;      /* borrowed: the output, from its first octet on */
	size_t out_octets; /* written there so far */
	size_t out_max;    /* room at out */
};

/* Bits that index the first tables of a code, and the entries that all tables
 * of any code can have then; see inflate_table.c. */
enum {
	WS_INFLATE_LITERAL_INDEX = 10,
	WS_INFLATE_LITERALS = 1332,
	WS_INFLATE_DISTANCE_INDEX = 8,
	WS_INFLATE_DISTANCES = 400,
};

/* One decoder, some 9,500 octets. It can do any number of streams, one after
 * the other. Its members belong to inflate.c and
 * inflate_tokens.c. */
struct ws_inflate {
	const struct ws_inflate_window *window; /* borrowed */
	uint64_t bits;     /* taken and not used; bit 0 is the next */
	uint8_t nbits;     /* that are valid */
	uint8_t phase;     /* what comes next */
	int8_t error;      /* sticky */
	bool final;        /* BFINAL of the block */
	bool fixed;        /* the block has the fixed code */
	uint8_t nmeta;     /* lengths of codewords in the block's header: of */
	uint16_t nliteral; /* the code of lengths, of literals, and of */
	uint16_t nlengths; /* literals and distances together */
	uint16_t nth;      /* the one that comes next */
	uint16_t length;   /* octets of a match or stored block to be written */
	uint16_t distance; /* of the match, up to 32768 */
	uint8_t literal_bits, distance_bits; /* that index these tables: */
	uint32_t literals[WS_INFLATE_LITERALS];
	uint32_t distances[WS_INFLATE_DISTANCES];
	uint32_t fixed_literals[512];
	uint32_t fixed_distances[32];
	uint8_t lengths[286 + 30];
};

/* Make a decoder, once; costs as much as to decode two short messages.
 *   z  overwritten whatever it holds */
void ws_inflate_init(struct ws_inflate *z);

/* Begin a stream; costs next to nothing.
 *   window  what was before it, and how far back it may go; kept until the
 *           stream ends, and only read
 * A stream may follow another one in the same output: what is in io->out then
 * is the past of both. */
void
ws_inflate_begin(struct ws_inflate *z, const struct ws_inflate_window *window);

/* Decode as much as possible.
 *   io  advanced. After WS_INFLATE_END it stands exactly behind the stream
 * Returns an enum ws_inflate_result, or an enum ws_inflate_error that sticks
 * until ws_inflate_begin. However input and room are cut into pieces, output
 * and result are the same. WS_INFLATE_FULL is certain: output that just fits
 * is not full.
 * The work is bounded by the input: an octet of it makes at most 1032 octets
 * of output, and blocks with codes of their own have 10 octets or more. */
int ws_inflate_run(struct ws_inflate *z, struct ws_inflate_io *io);

/* Whether the input so far consists of whole blocks, the last of which ends
 * with an octet. That is true behind the empty stored block that ends a message
 * (RFC 7692 section 7.2.1), unless the message was cut. */
bool ws_inflate_is_flushed(const struct ws_inflate *z);

/* Add output to a window, which forgets its oldest octets in exchange. To be
 * called with all output of a message, before the next one begins; or in the
 * midst of a stream, to continue with an empty io->out.
 *   data, len  borrowed */
void ws_inflate_keep(
    struct ws_inflate_window *window, const uint8_t *data, size_t len);

/* Copy octets out of a window.
 *   back  how far from its end to begin; not more than it has
 *   len   octets wanted
 * Returns how many were copied: len, or back if that is less. */
size_t ws_inflate_past(const struct ws_inflate_window *window, size_t back,
    uint8_t *out, size_t len);

/* A sentence about an enum ws_inflate_error, for a log. Static. */
const char *ws_inflate_error_text(int error);

#endif
