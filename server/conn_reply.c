/* conn_reply.c - one connection's answers: responses and files (RFC 9110). */
/* SPDX-License-Identifier: MIT */
/*
 * Every answer takes the same way out: first its head with the fields of the
 * connection (Date, Connection), then the fields that the application added,
 * then the body. A body in memory leaves with the head. A file larger than
 * FILE_SMALL does not: the connection is RESPONDING until the system has taken
 * all of the file, a part at a time.
 */
#include <stdio.h>
#include <string.h>

#include "conn.h"
#include "http/field.h"
#include "base/mem.h"

/* Octets of fields that the application may add: twice the response head that
 * nginx, the most common proxy, takes by default at most. */
#define FIELDS_MAX 16384

/* Octets of a file asked of the system in one call. Measured on 64 MiB, a MiB
 * costs 65 us of the processor; 12 % more with half of this number, 28 % more
 * with a quarter. With the double the difference is lost in the noise, and a
 * call holds the loop for twice as long. One call is a visit. */
#define FILE_OCTETS (1024 * 1024)

/* Octets of a file that is read into the output behind its head. Measured, 12
 * KiB cost 7.5 us of the processor in this way and 9.4 with sendfile, 24 KiB
 * 9.3 either way, 48 KiB 12.3 and 9.3. */
#define FILE_SMALL 32768

/* What takes a file system longer is a stall: a disk needs a tenth of it. Two
 * lines that name one are STALL_EVERY_MS apart. */
#define STALL_MS 100
#define STALL_EVERY_MS 60000

#define BODY_COPIED 16384 /* octets of a body that is copied, as DIRECT_MIN */

/* ---- response heads ---------------------------------------------------- */

/* Return the current time as a field value. It is written once a second. */
static struct ws_span
date(struct ws_core *core)
{
	int64_t now_s = ws_net_unix_s();

	if (now_s != core->date_s) {
		core->date_s = now_s;
		ws_field_date_write(now_s, core->date);
	}
	return (struct ws_span){ core->date, sizeof(core->date) };
}

/* Return whether the connection ends with this response. RFC 9112 9.3, 9.6. */
static bool
is_last(const struct ws_request *rq)
{
	const struct ws_conn *c = rq->conn;

	/* An answer that came before the end of the body leaves the rest of the
	 * body on its way: where the next request begins is not known. */
	return c->close_after_reply || c->peer_ended || rq->body_pending ||
	       c->core->stopping || !rq->head->keep_alive;
}

/* RFC 9110 6.6.1: Date. RFC 9112 9.3: HTTP/1.0 closes unless keep-alive is
 * said. */
void
ws_request_common(struct ws_request *request, struct ws_http_out *head)
{
	ws_http_out_field(head, "Date", date(request->conn->core));
	if (is_last(request))
		ws_http_out_field(head, "Connection", WS_SPAN("close"));
	else if (request->head->minor == 0)
		ws_http_out_field(head, "Connection", WS_SPAN("keep-alive"));
}

int
ws_request_send(struct ws_request *request, const struct ws_http_out *head,
    const void *body, size_t len)
{
	struct ws_buf *fields = request->fields;
	struct ws_part parts[] = {
		{ head->at, head->len },
		{ fields != NULL ? ws_buf_data(fields) : NULL,
		    fields != NULL ? fields->len : 0 },
		{ "\r\n", 2 },
		{ body, len },
	};

	if (head->failed)
		return -1;
	return ws_conn_write(request->conn, parts, WS_LEN(parts));
}

/* End a request whose answer is on its way: wait for the next request, or for
 * the end. */
static void
end_response(struct ws_conn *c)
{
	bool last = is_last(c->request);

	ws_request_end(c);
	c->kept_alive = true;
	if (c->state == WS_CONN_DEAD)
		return;
	if (last) {
		ws_conn_linger(c, "the last response was sent");
		return;
	}
	c->state = WS_CONN_HTTP;
	ws_conn_arm(c, c->core->limits.idle_ms);
	ws_conn_touch(c);
}

/* ---- answers ----------------------------------------------------------- */

/* RFC 9110 8.6: these responses have no content and no Content-Length. */
static bool
is_bodiless(int status)
{
	return status < 200 || status == 204 || status == 304;
}

