/* post.h - what a client that polls sends: POST requests. */
/* SPDX-License-Identifier: MIT */
#ifndef EIO_POST_H
#define EIO_POST_H

#include "polling.h"

/* Take the head of a POST. The request has the session as its state until its
 * body is complete. When there must not be a POST now, it is answered, and the
 * session ends.
 * Returns whether its body may come. */
bool eio_post_begin(struct eio_poll *poll, struct ws_request *request);

/* Take the complete body, and answer; in a later turn, if its packets make so
 * much work that others have to wait. */
void eio_post_body(struct eio_poll *poll, struct ws_request *request);

/* Read more of the bodies that were put off. */
void eio_post_turn(struct eio *eio);

/* Note that the body will not come.
 *   end  the session ends because of that */
void eio_post_broken(struct eio_poll *poll, bool end);

#endif
