/* engine.js - conformance to Engine.IO 4 and 3, message by message. */
/* SPDX-License-Identifier: MIT */

/* The cases are those of the protocol's public test suite, and more: the
 * answers to bad requests, and what comes when it should not. The server is
 * engine-echo with a fast heartbeat; how long it waits for a pong leaves room
 * for a machine that is busy. Under PEER=official some cases that the
 * reference handles in another way are left out, each with its reason. */

import { createRequire } from "node:module";

import { check, equal, finish, load, truth, within } from "../harness.js";
import { OFFICIAL, start } from "./peers.js";
import { Endpoint } from "./raw.js";

const PING_MS = 300, PONG_MS = 1500; /* between pings; until a pong */

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

const answers = ({ status, body }) => [status, body];

const refusal = (code, message) => [400, JSON.stringify({ code, message })];

const UNKNOWN_TRANSPORT = refusal(0, "Transport unknown");
const UNKNOWN_SESSION = refusal(1, "Session ID unknown");
const BAD_METHOD = refusal(2, "Bad handshake method");
const BAD_REQUEST = refusal(3, "Bad request");
const BAD_VERSION = refusal(5, "Unsupported protocol version");

/* ---- for both protocols -------------------------------------------------- */

/* A text payload of this protocol. */
const payload = (endpoint, ...packets) => endpoint.eio === 4 ?
    packets.join("\x1e") :
    packets.map((packet) => `${packet.length}:${packet}`).join("");

/* Tell polls from what else comes: v3 clients ping, so nothing comes. */
const polled = async (session) => session.endpoint.eio === 4 ?
    session.poll() : (await session.get()).body;

/* The reference takes any EIO for 3 when it may. */
const OTHER_VERSIONS = [
	["no EIO", "GET", { EIO: "" }, BAD_VERSION],
	["EIO is a word", "GET", { EIO: "abc" }, BAD_VERSION],
	["EIO of the future", "GET", { EIO: "5" }, BAD_VERSION],
];

const REFUSED = [
	...OFFICIAL ? [] : OTHER_VERSIONS,
	["no transport", "GET", { transport: "" }, UNKNOWN_TRANSPORT],
	["unknown transport", "GET", { transport: "abc" }, UNKNOWN_TRANSPORT],
	["a property of Object", "GET", { transport: "constructor" },
	    UNKNOWN_TRANSPORT],
	["websocket without Upgrade", "GET", { transport: "websocket" },
	    BAD_REQUEST],
	["unknown sid", "GET", { sid: "abc" }, UNKNOWN_SESSION],
	["unknown sid to post to", "POST", { sid: "abc" }, UNKNOWN_SESSION],
	["a sid that is __proto__", "GET", { sid: "__proto__" },
	    UNKNOWN_SESSION],
	["handshake by POST", "POST", {}, BAD_METHOD],
	["handshake by PUT", "PUT", {}, BAD_METHOD],
	["handshake by DELETE", "DELETE", {}, BAD_METHOD],
];

