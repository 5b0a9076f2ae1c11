/* emit.c - events out: encoded once, sent to one socket or to many. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <string.h>

#include "ack.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "io.h"
#include "nsp.h"
#include "out.h"
#include "recovery.h"
#include "reply.h"
#include "target.h"

/* The event to be emitted: with arguments that a template makes, or with those
 * of an event that came. */
struct source {
	const char *name; /* of the event */
	const char *format;
	va_list *args;                 /* what the template takes */
	const struct sio_event *event; /* to be passed on; or NULL */
	struct sio_question *question; /* NULL: no acknowledgement is wanted */
};

/* ---- encoding ---------------------------------------------------------- */

/* Return whether an event is kept for clients that miss it. */
static bool
is_recoverable(const struct sio_target *target, const struct source *source)
{
	return target->nsp->io->recovery != NULL && source->question == NULL &&
	       (target->flags & WS_VOLATILE) == 0 &&
	       (target->self == NULL ||
		   eio_protocol(target->self->client->session) >= 4);
}

/* Copy the arguments of an event as they came: their placeholders stand for the
 * same attachments. Numbers that are too large become null. */
static void
copy_arguments(struct sio_text *text, const struct sio_event *event,
    struct sio_attachments *binary)
{
	struct ws_span payload = event->packet->payload;
	const struct sio_document *document = event->document;
	size_t from = 0;

	for (size_t i = 0; i < document->count; i++) {
		const struct sio_json_token *token = &document->tokens[i];

		if (!sio_value_is_infinite(document, i))
			continue;
		sio_text_add(text, payload.at + from, token->start - from);
		sio_text_puts(text, "null");
		from = token->end;
	}
	/* It is an array, and may have white space behind it. */
	while (payload.at[payload.len - 1] != ']')
		payload.len--;
	sio_text_add(text, payload.at + from, payload.len - from);
	binary->count = event->packet->attachments;
	for (unsigned i = 0; i < binary->count; i++)
		binary->list[i] = event->attachments[i];
}

static int
format_arguments(struct sio_text *text, const struct source *source,
    struct sio_attachments *binary)
{
	va_list args; /* of this namespace: there may be others */
	int result;

	va_copy(args, *source->args);
	result =
	    sio_format_array(text, binary, source->name, source->format, args);
	va_end(args);
	return result;
}

/* Encode an event for the sockets of one namespace. Returns 0 or a negative
 * enum ws_error. */
static int
encode(const struct sio_target *target, const struct source *source,
    struct sio_out *out)
{
	struct sio_nsp *nsp = target->nsp;
	struct sio_text *text = &nsp->io->text;
	int64_t id = -1;
	int result = 0;

	if (source->name == NULL)
		return WS_EINVAL;
	if (source->question != NULL)
		id = sio_ack_number(source->question, nsp);
	if (sio_packet_is_reserved(source->name, strlen(source->name)))
		return WS_EINVAL;
	/* io->text is in use: by the packet that is going out. */
	if (nsp->io->calling_outgoing || nsp->io->delivery != NULL)
		return WS_ESTATE;
	out->binary.count = 0;
	sio_out_begin(text, ws_span_of(nsp->name));
	if (source->event != NULL)
		copy_arguments(text, source->event, &out->binary);
	else
		result = format_arguments(text, source, &out->binary);
	if (result < 0)
		return result;
	out->offset = is_recoverable(target, source);
	if (out->offset)
		sio_recovery_offset(nsp->io);
	return sio_out_end(text, ws_span_of(nsp->name), SIO_EVENT, id, out);
}

/* Read the arguments back for the functions of sio_on_any_outgoing, without the
 * offset. They are valid until io->outgoing is cleared. */
static struct sio_value
outgoing_args(struct sio *io, const struct sio_out *out)
{
	struct sio_document *document = &io->outgoing;
	struct sio_packet packet = {
		.type = out->binary.count > 0 ? SIO_BINARY_EVENT : SIO_EVENT,
		.attachments = out->binary.count,
		.payload = { out->at + out->head_len,
		    out->len - out->head_len },
	};

	if (sio_value_read(document, packet.payload.at, packet.payload.len) < 0)
		return (struct sio_value){ 0 };
	document->attachments = out->binary.list;
	(void)sio_packet_check(
	    &packet, packet.payload.at, document->tokens, document->count);
	if (out->offset)
		sio_value_hide_last(document);
	return sio_value_arguments(sio_document_root(document));
}

