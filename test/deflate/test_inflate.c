/* test_inflate.c - DEFLATE streams by hand, good and bad (RFC 1951). */
/* SPDX-License-Identifier: MIT */

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "deflate/inflate.h"
#include "bits.h"
#include "test/guard.h"
#include "inflated.h"

/* ---- streams that are named ------------------------------------------------ */

/* A block of type 10 up to its lengths: BFINAL 1, HLIT, HDIST, HCLEN. */
#define CODE(hlit, hdist, hclen) "1/1 2/2 5/" #hlit " 5/" #hdist " 4/" #hclen
/* The codewords' lengths of the lengths 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11,
 * 4, 12, 3, 13, 2, 14, 1: here 1 is written 0, and zeros 1 with 7 bits. */
#define ONES                                                               \
	" 3/0 3/0 3/1 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0" \
	" 3/0 3/1"
/* And here zeros are 0 with 7 bits, 1 is 10, and 2 is 11. */
#define TWOS                                                               \
	" 3/0 3/0 3/1 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/2" \
	" 3/0 3/2"
/* No literals: 256 zeros. */
#define ZEROS_256 " =1 7/127 =1 7/107"
#define TWOS_ZEROS_256 " =0 7/127 =0 7/107"
/* The fixed code, and words in it. */
#define FIXED "1/1 2/1"
#define STOP " =0000000"
#define LENGTH_3 " =0000001"