const COMMON = {
	async "a handshake by polling"(endpoint) {
		const { status, body, headers } = await endpoint.handshake();
		const at = endpoint.eio === 4 ? 1 : body.indexOf(":") + 2;
		const hello = JSON.parse(body.slice(at));
		equal(status, 200, "status");
		equal(body.slice(0, at), endpoint.eio === 4 ? "0" :
		    `${body.length - at + 1}:0`, "head");
		truth(/^[\w-]{20}$/.test(hello.sid), `sid: ${hello.sid}`);
		equal({ ...hello, sid: "" }, { sid: "", upgrades: ["websocket"],
			pingInterval: PING_MS, pingTimeout: PONG_MS,
			maxPayload: 1000000 }, "hello");
		equal(headers.get("content-type"), "text/plain; charset=UTF-8");
		equal(headers.get("cache-control"), "no-store");
	},

	async "a handshake by WebSocket"(endpoint) {
		const { hello, socket } = await endpoint.stream();
		truth(/^[\w-]{20}$/.test(hello.sid), `sid: ${hello.sid}`);
		equal([hello.upgrades, hello.pingInterval, hello.pingTimeout],
		    [[], PING_MS, PONG_MS], "hello");
		socket.close();
	},

	async "bad requests are refused"(endpoint) {
		for (const [what, method, query, expected] of REFUSED) {
			const all = { EIO: endpoint.eio, transport: "polling",
				...query };
			for (const [name, value] of Object.entries(all))
				if (value === "")
					delete all[name];
			equal(answers(await endpoint.request(method, all)),
			    expected, what);
		}
	},

	async "bad upgrades are refused"(endpoint) {
		const bad = [{ transport: "abc" }, { sid: "abc" }];
		if (!OFFICIAL) /* which says 101 and then writes HTTP */
			bad.push({ EIO: "abc" }, { transport: "polling" });
		for (const query of bad)
			equal(await endpoint.websocket(query).next(),
			    { status: 400 }, JSON.stringify(query));
	},

	async "a session does not change its protocol"(endpoint) {
		const session = await endpoint.session();
		const other = { ...session.query, EIO: 7 - endpoint.eio };
		equal(answers(await endpoint.request("GET", other)),
		    BAD_REQUEST);
		const wrong = { ...session.query, transport: "websocket" };
		equal(answers(await endpoint.request("GET", wrong)),
		    BAD_REQUEST);
		await session.post(payload(endpoint, "4still here"));
		equal(await polled(session), payload(endpoint, "4still here"));
	},

	async "text by polling"(endpoint) {
		const session = await endpoint.session();
		const { status, body, headers } =
		    await session.post(payload(endpoint, "4hello"));
		equal([status, body, headers.get("content-type")],
		    [200, "ok", "text/html"], "answer");
		equal(await polled(session), payload(endpoint, "4hello"));
	},

	async "several packets in one request"(endpoint) {
		const session = await endpoint.session();
		const all = payload(endpoint, "4test1", "4", "4test3");
		equal((await session.post(all)).body, "ok");
		let got = "";
		while (got.length < all.length)
			got += (got && endpoint.eio === 4 ? "\x1e" : "") +
			    await polled(session);
		equal(got, all, "packets");
	},

	async "a poll waits for a message"(endpoint) {
		const session = await endpoint.session();
		const poll = session.get();
		await session.post(payload(endpoint, "4later"));
		equal((await poll).body, payload(endpoint, "4later"));
	},

	async "a body in pieces"(endpoint) {
		const session = await endpoint.session();
		const text = payload(endpoint, `4${"x".repeat(3000)}`);
		const pieces = new ReadableStream({
			async start(controller) {
				for (let i = 0; i < text.length; i += 1000) {
					controller.enqueue(Buffer.from(
					    text.slice(i, i + 1000)));
					await pause(1);
				}
				controller.close();
			},
		});
		const { body } = await session.post(pieces, { duplex: "half" });
		equal(body, "ok");
		equal(await polled(session), text, "message");
	},

	async "a body that is too large"(endpoint) {
		const session = await endpoint.session();
		const { status } = await session.post("4".repeat(1000001));
		equal(status, 413, "status");
		await session.post(payload(endpoint, "4still here"));
		equal(await polled(session), payload(endpoint, "4still here"));
	},

	async "chunks that are too large"(endpoint) {
		const session = await endpoint.session();
		const wire = await session.begin("Transfer-Encoding: chunked");
		wire.send(`f4241\r\n${"4".repeat(1000001)}\r\n`);
		await wire.hears(/^HTTP\/1\.1 413 [^]*\r\n\r\n(0\r\n\r\n)?$/);
		wire.leave();
		await session.post(payload(endpoint, "4still here"));
		equal(await polled(session), payload(endpoint, "4still here"));
	},

	async "a second post ends both"(endpoint) {
		const session = await endpoint.session();
		const wire = await session.begin("Content-Length: 9");
		wire.send("4");
		const { status, body } = await session.post(
		    payload(endpoint, "4x"));
		equal([status, body], [400, ""], "the second");
		/* The reference drops the first without a word. */
		truth(/^(HTTP\/1\.1 400 [^]*\r\n\r\n)?$/.test(
		    await wire.isClosed()), wire.heard);
		await session.isGone();
	},

	async "a post that is left halfway"(endpoint) {
		const session = await endpoint.session();
		const wire = await session.begin("Content-Length: 9");
		wire.send("4");
		wire.leave();
		/* This may be held before the server sees the end. */
		const { status, body } = await session.get();
		if (status === 200)
			equal(body, payload(endpoint, "1"), "a poll");
		await session.isGone();
	},

	async "garbage ends a session"(endpoint) {
		const bad = endpoint.eio === 4 ? ["abc", "9", "", "\x1e"] :
		    ["abc", "9:4abc", "3:4a", ":", "-1:4", "1:9",
			...OFFICIAL ? [] : ["0:"]]; /* it answers "1" */
		for (const body of bad) {
			const session = await endpoint.session();
			const { status } = await session.post(body);
			truth([200, 400].includes(status), `status ${status}`);
			await session.isGone(JSON.stringify(body));
		}
	},

	async "a second poll ends both"(endpoint) {
		const session = await endpoint.session();
		const both = await Promise.all([session.get(), session.get()]);
		equal(both.map(({ status }) => status).sort(), [200, 400]);
		equal(both.find(({ status }) => status === 200).body,
		    payload(endpoint, "1"), "the first");
		await session.isGone();
	},

	async "a close packet by polling"(endpoint) {
		let session, released;
		/* The poll shall be first; when it is not, it is refused. */
		await until(async () => {
			session = await endpoint.session();
			const poll = session.get();
			await pause(20);
			const { body } =
			    await session.post(payload(endpoint, "1"));
			equal(body, "ok", "answer");
			released = await poll;
			return released.status === 200;
		});
		equal(released.body, payload(endpoint, "6"), "poll");
		await session.isGone();
	},

	async "text and octets by WebSocket"(endpoint) {
		const socket = await endpoint.stream();
		const octets = Buffer.from([1, 2, 3, 4]);
		const wire = endpoint.eio === 4 ? octets :
		    Buffer.concat([Buffer.from([4]), octets]);
		await socket.send("4hello", wire, "4", "4ü😀");
		await socket.expect("4hello", wire, "4", "4ü😀");
		await socket.send(endpoint.eio === 4 ? "bAQIDBA==" :
		    "b4AQIDBA==");
		await socket.expect(wire);
		socket.close();
	},

	async "garbage by WebSocket"(endpoint) {
		for (const bad of ["abc", "", "9"]) {
			const socket = await endpoint.stream();
			await socket.send(bad);
			await socket.isClosed();
		}
	},

	async "a close packet by WebSocket"(endpoint) {
		if (OFFICIAL)
			return; /* which waits until a ping is not answered */
		const socket = await endpoint.stream();
		await socket.send("1");
		await socket.isClosed();
	},

	async "packets out of their place"(endpoint) {
		const socket = await endpoint.stream();
		await socket.send("0{}", "5", "6", "4after them");
		await socket.expect("4after them");
		socket.close();
	},

	async "an upgrade"(endpoint) {
		const session = await endpoint.session();
		const socket = endpoint.websocket({ sid: session.sid });
		await socket.send("2probe");
		await socket.expect("3probe");
		await socket.send("5", "4hello");
		await socket.expect("4hello");
		equal(answers(await session.get()), BAD_REQUEST, "a poll");
		equal(answers(await session.post("4x")), BAD_REQUEST, "a post");
		const another = endpoint.websocket({ sid: session.sid });
		await another.isClosed();
		await socket.send("4still here");
		await socket.expect("4still here");
		socket.close();
	},

	async "an upgrade in one breath"(endpoint) {
		const session = await endpoint.session();
		const socket = endpoint.websocket({ sid: session.sid });
		await socket.send("2probe", "5");
		await socket.expect("3probe");
		equal(answers(await session.get()), BAD_REQUEST, "a poll");
		socket.close();
	},

	async "an upgrade releases the poll"(endpoint) {
		const session = await endpoint.session();
		const socket = endpoint.websocket({ sid: session.sid });
		await socket.opened;
		const poll = session.get();
		await socket.send("2probe");
		await socket.expect("3probe");
		equal(answers(await poll), [200, payload(endpoint, "6")]);
		await session.post(payload(endpoint, "4before"));
		await socket.send("5", "4after");
		await socket.expect("4before", "4after");
		socket.close();
	},

	async "a probe that fails"(endpoint) {
		for (const fail of [(socket) => socket.send("4hello"),
			(socket) => socket.close(),
			(socket) => socket.socket.terminate()]) {
			const session = await endpoint.session();
			const socket = endpoint.websocket({ sid: session.sid });
			await socket.send("2probe");
			await socket.expect("3probe");
			await fail(socket);
			await socket.isClosed();
			await session.post(payload(endpoint, "4still here"));
			let got;
			do
				got = await polled(session);
			while (got === payload(endpoint, "6"));
			equal(got, payload(endpoint, "4still here"));
		}
	},

	async "a poll that is broken off ends the session"(endpoint) {
		const session = await endpoint.session();
		const gone = new AbortController();
		const poll = session.get({ signal: gone.signal });
		await pause(50); /* let it arrive */
		gone.abort();
		await poll.catch(() => {});
		await until(async () => (await session.get()).status === 400);
	},

	async "CORS on every answer"(endpoint) {
		const headers = { Origin: "http://elsewhere.example" };
		const session = await endpoint.session();
		for (const [method, query, body] of [
			["GET", { transport: "polling", EIO: endpoint.eio }],
			["GET", { transport: "abc" }],
			["POST", session.query, payload(endpoint, "4x")],
			["OPTIONS", session.query]]) {
			const response = await endpoint.request(
			    method, query, body, { headers });
			equal(response.headers.get(
			    "access-control-allow-origin"), "*", method);
			if (method === "OPTIONS")
				equal(response.status, 204, "preflight");
		}
	},
};