/* Return whether the client prefers a body in gzip. RFC 9110 12.5.3. */
static bool
wants_gzip(const struct ws_request *rq)
{
	struct ws_span accept = { "", 0 };

	if (rq->forgotten)
		return rq->takes_gzip;
	/* A malformed request has no head, and thus no fields. */
	if (rq->head_octets > 0)
		ws_http_field(
		    rq->head, rq->base, WS_SPAN("Accept-Encoding"), &accept);
	return ws_field_wants_gzip(accept);
}

/* Compress the body of an answer, if that is possible and worth it. RFC 9110
 * 8.4, 12.5.3.
 *   media     its Content-Type
 *   out       receives Vary and perhaps Content-Encoding
 *   measured  set to false for HEAD where GET would compress: how long the
 *             result is, only compressing would tell
 * Returns the compressed body with a reference for the caller, or NULL. */
static struct ws_chunk *
encode(struct ws_request *rq, const char *media, const void *body, size_t len,
    struct ws_http_out *out, bool *measured)
{
	struct ws_core *core = rq->conn->core;
	struct ws_gzip_cache *cache = &core->gzip_cache;
	struct ws_chunk *chunk = NULL;

	if (rq->uncompressed || !ws_gzip_cache_takes(cache, media, len))
		return NULL;
	ws_http_out_field(out, "Vary", WS_SPAN("Accept-Encoding"));
	if (!wants_gzip(rq))
		return NULL;
	cache->now_ms = core->loop.now_ms;
	*measured = rq->head->method != WS_HTTP_HEAD;
	if (*measured && ws_gzip_cache_allows(cache, len))
		chunk = ws_gzip_cache_compress(cache, body, len);
	if (chunk != NULL || !*measured)
		ws_http_out_field(out, "Content-Encoding", WS_SPAN("gzip"));
	return chunk;
}

/* Write the fields that describe a body. Returns the compressed body as encode
 * does, or NULL when the body leaves as it is. */
static struct ws_chunk *
write_content(struct ws_request *rq, const char *type, const void *body,
    size_t len, struct ws_http_out *out)
{
	const char *media = type != NULL ? type : "text/plain; charset=utf-8";
	struct ws_chunk *chunk = NULL;
	bool measured = true;

	if (len > 0) {
		ws_http_out_field(out, "Content-Type", ws_span_of(media));
		chunk = encode(rq, media, body, len, out, &measured);
	}
	if (measured)
		ws_http_out_number(
		    out, "Content-Length", chunk != NULL ? chunk->len : len);
	return chunk;
}

int
ws_request_prepare(struct ws_request *request)
{
	struct ws_conn *c = request->conn;

	if (c->state == WS_CONN_DEAD && c->request == request) {
		request->on_hold = false;
		request->broken = NULL;
		if (request->link != NULL)
			ws_request_end_orphan(request);
		return 0;
	}
	if (!ws_request_is_open(request))
		return WS_ESTATE;
	request->endpoint = NULL;
	request->broken = NULL;
	/* A client whose upgrade is refused may have sent frames already, which
	 * must not be read as requests. */
	if (request->head_octets > 0 && request->head->upgrade)
		c->close_after_reply = true;
	return 1;
}

int
ws_request_answer(struct ws_request *request, const struct ws_http_out *head,
    const void *body, size_t len)
{
	struct ws_conn *c = request->conn;

	if (ws_request_send(request, head, body, len) < 0) {
		ws_conn_kill(c, "out of memory");
		return WS_ENOMEM;
	}
	request->on_hold = false;
	end_response(c);
	return 0;
}

int
ws_reply(struct ws_request *request, int status, const char *type,
    const void *body, size_t len)
{
	struct ws_http_out out;
	struct ws_chunk *chunk = NULL;
	char head[WS_REPLY_HEAD];
	bool unwanted = request->endpoint != NULL;
	int result = ws_request_prepare(request);

	if (result <= 0)
		return result;
	/* RFC 9110 15.2: 1xx is no final answer; 101 is written by ws_accept.
	 * */
	if (status < 200 || status > 599 || (body == NULL && len > 0))
		return WS_EINVAL;
	if (len == WS_STR)
		len = strlen(body);
	ws_http_out_status(&out, head, sizeof(head), status);
	if (!is_bodiless(status))
		chunk = write_content(request, type, body, len, &out);
	/* RFC 9110 15.5.22: a 426 says to what. 7.8: Upgrade is for this hop,
	 * so Connection names it. */
	if (status == 426) {
		ws_http_out_field(&out, "Upgrade", WS_SPAN("websocket"));
		ws_http_out_field(&out, "Connection", WS_SPAN("Upgrade"));
	}
	ws_request_common(request, &out);
	if (out.failed) {
		ws_chunk_unref(chunk);
		return WS_EINVAL;
	}
	/* An endpoint that refuses a WebSocket says why in the body. */
	if (unwanted)
		ws_conn_log_refusal(request->conn, status, body, len);
	if (chunk != NULL) {
		body = chunk->data;
		len = chunk->len;
	}
	/* RFC 9110 9.3.2: HEAD gets the fields of GET, and no content. */
	if (is_bodiless(status) || request->head->method == WS_HTTP_HEAD)
		len = 0;
	request->status = status;
	request->sent_octets = len;
	result = ws_request_answer(request, &out, body, len);
	ws_chunk_unref(chunk);
	return result;
}