static const struct {
	const char *name, *stream;
	int result;
	struct ws_span out;
} rows[] = {
	/* 3.2.4 */
	{ "stored, empty", "1/1 2/0 | 16/0 16/65535", WS_INFLATE_END,
	    WS_SPAN("") },
	{ "stored", "1/1 2/0 | 16/2 16/65533 8/72 8/105", WS_INFLATE_END,
	    WS_SPAN("Hi") },
	{ "stored, whatever the padding is", "1/1 2/0 5/31 16/1 16/65534 8/72",
	    WS_INFLATE_END, WS_SPAN("H") },
	{ "stored twice", "1/0 2/0 | #0100feff48 1/1 2/0 | #0100feff69",
	    WS_INFLATE_END, WS_SPAN("Hi") },
	{ "NLEN is LEN", "1/1 2/0 | 16/0 16/0", WS_INFLATE_ESTORED,
	    WS_SPAN("") },
	{ "NLEN is wrong in its last bit", "1/1 2/0 | 16/1 16/32766",
	    WS_INFLATE_ESTORED, WS_SPAN("") },
	/* 3.2.3 */
	{ "reserved type", "1/0 2/3", WS_INFLATE_EBLOCK, WS_SPAN("") },
	{ "reserved type, final", "1/1 2/3", WS_INFLATE_EBLOCK, WS_SPAN("") },
	{ "reserved type in the last bits of an octet",
	    "1/0 2/1 =110010000 =110010000 =110010000" STOP " 1/0 2/3",
	    WS_INFLATE_EBLOCK, WS_SPAN("\x90\x90\x90") },
	/* 3.2.6 */
	{ "fixed, empty", FIXED STOP, WS_INFLATE_END, WS_SPAN("") },
	{ "fixed: the first and last literal of each length",
	    FIXED " =00110000 =10111111 =110010000 =111111111" STOP,
	    WS_INFLATE_END, WS_SPAN("\x00\x8f\x90\xff") },
	{ "a match into itself", FIXED " =10010001 =0000011 =00000" STOP,
	    WS_INFLATE_END, WS_SPAN("aaaaaa") },
	{ "length 258 by 285", FIXED " =00110000 =11000101 =00000" STOP,
	    WS_INFLATE_END, { (const char[259]){ 0 }, 259 } },
	{ "length 258 by 284 with all extra bits",
	    FIXED " =00110000 =11000100 5/31 =00000" STOP, WS_INFLATE_END,
	    { (const char[259]){ 0 }, 259 } },
	{ "286 is no length", FIXED " =11000110", WS_INFLATE_ELITERAL,
	    WS_SPAN("") },
	{ "287 is no length", FIXED " =11000111", WS_INFLATE_ELITERAL,
	    WS_SPAN("") },
	{ "30 is no distance", FIXED LENGTH_3 " =11110", WS_INFLATE_EDISTANCE,
	    WS_SPAN("") },
	{ "31 is no distance", FIXED LENGTH_3 " =11111", WS_INFLATE_EDISTANCE,
	    WS_SPAN("") },
	{ "distance 1 from the first octet", FIXED LENGTH_3 " =00000",
	    WS_INFLATE_EFAR, WS_SPAN("") },
	{ "distance 2 from the second octet",
	    FIXED " =10010001" LENGTH_3 " =00001", WS_INFLATE_EFAR,
	    WS_SPAN("a") },
	/* 3.2.7: the counts */
	{ "287 literals", CODE(30, 0, 0), WS_INFLATE_ECOUNT, WS_SPAN("") },
	{ "288 literals", CODE(31, 29, 0), WS_INFLATE_ECOUNT, WS_SPAN("") },
	{ "31 distances", CODE(0, 30, 0), WS_INFLATE_ECOUNT, WS_SPAN("") },
	{ "32 distances", CODE(29, 31, 0), WS_INFLATE_ECOUNT, WS_SPAN("") },
	/* The lengths of lengths. */
	{ "no lengths", CODE(0, 0, 0) " 3/0 3/0 3/0 3/0", WS_INFLATE_EUNDER,
	    WS_SPAN("") },
	{ "one length", CODE(0, 0, 0) " 3/0 3/0 3/0 3/1", WS_INFLATE_EUNDER,
	    WS_SPAN("") },
	{ "a codeword missing among lengths", CODE(0, 0, 0) " 3/7 3/7 3/1 3/2",
	    WS_INFLATE_EUNDER, WS_SPAN("") },
	{ "three lengths of one bit", CODE(0, 0, 0) " 3/1 3/1 3/1 3/0",
	    WS_INFLATE_EOVER, WS_SPAN("") },
	{ "a codeword too many among lengths",
	    CODE(0, 0, 1) " 3/2 3/2 3/2 3/2 3/7", WS_INFLATE_EOVER,
	    WS_SPAN("") },
	/* The lengths. */
	{ "repeats nothing", CODE(0, 0, 0) " 3/1 3/1 3/0 3/0 =0 2/0",
	    WS_INFLATE_EREPEAT, WS_SPAN("") },
	{ "repeats beyond the end",
	    CODE(0, 0, 0) " 3/1 3/0 3/1 3/0 =1 7/127 =1 7/127",
	    WS_INFLATE_EOVERRUN, WS_SPAN("") },
	{ "repeats one beyond the end",
	    CODE(0, 0, 14) ONES ZEROS_256 " =0 =1 7/0", WS_INFLATE_EOVERRUN,
	    WS_SPAN("") },
	{ "no end of block", CODE(0, 0, 0) " 3/1 3/0 3/1 3/0 =1 7/127 =1 7/109",
	    WS_INFLATE_EENDLESS, WS_SPAN("") },
	{ "no end of block, but a distance",
	    CODE(0, 11, 14) ONES " =1 7/127 =1 7/119 =0", WS_INFLATE_EENDLESS,
	    WS_SPAN("") },
	/* The code of literals. */
	{ "an empty block of one codeword",
	    CODE(0, 0, 14) ONES ZEROS_256 " =0 =0 =0", WS_INFLATE_END,
	    WS_SPAN("") },
	{ "the other one of one codeword",
	    CODE(0, 0, 14) ONES ZEROS_256 " =0 =0 =1", WS_INFLATE_ELITERAL,
	    WS_SPAN("") },
	{ "the only codeword has two bits",
	    CODE(0, 0, 14) TWOS TWOS_ZEROS_256 " =11 =10", WS_INFLATE_EUNDER,
	    WS_SPAN("") },
	{ "a codeword missing",
	    CODE(1, 0, 14) TWOS TWOS_ZEROS_256 " =10 =11 =10",
	    WS_INFLATE_EUNDER, WS_SPAN("") },
	{ "three codewords of one bit",
	    CODE(2, 0, 14) ONES ZEROS_256 " =0 =0 =0 =0", WS_INFLATE_EOVER,
	    WS_SPAN("") },
	{ "a codeword too many",
	    CODE(2, 0, 14) TWOS TWOS_ZEROS_256 " =10 =10 =11 =10",
	    WS_INFLATE_EOVER, WS_SPAN("") },
	/* The code of distances. */
	{ "one distance",
	    "1/0 2/0 | #0100feff41 " CODE(1, 0, 14) ONES ZEROS_256
	    " =0 =0 =0 =1 =0 =0",
	    WS_INFLATE_END, WS_SPAN("AAAA") },
	{ "the other one of one distance",
	    CODE(1, 0, 14) ONES ZEROS_256 " =0 =0 =0 =1 =1",
	    WS_INFLATE_EDISTANCE, WS_SPAN("") },
	{ "a distance where there is none",
	    CODE(1, 10, 14) ONES ZEROS_256 " =0 =0 =1 7/0 =1 =0",
	    WS_INFLATE_EDISTANCE, WS_SPAN("") },
	{ "no distance, and none is used",
	    CODE(1, 10, 14) ONES ZEROS_256 " =0 =0 =1 7/0 =0", WS_INFLATE_END,
	    WS_SPAN("") },
	{ "the only distance has two bits",
	    CODE(0, 0, 14) TWOS TWOS_ZEROS_256 " =10 =11", WS_INFLATE_EUNDER,
	    WS_SPAN("") },
	{ "three distances of one bit",
	    CODE(0, 2, 14) ONES ZEROS_256 " =0 =0 =0 =0", WS_INFLATE_EOVER,
	    WS_SPAN("") },
	{ "a run from literals to distances",
	    CODE(1, 1, 14) " 3/1 3/0 3/2 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 "
			   "3/0 3/0 3/0 3/0"
			   " 3/0 3/2 =11 7/127 =11 7/107 =10 =0 2/0 =0",
	    WS_INFLATE_END, WS_SPAN("") },
	/* RFC 7692 section 7.2.3, with the tail of 7.2.2. */
	{ "RFC 7692 7.2.3.1 Hello", "#f248cdc9c90700 #0000ffff",
	    WS_INFLATE_MORE, WS_SPAN("Hello") },
	{ "RFC 7692 7.2.3.3 not compressed",
	    "#000500faff48656c6c6f00 #0000ffff", WS_INFLATE_MORE,
	    WS_SPAN("Hello") },
	{ "RFC 7692 7.2.3.4 BFINAL", "#f348cdc9c90700", WS_INFLATE_END,
	    WS_SPAN("Hello") },
	{ "RFC 7692 7.2.3.5 two blocks",
	    "#f248050000 #00ffff #cac9c90700 #0000ffff", WS_INFLATE_MORE,
	    WS_SPAN("Hello") },
};