async function until(condition) {
	const end = Date.now() + 30000;

	while (!await condition())
		if (Date.now() > end)
			throw new Error("it does not become true");
}

/* ---- protocol 4 ---------------------------------------------------------- */

const FOUR = {
	async "octets by polling"(endpoint) {
		const session = await endpoint.session();
		await session.post("bAQIDBA==");
		equal(await session.poll(), "bAQIDBA==");
		await session.post("bAQIDBA==\x1e4text\x1eb");
		let got = await session.poll();
		while (got.split("\x1e").length < 3)
			got += `\x1e${await session.poll()}`;
		equal(got, "bAQIDBA==\x1e4text\x1eb", "mixed");
	},

	async "base64 for who asks for it"(endpoint) {
		const socket = endpoint.websocket({ b64: 1 });
		await socket.next();
		await socket.send(Buffer.from([1, 2, 3, 4]));
		await socket.expect("bAQIDBA==");
		socket.close();
	},

	async "pings by polling"(endpoint) {
		const session = await endpoint.session();
		for (let i = 0; i < 3; i++) {
			equal((await session.get()).body, "2", "ping");
			equal((await session.post("3")).body, "ok");
		}
	},

	async "no pong by polling"(endpoint) {
		const session = await endpoint.session();
		equal((await session.get()).body, "2", "ping");
		await until(async () => (await session.get()).status === 400 ||
		    await pause(20));
	},

	async "pings by WebSocket"(endpoint) {
		const socket = await endpoint.stream();
		socket.answers = false;
		for (let i = 0; i < 3; i++) {
			await socket.expect("2");
			await socket.send("3");
		}
		socket.close();
	},

	async "no pong by WebSocket"(endpoint) {
		const socket = await endpoint.stream();
		socket.answers = false;
		await socket.expect("2");
		await socket.isClosed();
	},

	async "a ping of the client's is an error"(endpoint) {
		const socket = await endpoint.stream();
		await socket.send("2");
		await socket.isClosed();
	},

	async "a pong that nobody asked for"(endpoint) {
		const socket = await endpoint.stream();
		await socket.send("3", "4after it");
		await socket.expect("4after it");
		socket.close();
	},
};

