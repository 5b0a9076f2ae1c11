/* api.js - what a page may rely on: our client beside the official one. */
/* SPDX-License-Identifier: MIT */

import { once as came } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect as dial, createServer as createPlainServer } from "node:net";

import { check, equal, finish, freePort, load, truth, within }
    from "../harness.js";
import { withPeer } from "./peers.js";

const source = readFileSync(
    new URL("../../../www/socket.io.js", import.meta.url), "utf8");

const CLIENTS = {
	"4.8": () => load("sio-4.8"),
	ours: () =>
	    new Function("WebSocket", `${source}; return io;`)(load("ws")),
};

const once = (emitter, event) => within(new Promise((done) =>
    emitter.once(event, (...args) => done(args))), `"${event}"`);

async function connect(io, url, options) {
	const socket = io(url, { forceNew: true, reconnectionDelay: 10,
		reconnectionDelayMax: 40, ...options });
	await once(socket, "connect");
	return socket;
}

/* A relay, through which no answer passes before pass(request) lets it. */
async function relayTo(port, pass) {
	const relay = createServer((from, to) => {
		const on = request({ port, host: "127.0.0.1", path: from.url,
			method: from.method, headers: from.headers },
		    async (answer) => {
			await pass(from);
			to.writeHead(answer.statusCode, answer.headers);
			answer.pipe(to);
		});
		on.on("error", () => to.destroy());
		to.on("close", () => on.destroy());
		from.pipe(on);
	}).listen(0, "127.0.0.1");
	await came(relay, "listening");
	return relay;
}

/* Talk by polling through a relay that does this to WebSockets. A client that
 * waits for a poll, before it changes over, sees the WebSocket end first. */
async function throughRelay(io, port, upgraded) {
	let ending;
	const relay = await relayTo(port, () => ending);
	const over = new Promise((closed) =>
	    relay.on("upgrade", (from, socket) => {
		ending = over;
		socket.on("close", closed);
		upgraded(socket, from);
	    }));
	const socket = await connect(io,
	    `http://127.0.0.1:${relay.address().port}`);
	await within(over, "the end of the WebSocket");
	for (let i = 0; i < 20; i++)
		equal(await within(socket.emitWithAck("echo", i), "echo"), i);
	equal(socket.io.engine.transport.name, "polling", "transport");
	socket.disconnect();
	relay.closeAllConnections();
	relay.close();
}

/* A relay through which polls accept gzip, as those of browsers do. Node's do
 * not: they are handed what was in it. Tells the coding of each answer that has
 * so many octets or more, as it came. */
async function acceptingGzip(port, octets, codings) {
	const relay = createServer(async (from, to) => {
		const parts = await from.toArray();
		const answer = await fetch(`http://127.0.0.1:${port}${from.url}`,
		    { method: from.method, headers: {
			"accept-encoding": "gzip",
			"content-type": from.headers["content-type"] ?? "" },
			body: parts.length ? Buffer.concat(parts) : undefined })
		    .catch(() => to.destroy());
		const body = Buffer.from(await answer.arrayBuffer());
		if (body.length >= octets)
			codings.push(answer.headers.get("content-encoding"));
		to.writeHead(answer.status,
		    { "content-type": answer.headers.get("content-type") });
		to.end(body);
	}).listen(0, "127.0.0.1");
	await came(relay, "listening");
	return relay;
}

