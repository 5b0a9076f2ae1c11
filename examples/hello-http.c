/* hello-http.c - plain HTTP: a page, a body, and a long poll. */
/* SPDX-License-Identifier: MIT */
/*
 *	curl http://localhost:8080/                      hello
 *	curl http://localhost:8080/upper -d whisper      WHISPER
 *	curl http://localhost:8080/wait &                (waits)
 *	curl http://localhost:8080/wake -d 'good morning'
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
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
	size_t len;
	const unsigned char *body = ws_request_body(request, &len);
	char *loud = malloc(len + 1);

	if (loud == NULL) {
		ws_reply(request, 503, NULL, "Out of memory.\n", WS_STR);
		return;
	}
	for (size_t i = 0; i < len; i++)
		loud[i] = (char)toupper(body[i]);
	ws_reply(request, 200, NULL, loud, len);
	free(loud);
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
	for (int i = 0; i < WAITING_MAX; i++) {
		if (waiting[i] != NULL)
			continue;
		if (ws_hold(request, on_gone, &waiting[i]) == 0)
			waiting[i] = request;
		return; /* if ws_hold failed, the library answers 500 */
	}
	ws_reply(request, 503, NULL, "Too many are waiting.\n", WS_STR);
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
	char address[128];

	if (server == NULL || ws_http(server, "/", "GET", hello, NULL) < 0 ||
	    ws_http(server, "/upper", "POST", upper, NULL) < 0 ||
	    ws_http(server, "/wait", "GET", wait_for_news, NULL) < 0 ||
	    ws_http(server, "/wake", "POST", wake, NULL) < 0 ||
	    ws_listen(server, argc > 1 ? argv[1] : ":8080") < 0)
		return 1;
	ws_address(server, 0, address, sizeof(address));
	fprintf(stderr, "listening on %s\n", address);
	return ws_run(server) < 0;
}
