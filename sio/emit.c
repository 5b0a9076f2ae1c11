/* emit.c - packets out: encoded once, sent to one or to many. */
/* SPDX-License-Identifier: MIT */
/*
 * The head of a packet tells how many attachments it has, and that is known
 * only when the payload has been written. So room is left before it:
 *
 *	io->text  |.........51-/admin,17|["file",{"_placeholder":true,"num":0}]|
 *	           room for  head        payload
 *	           the head  ^ out->at
 */
#include <string.h>

#include "io.h"

/* ---- encoding ---------------------------------------------------------- */

/* How much room the head of any packet of a namespace may need. */
static size_t
head_room(const struct sio_nsp *nsp)
{
	return SIO_PACKET_HEAD_MAX + strlen(nsp->name);
}

void
sio_out_begin(struct sio_text *text, const struct sio_nsp *nsp)
{
	size_t room = head_room(nsp);

	sio_text_clear(text, SIO_SCRATCH_KEPT);
	if (sio_text_room(text, room) != NULL)
		text->len = room;
}

int
sio_out_end(struct sio_text *text, const struct sio_nsp *nsp,
    enum sio_packet_type type, int64_t id, struct sio_out *out)
{
	struct sio_packet packet = { .type = type,
		.attachments = out->binary.count,
		.nsp = { nsp->name, strlen(nsp->name) },
		.id = id };
	size_t room = head_room(nsp), len;

	if (text->error < 0)
		return text->error;
	if (packet.attachments > 0)
		packet.type =
		    type == SIO_EVENT ? SIO_BINARY_EVENT : SIO_BINARY_ACK;
	len = sio_packet_write_head(&packet, text->at);
	memmove(text->at + room - len, text->at, len);
	out->at = text->at + room - len;
	out->len = text->len - (room - len);
	return 0;
}

int
sio_out_send(struct sio_client *client, const struct sio_out *out, int flags)
{
	int result, plain = flags & SIO_NO_COMPRESS;

	/* All of a packet is left out, or nothing. */
	if ((flags & WS_VOLATILE) != 0 && !eio_is_writable(client->conn))
		return WS_ESKIPPED;
	result = eio_send(client->conn, WS_TEXT | plain, out->at, out->len);
	if (result < 0)
		return result;
	for (unsigned i = 0; i < out->binary.count && result == 0; i++)
		result = eio_send(client->conn, WS_BINARY | plain,
		    out->binary.list[i].data, out->binary.list[i].len);
	/* Half of a packet is worse than none: what comes next would be taken
	 * for the rest. */
	if (result < 0)
		eio_close(client->conn);
	return result;
}

int
sio_out_plain(struct sio_client *client, struct sio_nsp *nsp,
    enum sio_packet_type type, const char *json, size_t len)
{
	struct sio_text *text = &nsp->io->notice;
	struct sio_out out = { 0 };
	int result;

	sio_out_begin(text, nsp);
	sio_text_add(text, json, len);
	result = sio_out_end(text, nsp, type, -1, &out);
	return result < 0 ? result : sio_out_send(client, &out, 0);
}

/* Whether somebody may miss an event, and can be told later. */
static bool
can_be_missed(const struct sio_target *target)
{
	return target->nsp->io->recovery != NULL &&
	       (target->flags & WS_VOLATILE) == 0 &&
	       (target->self == NULL ||
		   eio_protocol(target->self->client->conn) >= 4);
}

/* Encode an event. An offset is for who may miss it. */
static int
encode(struct sio_nsp *nsp, const char *name, const char *format, va_list args,
    int64_t id, bool offset, struct sio_out *out)
{
	struct sio *io = nsp->io;
	int result;

	memset(out, 0, offsetof(struct sio_out, binary.list));
	out->binary.count = 0;
	if (sio_packet_is_reserved(name, strlen(name)))
		return WS_EINVAL;
	/* Who listens to what goes out cannot send more meanwhile. */
	if (io->telling || io->delivery != NULL)
		return WS_ESTATE;
	sio_out_begin(&io->text, nsp);
	result = sio_format_array(&io->text, &out->binary, name, format, args);
	if (result < 0)
		return result;
	out->offset = offset;
	if (offset)
		sio_recovery_offset(io);
	return sio_out_end(&io->text, nsp, SIO_EVENT, id, out);
}

