/* conn_request.c - the life of a request, until it is answered. */
/* SPDX-License-Identifier: MIT */
/*
 *	begin ──▶ its head is read ──▶ answered ───────────────────▶ end
 *	                            └▶ held ──▶ answered ──────────▶ end
 *	                                    └▶ the peer leaves
 *	                                         ├─ gone is called ▶ end
 *	                                         └─ no gone: an orphan, until the
 *	                                            application answers it
 *
 * The application may keep the pointer to an orphan for as long as it likes, so
 * both the request and its connection stay until it calls ws_reply.
 */
#include <string.h>

#include "conn.h"
#include "base/mem.h"

struct ws_request *
ws_request_begin(struct ws_conn *conn)
{
	struct ws_core *core = conn->core;
	struct ws_request *rq = core->spare;

	core->spare = NULL;
	if (rq == NULL) {
		rq = ws_mem_resize(NULL, sizeof(*rq));
		if (rq == NULL)
			return NULL;
		ws_ledger_add(&core->memory, sizeof(*rq));
	}
	memset(rq, 0, offsetof(struct ws_request, head));
	rq->file.fd = -1;
	rq->conn = conn;
	rq->began_ms = core->loop.now_ms;
	rq->body_max = core->limits.body_max;
	ws_http_init(&rq->head, core->limits.head_max, core->limits.uri_max);
	conn->request = rq;
	return rq;
}

void
ws_request_end(struct ws_conn *conn)
{
	struct ws_request *rq = conn->request;

	if (rq == NULL)
		return;
	ws_conn_log_answer(rq);
	conn->request = NULL;
	ws_file_close(&rq->file);
	ws_buf_free(&rq->kept);
	ws_buf_free(&rq->body);
	ws_buf_free(&rq->fields);
	if (conn->core->spare == NULL)
		conn->core->spare = rq;
	else {
		ws_ledger_drop(&conn->core->memory, sizeof(*rq));
		ws_mem_free(rq);
	}
}

bool
ws_request_abort(struct ws_conn *conn)
{
	struct ws_request *rq = conn->request, **first = &conn->core->orphans;

	if (rq != NULL && rq->on_hold && rq->gone == NULL) {
		rq->next = *first;
		rq->link = first;
		if (rq->next != NULL)
			rq->next->link = &rq->next;
		*first = rq;
		return false;
	}
	if (rq != NULL && rq->on_hold)
		rq->gone(rq, rq->gone_arg);
	else if (rq != NULL && rq->broken != NULL)
		rq->broken(rq, 0);
	/* A head that was not kept stood in the receive buffer, which others
	 * have used since: the log must not read it. */
	if (rq != NULL && rq->kept == NULL)
		rq->head_octets = 0;
	ws_request_end(conn);
	return true;
}

void
ws_request_end_orphan(struct ws_request *request)
{
	struct ws_conn *c = request->conn;

	*request->link = request->next;
	if (request->next != NULL)
		request->next->link = request->link;
	ws_request_end(c);
	ws_conn_free(c);
}

void
ws_request_free_orphans(struct ws_core *core)
{
	while (core->orphans != NULL)
		ws_request_end_orphan(core->orphans);
}

bool
ws_request_is_open(const struct ws_request *request)
{
	const struct ws_conn *c = request->conn;

	return c->request == request &&
	       (c->state == WS_CONN_HTTP || c->state == WS_CONN_HOLDING);
}

int
ws_request_keep_head(struct ws_request *request)
{
	if (request->kept != NULL)
		return 0;
	if (ws_buf_append(&request->kept, request->base, request->head_octets,
		SIZE_MAX) < 0)
		return -1;
	ws_buf_count(request->kept, &request->conn->core->memory);
	request->base = (char *)ws_buf_data(request->kept);
	return 0;
}

int
ws_hold(struct ws_request *request,
    void (*gone)(struct ws_request *request, void *arg), void *arg)
{
	struct ws_conn *c = request->conn;

	if (!ws_request_is_open(request) || request->on_hold)
		return WS_ESTATE;
	if (ws_request_keep_head(request) < 0)
		return WS_ENOMEM;
	request->on_hold = true;
	request->gone = gone;
	request->gone_arg = arg;
	c->state = WS_CONN_HOLDING;
	ws_wheel_cancel(&c->core->loop.wheel, &c->deadline);
	return 0;
}