/* ---- protocol 3 ---------------------------------------------------------- */

const THREE = {
	async "lengths count UTF-16 units"(endpoint) {
		const session = await endpoint.session();
		await session.post("6:4é😀x!3:4ok");
		const got = Buffer.from(await session.get().then(
		    ({ body }) => body)).toString();
		/* Text as text, or as octets for the clients that miscount. */
		truth(got.includes("4é😀x!"), JSON.stringify(got));
	},

	async "octets as base64"(endpoint) {
		const session = await endpoint.session({ b64: 1 });
		await session.post("10:b4AQIDBA==");
		equal((await session.get()).body, "10:b4AQIDBA==");
	},

	async "octets as octets"(endpoint) {
		const session = await endpoint.session({ b64: "" });
		const wire = Buffer.from([1, 5, 255, 4, 1, 2, 3, 4]);
		await session.post(wire, { headers:
		    { "Content-Type": "application/octet-stream" } });
		const response = await fetch(endpoint.url(
		    endpoint.server.http, session.query));
		equal(response.headers.get("content-type"),
		    "application/octet-stream");
		const got = Buffer.from(await response.arrayBuffer());
		equal([...got], [...wire]);
	},

	async "JSONP"(endpoint) {
		const hello = await endpoint.handshake({ j: 3 });
		const unwrap = ({ body }) => {
			const match = /^___eio\[3\]\((.*)\);$/s.exec(body);
			return JSON.parse(match[1]);
		};
		const { sid } = JSON.parse(
		    unwrap(hello).replace(/^\d+:0/, ""));
		const query = { EIO: 3, transport: "polling", j: 3, sid };
		const text = "4line\u2028 end";
		const { body } = await endpoint.request("POST", query,
		    new URLSearchParams({ d: `${text.length}:${text}` }));
		equal(body, "ok");
		const answer = await endpoint.request("GET", query);
		truth(answer.body.includes("\\u2028"), "not escaped");
		equal(unwrap(answer), `${text.length}:${text}`);
	},

	async "pings are the client's"(endpoint) {
		const session = await endpoint.session();
		for (let i = 0; i < 3; i++) {
			await pause(PING_MS / 2);
			await session.post("1:2");
			equal((await session.get()).body, "1:3", "pong");
		}
		const socket = await endpoint.stream();
		for (let i = 0; i < 3; i++) {
			await pause(PING_MS / 2);
			await socket.send("2");
			await socket.expect("3");
		}
		socket.close();
	},

	async "no ping"(endpoint) {
		const session = await endpoint.session();
		const socket = await endpoint.stream();
		await socket.isClosed();
		await until(async () => (await endpoint.request("POST",
		    session.query, "1:4")).status === 400 || await pause(20));
	},
};

