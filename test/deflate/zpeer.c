/* zpeer.c - the other side of permessage-deflate, by zlib (RFC 7692). */
/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "zpeer.h"

void
zpeer_init(
    struct zpeer *p, int out_bits, int in_bits, int keeps_out, int keeps_in)
{
	memset(p, 0, sizeof(*p));
	p->keeps_out = keeps_out;
	p->keeps_in = keeps_in;
	p->room = malloc(ZPEER_ROOM);
	cr_assert_not_null(p->room);
	cr_assert_eq(deflateInit2(&p->out, 6, Z_DEFLATED, -out_bits, 8,
			 Z_DEFAULT_STRATEGY),
	    Z_OK);
	cr_assert_eq(inflateInit2(&p->in, -in_bits), Z_OK);
}

void
zpeer_fini(struct zpeer *p)
{
	deflateEnd(&p->out);
	inflateEnd(&p->in);
	free(p->room);
}

size_t
zpeer_deflate(struct zpeer *p, const void *data, size_t len)
{
	size_t size;

	if (!p->keeps_out)
		deflateReset(&p->out);
	p->out.next_in = (Bytef *)(uintptr_t)data;
	p->out.avail_in = (unsigned)len;
	p->out.next_out = p->room;
	p->out.avail_out = ZPEER_ROOM;
	(void)deflate(&p->out, Z_SYNC_FLUSH);
	size = ZPEER_ROOM - p->out.avail_out;
	return size >= 4 ? size - 4 : 0;
}

size_t
zpeer_inflate(struct zpeer *p, const void *payload, size_t len)
{
	static const uint8_t tail[] = { 0x00, 0x00, 0xff, 0xff };
	size_t size = 0;

	if (!p->keeps_in)
		inflateReset(&p->in);
	for (int i = 0; i < 2; i++) {
		int status = Z_OK;

		p->in.next_in = (Bytef *)(uintptr_t)(i == 0 ? payload : tail);
		p->in.avail_in = (unsigned)(i == 0 ? len : sizeof(tail));
		while (status == Z_OK) {
			cr_assert_leq(size + 64, ZPEER_ROOM);
			p->in.next_out = p->room + size;
			p->in.avail_out = 64;
			status = inflate(&p->in, Z_SYNC_FLUSH);
			size += 64 - p->in.avail_out;
		}
		cr_assert_eq(
		    status, Z_BUF_ERROR, "zlib says %d, %s", status, p->in.msg);
		cr_assert_eq(p->in.avail_in, 0);
	}
	return size;
}
