/* test_sim_faults.c - each system call and each allocation fails in turn. */
/* SPDX-License-Identifier: MIT */
/*
 * A server and its clients hold the same conversations again and again, in one
 * thread, over sockets and files of the real system. Each time another call of
 * the server fails with another error, once or several times in a row, or
 * another allocation. Whatever that costs who asked:
 *
 *	- what arrives is right, as far as it goes; it is whole when nothing
 *	  failed;
 *	- a bystander, a WebSocket that was open before, gets each echo;
 *	- the server does not turn without doing anything;
 *	- it serves when the failures are over;
 *	- no memory and no descriptor is left when it ends.
 *
 * Usually one in STRIDE of the failures happens. WSD_FAULTS=all has all of them,
 * WSD_FAULTS=recv those of one call.
 */
#define _GNU_SOURCE
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <zlib.h>

#include "faults.h"
#include "sio/sio.h"
#include "test/scarce.h"
#include "test/tree.h"
#include "ws.h"

enum {
	STRIDE = 3,
	LARGE = 300000,
	ROUNDS_MAX = 600, /* of waiting, 250 ms each: longer than any timeout */
	SPINS_MAX = 60,
	NOTHING = 99, /* an error of no row */
};

#define UPGRADE                                                \
	" HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"       \
	"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define CLOSE " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"

struct peer {
	int fd; /* -1: it has hung up */
	size_t len;
	bool ended;
	uint8_t in[LARGE + 8192];
};

static struct ws_server *server;
static struct sio *io;
static char tree[64], socket_path[96], page[6000], large[LARGE];
static struct peer by, one, two;
static int spins, said;
static bool whole; /* nothing has failed: all must work */
static char what[128];

/* ---- the application ------------------------------------------------------ */

static void
on_hello(struct ws_request *request)
{
	size_t len;
	const void *body = ws_request_body(request, &len);

	(void)ws_reply(request, 200, "text/plain", len > 0 ? body : "hello",
	    len > 0 ? len : 5);
}

static void
on_echo(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	if (ws_send(conn, kind, data, len) < 0)
		ws_terminate(conn);
}

static void
on_open(struct ws_conn *conn)
{
	if (ws_join(conn, "room", WS_STR) < 0)
		ws_terminate(conn);
}

static void
on_room(struct ws_conn *conn, int kind, const void *data, size_t len)
{
	if (ws_publish(server, "room", WS_STR, kind, data, len, NULL) < 0)
		ws_terminate(conn);
}

static void
on_event(struct sio_socket *socket, struct sio_event *event)
{
	struct sio_value args = sio_args(event);

	if (sio_emit(socket, "back", "...%p", (const void *)&args) < 0)
		sio_disconnect(socket, true);
}

/* Returns whether there was nothing against it. */
static bool
start(void)
{
	static const struct ws_options options = { .log_level = -1,
		.deflate = WS_DEFLATE_DEDICATED,
		.deflate_min = 1,
		.ping_ms = -1 };
	static const struct ws_handler echo = { .message = on_echo };
	static const struct ws_handler room = { .open = on_open,
		.message = on_room };
	static const struct ws_files_options files = { .list = true };
	static const struct sio_options sio_options = { .recovery_ms = 1000 };
	char address[128];
	bool good = false;

	(void)snprintf(address, sizeof(address), "unix:%s", socket_path);
	faults_enter();
	io = NULL;
	server = ws_server_new(&options);
	if (server != NULL && ws_endpoint(server, "/echo", &echo, NULL) == 0 &&
	    ws_endpoint(server, "/room", &room, NULL) == 0 &&
	    ws_http(server, "/hello", NULL, on_hello, NULL) == 0 &&
	    ws_files(server, "/f/", tree_path(tree, "www"), &files) == 0 &&
	    (io = sio_new(server, &sio_options)) != NULL &&
	    sio_on(sio_of(io, "/"), "echo", on_event) == 0)
		good = ws_listen(server, address) == 0;
	faults_leave();
	return good;
}