/* ---- the clients of npm -------------------------------------------------- */

/* That of protocol 3 is a part of an old socket.io-client. */
const NPM = {
	4: load("engine.io-client").Socket,
	3: createRequire(load.resolve("sio-2.5"))("engine.io-client"),
};

/* Messages come back in order, whichever transport takes them. */
async function npm(Client, server, transports) {
	const client = new Client(server.http, { transports });
	const sent = [], got = [];

	client.binaryType = "nodebuffer";
	const all = new Promise((came) => client.on("message", (data) => {
		got.push(data.toString("latin1"));
		if (got.length === 200)
			came();
	}));
	await within(new Promise((open) => client.once("open", open)), "open");
	for (let i = 0; i < 200; i++) {
		sent.push(i % 2 ? `text ${i}` : `octets ${i} \xff`);
		client.send(i % 2 ? sent[i] : Buffer.from(sent[i], "latin1"));
		if (i % 50 === 49)
			await pause(20); /* so that an upgrade is among them */
	}
	await within(all, "all messages");
	equal(got, sent, "messages");
	equal(client.transport.name, transports.at(-1), "transport");
	/* It answers the server's pings, or sends its own. */
	let pings = 0;
	await within(new Promise((enough) => client.on("pong", () =>
	    ++pings === 3 && enough())), "three pings");
	const closed = new Promise((close) => client.once("close", close));
	client.close();
	equal(await within(closed, "close"), "forced close", "reason");
}

/* ---- all of them --------------------------------------------------------- */

const server = await start("engine-echo", "127.0.0.1:0", `${PING_MS}`,
    `${PONG_MS}`);

for (const [eio, own] of [[4, FOUR], [3, THREE]])
	for (const [what, run] of Object.entries({ ...COMMON, ...own }))
		await check(`engine ${eio}: ${what}`, () =>
		    run(new Endpoint(server, "/engine.io/", eio)));
for (const [eio, Client] of Object.entries(NPM))
	for (const transports of [["polling"], ["websocket"],
		["polling", "websocket"]])
		await check(`engine.io-client, ${eio}: ${transports}`, () =>
		    npm(Client, server, transports));
await check("engine: the server is still there", async () => {
	equal(server.code, undefined, "exit status");
	await server.stop();
});
finish();