/* ---- to one ------------------------------------------------------------ */

static void
call_outgoing(
    struct sio_socket *socket, const char *name, const struct sio_out *out)
{
	struct sio *io = socket->nsp->io;

	if (!sio_hooks_any(socket->nsp, SIO_HOOK_ANY_OUTGOING))
		return;
	io->calling_outgoing = true;
	sio_hooks_outgoing(socket, name, outgoing_args(io, out));
	io->calling_outgoing = false;
	sio_value_clear(&io->outgoing);
}

/* Send an event to the only socket of a target. Returns 1, or a negative enum
 * ws_error. */
static long
send_one(const struct sio_target *target, const struct source *source,
    const struct sio_out *out)
{
	struct sio_socket *socket = target->self;
	struct sio_question *question = source->question;
	int result = 0;

	if (out->offset) {
		sio_recovery_remember(target, out);
		sio_recovery_sent(socket);
	}
	if (question != NULL)
		result = sio_ack_expect(question, socket);
	if (result < 0)
		return result;
	call_outgoing(socket, source->name, out);
	/* If it leaves, there or while it is sent to, on_ack is called. */
	if (socket->state != SIO_CONNECTED)
		return question != NULL ? 1 : WS_ECLOSED;
	result = sio_out_send(socket->client, out, (int)target->flags);
	if (result < 0 && question != NULL && !sio_ack_forget(socket, out->id))
		result = 0;
	return result < 0 ? result : 1;
}

/* ---- to many ----------------------------------------------------------- */

/* An event that goes to the sockets of a target. */
struct broadcast {
	struct sio_delivery delivery; /* first */
	const struct source *source;
	const struct sio_out *out;
	struct sio_value args; /* for the functions of sio_on_any_outgoing */
	struct eio_message *messages[1 + SIO_ATTACHMENTS_MAX]; /* owned */
	unsigned count;
	int flags;
	long handed;             /* sockets that it was sent to */
	struct sio_found broken; /* sockets that got only a part of it */
};

static void
deliver(struct sio_delivery *delivery, struct sio_socket *socket)
{
	struct broadcast *b = (struct broadcast *)delivery;
	struct eio_session *session = socket->client->session;
	struct sio_question *question = b->source->question;
	unsigned sent = 0;
	int result = 0;

	if (sio_hooks_any(socket->nsp, SIO_HOOK_ANY_OUTGOING))
		sio_hooks_outgoing(socket, b->source->name, b->args);
	if (socket->state != SIO_CONNECTED)
		return;
	if ((b->flags & WS_VOLATILE) != 0 && !eio_is_writable(session))
		return;
	if (question != NULL && sio_ack_expect(question, socket) < 0)
		return;
	if (b->out->offset)
		sio_recovery_sent(socket);
	for (; sent < b->count && result == 0; sent++)
		result = eio_send_prepared(
		    session, b->messages[sent], b->flags & SIO_NO_COMPRESS);
	if (result == 0)
		b->handed++;
	else if (question != NULL)
		(void)sio_ack_forget(socket, b->out->id);
	/* As in sio_out_send, but closing calls the application, which cannot
	 * send anything before all sockets have been handed this event. */
	if (result < 0 && sent > 1 && sio_target_found(&b->broken, socket) < 0)
		eio_close(session);
}

/* Encode the messages of a packet once for every kind of transport. Returns 0
 * or WS_ENOMEM. */
static int
prepare(struct broadcast *b)
{
	const struct sio_out *out = b->out;

	b->messages[0] = eio_prepare(WS_TEXT, out->at, out->len);
	for (unsigned i = 0; i < out->binary.count; i++)
		b->messages[1 + i] = eio_prepare(WS_BINARY,
		    out->binary.list[i].data, out->binary.list[i].len);
	b->count = 1 + out->binary.count;
	for (unsigned i = 0; i < b->count; i++) {
		if (b->messages[i] == NULL)
			return WS_ENOMEM;
	}
	return 0;
}

/* Send an event to the sockets of a target in one namespace. Returns to how
 * many, or a negative enum ws_error. */