const CASES = {
	async "listeners"(io, { http }) {
		const socket = await connect(io, http);
		const log = [];
		const listen = (name) => (...args) => log.push([name, ...args]);
		const kept = listen("kept"), gone = listen("gone");
		const any = listen("any"), first = listen("first");

		await socket.emitWithAck("echo"); /* "hello" has come */
		socket.on("echo", kept).on("echo", gone).once("echo", first);
		socket.onAny(any).onAny(gone);
		socket.off("echo", gone).offAny(gone);
		await socket.emitWithAck("echo");
		socket.emit("echo", 1).send("nobody listens");
		socket.emit("echo", 2);
		await socket.emitWithAck("echo");
		socket.off("echo").offAny();
		socket.emit("echo", 3);
		await socket.emitWithAck("echo");
		equal(log, [["any", "echo", 1], ["kept", 1], ["first", 1],
			["any", "echo", 2], ["kept", 2]], "log");
		socket.once("echo", first).off("echo", first);
		socket.emit("echo", 4);
		await socket.emitWithAck("echo");
		equal(log.length, 5, "events");
		socket.disconnect();
	},

	/* Told when it leaves: what is emitted earlier, or lost, waits. */
	async "listeners to what is sent"(io, { http }) {
		const socket = io(http, { forceNew: true, autoConnect: false });
		const log = [];
		const listen = (name) => (...args) => log.push([name, ...args]);
		const kept = listen("kept"), gone = listen("gone");

		socket.onAnyOutgoing(kept).onAnyOutgoing(gone);
		socket.offAnyOutgoing(gone);
		socket.volatile.emit("echo", "lost");
		socket.emit("echo", "early");
		equal(log, [], "before it is connected");
		socket.connect();
		await once(socket, "connect");
		socket.onAny(listen("heard"));
		const octets = Buffer.from([1, 2]);
		await socket.emitWithAck("echo", { octets });
		socket.offAnyOutgoing();
		await socket.emitWithAck("echo", 3);
		equal(log.filter(([name]) => name === "kept"), [
			["kept", "echo", "early"],
			["kept", "echo", { octets }]], "log");
		socket.disconnect();
	},

	async "fields of its own for polls"(io, { port }) {
		const seen = new Set();
		const relay = await relayTo(port, ({ method, headers }) =>
		    seen.add(`${method} ${headers["x-own"]}`));
		const socket = await connect(io,
		    `http://127.0.0.1:${relay.address().port}`,
		    { transports: ["polling"],
			extraHeaders: { "X-Own": "yes" } });
		equal(await socket.emitWithAck("echo", 1), 1, "answer");
		equal([...seen].sort(), ["GET yes", "POST yes"], "fields");
		socket.disconnect();
		relay.closeAllConnections();
		relay.close();
	},

	async "names that are reserved"(io, { http }) {
		const socket = await connect(io, http);
		for (const name of ["connect", "connect_error", "disconnect",
			"disconnecting", "newListener", "removeListener"]) {
			let error;
			try {
				socket.emit(name);
			} catch (thrown) {
				error = thrown;
			}
			equal(error?.message,
			    `"${name}" is a reserved event name`);
		}
		equal(await socket.emitWithAck("echo", 1), 1, "after it");
		socket.disconnect();
	},

	async "a listener that throws"(io, { http }) {
		const socket = await connect(io, http,
		    { transports: ["polling"] });
		const thrown = came(process, "uncaughtException");
		/* This waits for what no listener is told. */
		process.once("uncaughtException", () => {});
		socket.once("echo", () => { throw new Error("on purpose"); });
		socket.emit("echo");
		const [error] = await within(thrown, "what was thrown");
		equal(error.message, "on purpose");
		equal(await socket.emitWithAck("echo", 1), 1, "after it");
		equal(socket.connected, true, "connected");
		socket.disconnect();
	},

	async "what is volatile is not kept"(io, { http }) {
		const socket = io(http, { forceNew: true, autoConnect: false });
		const heard = [];
		socket.on("echo", (what) => heard.push(what));
		socket.volatile.emit("echo", "lost");
		socket.emit("echo", "kept");
		equal(socket.sendBuffer.length, 1, "kept");
		socket.connect();
		await once(socket, "connect");
		await socket.emitWithAck("echo");
		equal(heard, ["kept"], "heard");
		equal(socket.sendBuffer, [], "left");
		socket.disconnect();
	},

	async "acknowledgements that do not come"(io, { http }) {
		const socket = await connect(io, http);
		const outcome = (promise) => within(
		    promise.catch(({ message }) => message), "the outcome");
		equal(await outcome(socket.timeout(10).emitWithAck("silence")),
		    "operation has timed out");
		const lost = outcome(socket.emitWithAck("silence"));
		const timed = outcome(socket.timeout(60000)
		    .emitWithAck("silence"));
		socket.emit("silence", () => truth(false, "it was told"));
		socket.disconnect();
		equal([await lost, await timed],
		    Array(2).fill("socket has been disconnected"));
		/* One that waits to be sent is not lost. */
		const unsent = outcome(socket.emitWithAck("echo", "later"));
		equal(await outcome(socket.timeout(10).emitWithAck("echo", 1)),
		    "operation has timed out", "unsent");
		equal(socket.sendBuffer.length, 1, "what waits");
		socket.connect();
		equal(await unsent, "later", "sent after all");
		socket.disconnect();
	},

	async "auth may be a function"(io, { http }) {
		let n = 0;
		const socket = io(http, { forceNew: true, auth: (tell) =>
		    setTimeout(tell, 1, { n: ++n }) });
		equal((await once(socket, "hello"))[0].auth, { n: 1 }, "auth");
		socket.disconnect().connect();
		equal((await once(socket, "hello"))[0].auth, { n: 2 }, "again");
		socket.disconnect();
	},

	async "who is refused may try again"(io, { http }) {
		const socket = io(`${http}/admin`, { forceNew: true });
		const [error] = await once(socket, "connect_error");
		equal([error.message, error.data, socket.active],
		    ["not authorized", { code: 401 }, false], "refusal");
		socket.auth = { token: "secret" };
		socket.connect();
		await once(socket, "connect");
		socket.disconnect();
	},

	async "state before, during and after"(io, { http }) {
		const socket = io(http, { forceNew: true, autoConnect: false });
		const log = [];
		const note = () => log.push([socket.connected,
			socket.disconnected, socket.active,
			typeof socket.id]);
		note();
		socket.connect();
		note();
		await once(socket, "connect");
		note();
		socket.once("disconnect", note);
		socket.disconnect();
		note();
		equal(log, [[false, true, false, "undefined"],
			[false, true, true, "undefined"],
			[true, false, true, "string"],
			[false, true, false, "undefined"],
			[false, true, false, "undefined"]], "states");
	},

	/* The events of a client that finds nobody. */
	async "a server that is not there"(io) {
		const url = `http://127.0.0.1:${await freePort()}`;
		for (const [transport, message] of [
			["polling", "xhr poll error"],
			["websocket", "websocket error"]]) {
			const log = [];
			const socket = io(url, { forceNew: true,
				transports: [transport], reconnectionDelay: 5,
				reconnectionDelayMax: 10,
				reconnectionAttempts: 2 });
			for (const event of ["open", "error", "close",
				"reconnect", "reconnect_attempt",
				"reconnect_error"])
				socket.io.on(event, (what) => log.push(
				    `${event} ${what?.message ?? what}`));
			socket.on("connect_error", ({ message }) =>
			    log.push(`connect_error ${message}`));
			await once(socket.io, "reconnect_failed");
			const failure = [`connect_error ${message}`,
				`error ${message}`];
			const again = [...failure,
				`reconnect_error ${message}`];
			/* What happens at one time has no order. */
			equal(log.sort(), [...failure, ...again, ...again,
				"reconnect_attempt 1", "reconnect_attempt 2",
			].sort(), "events");
			equal(socket.active, true, "active");
			socket.disconnect();
		}
	},

	async "a server that does not answer"(io) {
		const sockets = new Set();
		const server = createPlainServer((one) => sockets.add(one))
		    .listen(0, "127.0.0.1");
		await came(server, "listening");
		const url = `http://127.0.0.1:${server.address().port}`;
		for (const transport of ["polling", "websocket"]) {
			const socket = io(url, { forceNew: true, timeout: 50,
				transports: [transport], reconnection: false });
			const [error] = await once(socket, "connect_error");
			equal(error.message, "timeout", transport);
			socket.disconnect();
		}
		for (const one of sockets)
			one.destroy();
		server.close();
	},

	/* More than one request may hold, so it takes several. */
	async "much at once by polling"(io, { http }) {
		const socket = await connect(io, http,
		    { transports: ["polling"] });
		for (let i = 0; i < 6; i++)
			socket.emit("silence", Buffer.alloc(200000), "ü");
		socket.emit("silence", "ü".repeat(300000));
		equal(await within(socket.emitWithAck("echo", "behind it"),
		    "answer"), "behind it");
		socket.disconnect();
	},

	/* Octets from 1,024 on; and none that the server was told to leave. */
	async "answers to polls are compressed"(io, { port }) {
		const codings = [];
		const relay = await acceptingGzip(port, 500, codings);
		const socket = await connect(io,
		    `http://127.0.0.1:${relay.address().port}`,
		    { transports: ["polling"] });
		for (const [n, compress] of [[2000, true], [2000, false],
			[900, true], [2000, true]]) {
			socket.emit("bulk", n, compress);
			const [text] = await once(socket, "bulk");
			equal(text, "x".repeat(n), "text");
		}
		equal(codings, ["gzip", null, null, "gzip"], "codings");
		socket.disconnect();
		relay.closeAllConnections();
		relay.close();
	},

	/* There are networks that let no WebSocket through. */
	async "no WebSocket gets through"(io, { port }) {
		await throughRelay(io, port, (socket) =>
		    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
	},

	/* The official client does not recover from that. */
	async "a WebSocket dies as it is about to take over"(io, { port }) {
		if (io.io)
			return;
		await throughRelay(io, port, (socket, request) => {
			const on = dial(port, "127.0.0.1", () => on.write(
			    `GET ${request.url} HTTP/1.1\r\n` +
			    request.rawHeaders.map((part, i) => part +
				(i % 2 ? "\r\n" : ": ")).join("") + "\r\n"));
			socket.pipe(on);
			on.on("data", (data) => data.includes("3probe") ?
			    socket.end(data) : socket.write(data));
			on.on("error", () => {});
			socket.on("error", () => {});
			socket.on("close", () => on.destroy());
		});
	},

	async "listeners under all their names"(io, { http }) {
		const socket = await connect(io, http);
		const log = [];
		const note = (what) => function (...args) {
			log.push([what, ...args]);
			truth(this === socket, "this");
		};
		const one = note("one"), two = note("two");

		await socket.emitWithAck("echo"); /* "hello" has come */
		equal(socket.hasListeners("echo"), false, "none");
		equal(socket.listeners("echo"), [], "no listeners");
		socket.addEventListener("echo", one).on("echo", two);
		equal(socket.hasListeners("echo"), true, "some");
		truth(socket.listeners("echo")[0] === one &&
		    socket.listeners("echo").length === 2, "two");
		socket.removeListener("echo", one);
		socket.onAny(note("any")).prependAny(note("first"));
		equal(socket.listenersAny().length, 2, "any");
		socket.onAnyOutgoing(note("out"));
		socket.prependAnyOutgoing(note("out first"));
		equal(socket.listenersAnyOutgoing().length, 2, "any outgoing");
		socket.emit("echo", 1);
		await once(socket, "echo");
		equal(log, [["out first", "echo", 1], ["out", "echo", 1],
			["first", "echo", 1], ["any", "echo", 1], ["two", 1]]);
		/* off() is about named events alone. */
		socket.on("echo", one).removeAllListeners("echo");
		equal(socket.hasListeners("echo"), false, "after all");
		socket.on("echo", one).on("other", two).off();
		equal([socket.hasListeners("echo"),
			socket.hasListeners("other"),
			socket.listenersAny().length], [false, false, 2]);
		socket.on("echo", one).removeEventListener("echo", one);
		equal(socket.hasListeners("echo"), false, "at the end");
		socket.disconnect();
	},

	async "a manager of one's own"(io, { http }) {
		const manager = new io.Manager(http,
		    { autoConnect: false, reconnectionDelay: 77 });
		equal(manager.reconnectionDelay(), 77);
		truth(manager.reconnection(false).reconnectionAttempts(3)
		    .reconnectionDelay(10).reconnectionDelayMax(20)
		    .randomizationFactor(0.25).timeout(5000) === manager,
		    "no chain");
		equal([manager.reconnection(), manager.reconnectionAttempts(),
			manager.reconnectionDelay(),
			manager.reconnectionDelayMax(),
			manager.randomizationFactor(), manager.timeout()],
		    [false, 3, 10, 20, 0.25, 5000]);
		await within(new Promise((done, lost) => manager.open(
		    (error) => error ? lost(error) : done())), "open");
		const root = manager.socket("/");
		const custom = manager.socket("/custom", { auth: { a: 1 } });
		truth(manager.socket("/") === root && root.io === manager,
		    "another socket");
		root.connect();
		custom.connect();
		const [hello] = await once(custom, "hello");
		equal([hello.nsp, hello.auth], ["/custom", { a: 1 }]);
		custom.disconnect();
		root.disconnect();
	},

	async "a manager opens when it is made, and may fail"(io, { http }) {
		const manager = new io.Manager(http);
		await once(manager, "open");
		const socket = manager.socket("/");
		await once(socket, "connect");
		socket.disconnect();
		const port = await freePort();
		const away = new io.Manager(`http://127.0.0.1:${port}`,
		    { autoConnect: false, reconnection: false });
		const error = await within(new Promise((done) =>
		    away.open(done)), "an error");
		equal(error.message, "xhr poll error");
	},

	async "the address may change"(io, { http }) {
		const port = await freePort();
		const socket = io(`http://127.0.0.1:${port}`, { forceNew: true,
			reconnectionDelay: 10, reconnectionDelayMax: 40 });
		await once(socket, "connect_error");
		socket.io.uri = http;
		await once(socket, "connect");
		equal(await socket.emitWithAck("echo", 1), 1, "echo");
		socket.disconnect();
	},

	async "why a connection fails"(io) {
		const server = createServer((_, answer) =>
		    answer.writeHead(418).end()).listen(0, "127.0.0.1");
		await came(server, "listening");
		const url = `http://127.0.0.1:${server.address().port}`;
		const [socket, other] = ["polling", "websocket"].map((way) =>
		    io(url, { forceNew: true, transports: [way],
			reconnection: false }));
		const [[polled], [opened]] = await Promise.all(
		    [socket, other].map((one) => once(one, "connect_error")));
		equal([polled.message, polled.type, polled.description],
		    ["xhr poll error", "TransportError", 418]);
		truth(polled instanceof Error && polled.context, "context");
		equal([opened.message, opened.type],
		    ["websocket error", "TransportError"]);
		truth(opened.description, "no description");
		server.closeAllConnections();
		server.close();
	},

	async "the state of the engine"(io, { http }) {
		const manager = new io.Manager(http, { autoConnect: false });
		const opened = within(new Promise((done) =>
		    manager.open(done)), "open");
		const { engine } = manager;
		equal(engine.readyState, "opening");
		equal(await opened, undefined, "error");
		equal([engine.readyState, Array.isArray(engine.writeBuffer),
			engine.opts.path.startsWith("/socket.io")],
		    ["open", true, true]);
		const closed = once(engine, "close");
		engine.close();
		await closed;
		equal(engine.readyState, "closed");
		truth(io.io === io && io.connect === io, "names of io");
	},

	async "events of the engine"(io, { http }) {
		const socket = io(http, { forceNew: true });
		const { engine } = socket.io;
		const seen = new Set(), packets = new Set();
		for (const event of ["handshake", "open", "data", "message",
			"flush", "drain", "upgrading", "upgrade", "heartbeat"])
			engine.on(event, () => seen.add(event));
		engine.on("packet", ({ type }) => packets.add(type));
		const upgraded = once(engine, "upgrade");
		await once(socket, "connect");
		equal((await upgraded)[0].name, "websocket", "transport");
		const packet = once(engine, "packet");
		const data = once(engine, "data");
		const drained = once(engine, "drain");
		socket.emit("echo", "ü");
		const wanted = '2["echo","ü"]';
		equal([(await packet)[0].type, (await packet)[0].data],
		    ["message", wanted], "packet");
		equal((await data)[0], wanted, "data");
		await drained;
		equal([...seen].sort(), ["data", "drain", "flush", "handshake",
			"heartbeat", "message", "open", "upgrade",
			"upgrading"], "events");
		truth(packets.has("open") && packets.has("message"), "packets");
		socket.disconnect();
	},

	async "which sockets share a connection"(io, { http }) {
		const socket = await connect(io, http, { forceNew: false });
		const other = io(`${http}/custom`);
		truth(socket.io === other.io, "two connections");
		await once(other, "connect");
		socket.disconnect();
		equal(await other.emitWithAck("echo", 1), 1, "the other");
		/* A second socket of a namespace has its own connection. */
		const second = await connect(io, http, { forceNew: false });
		truth(second.io !== other.io, "one connection");
		second.disconnect();
		other.disconnect();
	},
};

await withPeer("twin", [], async (server) => {
	for (const [name, make] of Object.entries(CLIENTS))
		for (const [what, run] of Object.entries(CASES))
			await check(`API, ${name}: ${what}`, () =>
			    run(make(), server));
});
finish();