void
ws_reply_plain(struct ws_request *request)
{
	request->uncompressed = true;
}

void
ws_request_refuse(struct ws_request *request, int status, const char *reason)
{
	ws_request_refuse_with(request, status, reason, NULL);
}

void
ws_request_refuse_with(struct ws_request *request, int status,
    const char *reason, const char *detail)
{
	struct ws_conn *c = request->conn;
	char text[256], logged[512];
	int n = snprintf(text, sizeof(text), "%d %s: %s.\n", status,
	    ws_http_reason(status), reason);

	(void)snprintf(logged, sizeof(logged), "%s%s%s", reason,
	    detail != NULL ? ": " : "", detail != NULL ? detail : "");
	ws_conn_log_refusal(c, status, logged, strlen(logged));
	request->endpoint = NULL; /* so that ws_reply does not log it again */
	if (request->broken != NULL) {
		request->broken(request, status);
		if (c->request != request || c->state != WS_CONN_HTTP)
			return;
	}
	(void)ws_reply_field(request, "X-Content-Type-Options", "nosniff");
	if (ws_reply(request, status, NULL, text, (size_t)n) < 0)
		ws_conn_kill(c, reason);
}

/* The fields are kept as lines, since the answer writes them behind its own
 * head and never looks at them again. RFC 9110 5.3: a field may occur twice if
 * its value is a list, which is the caller's to know. */
int
ws_reply_field(struct ws_request *request, const char *name, const char *value)
{
	enum {
		WRITTEN_HERE = 8 /* the first ones are not the caller's */
	};
	static const struct ws_span special[] = {
		{ "Connection", 10 },
		{ "Content-Length", 14 },
		{ "Content-Type", 12 },
		{ "Date", 4 },
		{ "Transfer-Encoding", 17 },
		{ "Upgrade", 7 },
		{ "Sec-WebSocket-Accept", 20 },
		{ "Sec-WebSocket-Protocol", 22 },
		/* These describe the octets of the body as it was given, so it
		 * must not be compressed behind them. */
		{ "Content-Encoding", 16 },
		{ "Content-Range", 13 },
		{ "ETag", 4 },
	};
	struct ws_span given;
	struct ws_http_out out = { 0 };
	char line[4096];

	if (name == NULL || value == NULL)
		return WS_EINVAL;
	given = ws_span_of(name);
	for (size_t i = 0; i < WS_LEN(special); i++) {
		if (!ws_span_equal_nocase(given, special[i]))
			continue;
		if (i < WRITTEN_HERE)
			return WS_EINVAL;
		request->uncompressed = true;
	}
	out.at = line;
	out.size = sizeof(line);
	ws_http_out_field(&out, name, ws_span_of(value));
	if (out.failed)
		return WS_EINVAL;
	if (ws_buf_append(&request->fields, line, out.len, FIELDS_MAX) < 0)
		return WS_ENOMEM;
	ws_buf_count(request->fields, &request->conn->core->memory);
	return 0;
}

/* ---- files ------------------------------------------------------------- */

/* Send a body that is in memory.
 *   chunk  the body is in it; NULL when the body lives as long as the server
 * Returns as ws_conn_write. */
static int
send_memory(
    struct ws_conn *c, struct ws_chunk *chunk, const void *data, size_t len)
{
	struct ws_part part = { data, len };
	int result;

	if (len <= BODY_COPIED)
		return ws_conn_write(c, &part, 1);
	chunk =
	    chunk != NULL ? ws_chunk_ref(chunk) : ws_chunk_static(data, len);
	if (chunk == NULL)
		return -1;
	result = ws_conn_share(c, chunk);
	ws_chunk_unref(chunk); /* the queue has a reference of its own */
	return result;
}

