/* ws.js - the WebSocket client of Node's ecosystem, npm ws. */
/* SPDX-License-Identifier: MIT */

import { once } from "node:events";

import { check, equal, finish, load, truth, within, withWsd }
    from "./harness.js";

const WebSocket = load("ws");

const MIB = 1 << 20;

/* ---- a client ------------------------------------------------------------ */

/* A connection whose messages and end can be waited for in order. */
function dial(url, protocols = [], options = {}) {
	const socket = new WebSocket(url, protocols, options);
	const events = [], waiting = [];

	function put(event) {
		const next = waiting.shift();
		if (next)
			next(event);
		else
			events.push(event);
	}
	socket.on("message", (data, binary) =>
	    put({ data: binary ? data : data.toString(), binary }));
	socket.on("close", (code, reason) =>
	    put({ code, reason: reason.toString() }));
	socket.on("unexpected-response", (_, response) => {
		put({ status: response.statusCode });
		response.destroy();
	});
	socket.on("error", (error) => put({ error: error.message }));
	const opened = once(socket, "open").then(() => undefined, () => undefined);
	return {
		socket,
		events,
		opened: () => within(opened, "open"),
		next: () => within(new Promise((got) => {
			if (events.length)
				got(events.shift());
			else
				waiting.push(got);
		}), "event"),
	};
}

async function open(url, protocols, options) {
	const client = dial(url, protocols, options);
	await client.opened();
	equal(client.socket.readyState, WebSocket.OPEN, "state");
	return client;
}

/* Close in good order, and see the code that comes back. */
async function hangUp(client, code = 1000, reason = "") {
	client.socket.close(code, reason);
	const end = await client.next();
	equal(end.code, code, "close code");
}

/* Nothing has come: what would have is overtaken by no pong. */
async function nothingCame(client) {
	client.socket.ping("here?");
	await within(once(client.socket, "pong"), "pong");
	equal(client.events, [], "what came");
}

/* ---- echo ---------------------------------------------------------------- */

const LENGTHS = [0, 1, 2, 7, 8, 124, 125, 126, 127, 128, 1000, 4095, 4096,
	65534, 65535, 65536, 65537, 131071, 131072, 131073, 500000, MIB - 1,
	MIB];

const pattern = (length) =>
    Buffer.from(Array.from({ length }, (_, i) => i * 7 + (i >> 8) & 0xff));

async function echoText(client) {
	for (const length of LENGTHS) {
		const text = "a\u00fc\u4e16\u{1f30d}bcdefg".repeat(
		    Math.ceil(length / 14)).slice(0, length);
		const sent = Buffer.byteLength(text) > MIB ?
		    text.slice(0, length / 2) : text;
		client.socket.send(sent);
		const { data, binary } = await client.next();
		equal(binary, false, `kind at ${length}`);
		truth(data === sent, `differs at ${length}`);
	}
}

async function echoBinary(client) {
	for (const length of LENGTHS) {
		const sent = pattern(length);
		client.socket.send(sent);
		const { data, binary } = await client.next();
		equal(binary, true, `kind at ${length}`);
		truth(sent.equals(data), `differs at ${length}`);
	}
}

async function echoFragments(client) {
	for (const size of [0, 1, 125, 126, 65535, 65536]) {
		const part = pattern(size);
		client.socket.send(part, { binary: true, fin: false });
		client.socket.ping("between");
		client.socket.send(part, { fin: false });
		client.socket.send("", { fin: false });
		client.socket.send(part, { fin: true });
		const { data, binary } = await client.next();
		equal(binary, true, `kind at ${size}`);
		truth(Buffer.concat([part, part, part]).equals(data),
		    `differs at ${size}`);
	}
}

/* A character is split between two frames. */
async function echoSplitText(client) {
	const octets = Buffer.from("x\u{1f30d}y");
	for (const octet of octets)
		client.socket.send(Buffer.of(octet), { binary: false, fin: false });
	client.socket.send("", { binary: false, fin: true });
	const { data, binary } = await client.next();
	equal([data, binary], ["x\u{1f30d}y", false]);
}