static long
send_many(const struct sio_target *target, const struct source *source,
    const struct sio_out *out)
{
	struct sio *io = target->nsp->io;
	struct broadcast b = { .delivery = { deliver },
		.source = source,
		.out = out,
		.flags = (int)target->flags };
	long result;

	if (out->offset)
		sio_recovery_remember(target, out);
	result = prepare(&b);
	if (result == 0 && sio_hooks_any(target->nsp, SIO_HOOK_ANY_OUTGOING))
		b.args = outgoing_args(io, out);
	if (result == 0)
		result = sio_target_run(target, &b.delivery);
	for (unsigned i = 0; i < b.count; i++)
		eio_message_free(b.messages[i]);
	sio_value_clear(&io->outgoing);
	for (size_t i = 0; i < b.broken.count; i++)
		eio_close(b.broken.list[i]->client->session);
	ws_mem_free(b.broken.list);
	return result < 0 ? result : b.handed;
}

/* ---- emitting ---------------------------------------------------------- */

/* Emit to all namespaces of a target, up to the first error.
 *   send  send_one or send_many
 * Returns to how many sockets, or a negative enum ws_error. */
static long
emit(const struct sio_target *target, const struct source *source,
    long (*send)(const struct sio_target *target, const struct source *source,
	const struct sio_out *out))
{
	struct sio_target one = *target;
	struct sio_out out;
	long total = 0, result;

	if (send == send_one && target->self->state != SIO_CONNECTED)
		return WS_ECLOSED;
	one.nsp = NULL;
	while ((one.nsp = sio_nsp_next(target->nsp, one.nsp)) != NULL) {
		result = encode(&one, source, &out);
		if (result == 0)
			result = send(&one, source, &out);
		if (result < 0)
			return result;
		total += result;
	}
	return total;
}

/* Emit to one socket. Returns as sio_emit. */
static int
emit_one(struct sio_socket *socket, const struct source *source)
{
	struct sio_target target = sio_self(socket);
	long result = emit(&target, source, send_one);

	return result < 0 ? (int)result : 0;
}

int
sio_emit(struct sio_socket *socket, const char *name, const char *format, ...)
{
	va_list args;
	struct source source = { name, format, &args, NULL, NULL };
	int result;

	va_start(args, format);
	result = emit_one(socket, &source);
	va_end(args);
	return result;
}

int
sio_send(struct sio_socket *socket, const char *format, ...)
{
	va_list args;
	struct source source = { "message", format, &args, NULL, NULL };
	int result;

	va_start(args, format);
	result = emit_one(socket, &source);
	va_end(args);
	return result;
}

long
sio_emit_to(struct sio_target target, const char *name, const char *format, ...)
{
	va_list args;
	struct source source = { name, format, &args, NULL, NULL };
	long result;

	va_start(args, format);
	result =
	    emit(&target, &source, target.self != NULL ? send_one : send_many);
	va_end(args);
	return result;
}

long
sio_send_to(struct sio_target target, const char *format, ...)
{
	va_list args;
	struct source source = { "message", format, &args, NULL, NULL };
	long result;

	va_start(args, format);
	result =
	    emit(&target, &source, target.self != NULL ? send_one : send_many);
	va_end(args);
	return result;
}

long
sio_forward(struct sio_target target, const struct sio_event *event)
{
	struct source source = { .name = event->name, .event = event };

	return emit(
	    &target, &source, target.self != NULL ? send_one : send_many);
}

int
sio_emit_ack(struct sio_socket *socket, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...)
{
	struct sio_question *question =
	    sio_ack_new(socket->nsp->io, on_ack, arg, timeout_ms, true);
	va_list args;
	struct source source = { name, format, &args, NULL, question };
	int result;

	if (question == NULL)
		return WS_ENOMEM;
	va_start(args, format);
	result = emit_one(socket, &source);
	va_end(args);
	if (result < 0)
		sio_ack_release(question);
	return result;
}

long
sio_emit_to_ack(struct sio_target target, int timeout_ms,
    void (*on_ack)(
	struct sio_socket *socket, int error, struct sio_value args, void *arg),
    void *arg, const char *name, const char *format, ...)
{
	struct sio_question *question =
	    sio_ack_new(target.nsp->io, on_ack, arg, timeout_ms, false);
	va_list args;
	struct source source = { name, format, &args, NULL, question };
	long result;

	if (question == NULL)
		return WS_ENOMEM;
	va_start(args, format);
	result = emit(&target, &source, send_many);
	va_end(args);
	if (result < 0)
		sio_ack_release(question);
	else
		sio_ack_asked(question);
	return result;
}
