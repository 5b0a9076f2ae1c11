/* load.c - load for WebSocket and HTTP servers, from one epoll loop. */
/* SPDX-License-Identifier: MIT */
/*
 * Five ways to keep a server busy:
 *
 *	echo    every connection keeps -d messages in flight and expects each
 *	        of them back
 *	fanout  the first connection keeps -d messages in flight; all, itself
 *	        included, expect each of them
 *	http    every connection keeps -d GET requests in flight
 *	storm   every connection opens, closes in good order, and starts again
 *	idle    the connections open and are held
 *
 * The generator must cost less than any server under test, or it measures
 * itself. So all it sends is made before the start: a ring of frames of equal
 * length, with different payloads and masking keys. What a connection sends
 * is this ring over and over, so all there is to remember is how many octets
 * of the endless stream are written. A burst is one contiguous piece, since
 * the first frames are repeated behind the last:
 *
 *	  0   1   2       R-1   0   1       depth-1
 *	+---+---+---+   +-----+---+---+   +---------+
 *	| f | f | f |...|  f  | f | f |...|    f    |    f = one masked frame
 *	+---+---+---+   +-----+---+---+   +---------+
 *
 * Replies are compared octet by octet with what the ring promises, so a
 * server that is fast by being wrong ends the run, and so does one that
 * answers out of order, with another opcode, or with a masked frame.
 *
 * The key of the handshake is the one of RFC 6455 section 1.3, whose answer
 * is known: neither this program nor floor.c needs SHA-1.
 *
 * What the server spends is read from outside: its CPU clock (nanoseconds of
 * all its threads), the share of user time in /proc/PID/stat (in ticks of
 * 10 ms, so runs below a second tell little about it), and its resident
 * memory from /proc/PID/smaps_rollup.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ACCEPT_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT_ANSWER "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum {
	INPUT_MAX = 1 << 18,   /* octets of one read */
	OPENING_MAX = 256,     /* connections that open at once */
	RING_OCTETS = 1 << 18, /* about this much of different payload */
	RING_FRAMES = 64,      /* different frames, if they are small */
	EVENTS_MAX = 512,
	STALL_MS = 20000, /* without an event the run has failed */
};

enum opcode {
	CONTINUATION = 0x0,
	TEXT = 0x1,
	BINARY = 0x2,
	CLOSE = 0x8,
	PING = 0x9,
	PONG = 0xA,
	FIN = 0x80,
};

enum mode {
	ECHO,
	FANOUT,
	HTTP,
	STORM,
	IDLE,
	MODE_COUNT
};

static const char *const mode_names[MODE_COUNT] = { "echo", "fanout", "http",
	"storm", "idle" };

enum state {
	CONNECTING,
	UPGRADING,
	OPEN,
	CLOSING
};

/* One connection. */
struct client {
	int fd;
	enum state state;
	bool watching_write;
	bool fin;          /* the frame at hand ends its message */
	bool inside;       /* a message has begun and not ended */
	uint64_t queued;   /* messages handed to the stream */
	uint64_t written;  /* octets of the stream the system has taken */
	uint64_t received; /* messages that came whole */
	uint64_t left;     /* octets of payload to come in this frame */
	size_t offset;     /* octets of this message seen before */
	uint64_t began_ns; /* when the connection was begun */
	uint64_t *sent_ns; /* owned: when each message in flight was sent */
	uint8_t *rest;     /* owned: a part of a head, NULL mostly */
	size_t rest_len;
};

/* What the command line says. */
static struct {
	enum mode mode;
	unsigned connections;
	unsigned depth;
	size_t size;
	enum opcode opcode;
	const char *path;
	in_port_t port;
	uint64_t count; /* exactly so many messages; 0: by time */
	double seconds;
	double warm_seconds;
	pid_t server; /* 0 for unknown */
} opt = { .connections = 50,
	.depth = 1,
	.size = 16,
	.opcode = TEXT,
	.path = "/echo",
	.seconds = 2,
	.warm_seconds = 0.3 };