static void
stop(void)
{
	faults_enter();
	ws_server_free(server);
	faults_leave();
	server = NULL;
}

/* ---- clients --------------------------------------------------------------- */

static void
hang_up(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void
dial(struct peer *p)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	p->len = 0;
	p->ended = false;
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(p->fd, 0);
	cr_assert_eq(
	    connect(p->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(fcntl(p->fd, F_SETFL, O_NONBLOCK), 0);
}

/* Receive what is there. Returns whether that was anything. */
static bool
take(struct peer *p)
{
	ssize_t n;

	if (p->fd < 0 || p->ended)
		return false;
	n = recv(p->fd, p->in + p->len, sizeof(p->in) - p->len, 0);
	if (n < 0 && errno == EAGAIN)
		return false;
	p->ended = n <= 0;
	p->len += n > 0 ? (size_t)n : 0;
	return true;
}

/* One turn of the server. A turn that was woken and moved nothing is idle; so
 * many of them in a row are a spin. */
static bool
turn(void)
{
	size_t moves = faults_moves();
	int result;

	faults_enter();
	result = ws_step(server, 0);
	faults_leave();
	cr_assert_eq(result, 0, "%s: ws_step", what);
	spins = faults_ready() > 0 && moves == faults_moves() ? spins + 1 : 0;
	cr_assert_lt(spins, SPINS_MAX, "%s: it turns and does nothing", what);
	return moves != faults_moves();
}

/* Send, and let time pass until enough is there, or the end, or nothing has
 * come for longer than any timeout. Returns whether there is enough. */
static bool
talk(struct peer *p, const void *data, size_t len,
    bool (*enough)(const struct peer *p))
{
	const uint8_t *at = data;
	int quiet = 0;

	while (!(len == 0 && enough(p)) && !p->ended && quiet < ROUNDS_MAX) {
		ssize_t n = len > 0 ? send(p->fd, at, len, MSG_NOSIGNAL) : 0;
		bool moved = turn();

		if (n < 0 && errno != EAGAIN)
			len = 0; /* what has come is read to its end */
		else if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
		moved = take(p) || moved || n > 0;
		quiet = moved ? 0 : quiet + 1;
		if (!moved)
			faults_pass(250);
	}
	return len == 0 && enough(p);
}

static bool
is_over(const struct peer *p)
{
	return p->ended;
}

static const char *
body_of(const struct peer *p)
{
	const char *body = memmem(p->in, p->len, "\r\n\r\n", 4);

	return body != NULL ? body + 4 : NULL;
}

static int
status_of(const struct peer *p)
{
	return p->len > 12 && memcmp(p->in, "HTTP/1.1 ", 9) == 0
		   ? atoi((const char *)p->in + 9)
		   : 0;
}

/* Complain unless this worked, or something has failed. */
static bool
expect(bool worked)
{
	cr_assert(worked || !whole, "%s: it did not work: %.*s", what,
	    (int)(one.len < 300 ? one.len : 300), one.in);
	return worked;
}

/* ---- conversations over HTTP ------------------------------------------------ */

/* Undo chunks in place; see RFC 9112 section 7.1. Returns the octets. */
static size_t
unchunk(char *body, size_t len, bool *complete)
{
	size_t out = 0, at = 0;

	*complete = false;
	while (at < len) {
		char *end = memmem(body + at, len - at, "\r\n", 2);
		size_t size = strtoul(body + at, NULL, 16);

		if (end == NULL)
			break;
		at = (size_t)(end - body) + 2;
		*complete = size == 0;
		if (size == 0)
			break;
		size = size < len - at ? size : len - at;
		memmove(body + out, body + at, size);
		out += size;
		at += size + 2;
	}
	return out;
}

/* Undo gzip. Returns the octets that came out, or 0. */
static size_t
gunzip(const char *in, size_t len, char *out, size_t room)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in,
		.avail_in = (uInt)len,
		.next_out = (Bytef *)out,
		.avail_out = (uInt)room };
	int result;

	cr_assert_eq(inflateInit2(&z, 31), Z_OK);
	result = inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	cr_assert(
	    result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR,
	    "%s: gzip: %d", what, result);
	return z.total_out;
}

