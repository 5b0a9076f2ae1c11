/* twin.js - the official server, doing what twin.c does. */
/* SPDX-License-Identifier: MIT */

/* What the clients of this suite talk to. It exists twice, for the official
 * server and for ours, so that the suite is first proven against the former.
 *
 *   twin ADDRESS [PING_INTERVAL PING_TIMEOUT [RECOVERY]]       milliseconds
 *
 * prints "listening on ADDRESS". A client may have a name, the
 * parameter "tag" of its query. All namespaces have the events of "common":
 *
 *   /         no more than these
 *   /custom   the same
 *   /admin    lets in whose auth has the token "secret", at once, or "slow",
 *             after 50 ms; refuses others with "not authorized" and the data
 *             {"code":401}; an event "forbidden" is dropped by a middleware
 *   /room-*   come into being when somebody asks for them
 *   others    do not exist
 */

import { createServer } from "node:http";

import { load } from "../harness.js";

const { Server } = load("socket.io");

const [address = "127.0.0.1:0", interval = 25000, timeout = 20000,
	recovery = 0] = process.argv.slice(2);

const http = createServer((_, response) => response.writeHead(404).end());
const io = new Server(http, {
	allowEIO3: true,
	pingInterval: Number(interval),
	pingTimeout: Number(timeout),
	cors: { origin: true, credentials: true },
	...Number(recovery) &&
	    { connectionStateRecovery: { maxDisconnectionDuration: recovery } },
});

const departed = new Map(); /* by tag: how it went */

const tagOf = (socket) => socket.handshake.query.tag;

/* The rooms of a socket, but for its own. */
const roomsOf = (socket) =>
    [...socket.rooms].filter((room) => room !== socket.id).sort();

/* To whom: { to: [rooms], except: [rooms], others: true }. */
function target(socket, { to = [], except = [], others = false }) {
	let whom = others ? socket.broadcast : socket.nsp;
	for (const room of to)
		whom = whom.to(room);
	for (const room of except)
		whom = whom.except(room);
	return whom;
}

const common = {
	/* The arguments come back: acknowledged, or as an event. */
	echo(socket, ...args) {
		const ack = typeof args.at(-1) === "function" && args.pop();
		if (ack)
			ack(...args);
		else
			socket.emit("echo", ...args);
	},

	/* Ask the client, and tell it what it said: [error, answer ...]. */
	ask(socket, question, ms, ack) {
		socket.timeout(ms).emit("question", question,
		    (error, ...answer) =>
			ack(error?.message ?? null, ...answer));
	},

	/* Ask all of a room: [error, sorted answers]. */
	askAll(socket, room, question, ms, ack) {
		socket.nsp.to(room).timeout(ms).emit("question", question,
		    (error, answers) =>
			ack(error?.message ?? null, answers.sort()));
	},

	/* Who is asked, and answers nothing. */
	silence() {},

	join(socket, room, ack) {
		socket.join(room);
		ack(roomsOf(socket));
	},

	leave(socket, room, ack) {
		socket.leave(room);
		ack(roomsOf(socket));
	},

	/* The event "told" with these arguments. */
	tell(socket, whom, args) {
		target(socket, whom).emit("told", ...args);
	},

	/* Events that count from 0. */
	burst(socket, n) {
		for (let i = 0; i < n; i++)
			socket.emit("burst", i);
	},

	/* An event of the given number of letters, compressed or not. */
	bulk: (socket, n, compress) =>
	    socket.compress(compress).emit("bulk", "x".repeat(n)),

	/* How many a target has; move all in it; make all of it leave. */
	count: async (socket, whom, ack) =>
	    ack((await target(socket, whom).fetchSockets()).length),
	enlist: (socket, whom, room) => target(socket, whom).socketsJoin(room),
	dismiss: (socket, whom, room) =>
	    target(socket, whom).socketsLeave(room),
	expel: (socket, whom, close) =>
	    target(socket, whom).disconnectSockets(close),

	/* Disconnect this one; with true, its connection. */
	kick: (socket, close) => socket.disconnect(close),

	/* End the connection, without a word to the namespaces. */
	cut: (socket) => socket.conn.close(),

	/* What is no packet. */
	garble: (socket) => socket.conn.write("9 what is this?"),

	/* How the one with this tag left: { reason, rooms }, or null. */
	departed: (socket, tag, ack) => ack(departed.get(tag) ?? null),
};

function serve(nsp) {
	nsp.on("connection", (socket) => {
		let rooms = [];

		for (const [event, react] of Object.entries(common))
			socket.on(event, (...args) => react(socket, ...args));
		socket.on("disconnecting", () => { rooms = roomsOf(socket); });
		socket.on("disconnect", (reason) =>
		    departed.set(tagOf(socket), { reason, rooms }));
		socket.emit("hello", {
			nsp: socket.nsp.name,
			auth: socket.handshake.auth ?? {},
			tag: tagOf(socket) ?? null,
			recovered: socket.recovered ?? false,
		});
	});
}

serve(io.of("/"));
serve(io.of("/custom"));
serve(io.of(/^\/room-/));
serve(io.of("/admin").use((socket, next) => {
	const { token } = socket.handshake.auth;

	socket.use(([event], pass) => event !== "forbidden" && pass());
	if (token === "secret")
		return next();
	if (token === "slow")
		return setTimeout(next, 50);
	next(Object.assign(new Error("not authorized"),
	    { data: { code: 401 } }));
}));

const [host, port] = address.split(":");
http.listen(Number(port), host, () =>
    console.log(`listening on ${host}:${http.address().port}`));
process.on("SIGTERM", () => io.close(() => process.exit(0)));