/* Counters at one moment. */
struct snapshot {
	uint64_t wall_ns;
	uint64_t replies;
	uint64_t load_ns;
	uint64_t server_ns;
	uint64_t server_user;   /* ticks */
	uint64_t server_system; /* ticks */
	uint64_t server_rss;    /* octets */
};

/* Latencies in nanoseconds: 32 buckets per power of two, so 3 % wide. */
enum {
	SUB_BITS = 5,
	SUB = 1 << SUB_BITS
};

static struct {
	int epoll;
	struct client *clients;
	unsigned opened;  /* connections begun */
	unsigned opening; /* of which are on their way */
	unsigned open;
	bool started;
	bool measuring;
	bool draining;
	uint64_t now_ns;
	uint64_t sent;     /* messages, or a storm's connections, in all */
	uint64_t replies;  /* what came back in all: the unit of all figures */
	uint64_t finished; /* fanout: messages that all have received */
	unsigned *arrived; /* fanout: who has each message in flight */
	uint8_t *frames;   /* the ring, and depth frames more */
	uint8_t *payloads; /* what is expected back */
	uint64_t ring;     /* different frames */
	size_t frame_len;
	char *handshake;
	size_t handshake_len;
	uint64_t latencies[64 * SUB];
	uint8_t input[INPUT_MAX];
} run;

static void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

static void
fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
	exit(1);
}

static void *
grab(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL)
		fail("memory is out");
	return memory;
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		fail("cannot read a clock: %s", strerror(errno));
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- what the server spends --------------------------------------------- */

/* Resident octets of a process. smaps_rollup counts pages; the figure in
 * statm may lag by the pages that each core has not reported yet. */
static uint64_t
read_rss(pid_t pid)
{
	unsigned long long kib = 0;
	char name[64], line[256];
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(name, "r");
	if (file == NULL)
		fail("%s: %s", name, strerror(errno));
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Rss: %llu kB", &kib) == 1)
			break;
	}
	fclose(file);
	return kib * 1024;
}

/* User and system ticks: fields 14 and 15, counted behind the name, which may
 * contain anything. proc(5). */
static void
read_ticks(pid_t pid, uint64_t *user, uint64_t *system)
{
	unsigned long long u = 0, s = 0;
	char name[64], text[1024];
	const char *behind;
	size_t len;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	file = fopen(name, "r");
	if (file == NULL)
		fail("%s: %s", name, strerror(errno));
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	behind = strrchr(text, ')');
	if (behind == NULL ||
	    sscanf(behind,
		") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &u,
		&s) != 2)
		fail("%s: not understood", name);
	*user = u;
	*system = s;
}

static struct snapshot
take_snapshot(void)
{
	struct snapshot now = { .wall_ns = clock_ns(CLOCK_MONOTONIC),
		.replies = run.replies,
		.load_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) };
	clockid_t clock;

	if (opt.server == 0)
		return now;
	if (clock_getcpuclockid(opt.server, &clock) != 0)
		fail("there is no process %d", (int)opt.server);
	now.server_ns = clock_ns(clock);
	read_ticks(opt.server, &now.server_user, &now.server_system);
	/* Reading it walks the server's pages: only where it is the point. */
	if (opt.mode == IDLE)
		now.server_rss = read_rss(opt.server);
	return now;
}

/* ---- latencies ---------------------------------------------------------- */

static void
record(uint64_t ns)
{
	unsigned exponent = 0;

	if (!run.measuring)
		return;
	if (ns >= SUB)
		exponent = 63 - SUB_BITS - (unsigned)__builtin_clzll(ns);
	run.latencies[exponent * SUB + (ns >> exponent)]++;
}