/* The arguments of an event, for who listens to what goes out: those that were
 * given, without an offset behind them. */
static struct sio_value
outgoing_args(struct sio_nsp *nsp, const struct sio_out *out)
{
	struct sio_document *document = &nsp->io->outgoing;
	const char *json = nsp->io->text.at + head_room(nsp);
	struct sio_packet packet = {
		.type = out->binary.count > 0 ? SIO_BINARY_EVENT : SIO_EVENT,
		.attachments = out->binary.count,
		.payload = { json, (size_t)(out->at + out->len - json) },
	};

	if (sio_value_read(document, json, packet.payload.len) < 0)
		return (struct sio_value){ 0 };
	document->attachments = out->binary.list;
	(void)sio_packet_check(
	    &packet, json, document->tokens, document->count);
	if (out->offset)
		sio_value_hide_last(document);
	return sio_value_arguments(sio_document_root(document));
}

/* ---- to one ------------------------------------------------------------ */

static void
tell_outgoing(
    struct sio_socket *socket, const char *name, const struct sio_out *out)
{
	struct sio *io = socket->nsp->io;

	if (!sio_hooks_listen(socket->nsp, SIO_HOOK_ANY_OUTGOING))
		return;
	io->telling = true;
	sio_hooks_outgoing(socket, name, outgoing_args(socket->nsp, out));
	io->telling = false;
	sio_value_clear(&io->outgoing);
}

