/* lws-server.c - libwebsockets: echo at /echo, one room at /room/NAME. */
/* SPDX-License-Identifier: MIT */
/*
 * Written as the library's own examples are: what arrives is put into a queue,
 * and sent when the library says that the socket can be written. As many
 * messages as the socket takes are sent at once. The library shows a message
 * that did not come in one piece as fragments, and as such it goes back.
 * The argument "deflate" lets it compress (permessage-deflate).
 */
#include <libwebsockets.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MESSAGE_MAX = 1 << 16,
	LOG_MAX = 1024
};

/* One message, with room for the head in front, as lws_write wants it. */
struct message {
	size_t len;
	enum lws_write_protocol kind;
	uint8_t data[];
};

/* One connection. */
struct session {
	struct lws_ring *queue; /* owned: echoes to be sent */
	struct session *next;   /* in the room */
	struct lws *wsi;
	uint64_t seen; /* messages of the room that were sent to it */
	int in_room;
};

/* The room: its members, and its last messages. */
static struct session *members;
static struct message *history[LOG_MAX];
static uint64_t published;

static void
destroy(void *element)
{
	free(*(struct message **)element);
}

static struct message *
copy(struct lws *wsi, const void *in, size_t len)
{
	struct message *m = malloc(sizeof(*m) + LWS_PRE + len);

	if (m == NULL)
		return NULL;
	m->len = len;
	m->kind = lws_write_ws_flags(
	    lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT,
	    lws_is_first_fragment(wsi), lws_is_final_fragment(wsi));
	memcpy(m->data + LWS_PRE, in, len);
	return m;
}

static int
write_message(struct lws *wsi, struct message *m)
{
	return lws_write(wsi, m->data + LWS_PRE, m->len, m->kind) < (int)m->len
		   ? -1
		   : 0;
}

static int
opened(struct lws *wsi, struct session *s)
{
	char path[256];

	s->wsi = wsi;
	s->in_room =
	    lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) > 0 &&
	    strncmp(path, "/room/", 6) == 0;
	if (!s->in_room)
		return 0;
	s->seen = published;
	s->next = members;
	members = s;
	return 0;
}

static int
closed(struct session *s)
{
	struct session **at = &members;

	if (s->queue != NULL)
		lws_ring_destroy(s->queue);
	while (*at != NULL && *at != s)
		at = &(*at)->next;
	if (*at != NULL)
		*at = s->next;
	return 0;
}

static int
publish(struct message *m)
{
	struct message **slot = &history[published % LOG_MAX];

	free(*slot);
	*slot = m;
	published++;
	for (struct session *s = members; s != NULL; s = s->next)
		lws_callback_on_writable(s->wsi);
	return 0;
}

static int
received(struct lws *wsi, struct session *s, const void *in, size_t len)
{
	struct message *m = copy(wsi, in, len);

	if (m == NULL)
		return -1;
	if (s->in_room)
		return publish(m);
	/* Made at the first message, so that idle connections go without. */
	if (s->queue == NULL)
		s->queue = lws_ring_create(sizeof(m), 256, destroy);
	if (s->queue == NULL || lws_ring_insert(s->queue, &m, 1) != 1) {
		free(m);
		return -1;
	}
	lws_callback_on_writable(wsi);
	return 0;
}

/* The next message for a connection, or NULL. */
static struct message *
next_message(struct session *s)
{
	struct message *const *first;

	if (s->in_room) {
		if (published - s->seen > LOG_MAX)
			s->seen = published - LOG_MAX;
		return s->seen < published ? history[s->seen % LOG_MAX] : NULL;
	}
	first = s->queue != NULL ? lws_ring_get_element(s->queue, NULL) : NULL;
	return first != NULL ? *first : NULL;
}

static int
writable(struct lws *wsi, struct session *s)
{
	struct message *m;

	while ((m = next_message(s)) != NULL) {
		if (lws_send_pipe_choked(wsi)) {
			lws_callback_on_writable(wsi);
			return 0;
		}
		if (write_message(wsi, m) < 0)
			return -1;
		if (s->in_room)
			s->seen++;
		else
			lws_ring_consume(s->queue, NULL, NULL, 1);
	}
	return 0;
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		return opened(wsi, user);
	case LWS_CALLBACK_CLOSED:
		return closed(user);
	case LWS_CALLBACK_RECEIVE:
		return received(wsi, user, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return writable(wsi, user);
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, len);
	}
}

int
main(int argc, char **argv)
{
	static const struct lws_extension extensions[] = {
		{ "permessage-deflate", lws_extension_callback_pm_deflate,
		    "permessage-deflate; client_no_context_takeover" },
		{ NULL, NULL, NULL },
	};
	static const struct lws_protocols protocols[] = {
		{ "bench", callback, sizeof(struct session), MESSAGE_MAX, 0,
		    NULL, 0 },
		{ NULL, NULL, 0, 0, 0, NULL, 0 },
	};
	struct lws_context_creation_info info;
	struct lws_context *context;
	struct lws_vhost *vhost;

	memset(&info, 0, sizeof(info));
	info.protocols = protocols;
	if (argc > 1 && strcmp(argv[1], "deflate") == 0)
		info.extensions = extensions;
	info.iface = "127.0.0.1";
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	lws_set_log_level(LLL_ERR, NULL);
	context = lws_create_context(&info);
	vhost = context != NULL ? lws_create_vhost(context, &info) : NULL;
	if (vhost == NULL)
		return 1;
	printf("listening on http://127.0.0.1:%d/\n",
	    lws_get_vhost_listen_port(vhost));
	fflush(stdout);
	while (lws_service(context, 0) >= 0)
		;
	lws_context_destroy(context);
	return 0;
}