/* The latency in microseconds that a share of all stayed below. */
static double
percentile(double share)
{
	uint64_t total = 0, seen = 0;
	size_t i;

	for (i = 0; i < 64 * SUB; i++)
		total += run.latencies[i];
	for (i = 0; i < 64 * SUB - 1; i++) {
		seen += run.latencies[i];
		if (seen > 0 && (double)seen >= share * (double)total)
			break;
	}
	if (i < 2 * SUB)
		return (double)i / 1000;
	/* Bucket i holds exponent i / SUB - 1 since its top bit is kept. */
	return (double)((uint64_t)(SUB + i % SUB) << (i / SUB - 1)) / 1000;
}

/* ---- the ring ------------------------------------------------------------ */

/* Write the head of a masked frame. Returns its length, the key excluded.
 * RFC 6455 section 5.2. */
static size_t
write_head(uint8_t *out, unsigned opcode, size_t len)
{
	out[0] = (uint8_t)(FIN | opcode);
	if (len < 126) {
		out[1] = (uint8_t)(0x80 | len);
		return 2;
	}
	if (len <= UINT16_MAX) {
		out[1] = 0x80 | 126;
		out[2] = (uint8_t)(len >> 8);
		out[3] = (uint8_t)len;
		return 4;
	}
	out[1] = 0x80 | 127;
	for (int i = 0; i < 8; i++)
		out[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
	return 10;
}

/* Write a whole masked frame. Returns its length. */
static size_t
write_frame(uint8_t *out, unsigned opcode, const uint8_t *data, size_t len,
    uint32_t key)
{
	size_t head = write_head(out, opcode, len);
	uint8_t *mask = out + head;

	memcpy(mask, &key, 4);
	for (size_t i = 0; i < len; i++)
		mask[4 + i] = data[i] ^ mask[i % 4];
	return head + 4 + len;
}

/* Payload that differs from message to message, and everywhere: letters for
 * text, all octets for binary. A linear congruential generator is enough. */
static void
fill(uint8_t *out, size_t len, uint32_t *seed)
{
	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 1664525 + 1013904223;
		out[i] = (uint8_t)(opt.opcode == TEXT ? 'a' + (*seed >> 16) % 26
						      : *seed >> 24);
	}
}

static void
make_messages(void)
{
	uint64_t total;
	uint32_t seed = 1;

	run.ring = opt.size > RING_OCTETS / RING_FRAMES
		       ? RING_OCTETS / opt.size + 1
		       : RING_FRAMES;
	if (run.ring < opt.depth)
		run.ring = opt.depth;
	total = run.ring + opt.depth;
	run.payloads = grab(total, opt.size + 1);
	run.frames = grab(total, opt.size + 14);
	for (uint64_t i = 0; i < total; i++) {
		uint8_t *payload = run.payloads + i * opt.size;
		uint32_t key;

		if (i == run.ring)
			seed = 1;
		fill(payload, opt.size, &seed);
		key = seed * 2654435769u;
		run.frame_len = write_frame(run.frames + i * run.frame_len,
		    opt.opcode, payload, opt.size, key);
	}
}

/* ---- sending ------------------------------------------------------------- */

static void
watch(struct client *c, bool writing)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (writing)
		event.events |= EPOLLOUT;
	if (epoll_ctl(run.epoll, EPOLL_CTL_MOD, c->fd, &event) < 0)
		fail("cannot watch a socket: %s", strerror(errno));
	c->watching_write = writing;
}