/* Ask for something, and see that the answer is what it should be, as far as it
 * came. NULL: any. */
static bool
fetch(const char *request, const char *body, size_t len)
{
	static char out[LARGE + 8192];
	const char *got, *field;
	bool complete = true;
	size_t n;

	dial(&one);
	(void)talk(&one, request, strlen(request), is_over);
	hang_up(&one);
	got = body_of(&one);
	if (got == NULL || status_of(&one) >= 400) {
		cr_assert(one.ended || one.len > 0, "%s: no end", what);
		return expect(false);
	}
	n = one.len - (size_t)(got - (const char *)one.in);
	field = memmem(one.in, one.len, "Content-Length: ", 16);
	if (field != NULL && field < got)
		complete = strtoul(field + 16, NULL, 10) == n;
	memcpy(out, got, n);
	field = memmem(one.in, one.len, "Transfer-Encoding: chunked", 26);
	if (field != NULL && field < got)
		n = unchunk(out, n, &complete);
	field = memmem(one.in, one.len, "Content-Encoding: gzip", 22);
	if (field != NULL && field < got) {
		n = gunzip(out, n, (char *)one.in, sizeof(one.in));
		memcpy(out, one.in, n);
	}
	if (body != NULL)
		cr_assert(n <= len && memcmp(out, body, n) == 0 &&
			      (!complete || n == len),
		    "%s: %zu of %zu octets are wrong", what, n, len);
	return expect(complete && one.ended);
}

static bool
http(void)
{
	bool good = fetch("GET /hello" CLOSE "\r\n", "hello", 5);

	return fetch("POST /hello" CLOSE "Content-Length: 10\r\n\r\n0123456789",
		   "0123456789", 10) &&
	       good;
}

static bool
files(void)
{
	bool good = fetch("GET /f/page.html" CLOSE "\r\n", page, sizeof(page));

	good &= fetch("GET /f/page.html" CLOSE "Accept-Encoding: gzip\r\n\r\n",
	    page, sizeof(page));
	good &= fetch("GET /f/large.bin" CLOSE "\r\n", large, LARGE);
	good &= fetch("GET /f/large.bin" CLOSE "Range: bytes=100-149\r\n\r\n",
	    large + 100, 50);
	return fetch("GET /f/" CLOSE "\r\n", NULL, 0) && good;
}

/* ---- conversations over WebSockets ------------------------------------------- */

/* Find the nth frame that is no Ping, from the end of the head on. */
static const uint8_t *
frame_at(const struct peer *p, int nth, size_t *len)
{
	const uint8_t *at = (const uint8_t *)body_of(p), *end = p->in + p->len;

	while (at != NULL && end - at >= 2) {
		size_t head = 2, n = at[1];
		bool counts = (at[0] & 0x0F) != 9;

		if (n == 126 && end - at >= 4) {
			head = 4;
			n = (size_t)at[2] << 8 | at[3];
		} else if (n == 127 && end - at >= 10) {
			head = 10;
			n = (size_t)at[7] << 16 | (size_t)at[8] << 8 | at[9];
		}
		if ((size_t)(end - at) < head + n)
			return NULL;
		if (counts && nth-- == 0) {
			*len = n;
			return at[0] == 0x88 ? NULL : at + head;
		}
		at += head + n;
	}
	return NULL;
}

static bool
has_frame(const struct peer *p)
{
	size_t len;

	return frame_at(p, p == &by ? 0 : said, &len) != NULL;
}