static void
check_outcome(const char *name, const struct inflated *done, int result,
    struct ws_span out)
{
	cr_assert_eq(
	    done->result, result, "%s: %d, not %d", name, done->result, result);
	cr_assert_eq(done->out_octets, out.len, "%s: %zu octets", name,
	    done->out_octets);
	cr_assert(out.len == 0 || memcmp(done->out, out.at, out.len) == 0, "%s",
	    name);
}

/* Decode a row's stream, cut somewhere. Room is one octet more than needed, or
 * it would be a special case only. */
static void
check_cut(struct ws_inflate *z, size_t row, const struct bits *bits, size_t len,
    struct pieces pieces)
{
	struct ws_inflate_window window = { .bits = 15 };
	struct inflated done;

	ws_inflate_begin(z, &window);
	done = inflated_run(z, bits->at, len, pieces, rows[row].out.len + 1);
	check_outcome(rows[row].name, &done, rows[row].result, rows[row].out);
	inflated_free(&done);
}

static struct ws_inflate *
new_inflate(void)
{
	struct ws_inflate *z = malloc(sizeof(*z));

	cr_assert_not_null(z);
	memset(z, 0xa5, sizeof(*z));
	ws_inflate_init(z);
	return z;
}

Test(inflate, decodes_and_refuses_by_name)
{
	struct ws_inflate *z = new_inflate();
	struct bits bits;

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		size_t len = bits_write(&bits, rows[i].stream);

		check_cut(z, i, &bits, len, (struct pieces){ len, 1, 999 });
		check_cut(z, i, &bits, len, (struct pieces){ 1, 1, 1 });
		for (size_t cut = 0; cut < len; cut++)
			check_cut(
			    z, i, &bits, len, (struct pieces){ cut, len, 999 });
		/* Far from the end of the input, where more is taken. */
		memset(bits.at + len, 0xff, 32);
		if (rows[i].result != WS_INFLATE_MORE)
			check_cut(z, i, &bits, len + 32,
			    (struct pieces){ len + 32, 1, 999 });
	}
	free(z);
}

