/* poll_answer.h - the answer to a GET that polls. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_POLL_ANSWER_H
#define EIO_POLL_ANSWER_H

#include "polling.h"

/* Answer a request with all records, and forget them. */
void eio_poll_reply(struct eio_poll *poll, struct ws_request *request);

/* Answer the pending GET, which must be there, with all records. */
void eio_poll_answer_all(struct eio_poll *poll);

/* Answer the pending GET, if there is one, with one packet; what waits is
 * dropped then. */
void eio_poll_answer(struct eio_poll *poll, enum eio_type type);

/* Return whether the answer depends on the query or the fields of a request, so
 * that they must be kept until then. Few clients poll like that. */
bool eio_poll_needs(struct ws_request *request);

#endif