/* Send an event that was encoded to one socket. */
static int
send_one(const struct sio_target *target, const char *name,
    const struct sio_out *out, bool offset)
{
	struct sio_socket *socket = target->self;

	if (offset) {
		sio_recovery_remember(target, out);
		sio_recovery_sent(socket);
	}
	tell_outgoing(socket, name, out);
	if (socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	return sio_out_send(socket->client, out, (int)target->flags);
}

static int
emit_one(const struct sio_target *target, const char *name, const char *format,
    va_list args)
{
	struct sio_socket *socket = target->self;
	struct sio_out out;
	bool offset;
	int result;

	if (socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	offset = can_be_missed(target);
	result = encode(socket->nsp, name, format, args, -1, offset, &out);
	return result < 0 ? result : send_one(target, name, &out, offset);
}

int
sio_emit(struct sio_socket *socket, const char *name, const char *format, ...)
{
	struct sio_target target = sio_self(socket);
	va_list args;
	int result;

	va_start(args, format);
	result = emit_one(&target, name, format, args);
	va_end(args);
	return result;
}

int
sio_send(struct sio_socket *socket, const char *format, ...)
{
	struct sio_target target = sio_self(socket);
	va_list args;
	int result;

	va_start(args, format);
	result = emit_one(&target, "message", format, args);
	va_end(args);
	return result;
}

int
sio_emit_ack(struct sio_socket *socket, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...)
{
	struct sio_pending like = { .on_ack = on_ack, .arg = arg };
	struct sio_out out;
	va_list args;
	int result;

	if (socket->state != SIO_CONNECTED)
		return WS_ECLOSED;
	like.id = socket->nsp->next_ack++;
	va_start(args, format);
	result = encode(socket->nsp, name, format, args, like.id, false, &out);
	va_end(args);
	if (result < 0)
		return result;
	result = sio_ack_expect(socket, &like, timeout_ms);
	if (result < 0)
		return result;
	tell_outgoing(socket, name, &out);
	/* If it leaves, here or there, on_ack is told so, and that is all. */
	if (socket->state != SIO_CONNECTED)
		return 0;
	result = sio_out_send(socket->client, &out, 0);
	return result < 0 && sio_ack_forget(socket, like.id) ? result : 0;
}

/* ---- to many ----------------------------------------------------------- */

void
sio_out_deliver(struct ws_member *member, void *message)
{
	struct sio_socket *socket = (struct sio_socket *)member;
	struct sio_delivery *delivery = socket->nsp->io->delivery;
	unsigned sent = 0;
	int result = 0;

	(void)message;
	if (delivery == NULL || socket->state != SIO_CONNECTED)
		return;
	if (delivery->out == NULL) {
		(void)sio_target_found(delivery, socket);
		return;
	}
	if (sio_hooks_listen(socket->nsp, SIO_HOOK_ANY_OUTGOING))
		sio_hooks_outgoing(socket, delivery->name, delivery->args);
	if (socket->state != SIO_CONNECTED)
		return;
	if ((delivery->flags & WS_VOLATILE) != 0 &&
	    !eio_is_writable(socket->client->conn))
		return;
	if (delivery->group != NULL &&
	    sio_ack_expect_group(socket, delivery->group) < 0)
		return;
	if (delivery->offset)
		sio_recovery_sent(socket);
	for (; sent < delivery->count && result == 0; sent++)
		result = eio_send_prepared(socket->client->conn,
		    delivery->messages[sent],
		    delivery->flags & SIO_NO_COMPRESS);
	if (result == 0)
		delivery->handed++;
	else if (delivery->group != NULL)
		sio_ack_forget_group(socket, delivery->group);
	/* Half of a packet, as above: but who hears of it may send, and that is
	 * not possible before all have been handed this one. */
	if (result < 0 && sent > 1 && sio_target_found(delivery, socket) < 0)
		eio_close(socket->client->conn);
}

/* Encode once for every kind of transport. */
static int
prepare(struct sio_delivery *delivery)
{
	const struct sio_out *out = delivery->out;

	delivery->messages[0] = eio_prepare(WS_TEXT, out->at, out->len);
	for (unsigned i = 0; i < out->binary.count; i++)
		delivery->messages[1 + i] = eio_prepare(WS_BINARY,
		    out->binary.list[i].data, out->binary.list[i].len);
	delivery->count = 1 + out->binary.count;
	for (unsigned i = 0; i < delivery->count; i++) {
		if (delivery->messages[i] == NULL)
			return WS_ENOMEM;
	}
	return 0;
}

/* Send what was encoded to all of a target in one namespace. */
static long
broadcast(const struct sio_target *target, const char *name,
    const struct sio_out *out, bool offset, struct sio_group *group)
{
	struct sio *io = target->nsp->io;
	struct sio_delivery delivery;
	long result;

	memset(&delivery, 0, sizeof(delivery));
	delivery.out = out;
	delivery.name = name;
	delivery.group = group;
	delivery.offset = offset;
	delivery.flags = (int)target->flags;
	if (offset)
		sio_recovery_remember(target, out);
	result = prepare(&delivery);
	if (result == 0 && sio_hooks_listen(target->nsp, SIO_HOOK_ANY_OUTGOING))
		delivery.args = outgoing_args(target->nsp, out);
	if (result == 0)
		result = sio_target_run(target, &delivery);
	for (unsigned i = 0; i < delivery.count; i++)
		eio_message_free(delivery.messages[i]);
	sio_value_clear(&io->outgoing);
	for (size_t i = 0; i < delivery.found_count; i++)
		eio_close(delivery.found[i]->client->conn);
	ws_mem_free(delivery.found);
	return result < 0 ? result : delivery.handed;
}

/* Emit to the sockets of one namespace. */
static long
emit_nsp(const struct sio_target *target, struct sio_group *group,
    const char *name, const char *format, va_list args)
{
	bool offset = group == NULL && can_be_missed(target);
	struct sio_out out;
	int result;

	result = encode(target->nsp, name, format, args,
	    group != NULL ? sio_ack_group_id(group, target->nsp) : -1, offset,
	    &out);
	return result < 0 ? result
			  : broadcast(target, name, &out, offset, group);
}

/* Emit to a target, which may be many namespaces. */
static long
emit_many(struct sio_target target, struct sio_group *group, const char *name,
    const char *format, va_list args)
{
	const struct sio_nsp *kind = target.nsp;
	long total = 0, result;
	va_list copy;

	if (kind->is_one == NULL)
		return emit_nsp(&target, group, name, format, args);
	for (target.nsp = sio_nsp_next(kind, NULL); target.nsp != NULL;
	     target.nsp = sio_nsp_next(kind, target.nsp)) {
		va_copy(copy, args);
		result = emit_nsp(&target, group, name, format, copy);
		va_end(copy);
		if (result < 0)
			return result;
		total += result;
	}
	return total;
}

long
sio_emit_to(struct sio_target target, const char *name, const char *format, ...)
{
	va_list args;
	long result;

	va_start(args, format);
	if (target.self != NULL)
		result = emit_one(&target, name, format, args);
	else
		result = emit_many(target, NULL, name, format, args);
	va_end(args);
	if (target.self != NULL && result == 0)
		return 1;
	return result;
}

long
sio_emit_to_ack(struct sio_target target, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...)
{
	struct sio_pending like = { .on_ack = on_ack, .arg = arg };
	struct sio_group *group =
	    sio_ack_group(target.nsp->io, &like, timeout_ms);
	va_list args;
	long result;

	if (group == NULL)
		return WS_ENOMEM;
	va_start(args, format);
	result = emit_many(target, group, name, format, args);
	va_end(args);
	sio_ack_group_begun(group, result < 0);
	return result;
}

/* ---- passing on -------------------------------------------------------- */

/* Copy the packet of an event for another namespace: its payload as it came,
 * since its placeholders stand for the same attachments. */
static int
copy_event(struct sio_nsp *nsp, const struct sio_event *event, bool offset,
    struct sio_out *out)
{
	struct sio *io = nsp->io;
	struct sio_span payload = event->packet->payload;

	/* It is an array, and may have white space behind it. */
	while (payload.at[payload.len - 1] != ']')
		payload.len--;
	memset(out, 0, sizeof(*out));
	sio_out_begin(&io->text, nsp);
	sio_text_add(&io->text, payload.at, payload.len);
	out->offset = offset;
	if (offset)
		sio_recovery_offset(io);
	for (unsigned i = 0; i < event->packet->attachments; i++)
		out->binary.list[i] = event->attachments[i];
	out->binary.count = event->packet->attachments;
	return sio_out_end(&io->text, nsp, SIO_EVENT, -1, out);
}

/* Pass an event on to the sockets of one namespace. */
static long
forward_nsp(const struct sio_target *target, const struct sio_event *event)
{
	bool offset = can_be_missed(target);
	struct sio_out out;
	int result = copy_event(target->nsp, event, offset, &out);

	if (result < 0)
		return result;
	if (target->self == NULL)
		return broadcast(target, event->name, &out, offset, NULL);
	result = send_one(target, event->name, &out, offset);
	return result == 0 ? 1 : result;
}

long
sio_forward(struct sio_target target, const struct sio_event *event)
{
	const struct sio_nsp *kind = target.nsp;
	long total = 0, result;

	if (kind->io->telling || kind->io->delivery != NULL)
		return WS_ESTATE;
	if (target.self != NULL && target.self->state != SIO_CONNECTED)
		return WS_ECLOSED;
	if (kind->is_one == NULL)
		return forward_nsp(&target, event);
	for (target.nsp = sio_nsp_next(kind, NULL); target.nsp != NULL;
	     target.nsp = sio_nsp_next(kind, target.nsp)) {
		result = forward_nsp(&target, event);
		if (result < 0)
			return result;
		total += result;
	}
	return total;
}