Test(inflate, stands_behind_the_stream_at_its_end)
{
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	struct inflated done;
	struct bits bits;

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		size_t len = bits_write(&bits, rows[i].stream);

		if (rows[i].result != WS_INFLATE_END)
			continue;
		memset(bits.at + len, 0xff, 32);
		for (size_t cut = 0; cut <= len; cut++) {
			ws_inflate_begin(z, &window);
			done = inflated_run(z, bits.at, len + 32,
			    (struct pieces){ cut, 99, 1 }, 300);
			cr_assert_eq(done.in_octets, len, "%s: %zu of %zu",
			    rows[i].name, done.in_octets, len);
			cr_assert_not(ws_inflate_is_flushed(z));
			inflated_free(&done);
		}
	}
	free(z);
}

/* Nothing shorter reaches an error: one octet less is no error yet. */
Test(inflate, reaches_each_error_with_its_last_octet)
{
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	struct inflated done;
	struct bits bits;
	unsigned seen = 0;

	for (size_t i = 0; i < WS_LEN(rows); i++) {
		size_t len = bits_write(&bits, rows[i].stream);

		if (rows[i].result >= 0)
			continue;
		seen |= 1u << -rows[i].result;
		ws_inflate_begin(z, &window);
		done = inflated_run(
		    z, bits.at, len - 1, (struct pieces){ len, 1, 999 }, 999);
		cr_assert_eq(done.result, WS_INFLATE_MORE, "%s: %d",
		    rows[i].name, done.result);
		inflated_free(&done);
	}
	cr_assert_eq(seen, (2u << -WS_INFLATE_EFAR) - 2u, "%x", seen);
	free(z);
}

Test(inflate, has_a_sentence_for_each_error)
{
	for (int error = WS_INFLATE_EFAR; error < 0; error++) {
		const char *text = ws_inflate_error_text(error);

		cr_assert_gt(strlen(text), 10, "%d", error);
		for (int other = error + 1; other <= 0; other++)
			cr_assert_str_neq(text, ws_inflate_error_text(other));
	}
	cr_assert_str_eq(ws_inflate_error_text(0), "no error");
	cr_assert_str_eq(
	    ws_inflate_error_text(WS_INFLATE_EFAR - 1), "no error");
}

Test(inflate, stays_with_its_first_error)
{
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	struct ws_inflate_io io = { (const uint8_t *)"\x07\x03", 1, NULL, 0,
		0 };

	ws_inflate_begin(z, &window);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_EBLOCK);
	io = (struct ws_inflate_io){ (const uint8_t *)"\x03\x00", 2, NULL, 0,
		0 };
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_EBLOCK);
	cr_assert_eq(io.in_octets, 2);
	cr_assert_not(ws_inflate_is_flushed(z));
	ws_inflate_begin(z, &window);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_END);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_END);
	free(z);
}

Test(inflate, wants_nothing_before_it_begins)
{
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_io io = { (const uint8_t *)"\x03\x00", 2, NULL, 0,
		0 };

	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_END);
	cr_assert_eq(io.in_octets, 2);
	free(z);
}

Test(inflate, takes_nothing_at_all)
{
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	struct ws_inflate_io io = { 0 };

	ws_inflate_begin(z, &window);
	cr_assert(ws_inflate_is_flushed(z));
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_MORE);
	ws_inflate_keep(&window, NULL, 0);
	free(z);
}

/* ---- all lengths, all distances -------------------------------------------- */

