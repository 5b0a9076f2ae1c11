/* proxies.js - nginx and haproxy between clients and the server. */
/* SPDX-License-Identifier: MIT */

import { readFileSync } from "node:fs";

import { check, equal, finish, load, within } from "../harness.js";
import { PROXIES, startProxy } from "../proxy.js";
import { withPeer } from "./peers.js";

const PING = ["500", "20000"]; /* the proxies give up after two seconds */
const ALIVE_MS = 4000;

/* The oldest clients would take Node's for a browser's of their time. */
delete globalThis.WebSocket;

const source = readFileSync(
    new URL("../../../www/socket.io.js", import.meta.url), "utf8");

const CLIENTS = {
	ours: new Function("WebSocket", `${source}; return io;`)(load("ws")),
	"4.8": load("sio-4.8"),
	"2.5": load("sio-2.5"),
};

const TRANSPORTS = {
	polling: { transports: ["polling"] },
	websocket: { transports: ["websocket"] },
	upgrade: {},
};

const once = (emitter, event) => within(new Promise((came) =>
    emitter.once(event, (...args) => came(args))), `"${event}"`);

const ask = (socket, ...args) => within(new Promise((answer) =>
    socket.emit(...args, (...values) => answer(values))),
    `acknowledgement of "${args[0]}"`);

async function converse(io, url, options) {
	const socket = io(url,
	    { forceNew: true, reconnection: false, ...options });
	const got = [];

	await once(socket, "connect");
	socket.on("echo", (i) => got.push(i));
	for (let i = 0; i < 300; i++)
		socket.emit("echo", i);
	await ask(socket, "echo");
	equal(got, Array.from({ length: 300 }, (_, i) => i), "order");
	const [text, octets] = await ask(socket, "echo", "é😀".repeat(50000),
	    { within: Buffer.alloc(300000, 7) });
	equal(text === "é😀".repeat(50000), true, "text");
	equal(Buffer.alloc(300000, 7).equals(Buffer.from(octets.within)), true,
	    "octets");
	/* A time in which nothing is said but pings and pongs. */
	await new Promise((go) => setTimeout(go, ALIVE_MS));
	equal(socket.connected, true, "connected");
	const gone = once(socket, "disconnect");
	socket.emit("kick", false);
	equal((await gone)[0], "io server disconnect", "reason");
	socket.disconnect();
}

await withPeer("twin", ["127.0.0.1:0", ...PING], async (server) => {
	for (const name of Object.keys(PROXIES)) {
		const upstream = PROXIES[name].tcp(server.port);
		const proxy = await startProxy(name, upstream, "/");
		const all = [];

		for (const [client, io] of Object.entries(CLIENTS))
			for (const [way, options] of Object.entries(TRANSPORTS))
				all.push(check(`${name}: ${client}, ${way}`,
				    () => converse(io, proxy.origin, options)));
		await Promise.all(all);
		await proxy.stop();
	}
});
finish();