static bool
has_head(const struct peer *p)
{
	return body_of(p) != NULL;
}

static bool
shake(struct peer *p, const char *path, const char *fields)
{
	char request[512];

	(void)snprintf(
	    request, sizeof(request), "GET %s" UPGRADE "%s\r\n", path, fields);
	dial(p);
	said = 0;
	return talk(p, request, strlen(request), has_head) &&
	       status_of(p) == 101;
}

/* Send a masked frame (with a mask of zeros), and wait for the answer. Returns
 * its content, or NULL. */
static const uint8_t *
say(struct peer *p, int first, const void *data, size_t len, size_t *got)
{
	static uint8_t frame[LARGE + 14];
	size_t head = 6;
	const uint8_t *answer = NULL;

	memset(frame, 0, 14);
	frame[0] = (uint8_t)first;
	frame[1] = (uint8_t)(0x80 | len);
	if (len > 125) {
		frame[1] = 0x80 | 127;
		for (int i = 0; i < 4; i++)
			frame[9 - i] = (uint8_t)(len >> 8 * i);
		head = 14;
	}
	memcpy(frame + head, data, len);
	if (talk(p, frame, head + len, has_frame))
		answer = frame_at(p, p == &by ? 0 : said, got);
	said++;
	return answer;
}

/* Say something that is sent back. Whatever arrives must be that. */
static bool
say_again(struct peer *p, const void *data, size_t len)
{
	size_t got;
	const uint8_t *answer = say(p, 0x82, data, len, &got);

	cr_assert(
	    answer == NULL || (got == len && memcmp(answer, data, len) == 0),
	    "%s: an echo is wrong", what);
	return answer != NULL;
}

static bool
echo(void)
{
	bool good = shake(&one, "/echo", "") && say_again(&one, "small", 5) &&
		    say_again(&one, large, 70000) && say_again(&one, "last", 4);

	hang_up(&one);
	return expect(good);
}

/* RFC 7692 section 7.2.3.1: "Hello". */
static bool
deflated(void)
{
	static const uint8_t hello[] = { 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
		0x00 };
	const uint8_t *answer = NULL;
	size_t got = 0;

	if (shake(&one, "/echo",
		"Sec-WebSocket-Extensions: permessage-deflate\r\n") &&
	    memmem(one.in, one.len, "permessage-deflate", 18) != NULL)
		answer = say(&one, 0xC1, hello, sizeof(hello), &got);
	cr_assert(answer == NULL ||
		      (got == 5 && memcmp(answer, "Hello", 5) == 0) ||
		      (got == sizeof(hello) &&
			  memcmp(answer, hello, sizeof(hello)) == 0),
	    "%s: a compressed echo is wrong", what);
	hang_up(&one);
	return expect(answer != NULL);
}

static bool
room(void)
{
	size_t got;
	const uint8_t *answer;
	bool good = shake(&one, "/room", "") && shake(&two, "/room", "") &&
		    say_again(&one, "to all", 6);

	if (good && !talk(&two, "", 0, (said = 0, has_frame)))
		good = false;
	answer = good ? frame_at(&two, 0, &got) : NULL;
	cr_assert(
	    answer == NULL || (got == 6 && memcmp(answer, "to all", 6) == 0),
	    "%s: a member gets something else", what);
	hang_up(&one);
	hang_up(&two);
	return expect(good);
}

/* ---- conversations of Socket.IO ---------------------------------------------- */

static bool
has(const struct peer *p, const char *text)
{
	return memmem(p->in, p->len, text, strlen(text)) != NULL;
}

static bool
sio_websocket(void)
{
	size_t got;
	bool good = shake(&one, "/socket.io/?EIO=4&transport=websocket", "") &&
		    talk(&one, "", 0, has_frame) && (said = 1) &&
		    say(&one, 0x81, "40", 2, &got) != NULL &&
		    say(&one, 0x81, "42[\"echo\",\"x\"]", 14, &got) != NULL;

	good = good && has(&one, "42[\"back\",\"x\"");
	cr_assert(has(&one, "42[\"back\",\"x\"") || !has(&one, "42[\"back\""),
	    "%s: an event is wrong", what);
	hang_up(&one);
	return expect(good);
}