/* 3.2.5, as it is printed there. */
static const struct {
	unsigned symbol, extra, first, last;
} lengths[] = { { 257, 0, 3, 3 }, { 258, 0, 4, 4 }, { 259, 0, 5, 5 },
	{ 260, 0, 6, 6 }, { 261, 0, 7, 7 }, { 262, 0, 8, 8 }, { 263, 0, 9, 9 },
	{ 264, 0, 10, 10 }, { 265, 1, 11, 12 }, { 266, 1, 13, 14 },
	{ 267, 1, 15, 16 }, { 268, 1, 17, 18 }, { 269, 2, 19, 22 },
	{ 270, 2, 23, 26 }, { 271, 2, 27, 30 }, { 272, 2, 31, 34 },
	{ 273, 3, 35, 42 }, { 274, 3, 43, 50 }, { 275, 3, 51, 58 },
	{ 276, 3, 59, 66 }, { 277, 4, 67, 82 }, { 278, 4, 83, 98 },
	{ 279, 4, 99, 114 }, { 280, 4, 115, 130 }, { 281, 5, 131, 162 },
	{ 282, 5, 163, 194 }, { 283, 5, 195, 226 }, { 284, 5, 227, 257 },
	{ 285, 0, 258, 258 } },
  distances[] = { { 0, 0, 1, 1 }, { 1, 0, 2, 2 }, { 2, 0, 3, 3 },
	  { 3, 0, 4, 4 }, { 4, 1, 5, 6 }, { 5, 1, 7, 8 }, { 6, 2, 9, 12 },
	  { 7, 2, 13, 16 }, { 8, 3, 17, 24 }, { 9, 3, 25, 32 },
	  { 10, 4, 33, 48 }, { 11, 4, 49, 64 }, { 12, 5, 65, 96 },
	  { 13, 5, 97, 128 }, { 14, 6, 129, 192 }, { 15, 6, 193, 256 },
	  { 16, 7, 257, 384 }, { 17, 7, 385, 512 }, { 18, 8, 513, 768 },
	  { 19, 8, 769, 1024 }, { 20, 9, 1025, 1536 }, { 21, 9, 1537, 2048 },
	  { 22, 10, 2049, 3072 }, { 23, 10, 3073, 4096 },
	  { 24, 11, 4097, 6144 }, { 25, 11, 6145, 8192 },
	  { 26, 12, 8193, 12288 }, { 27, 12, 12289, 16384 },
	  { 28, 13, 16385, 24576 }, { 29, 13, 24577, 32768 } };

/* 3.2.6: a length and a distance in the fixed code. */
static void
put_match(struct bits *b, unsigned length, unsigned distance)
{
	unsigned l = 0, d = 0, codeword, n;

	while (lengths[l].last < length)
		l++;
	while (distances[d].last < distance)
		d++;
	n = lengths[l].symbol < 280 ? 7 : 8;
	codeword = lengths[l].symbol < 280 ? lengths[l].symbol - 256
					   : lengths[l].symbol - 280 + 0xc0;
	while (n-- > 0)
		bits_put(b, codeword >> n & 1);
	bits_number(b, length - lengths[l].first, lengths[l].extra);
	for (n = 5; n-- > 0;)
		bits_put(b, distances[d].symbol >> n & 1);
	bits_number(b, distance - distances[d].first, distances[d].extra);
}

/* ---- the past --------------------------------------------------------------- */

enum {
	PAST = 32768,
	OUT_ROOM = PAST + 900,
};

/* A past in two parts: the last octets in the output, those before in a window
 * that has gone round. */
struct past {
	struct ws_inflate_window window;
	size_t before; /* octets in the output */
	uint8_t ring[PAST];
	uint8_t *out; /* OUT_ROOM octets, behind an unreadable page */
};

static uint8_t
past_octet(size_t at)
{
	return (uint8_t)((at * 2654435761u) >> 13);
}

/* Memory behind an unreadable page. */
static uint8_t *
new_out(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *map = mmap(NULL, page + OUT_ROOM, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(map, MAP_FAILED);
	cr_assert_eq(mprotect(map, page, PROT_NONE), 0);
	return map + page;
}

static void
free_out(uint8_t *out)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	munmap(out - page, page + OUT_ROOM);
}

static struct past *
new_past(size_t before, size_t turn)
{
	struct past *p = malloc(sizeof(*p));
	uint8_t *all = malloc(PAST);

	cr_assert(p != NULL && all != NULL);
	for (size_t i = 0; i < PAST; i++)
		all[i] = past_octet(i);
	p->window = (struct ws_inflate_window){ .at = p->ring, .bits = 15 };
	p->before = before;
	p->out = new_out();
	if (before < PAST)
		ws_inflate_keep(&p->window, all, turn);
	ws_inflate_keep(&p->window, all, PAST - before);
	memcpy(p->out, all + PAST - before, before);
	free(all);
	return p;
}