/* Write what the stream holds and the system takes. */
static void
flush(struct client *c)
{
	uint64_t ring_octets = run.ring * run.frame_len;
	uint64_t pending = c->queued * run.frame_len - c->written;
	ssize_t n;

	if (pending > 0) {
		n = send(c->fd, run.frames + c->written % ring_octets, pending,
		    MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			fail("cannot send: %s", strerror(errno));
		if (n > 0) {
			c->written += (uint64_t)n;
			pending -= (uint64_t)n;
		}
	}
	if (c->watching_write != (pending > 0))
		watch(c, pending > 0);
}

/* Whether messages, or a storm's connections, are still to be sent. */
static bool
wants_more(void)
{
	return !run.draining && (opt.count == 0 || run.sent < opt.count);
}

/* Keep depth messages in flight, as long as more are wanted. */
static void
refill(struct client *c)
{
	uint64_t answered = opt.mode == FANOUT ? run.finished : c->received;

	if (!run.started)
		return;
	while (c->queued - answered < opt.depth && wants_more()) {
		c->sent_ns[c->queued % opt.depth] = run.now_ns;
		c->queued++;
		run.sent++;
	}
	flush(c);
}

/* Send something small outside the stream; nothing else is being sent. */
static void
send_aside(struct client *c, unsigned opcode, const uint8_t *data, size_t len)
{
	uint8_t frame[14 + 125];
	size_t n = write_frame(frame, opcode, data, len, 0x51c0ffee);

	if (c->written != c->queued * run.frame_len)
		return;
	if (send(c->fd, frame, n, MSG_NOSIGNAL) != (ssize_t)n)
		fail("cannot send a control frame");
}

/* ---- opening ------------------------------------------------------------- */

static struct sockaddr_in
server_address(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(opt.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* Begin to open a connection, whose record is zeroed but for sent_ns. */
static void
begin(struct client *c)
{
	struct sockaddr_in to = server_address();
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = c };
	int one = 1;

	*c = (struct client){ .sent_ns = c->sent_ns, .began_ns = run.now_ns };
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		fail("cannot open a socket: %s", strerror(errno));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		fail("cannot connect: %s", strerror(errno));
	if (epoll_ctl(run.epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
		fail("cannot watch a socket: %s", strerror(errno));
	run.opening++;
	if (opt.mode == STORM)
		run.sent++;
}

static void
begin_more(void)
{
	while (run.opened < opt.connections && run.opening < OPENING_MAX &&
	       wants_more())
		begin(&run.clients[run.opened++]);
}

static void
ready(struct client *c)
{
	c->state = OPEN;
	run.opening--;
	if (opt.mode == STORM) {
		uint8_t normal[2] = { 1000 >> 8, 1000 & 0xff };

		record(run.now_ns - c->began_ns);
		c->state = CLOSING;
		send_aside(c, CLOSE, normal, 2);
	} else
		run.open++;
	begin_more();
}

/* The connection is made: ask for a WebSocket. */
static void
connected(struct client *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0)
		fail("cannot connect: %s", strerror(error));
	watch(c, false);
	if (opt.mode == HTTP) {
		ready(c);
		return;
	}
	if (send(c->fd, run.handshake, run.handshake_len, MSG_NOSIGNAL) !=
	    (ssize_t)run.handshake_len)
		fail("cannot send the handshake");
	c->state = UPGRADING;
}

/* ---- replies ------------------------------------------------------------- */

/* A message, or a response, came whole and was what it had to be. */
static void
message_done(struct client *c)
{
	const struct client *sender = opt.mode == FANOUT ? run.clients : c;
	unsigned slot = (unsigned)(c->received % opt.depth);

	if (c->received >= sender->queued)
		fail("a reply without a message");
	record(run.now_ns - sender->sent_ns[slot]);
	c->offset = 0;
	c->inside = false;
	c->received++;
	run.replies++;
	if (opt.mode == FANOUT && ++run.arrived[slot] == opt.connections) {
		run.arrived[slot] = 0;
		run.finished++;
	}
}

/* Compare payload with what is expected. Returns how much it took. */
static size_t
take_payload(struct client *c, const uint8_t *in, size_t len)
{
	const uint8_t *expected =
	    run.payloads + c->received % run.ring * opt.size + c->offset;
	size_t n = len < c->left ? len : (size_t)c->left;

	if (memcmp(expected, in, n) != 0)
		fail("reply %llu of a connection has the wrong content",
		    (unsigned long long)c->received);
	c->left -= n;
	c->offset += n;
	if (c->left == 0 && c->fin)
		message_done(c);
	return n;
}

/* A control frame. RFC 6455 section 5.5. */
static void
take_control(struct client *c, unsigned opcode, const uint8_t *data, size_t len)
{
	if (opcode == PING)
		send_aside(c, PONG, data, len);
	else if (opcode == CLOSE && c->state != CLOSING)
		fail("closed by the server with code %u",
		    len < 2 ? 1005u : (unsigned)(data[0] << 8 | data[1]));
}

/* The head of a data frame must announce what is expected. */
static void
check_head(struct client *c, uint8_t first, uint64_t len)
{
	unsigned opcode = first & 0xf;

	if (opcode != (c->inside ? CONTINUATION : opt.opcode))
		fail("a reply with opcode %u", opcode);
	if (opt.mode == STORM || opt.mode == IDLE)
		fail("a message that nobody asked for");
	c->fin = (first & FIN) != 0;
	if (len > opt.size - c->offset ||
	    (c->fin && len != opt.size - c->offset))
		fail("a reply of the wrong length");
}

/* One frame's head, or a whole control frame. Returns how much it took, 0 if
 * it needs more. RFC 6455 section 5.2. */
static size_t
take_frame(struct client *c, const uint8_t *in, size_t len)
{
	size_t head = 2;
	uint64_t payload;

	if (c->left > 0)
		return take_payload(c, in, len);
	if (len < 2)
		return 0;
	if ((in[0] & 0x70) != 0 || in[1] > 127)
		fail("a reply with reserved bits or a mask");
	payload = in[1];
	if (payload >= 126) {
		head = payload == 126 ? 4 : 10;
		if (len < head)
			return 0;
		payload = 0;
		for (size_t i = 2; i < head; i++)
			payload = payload << 8 | in[i];
	}
	if (in[0] & 0x8) {
		if (len < head + payload)
			return 0;
		take_control(c, in[0] & 0xf, in + head, (size_t)payload);
		return head + (size_t)payload;
	}
	check_head(c, in[0], payload);
	c->inside = true;
	c->left = payload;
	if (payload == 0 && c->fin)
		message_done(c);
	return head;
}

/* The value of a field in a head that ends in an empty line, or NULL. */
static const char *
find_field(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at == NULL ? NULL
			  : at + strlen(name) + strspn(at + strlen(name), " ");
}

/* Copy a head, up to and with its empty line. Returns its length, 0 when it
 * is not there yet. */
static size_t
copy_head(char *head, size_t size, const uint8_t *in, size_t len)
{
	const uint8_t *end = memmem(in, len, "\r\n\r\n", 4);
	size_t n;

	if (end == NULL && len < size)
		return 0;
	if (end == NULL || (n = (size_t)(end - in) + 4) >= size)
		fail("a head that is too large");
	memcpy(head, in, n);
	head[n] = '\0';
	return n;
}

/* RFC 6455 section 4.1: the checks of a client. */
static size_t
take_handshake(struct client *c, const uint8_t *in, size_t len)
{
	char head[4096];
	size_t n = copy_head(head, sizeof(head), in, len);
	const char *answer;

	if (n == 0)
		return 0;
	if (strncmp(head, "HTTP/1.1 101", 12) != 0)
		fail("refused: %.*s", (int)strcspn(head, "\r"), head);
	answer = find_field(head, "\nSec-WebSocket-Accept:");
	if (answer == NULL ||
	    strncmp(answer, ACCEPT_ANSWER, strlen(ACCEPT_ANSWER)) != 0)
		fail("the handshake's answer is wrong");
	ready(c);
	return n;
}

/* The head of a response; its body is what learn_body has seen. */
static size_t
take_response(struct client *c, const uint8_t *in, size_t len)
{
	char head[4096];
	const char *length;
	size_t n;

	if (c->left > 0)
		return take_payload(c, in, len);
	n = copy_head(head, sizeof(head), in, len);
	if (n == 0)
		return 0;
	length = find_field(head, "\nContent-Length:");
	if (strncmp(head, "HTTP/1.1 200", 12) != 0 || length == NULL ||
	    strtoull(length, NULL, 10) != opt.size)
		fail("another response: %.*s", (int)strcspn(head, "\r"), head);
	c->left = opt.size;
	c->fin = true;
	if (c->left == 0)
		message_done(c);
	return n;
}

static size_t
take(struct client *c, const uint8_t *in, size_t len)
{
	if (c->state == UPGRADING)
		return take_handshake(c, in, len);
	if (opt.mode == HTTP)
		return take_response(c, in, len);
	return take_frame(c, in, len);
}

/* The stream has ended, which is right at the end of a storm's connection. */
static void
ended(struct client *c)
{
	if (c->state != CLOSING)
		fail("the server hung up");
	close(c->fd);
	free(c->rest);
	run.replies++;
	c->rest = NULL;
	if (wants_more())
		begin(c);
}

/* Keep what is a part of a head. */
static void
keep(struct client *c, const uint8_t *in, size_t len)
{
	free(c->rest);
	c->rest = NULL;
	c->rest_len = len;
	if (len == 0)
		return;
	c->rest = grab(len, 1);
	memcpy(c->rest, in, len);
}

static void
readable(struct client *c)
{
	size_t len = c->rest_len, used = 0, n;
	ssize_t got;

	if (len > 0)
		memcpy(run.input, c->rest, len);
	got = recv(c->fd, run.input + len, INPUT_MAX - len, 0);
	if (got < 0) {
		if (errno == EAGAIN)
			return;
		fail("cannot receive: %s", strerror(errno));
	}
	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	if (got == 0) {
		ended(c);
		return;
	}
	len += (size_t)got;
	while (used < len && (n = take(c, run.input + used, len - used)) > 0)
		used += n;
	if (used < len || c->rest_len > 0)
		keep(c, run.input + used, len - used);
	if (opt.mode == FANOUT)
		c = run.clients;
	if (opt.mode == ECHO || opt.mode == HTTP || opt.mode == FANOUT)
		refill(c);
}

/* ---- HTTP ---------------------------------------------------------------- */

/* Ask once, blocking, for the body that all later responses must have. */
static void
learn_body(void)
{
	struct sockaddr_in to = server_address();
	struct timeval patience = { .tv_sec = STALL_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t len = 0, head;
	char text[4096], request[1024];
	ssize_t n;

	n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
	    opt.path);
	if (fd < 0 ||
	    setsockopt(
		fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		fail("cannot ask for %s: %s", opt.path, strerror(errno));
	while (len < INPUT_MAX &&
	       (n = recv(fd, run.input + len, INPUT_MAX - len, 0)) > 0)
		len += (size_t)n;
	close(fd);
	head = copy_head(text, sizeof(text), run.input, len);
	if (head == 0)
		fail("no response to GET %s", opt.path);
	opt.size = len - head;
	run.payloads = grab(opt.size + 1, 1);
	memcpy(run.payloads, run.input + head, opt.size);
	run.ring = 1;
}

/* A ring of equal requests. */
static void
make_requests(void)
{
	char request[1024];
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", opt.path,
	    opt.port);

	run.frame_len = (size_t)n;
	run.frames = grab(opt.depth + 1, run.frame_len);
	for (unsigned i = 0; i <= opt.depth; i++)
		memcpy(run.frames + i * run.frame_len, request, run.frame_len);
}

static void
make_handshake(void)
{
	int n = asprintf(&run.handshake,
	    "GET %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%u\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Key: " ACCEPT_KEY "\r\n"
	    "Sec-WebSocket-Version: 13\r\n\r\n",
	    opt.path, opt.port);

	if (n < 0)
		fail("memory is out");
	run.handshake_len = (size_t)n;
}

/* ---- the run ------------------------------------------------------------- */

static void
dispatch(struct client *c, unsigned events)
{
	if (c->state == CONNECTING)
		connected(c);
	else if (events & EPOLLOUT)
		flush(c);
	if (events & (EPOLLIN | EPOLLHUP))
		readable(c);
}

/* Wait for events, but not beyond a moment, and serve them. */
static void
turn(uint64_t end_ns)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t left_ms = 0;
	bool patient;
	int n;

	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	if (end_ns > run.now_ns)
		left_ms = (end_ns - run.now_ns) / 1000000 + 1;
	patient = left_ms >= STALL_MS;
	n = epoll_wait(
	    run.epoll, events, EVENTS_MAX, patient ? STALL_MS : (int)left_ms);
	if (n == 0 && patient)
		fail("nothing came for %d s", STALL_MS / 1000);
	for (int i = 0; i < n; i++)
		dispatch(events[i].data.ptr, events[i].events);
}

static void
turn_for(double seconds)
{
	uint64_t end_ns = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9);

	do
		turn(end_ns);
	while (run.now_ns < end_ns);
}

/* Open all; a storm has nothing to wait for. */
static void
open_all(void)
{
	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	begin_more();
	while (opt.mode != STORM && run.open < opt.connections)
		turn(UINT64_MAX);
}

/* The first messages of all who send. */
static void
kick(void)
{
	unsigned senders = opt.mode == FANOUT ? 1 : opt.connections;

	if (opt.mode == STORM || opt.mode == IDLE)
		return;
	run.started = true;
	run.now_ns = clock_ns(CLOCK_MONOTONIC);
	for (unsigned i = 0; i < senders; i++)
		refill(&run.clients[i]);
}

/* How many replies all that was sent brings in the end. */
static uint64_t
replies_due(void)
{
	return run.sent * (opt.mode == FANOUT ? opt.connections : 1);
}

/* Stop sending, and wait for what is in flight. */
static void
drain(void)
{
	run.measuring = false;
	run.draining = true;
	while (opt.mode != IDLE && run.replies < replies_due())
		turn(UINT64_MAX);
}

/* Idle connections are measured from before the first of them, a given count
 * from the first message to the last, all else for a time in the middle. */
static void
measure(struct snapshot *before, struct snapshot *after)
{
	if (opt.mode == IDLE)
		*before = take_snapshot();
	open_all();
	if (opt.mode != IDLE && opt.count == 0) {
		kick();
		turn_for(opt.warm_seconds);
	}
	if (opt.mode != IDLE)
		*before = take_snapshot();
	run.measuring = true;
	if (opt.count > 0) {
		kick();
		while (run.sent < opt.count || run.replies < replies_due())
			turn(UINT64_MAX);
	} else
		turn_for(opt.seconds);
	*after = take_snapshot();
	drain();
}

/* ---- figures ------------------------------------------------------------- */

static void
print_server(const struct snapshot *a, const struct snapshot *b, double count)
{
	double wall = (double)(b->wall_ns - a->wall_ns);
	double cpu = (double)(b->server_ns - a->server_ns);
	double user = (double)(b->server_user - a->server_user);
	double system = (double)(b->server_system - a->server_system);
	double share = user + system > 0 ? user / (user + system) : 0;

	printf(" server_cpu=%.3f", cpu / wall);
	if (count > 0)
		printf(" cpu_us=%.4f user_us=%.4f system_us=%.4f",
		    cpu / count / 1e3, cpu * share / count / 1e3,
		    cpu * (1 - share) / count / 1e3);
	if (opt.mode == IDLE)
		printf(" rss_before_kib=%llu rss_kib=%llu rss_each=%.1f",
		    (unsigned long long)a->server_rss / 1024,
		    (unsigned long long)b->server_rss / 1024,
		    ((double)b->server_rss - (double)a->server_rss) /
			opt.connections);
	else
		printf(" rss_kib=%llu",
		    (unsigned long long)read_rss(opt.server) / 1024);
}

static void
print_figures(const struct snapshot *a, const struct snapshot *b)
{
	double wall = (double)(b->wall_ns - a->wall_ns);
	double count = (double)(b->replies - a->replies);

	printf("mode=%s connections=%u depth=%u size=%zu seconds=%.3f",
	    mode_names[opt.mode], opt.connections, opt.depth, opt.size,
	    wall / 1e9);
	printf(" replies=%.0f per_second=%.0f", count, count / wall * 1e9);
	if (opt.mode != IDLE)
		printf(" p50_us=%.1f p99_us=%.1f p999_us=%.1f", percentile(0.5),
		    percentile(0.99), percentile(0.999));
	printf(" load_cpu=%.3f", (double)(b->load_ns - a->load_ns) / wall);
	if (opt.server != 0)
		print_server(a, b, count);
	printf("\n");
}

/* ---- start --------------------------------------------------------------- */

static const char usage[] =
    "usage: load -m echo|fanout|http|storm|idle -p PORT [options]\n"
    "\n"
    "  -P PATH     where to; \"/echo\"\n"
    "  -c N        connections; 50\n"
    "  -d N        messages in flight, of each that sends; 1\n"
    "  -s OCTETS   of a message; 16\n"
    "  -b          binary messages, not text\n"
    "  -t SECONDS  to measure, or to hold idle connections; 2\n"
    "  -w SECONDS  to warm up before; 0.3\n"
    "  -n COUNT    send exactly so many messages in all, without warming up\n"
    "  -S PID      tell what this process, the server, spends\n"
    "\n"
    "Prints one line. \"replies\" are echoes, deliveries, responses or, in a\n"
    "storm, connections from first to last; *_us are microseconds of each.\n"
    "Only 127.0.0.1 is talked to.\n";

/* A number within bounds, or the end. */
static double
number(const char *text, double least, double most)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end != '\0' || !(n >= least && n <= most))
		fail("%s is not a number from %g to %g", text, least, most);
	return n;
}