static bool
poll_for(const char *sid, const char *body, const char *text)
{
	char request[512];
	int tries = 0;

	do {
		(void)snprintf(request, sizeof(request),
		    "%s /socket.io/?EIO=4&transport=polling%s%s" CLOSE
		    "Content-Length: %zu\r\n\r\n%s",
		    body[0] != '\0' ? "POST" : "GET",
		    sid[0] != '\0' ? "&sid=" : "", sid, strlen(body), body);
		dial(&one);
		(void)talk(&one, request, strlen(request), is_over);
		hang_up(&one);
		if (status_of(&one) == 200 && has(&one, text))
			return true;
	} while (body[0] == '\0' && status_of(&one) == 200 && ++tries < 4);
	return false;
}

static bool
sio_polling(void)
{
	char sid[64] = "";
	bool good = poll_for("", "", "\"sid\":\"");

	if (good)
		(void)sscanf(
		    strstr((char *)one.in, "\"sid\":\"") + 7, "%63[^\"]", sid);
	good = good && poll_for(sid, "40", "ok") && poll_for(sid, "", "40{") &&
	       poll_for(sid, "42[\"echo\",\"x\"]", "ok") &&
	       poll_for(sid, "", "42[\"back\",\"x\"");
	return expect(good);
}

/* ---- all of them --------------------------------------------------------------- */

static bool (*const conversations[])(
    void) = { http, echo, files, deflated, room, sio_polling, sio_websocket };

/* The bystander says a word and gets it back. */
static void
ask_bystander(void)
{
	static const char words[] = "still here";

	by.len = (size_t)((const uint8_t *)body_of(&by) - by.in);
	cr_assert(say_again(&by, words, sizeof(words)),
	    "%s: the bystander is not served", what);
}

static int
descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Hold all conversations while something fails. Returns whether it did.
 *   e  which error of the row */
static bool
play(size_t row, size_t e, size_t nth, size_t times, size_t memory)
{
	int error = e < NOTHING ? faults_table[row].errors[e] : 0;
	long blocks = scarce_blocks;
	int before = descriptors();
	bool failed;

	(void)snprintf(what, sizeof(what), "%s, error %d, call %zu (%zu times)",
	    memory > 0 ? "memory" : faults_table[row].call, error, nth + memory,
	    times);
	whole = true;
	spins = 0;
	faults_disarm();
	cr_assert(start());
	cr_assert(shake(&by, "/echo", ""));
	faults_spare(faults_accepted());
	ask_bystander();
	faults_arm(row, error, nth, times);
	scarce(memory);
	for (size_t i = 0; i < sizeof(conversations) / sizeof(*conversations);
	     i++) {
		size_t hits = faults_hits();

		whole = memory == 0 &&
			(error == 0 ||
			    (times == 1 && e < faults_table[row].harmless));
		(void)conversations[i]();
		ask_bystander();
		if (faults_hits() > hits)
			faults_disarm();
	}
	failed = faults_hits() > 0 || (memory > 0 && scarce_calls >= memory);
	faults_disarm();
	scarce(0);
	/* A listener that was out of descriptors rests for a second. */
	faults_pass(2000);
	whole = true;
	cr_assert(http() && files() && echo() && sio_polling());
	ask_bystander();
	hang_up(&by);
	faults_spare(-1);
	stop();
	cr_assert_eq(scarce_blocks, blocks, "%s: %ld blocks are left", what,
	    scarce_blocks - blocks);
	cr_assert_eq(descriptors(), before, "%s: descriptors are left", what);
	return failed;
}

/* A server that starts while something fails, and is released, started or not.
 * Returns whether it did. */