/* Decode one match, where there is more room and where there is just enough. */
static void
check_match(
    struct ws_inflate *z, struct past *p, unsigned length, unsigned distance)
{
	struct bits bits = { .n = 0 };

	bits_number(&bits, 3, 3);
	put_match(&bits, length, distance);
	bits_number(&bits, 0, 7);
	bits_number(&bits, 0, 60);
	bits_number(&bits, 0, 60);
	for (size_t spare = 0; spare <= 300; spare += 300) {
		struct ws_inflate_io io = { bits.at, bits.n / 8, p->out,
			p->before, p->before + length + spare };

		ws_inflate_begin(z, &p->window);
		cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_END);
		cr_assert_eq(io.out_octets, p->before + length);
		for (size_t i = 0; i < length; i++) {
			size_t at = PAST - distance + i % distance;

			if (p->out[p->before + i] != past_octet(at))
				cr_assert(false, "%u at %u, octet %zu, %zu",
				    length, distance, i, p->before);
		}
	}
}

Test(inflate, copies_every_length_from_every_kind_of_distance)
{
	struct ws_inflate *z = new_inflate();
	struct past *pasts[] = { new_past(PAST, 0), new_past(0, 12345),
		new_past(7, 30000), new_past(20000, 0) };

	for (size_t i = 0; i < WS_LEN(pasts); i++) {
		for (unsigned l = 3; l <= 258; l++) {
			for (unsigned d = 1; d <= 40; d++)
				check_match(z, pasts[i], l, d);
			for (size_t d = 0; d < WS_LEN(distances); d++) {
				check_match(z, pasts[i], l, distances[d].first);
				check_match(z, pasts[i], l, distances[d].last);
			}
			/* Across the end of the ring. */
			check_match(z, pasts[i], l, 12345 + l / 2);
			check_match(z, pasts[i], l, 30007 + l - 1);
		}
		free_out(pasts[i]->out);
		free(pasts[i]);
	}
	free(z);
}

/* The longest match there is in bits: 15 for each codeword, 5 and 13 extra. It
 * is met at every bit of an octet, with every number of octets behind it. */
static void
put_longest(struct bits *b, unsigned literals)
{
	/* One symbol for each length of codewords, and two for 15. */
	uint8_t lens[286 + 30] = { 0 };

	for (unsigned i = 0; i < 13; i++)
		lens[i] = (uint8_t)(i + 1);
	lens[256] = 14;
	lens[283] = lens[284] = 15;
	for (unsigned i = 0; i < 14; i++)
		lens[286 + i] = (uint8_t)(i + 1);
	lens[286 + 28] = lens[286 + 29] = 15;
	b->n = 0;
	bits_code(b, lens, 286, 30);
	for (unsigned i = 0; i < 2; i++) {
		bits_number(b, 0, literals);
		bits_number(b, 0x7fff, 15);
		bits_number(b, 250 - 227, 5);
		bits_number(b, 0x7fff, 15);
		bits_number(b, PAST - 24577, 13);
	}
	bits_number(b, 0x1fff, 14); /* 256 */
	bits_align(b);
}

Test(inflate, takes_the_longest_match)
{
	struct ws_inflate *z = new_inflate();
	struct past *p = new_past(PAST, 0);
	struct bits bits;

	for (unsigned literals = 0; literals < 40; literals++) {
		size_t len, total = 2 * (literals + 250);

		put_longest(&bits, literals);
		len = bits.n / 8;
		for (size_t cut = len - 30; cut <= len; cut++) {
			struct ws_inflate_io io = { bits.at, cut, p->out, PAST,
				OUT_ROOM };

			ws_inflate_begin(z, &p->window);
			(void)ws_inflate_run(z, &io);
			io.in = bits.at + cut;
			io.in_octets = len - cut;
			cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_END);
			cr_assert_eq(io.out_octets, PAST + total);
			for (size_t i = literals; i < literals + 250; i++)
				cr_assert_eq(p->out[PAST + i], past_octet(i));
		}
	}
	free_out(p->out);
	free(p);
	free(z);
}

