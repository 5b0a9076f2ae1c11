/* fuzz_sio_packet.c - a packet taken apart, checked, and sent on. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sio/json/format.h"
#include "sio/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct sio_attachment attachments[SIO_ATTACHMENTS_MAX] = {
	{ "a", 1 },
	{ "b", 1 },
	{ "c", 1 },
	{ "d", 1 },
	{ "e", 1 },
	{ "f", 1 },
	{ "g", 1 },
	{ "h", 1 },
	{ "i", 1 },
	{ "j", 1 },
};

static void
check(bool good)
{
	if (!good)
		abort();
}

static bool
same(struct ws_span a, struct ws_span b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* Every part of a packet is within it; the payload ends with it. */
static void
check_spans(const struct sio_packet *packet, const char *in, size_t len)
{
	check(packet->payload.at + packet->payload.len == in + len);
	check(packet->nsp.len > 0 && packet->nsp.len <= len);
	check(packet->nsp.at[0] == '/');
	check(memchr(packet->nsp.at, ',', packet->nsp.len) == NULL);
	check(packet->query.len < len);
	check(packet->attachments <= SIO_ATTACHMENTS_MAX);
	check((packet->attachments > 0) == (packet->type >= SIO_BINARY_EVENT));
	check(packet->id >= -1 && packet->id < INT64_C(1) << 53);
}

/* A head that is written reads as the same packet, and is written as the same
 * head again. */
static void
rewrite(const struct sio_packet *packet)
{
	size_t room = SIO_PACKET_HEAD_MAX + packet->nsp.len;
	char *head = malloc(room), *twice = malloc(room);
	struct sio_packet again;
	size_t len = sio_packet_write_head(packet, head);

	check(len <= room);
	check(sio_packet_decode(head, len, 5, &again) == 0);
	check(again.type == packet->type && again.id == packet->id);
	check(again.attachments == packet->attachments);
	check(same(again.nsp, packet->nsp) && again.payload.len == 0);
	check(sio_packet_write_head(&again, twice) == len);
	check(memcmp(head, twice, len) == 0);
	free(head);
	free(twice);
}

/* Each place of binary data has some. */
static void
check_binary(
    const struct sio_packet *packet, const struct sio_document *document)
{
	for (size_t at = 0; at < document->count; at++) {
		size_t size;

		if (document->tokens[at].type != SIO_BINARY)
			continue;
		check(document->tokens[at].count < packet->attachments);
		check(sio_bytes(sio_value_at(document, at), &size) != NULL);
		check(size == 1);
	}
}

static int
forward(struct sio_text *out, struct sio_attachments *list, const char *name,
    const char *format, ...)
{
	va_list args;
	int error;

	va_start(args, format);
	error = sio_format_array(out, list, name, format, args);
	va_end(args);
	return error;
}

/* Check that a packet sent on is one that a receiver accepts. */
static void
send_on(const struct sio_packet *packet, const struct sio_document *document)
{
	struct sio_value args =
	    sio_value_arguments(sio_document_root(document));
	struct sio_attachments list = { .count = 0 };
	struct sio_document received = { .text = NULL };
	struct sio_text out = { .at = NULL };
	struct sio_packet sent = { .type = SIO_EVENT };
	int error = forward(&out, &list, "event", "...%p", (void *)&args);

	/* A lookalike would be refused beside attachments only, and there
	 * the check of the packet has left none. */
	check(error == 0);
	check(list.count <= packet->attachments);
	if (list.count > 0)
		sent.type = SIO_BINARY_EVENT;
	sent.attachments = list.count;
	check(sio_value_read(&received, out.at, out.len) == 0);
	check(sio_packet_check(
		  &sent, out.at, received.tokens, received.count) == 0);
	received.attachments = list.list;
	check(sio_count(sio_document_root(&received)) == 1 + sio_count(args));
	check_binary(&sent, &received);
	sio_value_fini(&received);
	sio_text_free(&out);
}

static void
check_payload(const struct sio_packet *packet)
{
	struct sio_document document = { .text = NULL };

	if (sio_value_read(
		&document, packet->payload.at, packet->payload.len) == 0 &&
	    sio_packet_check(packet, packet->payload.at, document.tokens,
		document.count) == 0) {
		document.attachments = attachments;
		check_binary(packet, &document);
		if (document.tokens[0].type == SIO_ARRAY)
			send_on(packet, &document);
	}
	sio_value_fini(&document);
}

/* The first octet says which revision it is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *in = (const char *)data + 1;
	struct sio_packet packet;
	int revision;

	if (len == 0)
		return 0;
	revision = data[0] % 2 == 0 ? 5 : 4;
	if (sio_packet_decode(in, len - 1, revision, &packet) < 0)
		return 0;
	check_spans(&packet, in, len - 1);
	rewrite(&packet);
	if (packet.payload.len > 0)
		check_payload(&packet);
	else
		check(
		    sio_packet_check(&packet, packet.payload.at, NULL, 0) == 0);
	return 0;
}