static bool
play_start(size_t row, int error, size_t nth, size_t memory)
{
	long blocks = scarce_blocks;
	int before = descriptors();
	bool failed;

	(void)snprintf(what, sizeof(what), "start: %s, error %d, call %zu",
	    memory > 0 ? "memory" : faults_table[row].call, error,
	    nth + memory);
	faults_arm(row, error, nth, 1);
	scarce(memory);
	(void)start();
	failed = faults_hits() > 0 || (memory > 0 && scarce_calls >= memory);
	faults_disarm();
	scarce(0);
	stop();
	cr_assert_eq(scarce_blocks, blocks, "%s: %ld blocks are left", what,
	    scarce_blocks - blocks);
	cr_assert_eq(descriptors(), before, "%s: descriptors are left", what);
	return failed;
}

static void
begin(void)
{
	tree_make(tree);
	(void)snprintf(socket_path, sizeof(socket_path), "%s/socket", tree);
	for (size_t i = 0; i < sizeof(page); i++)
		page[i] = "abcdefg \n"[i % 9 + (i % 7 == 0 && i % 9 < 8)];
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 2654435761u >> 13);
	cr_assert_eq(mkdir(tree_path(tree, "www"), 0755), 0);
	for (int i = 0; i < 2; i++) {
		FILE *f = fopen(
		    tree_path(tree, i ? "www/large.bin" : "www/page.html"),
		    "w");

		fwrite(
		    i ? large : page, 1, i ? sizeof(large) : sizeof(page), f);
		fclose(f);
	}
}

static void
end(void)
{
	tree_remove(tree);
}

TestSuite(sim_faults, .init = begin, .fini = end, .timeout = 1200);

/* Return whether a failure is played: all, those of a call, or some. */
static bool
is_chosen(const char *call, size_t number, size_t stride)
{
	const char *chosen = getenv("WSD_FAULTS");

	if (chosen == NULL)
		return number % stride == 0;
	return strcmp(chosen, "all") == 0 || strcmp(chosen, call) == 0;
}

Test(sim_faults, each_system_call_fails_in_turn)
{
	size_t number = 0, played = 0;

	cr_assert_not(play(0, NOTHING, 1, 1, 0));
	for (size_t row = 0; row < faults_rows; row++) {
		const struct faults_row *it = &faults_table[row];
		size_t calls;

		(void)play(row, NOTHING, 1, 1, 0);
		calls = faults_calls(row);
		for (size_t e = 0; it->errors[e] != 0; e++) {
			for (size_t nth = 1; nth <= calls; nth++) {
				size_t times =
				    number / STRIDE % 3 == 2 ? 20 : 1;

				if (!is_chosen(it->call, number++, STRIDE))
					continue;
				played += play(row, e, nth, times, 0);
			}
		}
	}
	cr_log_info("%zu failures of %zu", played, number);
	cr_assert(getenv("WSD_FAULTS") != NULL || played > 300, "%zu", played);
}

Test(sim_faults, each_system_call_fails_at_the_start)
{
	size_t played = 0;

	for (size_t row = 0; row < faults_rows; row++) {
		const struct faults_row *it = &faults_table[row];

		for (size_t e = 0; it->errors[e] != 0; e++)
			for (size_t nth = 1;
			     play_start(row, it->errors[e], nth, 0); nth++)
				played++;
	}
	cr_assert_gt(played, 20, "%zu", played);
}

Test(sim_faults, each_allocation_fails_in_turn)
{
	size_t number = 0;

	for (size_t nth = 1; nth < 20000; nth++) {
		if (!is_chosen("memory", number++, 1))
			continue;
		if (!play(0, NOTHING, 0, 0, nth))
			break;
	}
	cr_assert(number > 50 && number < 20000, "%zu", number);
	for (size_t nth = 1; play_start(0, 0, 0, nth); nth++)
		;
}
