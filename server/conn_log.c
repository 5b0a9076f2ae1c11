/* conn_log.c - what the log says about connections and requests. */
/* SPDX-License-Identifier: MIT */
/*
 * Anybody can cause a refusal or a close, and as many as the network takes. So
 * their lines are limited in rate for each cause, and the number of those left
 * out follows a second later. Lines of WS_LOG_ACCESS and WS_LOG_DEBUG are not
 * limited: an operator who asks for them wants each one.
 *
 * The line of an answer is written when its last octet was handed to the
 * system, or when the peer has left before that:
 *
 *	time=2026-11-30T12:00:00Z peer=192.0.2.1:4711 method=GET target="/a?b=c"
 *	    status=200 octets=5 ms=0 agent="curl/8.5.0"
 *
 * or in the combined log format, which many programs read:
 *
 *	192.0.2.1 - - [30/Nov/2026:12:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 5
 *	    "-" "curl/8.5.0"
 *
 * octets are those of the body; ms counts from the first octet of the request.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "conn.h"

#define SETTLE_MS 1000 /* the second of a cause has passed */

/* A reason that an application gives is cut: a line has 1023 octets. */
#define REASON_MAX 400

/* Of a text with its escapes and its NUL. Two fields and a target fit in one
 * line beside the rest. */
#define TARGET_SIZE 480
#define FIELD_SIZE 160

/* ---- lines that a stranger can cause ----------------------------------- */

static void
on_settle(struct ws_heap_timer *timer)
{
	struct ws_core *core = WS_OUTER(struct ws_core, log_timer, timer);
	int64_t now_ms = core->loop.now_ms;

	if (ws_log_settle(&core->log, WS_LOG_INFO, now_ms))
		(void)ws_heap_set(
		    &core->loop.heap, timer, now_ms + SETTLE_MS, on_settle);
}

bool
ws_core_log_allows(struct ws_core *core, const char *what, int code)
{
	int64_t now_ms = core->loop.now_ms;

	if (core->log.level < WS_LOG_INFO)
		return false;
	if (ws_log_allows(&core->log, what, code, now_ms))
		return true;
	if (core->log_timer.place == 0)
		(void)ws_heap_set(&core->loop.heap, &core->log_timer,
		    now_ms + SETTLE_MS, on_settle);
	return false;
}

static size_t
at_most(size_t len, size_t limit)
{
	return len < limit ? len : limit;
}

void
ws_conn_log_refusal(
    struct ws_conn *conn, int status, const char *reason, size_t len)
{
	char peer[WS_PEER_TEXT];

	if (!ws_core_log_allows(conn->core, "refused with", status))
		return;
	len = at_most(len, REASON_MAX);
	while (len > 0 && reason[len - 1] == '\n')
		len--;
	ws_peer_text(&conn->peer, peer);
	ws_log(&conn->core->log, WS_LOG_INFO, "%s refused with %d%s%.*s", peer,
	    status, len > 0 ? ": " : "", (int)len, len > 0 ? reason : "");
}

void
ws_conn_log_subprotocol(struct ws_request *request)
{
	struct ws_conn *c = request->conn;
	struct ws_span list = { "", 0 };
	char peer[WS_PEER_TEXT];

	if (ws_http_field(request->head, request->base,
		WS_SPAN("Sec-WebSocket-Protocol"), &list) == 0 ||
	    !ws_core_log_allows(c->core, "without a subprotocol", 0))
		return;
	ws_peer_text(&c->peer, peer);
	ws_log(&c->core->log, WS_LOG_INFO,
	    "%s opened %.*s without a subprotocol: the page asked for %.*s, "
	    "none was chosen",
	    peer, (int)at_most(request->head->path_octets, REASON_MAX),
	    request->base + request->head->path_at,
	    (int)at_most(list.len, REASON_MAX), list.at);
}

void
ws_conn_log_close(struct ws_conn *conn, const struct ws_closed *how)
{
	char peer[WS_PEER_TEXT];
	/* RFC 6455 7.4.2: from 3000 on a peer may use any code. */
	bool private = how->code >= 3000;

	if (!ws_core_log_allows(conn->core,
		private ? "closed with codes from 3000 on" : "closed with",
		private ? 0 : how->code))
		return;
	ws_peer_text(&conn->peer, peer);
	ws_log(&conn->core->log, WS_LOG_INFO, "%s closed with %d by %s%s%.*s",
	    peer, how->code, how->by == WS_BY_PEER ? "the peer" : "this server",
	    how->reason_len > 0 ? ": " : "", (int)how->reason_len,
	    how->reason_len > 0 ? how->reason : "");
}

void
ws_conn_log_end(struct ws_conn *conn)
{
	char peer[WS_PEER_TEXT];

	if (conn->core->log.level < WS_LOG_DEBUG)
		return;
	ws_peer_text(&conn->peer, peer);
	ws_log(&conn->core->log, WS_LOG_DEBUG, "%s disconnected: %s", peer,
	    conn->cause != NULL ? conn->cause : "the peer hung up");
}

