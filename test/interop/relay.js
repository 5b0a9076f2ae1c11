/* relay.js - events between official clients, old and new, through wsd. */
/* SPDX-License-Identifier: MIT */

import { check, equal, finish, load, withWsd, within } from "./harness.js";

/* The oldest clients would take Node's for a browser's of their time. */
delete globalThis.WebSocket;

const CLIENTS = {
	"4.8, upgrade": { io: load("sio-4.8").io },
	"4.8, polling": { io: load("sio-4.8").io, transports: ["polling"] },
	"3.1, websocket": { io: load("sio-3.1").io, transports: ["websocket"] },
	"2.5, upgrade": { io: load("sio-2.5") },
	"2.0, polling": { io: load("sio-2.0"), transports: ["polling"] },
	"1.7, websocket": { io: load("sio-1.7"), transports: ["websocket"] },
};

const once = (socket, event) => within(new Promise((came) =>
    socket.once(event, (...args) => came(args))), `"${event}"`);

const ask = (socket, ...event) => within(new Promise((answer) =>
    socket.emit(...event, answer)), `acknowledgement of ${event[0]}`);

async function connect(url, { io, ...options }) {
	const socket = io(url, { forceNew: true, ...options });
	await once(socket, "connect");
	return socket;
}

/* Binary data may come as a Buffer or as an ArrayBuffer. */
const plain = (value) => Buffer.from(value).toString("hex");

async function everybodyHears(sockets) {
	for (const [name, from] of Object.entries(sockets)) {
		const others = Object.values(sockets).filter((one) =>
		    one !== from);
		await check(`relay: ${name} is heard by all others`, async () => {
			const heard = others.map((one) => once(one, "it's"));
			const octets = Buffer.from([0, 1, 254, 255]);
			const count = await ask(from, "it's", name, null,
			    { deep: [octets, "Grüße 世界 🌍"] }, octets, 1.5e-7);
			equal(count, others.length, "acknowledgement");
			for (const [who, nothing, what, last, number]
			    of await Promise.all(heard)) {
				equal([who, nothing, number],
				    [name, null, 1.5e-7]);
				equal(what.deep[1], "Grüße 世界 🌍");
				equal(plain(what.deep[0]), "0001feff", "deep");
				equal(plain(last), "0001feff", "last");
			}
		});
	}
}

await withWsd([], async (server) => {
	const sockets = {};
	const url = `${server.http}relay/kitchen`;

	for (const [name, how] of Object.entries(CLIENTS))
		sockets[name] = await connect(url, how);
	await everybodyHears(sockets);

	await check("relay: 300 events stay in order", async () => {
		const [from, to] = Object.values(sockets);
		const numbers = [];
		const all = within(new Promise((done) => to.on("n", (n) => {
			if (numbers.push(n) === 300)
				done();
		})), "300 events");
		for (let n = 0; n < 300; n++)
			from.emit("n", n);
		await all;
		equal(numbers, Array.from({ length: 300 }, (_, n) => n));
	});
	await check("relay: another name is another relay", async () => {
		const alone = await connect(`${server.http}relay/cellar`,
		    CLIENTS["4.8, upgrade"]);
		equal(await ask(alone, "anybody?"), 0, "acknowledgement");
		alone.disconnect();
	});
	for (const socket of Object.values(sockets))
		socket.disconnect();
});
finish();