async function echoes(server) {
	const plain = { perMessageDeflate: false };
	const url = `${server.ws}echo`;
	const one = await open(url, [], plain);

	await check("ws: text of every boundary length to 1 MiB",
	    () => echoText(one));
	await check("ws: binary of every boundary length to 1 MiB",
	    () => echoBinary(one));
	await check("ws: fragments, with a ping between", () =>
	    echoFragments(one));
	await check("ws: text fragmented inside a character", () =>
	    echoSplitText(one));
	await check("ws: 2000 messages sent ahead come back in order",
	    async () => {
		for (let i = 0; i < 2000; i++)
			one.socket.send(`message ${i}`);
		for (let i = 0; i < 2000; i++)
			equal((await one.next()).data, `message ${i}`);
	    });
	await check("ws: a ping is answered with its payload", async () => {
		for (const payload of ["", "x", "y".repeat(125)]) {
			one.socket.ping(payload);
			const [data] = await within(
			    once(one.socket, "pong"), "pong");
			equal(data.toString(), payload);
		}
	});
	await check("ws: a pong out of the blue changes nothing", async () => {
		one.socket.pong("unasked");
		await nothingCame(one);
		await hangUp(one);
	});
	await check("ws: permessage-deflate is offered and declined",
	    async () => {
		const client = await open(url, [], { perMessageDeflate: true });
		equal(client.socket.extensions, "", "extensions");
		await echoText(client);
		await hangUp(client);
	    });
}

/* ---- opening ------------------------------------------------------------- */

async function opening(server) {
	const url = `${server.ws}echo`;

	await check("ws: no subprotocol offered, none chosen", async () => {
		const client = await open(url);
		equal(client.socket.protocol, "", "protocol");
		await hangUp(client);
	});
	await check("ws: subprotocols offered, the first chosen", async () => {
		/* RFC 6455 4.2.2: the server may leave the field out; this
		 * client would then give up, as browsers do. */
		const client = await open(url, ["chat", "superchat"]);
		equal(client.socket.protocol, "chat", "protocol");
		await hangUp(client);
	});
	await check("ws: the Origin of the same host is accepted", async () => {
		await hangUp(await open(url, [], { origin:
		    server.http.replace(/\/$/, "") }));
	});
	await check("ws: a foreign Origin is refused with 403", async () => {
		for (const origin of ["http://elsewhere.example", "null",
			"http://127.0.0.1", `http://localhost:${server.port}`,
			`${server.http}.example`, "chrome-extension://x"]) {
			const client = dial(url, [], { origin });
			equal((await client.next()).status, 403, origin);
		}
		await server.printed(/refused with 403: /);
	});
	await check("ws: version 8 is refused with 426", async () => {
		const client = dial(url, [], { protocolVersion: 8 });
		equal((await client.next()).status, 426, "status");
	});
	await check("ws: a path that is no endpoint is refused", async () => {
		for (const [path, status] of [["nowhere", 404],
			["room/", 400]]) {
			const client = dial(`${server.ws}${path}`);
			equal((await client.next()).status, status, path);
		}
	});
	await check("ws: 300 header fields are too many: 431", async () => {
		const headers = Object.fromEntries(Array.from({ length: 300 },
		    (_, i) => [`X-Field-${i}`, "v"]));
		const client = dial(url, [], { headers });
		equal((await client.next()).status, 431, "status");
	});
}

/* ---- closing ------------------------------------------------------------- */

async function closing(server) {
	const url = `${server.ws}echo`;

	await check("ws: every code a client may send comes back", async () => {
		for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009,
			1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
			const client = await open(url);
			client.socket.close(code, `reason of ${code}`);
			equal((await client.next()).code, code, "code");
			await server.printed(new RegExp(`closed with ${code} ` +
			    `by the peer: reason of ${code}`));
		}
	});
	await check("ws: a Close without a code comes back without",
	    async () => {
		const client = await open(url);
		client.socket.close();
		equal((await client.next()).code, 1005, "code");
	    });
	await check("ws: a reason of 123 octets", async () => {
		const client = await open(url);
		await hangUp(client, 1000, "r".repeat(123));
	});
	await check("ws: too big is 1009 with a reason", async () => {
		const client = await open(url);
		client.socket.send(Buffer.alloc(MIB + 1));
		const end = await client.next();
		equal(end.code, 1009, "code");
		truth(end.reason.length > 0, "no reason");
		await server.printed(/closed with 1009 by this server: \S/);
	});
	await check("ws: too big in fragments is 1009", async () => {
		const client = await open(url);
		client.socket.send(Buffer.alloc(MIB), { fin: false });
		client.socket.send(Buffer.alloc(1), { fin: true });
		equal((await client.next()).code, 1009, "code");
	});
	await check("ws: text that is not UTF-8 is 1007", async () => {
		const client = await open(url);
		client.socket.send(Buffer.of(0x61, 0xff), { binary: false });
		const end = await client.next();
		equal(end.code, 1007, "code");
		truth(end.reason.length > 0, "no reason");
	});
	await check("ws: terminate is 1006, in plain words", async () => {
		const client = await open(url);
		client.socket.terminate();
		equal((await client.next()).code, 1006, "code");
		await server.printed(
		    /closed with 1006 by the peer: (the stream|the connection)/);
	});
}