/* ---- answers ----------------------------------------------------------- */

/* Append text that stands between quotation marks: those, backslashes, and all
 * that is not printable are written as \xHH. What does not fit is cut. */
static void
add_quoted(char *out, size_t size, struct ws_span text)
{
	size_t len = strlen(out);

	for (size_t i = 0; i < text.len && len + 5 <= size; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= ' ' && c < 0x7f && c != '"' && c != '\\')
			out[len++] = (char)c;
		else
			len += (size_t)snprintf(
			    out + len, size - len, "\\x%02X", c);
	}
	out[len] = '\0';
}

/* Write the value of a request's field, or "-". Returns out. */
static const char *
field_text(
    const struct ws_request *rq, struct ws_span name, char out[FIELD_SIZE])
{
	struct ws_span value = { "-", 1 };

	out[0] = '\0';
	if (rq->head_octets > 0)
		(void)ws_http_field(rq->head, rq->base, name, &value);
	add_quoted(out, FIELD_SIZE, value);
	return out;
}

/* Write the path and the query of a request, or "-" for one without a head. */
static void
target_text(const struct ws_request *rq, char out[TARGET_SIZE])
{
	const struct ws_http_head *head = rq->head;
	struct ws_span part;

	(void)snprintf(out, TARGET_SIZE, "%s", rq->head_octets > 0 ? "" : "-");
	if (rq->head_octets == 0)
		return;
	part = (struct ws_span){ rq->base + head->path_at, head->path_octets };
	add_quoted(out, TARGET_SIZE, part);
	if (head->has_query) {
		add_quoted(out, TARGET_SIZE, WS_SPAN("?"));
		part = (struct ws_span){ rq->base + head->query_at,
			head->query_octets };
		add_quoted(out, TARGET_SIZE, part);
	}
}

static void
log_pairs(const struct ws_request *rq, const struct tm *now, const char *target)
{
	struct ws_core *core = rq->conn->core;
	char peer[WS_PEER_TEXT], agent[FIELD_SIZE];

	ws_peer_text(&rq->conn->peer, peer);
	ws_log(&core->log, WS_LOG_ACCESS,
	    "time=%04d-%02d-%02dT%02d:%02d:%02dZ peer=%s method=%s "
	    "target=\"%s\" status=%d octets=%llu ms=%lld agent=\"%s\"",
	    now->tm_year + 1900, now->tm_mon + 1, now->tm_mday, now->tm_hour,
	    now->tm_min, now->tm_sec, peer,
	    rq->head_octets > 0 ? ws_http_method_name(rq->head->method) : "-",
	    target, rq->status,
	    (unsigned long long)(rq->sent_octets - rq->file_left),
	    (long long)(core->loop.now_ms - rq->began_ms),
	    field_text(rq, WS_SPAN("User-Agent"), agent));
}

/* The combined log format of Apache's mod_log_config, which names neither the
 * port nor the duration. */
static void
log_combined(
    const struct ws_request *rq, const struct tm *now, const char *target)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	char ip[WS_PEER_TEXT], referer[FIELD_SIZE], agent[FIELD_SIZE];

	ws_peer_ip_text(&rq->conn->peer, ip);
	ws_log(&rq->conn->core->log, WS_LOG_ACCESS,
	    "%s - - [%02d/%s/%04d:%02d:%02d:%02d +0000] \"%s%s%s%s\" %d %llu "
	    "\"%s\" \"%s\"",
	    ip, now->tm_mday, months[now->tm_mon], now->tm_year + 1900,
	    now->tm_hour, now->tm_min, now->tm_sec,
	    rq->head_octets > 0 ? ws_http_method_name(rq->head->method) : "",
	    rq->head_octets > 0 ? " " : "", target,
	    rq->head_octets == 0   ? ""
	    : rq->head->minor == 0 ? " HTTP/1.0"
				   : " HTTP/1.1",
	    rq->status, (unsigned long long)(rq->sent_octets - rq->file_left),
	    field_text(rq, WS_SPAN("Referer"), referer),
	    field_text(rq, WS_SPAN("User-Agent"), agent));
}

void
ws_conn_log_answer(const struct ws_request *request)
{
	const struct ws_core *core = request->conn->core;
	char target[TARGET_SIZE];
	time_t seconds;
	struct tm now;

	if (request->status == 0 || core->log.level < WS_LOG_ACCESS)
		return;
	seconds = (time_t)ws_net_unix_s();
	if (gmtime_r(&seconds, &now) == NULL)
		return;
	target_text(request, target);
	if (core->log_combined)
		log_combined(request, &now, target);
	else
		log_pairs(request, &now, target);
}