static enum mode
mode_named(const char *name)
{
	for (unsigned i = 0; i < MODE_COUNT; i++) {
		if (strcmp(name, mode_names[i]) == 0)
			return (enum mode)i;
	}
	fail("there is no mode %s", name);
}

static void
read_option(int letter)
{
	switch (letter) {
	case 'm':
		opt.mode = mode_named(optarg);
		break;
	case 'p':
		opt.port = (in_port_t)number(optarg, 1, 65535);
		break;
	case 'P':
		opt.path = optarg;
		break;
	case 'c':
		opt.connections = (unsigned)number(optarg, 1, 60000);
		break;
	case 'd':
		opt.depth = (unsigned)number(optarg, 1, 4096);
		break;
	case 's':
		opt.size = (size_t)number(optarg, 0, 1 << 24);
		break;
	case 'b':
		opt.opcode = BINARY;
		break;
	case 't':
		opt.seconds = number(optarg, 0, 3600);
		break;
	case 'w':
		opt.warm_seconds = number(optarg, 0, 3600);
		break;
	case 'n':
		opt.count = (uint64_t)number(optarg, 1, 1e12);
		break;
	case 'S':
		opt.server = (pid_t)number(optarg, 1, 1 << 30);
		break;
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void
prepare(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	run.epoll = epoll_create1(0);
	if (run.epoll < 0)
		fail("no epoll: %s", strerror(errno));
	run.clients = grab(opt.connections, sizeof(*run.clients));
	run.arrived = grab(opt.depth, sizeof(*run.arrived));
	for (unsigned i = 0; i < opt.connections; i++)
		run.clients[i].sent_ns = grab(opt.depth, sizeof(uint64_t));
	if (opt.mode == HTTP) {
		learn_body();
		make_requests();
		return;
	}
	make_messages();
	make_handshake();
}

int
main(int argc, char **argv)
{
	struct snapshot before = { 0 }, after = { 0 };
	int letter;

	while ((letter = getopt(argc, argv, "m:p:P:c:d:s:bt:w:n:S:")) != -1)
		read_option(letter);
	if (optind < argc || opt.port == 0) {
		fputs(usage, stderr);
		return 2;
	}
	prepare();
	measure(&before, &after);
	print_figures(&before, &after);
	return 0;
}