/* ---- rooms --------------------------------------------------------------- */

async function rooms(server) {
	await check("ws: a room passes on to all others", async () => {
		const all = [];
		for (let i = 0; i < 3; i++)
			all.push(await open(`${server.ws}room/three`));
		const [a, b, c] = all;
		a.socket.send("text");
		a.socket.send(Buffer.of(1, 2, 3));
		for (const other of [b, c]) {
			equal(await other.next(),
			    { data: "text", binary: false });
			const { data, binary } = await other.next();
			equal([[...data], binary], [[1, 2, 3], true]);
		}
		await nothingCame(a);
		await hangUp(a);
		b.socket.send("after");
		equal((await c.next()).data, "after");
		await nothingCame(b);
		await hangUp(b);
		await hangUp(c);
	});
	await check("ws: ?self=1 includes the sender, ?self=0 not", async () => {
		const own = await open(`${server.ws}room/mirror?self=1`);
		const other = await open(`${server.ws}room/mirror?self=0`);
		own.socket.send("one");
		equal((await own.next()).data, "one");
		equal((await other.next()).data, "one");
		other.socket.send("two");
		equal((await own.next()).data, "two");
		await nothingCame(other);
		await hangUp(own);
		await hangUp(other);
	});
	await check("ws: names are decoded, and are not mixed up", async () => {
		const plain = await open(`${server.ws}room/a%2Fb`);
		const same = await open(`${server.ws}room/%61/b`);
		const other = await open(`${server.ws}room/A%2Fb`);
		plain.socket.send("hello");
		equal((await same.next()).data, "hello");
		await nothingCame(other);
		for (const one of [plain, same, other])
			await hangUp(one);
	});
	await check("ws: a name of 255 octets is one, of 256 none", async () => {
		await hangUp(await open(
		    `${server.ws}room/${"%f0".repeat(255)}`));
		const client = dial(`${server.ws}room/${"n".repeat(256)}`);
		equal((await client.next()).status, 400, "status");
	});
	await check("ws: 200 clients in a room hear everybody", async () => {
		const count = 200, url = `${server.ws}room/crowd`;
		const all = await Promise.all(
		    Array.from({ length: count }, () => open(url)));
		/* Open at the client means open at the server, which joined
		 * it then: nobody can miss anything. */
		for (const [i, one] of all.entries())
			one.socket.send(`from ${i}`);
		await Promise.all(all.map(async (one, i) => {
			const heard = new Set();
			for (let n = 1; n < count; n++)
				heard.add((await one.next()).data);
			equal(heard.size, count - 1, "messages");
			truth(!heard.has(`from ${i}`), "heard itself");
		}));
		await Promise.all(all.map((one) => hangUp(one)));
	});
	await check("ws: 1 MiB through a room of ten", async () => {
		const all = await Promise.all(Array.from({ length: 10 },
		    () => open(`${server.ws}room/large`)));
		const sent = pattern(MIB);
		all[0].socket.send(sent);
		for (const one of all.slice(1))
			truth(sent.equals((await one.next()).data), "differs");
		await Promise.all(all.map((one) => hangUp(one)));
	});
}

/* ---- keeping alive and going away ---------------------------------------- */

async function keepAlive() {
	await withWsd(["--ping", "100ms"], (server) =>
	    check("ws: a quiet client is pinged and stays", async () => {
		const client = await open(`${server.ws}echo`);
		for (let i = 0; i < 3; i++)
			await within(once(client.socket, "ping"), "ping");
		client.socket.send("still here");
		equal((await client.next()).data, "still here");
		await hangUp(client);
	    }));
}

async function goingAway() {
	await withWsd([], (server) =>
	    check("ws: at SIGTERM clients get 1001", async () => {
		const all = await Promise.all(["echo", "room/a", "room/b"].map(
		    (path) => open(server.ws + path)));
		server.child.kill("SIGTERM");
		for (const one of all)
			equal((await one.next()).code, 1001, "code");
	    }));
}

await withWsd([], async (server) => {
	await echoes(server);
	await opening(server);
	await closing(server);
	await rooms(server);
});
await keepAlive();
await goingAway();
finish();
