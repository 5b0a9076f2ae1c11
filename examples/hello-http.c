/* hello-http.c - teaches plain HTTP: a text, a body, and a long poll. */
/* SPDX-License-Identifier: MIT */
/*
 *	curl http://localhost:8080/                      hello
 *	curl http://localhost:8080/upper -d whisper      WHISPER
 *	curl http://localhost:8080/wait &                (waits)
 *	curl http://localhost:8080/wake -d 'good morning'
 */
#include <ctype.h>
#include <ws.h>

#define WAITING_MAX 100

static struct ws_request *waiting[WAITING_MAX]; /* answered by a wake */

static void
hello(struct ws_request *request)
{
	ws_reply(request, 200, NULL, "Hello, world!\n", WS_STR);
}

static void
upper(struct ws_request *request)
{
	static char loud[1 << 20]; /* no body is longer, unless one allows it */
	size_t len;
	const unsigned char *body = ws_request_body(request, &len);

	for (size_t i = 0; i < len; i++)
		loud[i] = (char)toupper(body[i]);
	ws_reply(request, 200, NULL, loud, len);
}

/* Forget a client that hung up while it waited. */
static void
on_gone(struct ws_request *request, void *place)
{
	(void)request;
	*(struct ws_request **)place = NULL;
}

static void
wait_for_news(struct ws_request *request)
{
	int i = 0;

	while (i < WAITING_MAX && waiting[i] != NULL)
		i++;
	if (i < WAITING_MAX && ws_hold(request, on_gone, &waiting[i]) == 0)
		waiting[i] = request;
	else
		ws_reply(request, 503, NULL, "Too many wait.\n", WS_STR);
}

/* Answer all who wait with the body of this request. */
static void
wake(struct ws_request *request)
{
	size_t len;
	const void *body = ws_request_body(request, &len);

	for (int i = 0; i < WAITING_MAX; i++) {
		/* If there is no answer, on_gone is called soon. */
		if (waiting[i] != NULL &&
		    ws_reply(waiting[i], 200, NULL, body, len) == 0)
			waiting[i] = NULL;
	}
	ws_reply(request, 204, NULL, NULL, 0);
}

int
main(int argc, char **argv)
{
	struct ws_server *server = ws_server_new(NULL);

	ws_http(server, "/", "GET", hello, NULL);
	ws_http(server, "/upper", "POST", upper, NULL);
	ws_http(server, "/wait", "GET", wait_for_news, NULL);
	ws_http(server, "/wake", "POST", wake, NULL);
	ws_files(server, "/pages/", "examples/pages", NULL);
	return ws_serve(
	    server, argc > 1 ? argv[1] : ":8080", "pages/hello-http.html");
}