/* Read a small file into the output behind its head, so that both leave in one
 * call. Returns whether that was possible. */
static bool
send_small(
    struct ws_conn *c, const struct ws_file *file, uint64_t first, size_t len)
{
	uint8_t *room = len <= FILE_SMALL ? ws_conn_room(c, len) : NULL;

	if (room == NULL || ws_file_read(file, first, room, len) < (ssize_t)len)
		return false;
	c->core->output_octets += len;
	ws_core_spend(c->core, len / 1024 * WS_COST_FILE_KB);
	return true;
}

/* Send a range of a file: at once if it is small, else as fast as the peer
 * takes it. The head of a large file leaves by itself: measured, with MSG_MORE
 * the system often spends half as much time again on 1 MiB, since then no
 * packet begins with a page. */
static void
send_file(struct ws_request *rq, struct ws_file *file, uint64_t first,
    uint64_t octets)
{
	struct ws_conn *c = rq->conn;

	if (send_small(c, file, first, (size_t)octets))
		return;
	/* The log may name the file up to the last octet; by then others have
	 * used the receive buffer that the head stands in. */
	if (ws_request_keep_head(rq) < 0) {
		ws_conn_kill(c, "out of memory");
		return;
	}
	rq->file_fd = file->fd;
	rq->file_octets = file->octets;
	*file = (struct ws_file){ .fd = -1 };
	rq->file_at = first;
	rq->file_left = octets;
	c->state = WS_CONN_RESPONDING;
	ws_conn_arm(c, c->core->limits.idle_ms);
}

/* Send the answer of static.c.
 *   out     the head so far
 *   answer  its file and its body are taken over */
static void
send_static(struct ws_request *rq, struct ws_http_out *out,
    struct ws_static_answer *answer)
{
	struct ws_conn *c = rq->conn;
	const uint8_t *data =
	    answer->body != NULL ? answer->body->data : answer->file.data;
	int result = ws_request_send(rq, out, NULL, 0);

	if (result == 0 && answer->octets > 0 && data != NULL)
		result = send_memory(c, answer->body, data + answer->first,
		    (size_t)answer->octets);
	else if (result == 0 && answer->octets > 0)
		send_file(rq, &answer->file, answer->first, answer->octets);
	ws_file_close(&answer->file);
	ws_chunk_unref(answer->body);
	if (result < 0)
		ws_conn_kill(c, "out of memory");
	else if (c->state == WS_CONN_HTTP)
		end_response(c);
}

/* Log what there is to tell of a document root. */
static void
log_note(struct ws_core *core, struct ws_files *root)
{
	const char *note = root != NULL ? ws_files_note(root) : NULL;

	if (note != NULL)
		ws_log(&core->log, WS_LOG_WARN, "%s", note);
}

/* Return the octets of a response head for a file. A redirect repeats the path
 * of the request, percent-encoded. */
static size_t
head_size(const struct ws_request *rq, const struct ws_static_ask *ask)
{
	size_t size = WS_REPLY_HEAD + ws_static_fields_octets(ask->fields);

	if (rq->head_octets > WS_REPLY_HEAD / 4)
		size += 4 * rq->head_octets;
	return size;
}

/* Log why a file was refused, where the visitor is told less. */
static void
log_cause(struct ws_request *rq, struct ws_span path,
    const struct ws_static_answer *answer)
{
	char text[320];
	int len;

	if (answer->cause == NULL || answer->status < 400)
		return;
	len = snprintf(text, sizeof(text), "%.*s: %s",
	    path.len < 200 ? (int)path.len : 200, path.at, answer->cause);
	ws_conn_log_refusal(rq->conn, answer->status, text, (size_t)len);
}

/* Name a file system that has everybody wait, but not for each request.
 *   began_ms  when it was asked */
static void
log_stall(const struct ws_request *rq, int64_t began_ms)
{
	struct ws_core *core = rq->conn->core;
	int64_t now_ms = ws_net_now_ms();

	if (now_ms - began_ms < STALL_MS ||
	    (core->stalled_ms != 0 &&
		now_ms - core->stalled_ms < STALL_EVERY_MS))
		return;
	core->stalled_ms = now_ms;
	ws_log(&core->log, WS_LOG_WARN,
	    "%.*s: the file system took %lld ms, and all clients waited",
	    (int)rq->head->path_octets, rq->base + rq->head->path_at,
	    (long long)(now_ms - began_ms));
}

