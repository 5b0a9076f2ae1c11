/* server.js - hooks and options of a server, beside the official one. */
/* SPDX-License-Identifier: MIT */

import { check, equal, finish, load, within } from "../harness.js";
import { withPeer } from "./peers.js";
import { Endpoint } from "./raw.js";

const { io } = load("sio-4.8");

const once = (emitter, event) => within(new Promise((done) =>
    emitter.once(event, (...args) => done(args))), `"${event}"`);

async function connect(it, nsp, options) {
	const socket = io(`${it.http}${nsp}`, { forceNew: true, ...options });

	await once(socket, "connect");
	return socket;
}

/* What is noted while something is done, until the last of it. */
async function noted(log, count, run) {
	const notes = [];
	const all = within(new Promise((done) => log.on("note", (text) => {
		notes.push(text);
		if (notes.length === count)
			done();
	})), `${count} notes`);

	await run();
	await all;
	log.off("note");
	return notes;
}

await withPeer("hooks", [], async (it) => {
	const endpoint = new Endpoint(it, "/socket.io/", 4);
	const log = await connect(it, "/log");

	for (const transports of [["polling"], ["websocket"],
		["polling", "websocket"]])
		await check(`without a slash, ${transports}`, async () => {
			const socket = await connect(it, "/log",
			    { transports, addTrailingSlash: false });
			socket.disconnect();
		});
	await check("each refusal is told", async () => equal(
	    await noted(log, 4, async () => {
		await endpoint.handshake({ transport: "x" });
		await endpoint.handshake({ sid: "nobody" });
		await endpoint.handshake({ token: "bad" });
		await endpoint.request("PUT",
		    { EIO: 4, transport: "polling" });
	    }), ["0 Transport unknown", "1 Session ID unknown", "4 Forbidden",
		"2 Bad handshake method"]));
	await check("answers have fields of the application", async () => {
		const { headers, body } = await endpoint.handshake();
		const { sid } = JSON.parse(body.slice(1));
		equal(headers.get("x-first"), "yes", "the first");
		equal(headers.get("x-next"), null, "the first");
		const next = await endpoint.request("POST",
		    { EIO: 4, transport: "polling", sid }, "40");
		equal(next.headers.get("x-first"), null, "the next");
		equal(next.headers.get("x-next"), "yes", "the next");
	});
	for (const [origin, allowed] of [["http://good.example", true],
		["http://bad.example", false]])
		await check(`CORS for ${origin}`, async () => {
			const fields = async (method) => {
				const { status, headers } =
				    await endpoint.request(method,
					{ EIO: 4, transport: "polling" },
					undefined, { headers: { origin } });
				return [status, ...["origin", "methods",
					"headers"].map((name) => headers.get(
					`access-control-allow-${name}`)),
				headers.get("access-control-expose-headers"),
				headers.get("access-control-max-age")];
			};
			equal(await fields("GET"), [200,
				allowed ? origin : null, null, null,
				allowed ? "X-C" : null, null], "GET");
			if (allowed)
				equal(await fields("OPTIONS"), [204, origin,
					"GET,POST", "X-A,X-B", "X-C", "600"],
				    "OPTIONS");
			else
				equal(await noted(log, 1, async () =>
				    equal(await fields("OPTIONS"), [400, null,
					    null, null, null, null])),
				    ["2 Bad handshake method"]);
		});
	await check("changes of rooms are told in their order", async () => {
		let socket;
		equal(await noted(log, 6, async () => {
			socket = await connect(it, "/");
			await socket.emitWithAck("join");
		}), ["create own", "join own", "create room", "join room",
			"leave room", "delete room"]);
		equal(await noted(log, 2, () => socket.disconnect()),
		    ["leave own", "delete own"]);
	});
	await check("a new namespace is told", async () => equal(
	    await noted(log, 1, async () =>
		(await connect(it, "/new-1")).disconnect()),
	    ["namespace /new-1"]));
	await check("an event is refused with its reason", async () => {
		const socket = await connect(it, "/");
		socket.emit("echo", "bad");
		equal(await once(socket, "error"),
		    [{ message: "no", data: { word: "bad" } }]);
		const back = once(socket, "back");
		const message = once(socket, "message");
		socket.emit("echo", "good", [1], { two: 2 });
		equal(await back, ["good", [1], { two: 2 }]);
		equal(await message, [[1], { two: 2 }], "io.send");
		socket.disconnect();
	});
	await check("numbers that no double holds leave as null", async () => {
		const query = { EIO: 4, transport: "polling" };
		const { body } = await endpoint.handshake();
		query.sid = JSON.parse(body.slice(1)).sid;
		await endpoint.request("POST", query, "40");
		await endpoint.request("GET", query);
		await endpoint.request("POST", query,
		    '42["echo",1e999,-1e999,{"a":1e308}]');
		let heard = "";
		while (!heard.includes("message"))
			heard += (await endpoint.request("GET", query)).body;
		equal(JSON.parse(heard.split("\x1e")[0].slice(2)),
		    ["back", null, null, { a: 1e308 }]);
	});
	log.disconnect();
});
finish();
