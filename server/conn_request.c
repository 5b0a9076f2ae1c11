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

/* Octets of a head with room for some fields, and one octet behind them that is
 * always 0. */
static size_t
head_size(unsigned nfields)
{
	return offsetof(struct ws_http_head, fields) +
	       nfields * sizeof(struct ws_http_field) + 1;
}

/* Find a head with room for all fields, one that nobody needs now or a new one.
 * Returns it, or NULL when out of memory. */
static struct ws_http_head *
take_head(struct ws_core *core)
{
	struct ws_http_head *head = core->spare_head;

	core->spare_head = NULL;
	if (head == NULL) {
		head = ws_mem_resize(NULL, sizeof(*head));
		if (head != NULL)
			ws_ledger_add(&core->memory, sizeof(*head));
	}
	return head;
}

/* Release a request's head. One with room for all fields is kept for the next
 * request of any connection. */
static void
drop_head(struct ws_request *rq)
{
	struct ws_core *core = rq->conn->core;
	struct ws_http_head *head = rq->head;

	rq->head = NULL;
	if (rq->small_head)
		ws_ledger_drop(&core->memory, head_size(head->nfields));
	else if (core->spare_head == NULL) {
		core->spare_head = head;
		return;
	} else
		ws_ledger_drop(&core->memory, sizeof(*head));
	ws_mem_free(head);
}

/* Put a small copy in the place of a request's head, with as many of its fields
 * as are needed.
 * Returns 0, or -1 when out of memory: the head is untouched then. */
static int
shrink_head(struct ws_request *rq, unsigned nfields)
{
	size_t size = head_size(nfields);
	struct ws_http_head *small = ws_mem_resize(NULL, size);

	if (small == NULL)
		return -1;
	memcpy(small, rq->head, size - 1);
	((char *)small)[size - 1] = '\0';
	small->nfields = (uint16_t)nfields;
	drop_head(rq);
	rq->head = small;
	rq->small_head = true;
	ws_ledger_add(&rq->conn->core->memory, size);
	return 0;
}

struct ws_request *
ws_request_begin(struct ws_conn *conn)
{
	struct ws_core *core = conn->core;
	struct ws_request *rq = core->spare;
	struct ws_http_head *head = take_head(core);

	if (head == NULL)
		return NULL;
	core->spare = NULL;
	if (rq == NULL) {
		rq = ws_mem_resize(NULL, sizeof(*rq));
		if (rq == NULL) {
			ws_ledger_drop(&core->memory, sizeof(*head));
			ws_mem_free(head);
			return NULL;
		}
		ws_ledger_add(&core->memory, sizeof(*rq));
	}
	memset(rq, 0, sizeof(*rq));
	rq->file_fd = -1;
	rq->conn = conn;
	rq->head = head;
	rq->began_ms = core->loop.now_ms;
	rq->body_max = core->limits.body_max;
	ws_http_init(head, core->limits.head_max, core->limits.uri_max);
	conn->request = rq;
	return rq;
}

void
ws_request_end(struct ws_conn *conn)
{
	struct ws_request *rq = conn->request;
	struct ws_file file;

	if (rq == NULL)
		return;
	ws_conn_log_answer(rq);
	conn->request = NULL;
	if (rq->file_fd >= 0) {
		file = (struct ws_file){ .fd = rq->file_fd };
		ws_file_close(&file);
	}
	ws_buf_free(&rq->kept);
	ws_buf_free(&rq->body);
	ws_buf_free(&rq->fields);
	drop_head(rq);
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
	if (ws_request_keep_head(request) < 0 ||
	    shrink_head(request, request->head->nfields) < 0)
		return WS_ENOMEM;
	request->on_hold = true;
	request->gone = gone;
	request->gone_arg = arg;
	c->state = WS_CONN_HOLDING;
	ws_wheel_cancel(&c->core->loop.wheel, &c->deadline);
	return 0;
}

void
ws_request_forget(struct ws_request *request)
{
	struct ws_http_head *head = request->head;
	struct ws_span accept = { "", 0 };

	/* The log shows parts of the head behind the answer. */
	if (!request->on_hold || request->endpoint != NULL ||
	    request->forgotten ||
	    request->conn->core->log.level >= WS_LOG_ACCESS)
		return;
	ws_http_field(head, request->base, WS_SPAN("Accept-Encoding"), &accept);
	request->takes_gzip = ws_field_wants_gzip(accept);
	if (shrink_head(request, 0) < 0)
		return;
	head = request->head;
	head->path_at = head->path_octets = 0;
	head->query_at = head->query_octets = 0;
	head->host_at = head->host_octets = 0;
	head->has_query = false;
	request->prefix_octets = 0;
	request->forgotten = true;
	ws_buf_free(&request->kept);
	request->base = (char *)head + head_size(0) - 1; /* "" */
}