/* The result of a match at some distance behind some octets of output, with a
 * window of some bits that holds some octets. */
static int
reach(struct ws_inflate *z, unsigned window_bits, size_t octets, size_t before,
    unsigned distance)
{
	static uint8_t ring[PAST], out[PAST + 3];
	struct ws_inflate_window window = { .at = ring,
		.bits = (uint8_t)window_bits };
	struct ws_inflate_io io = {
		.out = out, .out_octets = before, .out_max = before + 3
	};
	struct bits bits = { .n = 0 };

	ws_inflate_keep(&window, out, octets);
	bits_number(&bits, 3, 3);
	put_match(&bits, 3, distance);
	bits_number(&bits, 0, 7);
	io.in = bits.at;
	io.in_octets = (bits.n + 7) / 8;
	ws_inflate_begin(z, &window);
	return ws_inflate_run(z, &io);
}

Test(inflate, reaches_as_far_as_the_window_and_no_further)
{
	struct ws_inflate *z = new_inflate();

	for (unsigned bits = 8; bits <= 15; bits++) {
		unsigned size = 1u << bits;

		cr_assert_eq(reach(z, bits, size, 0, size), WS_INFLATE_END);
		cr_assert_eq(reach(z, bits, 0, size, size), WS_INFLATE_END);
		cr_assert_eq(reach(z, bits, PAST, 9, size), WS_INFLATE_END);
		cr_assert_eq(
		    reach(z, bits, size - 1, 0, size), WS_INFLATE_EFAR);
		cr_assert_eq(
		    reach(z, bits, size - 2, 1, size), WS_INFLATE_EFAR);
		cr_assert_eq(
		    reach(z, bits, 0, size - 1, size), WS_INFLATE_EFAR);
		if (bits == 15)
			break;
		/* There is a past, but it is not for this stream. */
		cr_assert_eq(
		    reach(z, bits, 0, PAST, size + 1), WS_INFLATE_EFAR);
		cr_assert_eq(
		    reach(z, bits, PAST, PAST, size + 1), WS_INFLATE_EFAR);
	}
	free(z);
}

Test(inflate, keeps_the_last_octets_in_a_window)
{
	static const size_t lens[] = { 0, 1, 2, 100, 255, 256, 257, 1000, 3,
		512, 99 };
	uint8_t ring[256], data[2000];
	struct ws_inflate_window window = { .at = ring, .bits = 8 };
	size_t end = 0;

	for (size_t i = 0; i < WS_LEN(lens); i++) {
		size_t held;

		for (size_t k = 0; k < lens[i]; k++)
			data[k] = past_octet(end + k);
		ws_inflate_keep(&window, data, lens[i]);
		end += lens[i];
		held = end < 256 ? end : 256;
		cr_assert_eq(window.octets, held);
		for (size_t k = 1; k <= held; k++)
			cr_assert_eq(ring[(window.next - k) & 255],
			    past_octet(end - k), "%zu of %zu", k, end);
	}
	window = (struct ws_inflate_window){ .bits = 8 };
	ws_inflate_keep(&window, data, 100);
	cr_assert_eq(window.octets, 0, "there is no place for a past");
}

/* ---- messages --------------------------------------------------------------- */

/* RFC 7692 section 7.2.3.2: the second Hello is a match with the first. */
Test(inflate, keeps_a_context_between_messages)
{
	static const uint8_t first[] = { 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
		0x00, 0x00, 0x00, 0xff, 0xff };
	static const uint8_t second[] = { 0xf2, 0x00, 0x11, 0x00, 0x00, 0x00,
		0x00, 0xff, 0xff };
	struct ws_inflate *z = new_inflate();
	uint8_t ring[256], out[5];
	struct ws_inflate_window window = { .at = ring, .bits = 8 };
	struct ws_inflate_io io = { first, sizeof(first), out, 0, 5 };

	ws_inflate_begin(z, &window);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_MORE);
	cr_assert(ws_inflate_is_flushed(z));
	cr_assert_eq(io.out_octets, 5);
	ws_inflate_keep(&window, out, 5);
	io = (struct ws_inflate_io){ second, sizeof(second), out, 0, 5 };
	memset(out, 0, 5);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_MORE);
	cr_assert(ws_inflate_is_flushed(z));
	cr_assert_eq(io.out_octets, 5);
	cr_assert_eq(memcmp(out, "Hello", 5), 0);
	/* Without the first, it is wrong. */
	window.octets = 0;
	io = (struct ws_inflate_io){ second, sizeof(second), out, 0, 5 };
	ws_inflate_begin(z, &window);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_EFAR);
	free(z);
}

