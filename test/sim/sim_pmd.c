/* sim_pmd.c - simulated clients that compress, by zlib (RFC 7692). */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sim.h"

#define PMD "permessage-deflate"
#define SERVER_NO_CONTEXT "; server_no_context_takeover"
#define CLIENT_NO_CONTEXT "; client_no_context_takeover"
#define SERVER_BITS "; server_max_window_bits="
#define CLIENT_BITS "; client_max_window_bits"

enum {
	TAIL = 4,   /* octets of what every flush ends with */
	PIECE = 64, /* zlib misses distances that are too long in larger ones */
};

struct sim_pmd {
	char offer[200];
	bool offers_client_bits, offers_server_no_context;
	int server_bits, client_bits; /* offered, then agreed on */
	bool keeps_out, keeps_in;     /* we our past; the server its own */
	z_stream out, in;
	uint8_t *room; /* owned: what was made last */
};

/* ---- what is agreed on ------------------------------------------------- */

struct sim_pmd *
sim_pmd_new(void)
{
	struct sim_pmd *p = calloc(1, sizeof(*p));
	size_t len;

	if (p == NULL)
		abort();
	p->server_bits = p->client_bits = 15;
	p->keeps_out = p->keeps_in = true;
	len = (size_t)sprintf(p->offer, PMD);
	if (sim_chance(300)) {
		p->offers_server_no_context = true;
		len += (size_t)sprintf(p->offer + len, SERVER_NO_CONTEXT);
	}
	if (sim_chance(300)) { /* it could forget, and may not have to */
		p->keeps_out = sim_chance(500);
		len += (size_t)sprintf(p->offer + len, CLIENT_NO_CONTEXT);
	}
	if (sim_chance(300)) {
		p->server_bits = 8 + (int)sim_below(8);
		len += (size_t)sprintf(
		    p->offer + len, SERVER_BITS "%d", p->server_bits);
	}
	if (sim_chance(500)) {
		p->offers_client_bits = true;
		len += (size_t)sprintf(p->offer + len, CLIENT_BITS);
		if (sim_chance(500)) {
			p->client_bits = 9 + (int)sim_below(7);
			sprintf(p->offer + len, "=%d", p->client_bits);
		}
	}
	return p;
}

const char *
sim_pmd_offer(const struct sim_pmd *pmd)
{
	return pmd->offer;
}

/* The number behind a parameter of an answer, or that of the offer. */
static int
bits_in(const char *answer, const char *name, int offered)
{
	const char *at = strstr(answer, name);

	return at != NULL ? atoi(at + strlen(name)) : offered;
}

void
sim_pmd_agree(struct sim_pmd *p, const char *line)
{
	char answer[200];
	int server_bits, client_bits;

	snprintf(
	    answer, sizeof(answer), "%.*s", (int)strcspn(line, "\r"), line);
	server_bits = bits_in(answer, SERVER_BITS, p->server_bits);
	client_bits = bits_in(answer, CLIENT_BITS "=", p->client_bits);
	/* RFC 7692 section 7.1: no answer to what was not asked. */
	sim_check(
	    strncmp(answer, PMD, strlen(PMD)) == 0 && server_bits >= 8 &&
		server_bits <= p->server_bits && client_bits >= 8 &&
		client_bits <= p->client_bits &&
		(strstr(answer, SERVER_NO_CONTEXT) != NULL ||
		    !p->offers_server_no_context) &&
		(strstr(answer, SERVER_BITS) == NULL) ==
		    (strstr(p->offer, SERVER_BITS) == NULL) &&
		(strstr(answer, CLIENT_BITS) == NULL || p->offers_client_bits),
	    "\"%s\" was offered, and the answer is \"%s\"", p->offer, answer);
	p->keeps_in = strstr(answer, SERVER_NO_CONTEXT) == NULL;
	if (strstr(answer, CLIENT_NO_CONTEXT) != NULL)
		p->keeps_out = false;
	p->room = malloc(SIM_LIMIT + SIM_LIMIT / 8);
	if (p->room == NULL ||
	    deflateInit2(&p->out, 1 + (int)sim_below(9), Z_DEFLATED,
		-client_bits, 1 + (int)sim_below(8),
		Z_DEFAULT_STRATEGY) != Z_OK ||
	    inflateInit2(&p->in, -server_bits) != Z_OK)
		abort();
}

void
sim_pmd_free(struct sim_pmd *pmd)
{
	if (pmd == NULL)
		return;
	if (pmd->room != NULL) {
		deflateEnd(&pmd->out);
		inflateEnd(&pmd->in);
		free(pmd->room);
	}
	free(pmd);
}

bool
sim_pmd_agreed(const struct sim_pmd *pmd)
{
	return pmd != NULL && pmd->room != NULL;
}

/* ---- messages ---------------------------------------------------------- */

const uint8_t *
sim_pmd_deflate(struct sim_pmd *p, const uint8_t *in, size_t *len)
{
	size_t room = SIM_LIMIT + SIM_LIMIT / 8;

	/* Who may have a past need not use it. */
	if (!p->keeps_out || sim_chance(50))
		deflateReset(&p->out);
	p->out.next_in = (Bytef *)(uintptr_t)in;
	p->out.avail_in = (unsigned)*len;
	p->out.next_out = p->room;
	p->out.avail_out = (unsigned)room;
	/* Blocks may end anywhere (section 7.2.3.5). */
	if (*len > 0 && sim_chance(100)) {
		p->out.avail_in = sim_below((uint32_t)*len);
		(void)deflate(&p->out, Z_BLOCK);
		p->out.avail_in =
		    (unsigned)(*len - (size_t)(p->out.next_in - in));
	}
	(void)deflate(&p->out, Z_SYNC_FLUSH);
	if (p->out.avail_in > 0 || p->out.avail_out == 0)
		abort();
	*len = room - p->out.avail_out;
	/* zlib makes nothing of nothing behind a flush. */
	*len = *len >= TAIL ? *len - TAIL : 0;
	return p->room;
}

const uint8_t *
sim_pmd_inflate(struct sim_pmd *p, const uint8_t *in, size_t *len)
{
	static const uint8_t tail[TAIL] = { 0x00, 0x00, 0xff, 0xff };
	size_t size = 0;

	if (!p->keeps_in)
		inflateReset(&p->in);
	for (int i = 0; i < 2; i++) {
		int status = Z_OK;

		p->in.next_in = (Bytef *)(uintptr_t)(i == 0 ? in : tail);
		p->in.avail_in = i == 0 ? (unsigned)*len : TAIL;
		while (status == Z_OK) {
			sim_check(
			    size <= SIM_LIMIT, "a message of %zu octets", size);
			p->in.next_out = p->room + size;
			p->in.avail_out = PIECE;
			status = inflate(&p->in, Z_SYNC_FLUSH);
			size += PIECE - p->in.avail_out;
		}
		sim_check(status == Z_BUF_ERROR && p->in.avail_in == 0,
		    "a message of %zu octets cannot be inflated: %s", *len,
		    p->in.msg != NULL ? p->in.msg : "it ends early");
	}
	*len = size;
	return p->room;
}