int
ws_request_static(struct ws_request *request, struct ws_static_ask *ask)
{
	struct ws_core *core = request->conn->core;
	struct ws_static_answer answer;
	struct ws_http_out out = { .size = head_size(request, ask) };
	char small[WS_REPLY_HEAD], *large = NULL;
	int64_t began_ms = ws_net_now_ms();

	out.at = small;
	if (out.size > sizeof(small))
		out.at = large = ws_mem_resize(NULL, out.size);
	if (out.at == NULL) {
		ws_conn_kill(request->conn, "out of memory");
		return 0;
	}
	core->gzip_cache.now_s = ws_net_unix_s();
	core->gzip_cache.now_ms = core->loop.now_ms;
	ask->head = request->head;
	ask->buf = request->base;
	ask->gzip_cache = &core->gzip_cache;
	ask->may_wait = true;
	ws_core_spend(core, WS_COST_REQUEST); /* several names are looked up */
	ws_static_answer(ask, &out, &answer);
	log_stall(request, began_ms);
	log_note(core, ask->root);
	if (answer.list != NULL) {
		ws_mem_free(large);
		if (ws_request_list(
			request, ask, answer.list, ws_request_static) < 0)
			ws_conn_kill(request->conn, "out of memory");
		return 0;
	}
	ws_request_common(request, &out);
	log_cause(request, ask->path, &answer);
	request->status = answer.status;
	request->sent_octets = answer.octets;
	send_static(request, &out, &answer);
	ws_mem_free(large);
	return answer.status;
}

/* Answer with a single file, which may follow a ws_hold. Returns as ws_reply. */
static int
reply_static(struct ws_request *request, struct ws_static_ask *ask,
    const struct ws_files_options *options)
{
	static const struct ws_files_options defaults = { 0 };
	struct ws_conn *c = request->conn;
	int result = ws_request_prepare(request);

	if (result <= 0)
		return result;
	ask->options = options != NULL ? options : &defaults;
	request->on_hold = false;
	c->state = WS_CONN_HTTP;
	return ws_request_static(request, ask) == 0 ? WS_ENOMEM : 0;
}

int
ws_reply_asset(struct ws_request *request, const struct ws_asset *asset,
    const struct ws_files_options *options)
{
	struct ws_static_ask ask = { .asset = asset,
		.modified_s = request->conn->core->born_s };

	if (asset == NULL)
		return WS_EINVAL;
	return reply_static(request, &ask, options);
}

int
ws_reply_file(struct ws_request *request, const char *file,
    const struct ws_files_options *options)
{
	struct ws_static_ask ask = { .name = file };

	if (file == NULL)
		return WS_EINVAL;
	ask.path = ws_span_of(file);
	return reply_static(request, &ask, options);
}

/* Log that a file has fewer octets than it says: it was truncated, or it is one
 * of the system's that are made while they are read, as below /sys. */
static void
log_short_file(const struct ws_request *rq)
{
	ws_log(&rq->conn->core->log, WS_LOG_WARN,
	    "%.*s: the file says %llu octets and gives %llu",
	    (int)rq->head->path_octets, rq->base + rq->head->path_at,
	    (unsigned long long)rq->file_octets,
	    (unsigned long long)rq->file_at);
}

void
ws_conn_http_send(struct ws_conn *conn)
{
	struct ws_request *rq = conn->request;
	size_t ask =
	    rq->file_left < FILE_OCTETS ? (size_t)rq->file_left : FILE_OCTETS;
	int64_t began_ms = ws_net_now_ms();
	ssize_t n = ws_net_sendfile(conn->io.fd, rq->file_fd, rq->file_at, ask);

	log_stall(rq, began_ms);
	if (n == WS_NET_AGAIN)
		return;
	if (n == WS_NET_GONE) {
		ws_conn_kill(conn, "the connection was reset");
		return;
	}
	/* RFC 9112 8: a message shorter than its Content-Length is incomplete.
	 * Ending the connection is the only way to say so. */
	if (n == 0) {
		log_short_file(rq);
		ws_conn_kill(conn, "a file shrank while it was sent");
		return;
	}
	ws_core_spend(conn->core, (size_t)n / 1024 * WS_COST_FILE_KB);
	rq->file_at += (uint64_t)n;
	rq->file_left -= (uint64_t)n;
	ws_conn_arm(conn, conn->core->limits.idle_ms);
	if (rq->file_left == 0)
		end_response(conn);
}

/* ---- accepting a WebSocket --------------------------------------------- */