/* RFC 7692 section 7.2.3.4: behind a final block another stream begins, which
 * may refer to the output of the first. */
Test(inflate, goes_on_behind_a_final_block)
{
	static const uint8_t in[] = { 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00,
		0xf2, 0x00, 0x11, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff };
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	uint8_t out[10];
	struct ws_inflate_io io = { in, sizeof(in), out, 0, sizeof(out) };

	ws_inflate_begin(z, &window);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_END);
	cr_assert_not(ws_inflate_is_flushed(z));
	cr_assert_eq(io.in_octets, 9);
	ws_inflate_begin(z, &window);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_MORE);
	cr_assert(ws_inflate_is_flushed(z));
	cr_assert_eq(io.out_octets, 10);
	cr_assert_eq(memcmp(out, "HelloHello", 10), 0);
	free(z);
}

Test(inflate, tells_a_message_that_was_cut)
{
	static const uint8_t in[] = { 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00,
		0x00, 0x00, 0xff, 0xff };
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	uint8_t out[64];

	for (size_t cut = 1; cut < 7; cut++) {
		struct ws_inflate_io io = { in, cut, out, 0, sizeof(out) };

		ws_inflate_begin(z, &window);
		cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_MORE);
		cr_assert_not(ws_inflate_is_flushed(z), "%zu", cut);
		io.in = in + 7;
		io.in_octets = 4;
		(void)ws_inflate_run(z, &io);
		cr_assert_not(ws_inflate_is_flushed(z), "%zu, tail", cut);
	}
	free(z);
}

/* ---- bounds ----------------------------------------------------------------- */

/* An octet may become 1032: four matches of length 258, of two bits each. The
 * decoder stops at the octet that it has no room for, and reads no further. */
Test(inflate, stops_a_bomb_at_the_limit)
{
	enum {
		LIMIT = 100000
	};
	static uint8_t out[LIMIT];
	static uint8_t in[20000];
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };
	struct ws_inflate_io io = { in, sizeof(in), out, 0, LIMIT };
	struct bits bits;
	/* 1 is 0, 2 is 10, zeros are 11. The literal 0 is 10 then, length 258
	 * is 0, and distance 1 is 0: all that follows are matches. */
	size_t len = bits_write(&bits,
	    CODE(29, 0, 14) " 3/0 3/0 3/2 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0 3/0"
			    " 3/0 3/0 3/0 3/2 3/0 3/1"
			    " =10 =11 7/127 =11 7/106 =10 =11 7/17 =0 =0 =10");

	memcpy(in, bits.at, len);
	ws_inflate_begin(z, &window);
	cr_assert_eq(ws_inflate_run(z, &io), WS_INFLATE_FULL);
	cr_assert_eq(io.out_octets, LIMIT);
	cr_assert_leq(sizeof(in) - io.in_octets, len + LIMIT / 1032 + 8);
	for (size_t i = 0; i < LIMIT; i++)
		cr_assert_eq(out[i], 0);
	free(z);
}

Test(inflate, is_not_full_when_all_just_fits)
{
	static const uint8_t in[] = { 0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
		0x00 };
	struct ws_inflate *z = new_inflate();
	struct ws_inflate_window window = { .bits = 15 };

	for (size_t room = 0; room <= 6; room++) {
		uint8_t out[6];
		struct ws_inflate_io io = { in, sizeof(in), out, 0, room };

		ws_inflate_begin(z, &window);
		cr_assert_eq(ws_inflate_run(z, &io),
		    room < 5 ? WS_INFLATE_FULL : WS_INFLATE_END);
		cr_assert_eq(io.out_octets, room < 5 ? room : 5);
	}
	free(z);
}

Test(inflate, is_as_large_as_it_is_said)
{
	cr_assert_leq(sizeof(struct ws_inflate), 9728);
	cr_assert_leq(sizeof(struct ws_inflate_window), 16);
}
