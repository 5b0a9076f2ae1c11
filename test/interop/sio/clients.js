/* clients.js - the official clients of ten years, and our own, in Node. */
/* SPDX-License-Identifier: MIT */

import { readFileSync } from "node:fs";

import { check, equal, finish, freePort, load, truth, within }
    from "../harness.js";
import { start, withPeer, OFFICIAL } from "./peers.js";

/* The oldest clients would take Node's for a browser's of their time. */
delete globalThis.WebSocket;

/* ---- the clients --------------------------------------------------------- */

/* Each use gets a copy of its own, so no two checks share a connection. */
const script = new URL("../../../www/socket.io.js", import.meta.url);
const source = readFileSync(script, "utf8");
const ours = () =>
    new Function("WebSocket", `${source}; return io;`)(load("ws"));

const official = (version) => () => load(`sio-${version}`);

/* eio: the protocol; what younger clients have: timeout(), recovery. */
const CLIENTS = {
	"4.8": { make: official("4.8"), eio: 4, timeouts: true,
		recovers: true },
	ours: { make: ours, eio: 4, timeouts: true, recovers: true },
	"4.5": { make: official("4.5"), eio: 4, timeouts: true },
	"4.0": { make: official("4.0"), eio: 4 },
	"3.1": { make: official("3.1"), eio: 4 },
	"3.0": { make: official("3.0"), eio: 4 },
	"2.5": { make: official("2.5"), eio: 3 },
	"2.2": { make: official("2.2"), eio: 3 },
	"2.0": { make: official("2.0"), eio: 3 },
	"1.7": { make: official("1.7"), eio: 3, isAncient: true },
	"1.4": { make: official("1.4"), eio: 3, isAncient: true },
};

const TRANSPORTS = {
	polling: { transports: ["polling"] },
	websocket: { transports: ["websocket"] },
	upgrade: { transports: ["polling", "websocket"] },
};

/* The arguments of an event, as an array. */
const once = (emitter, event) => within(new Promise((came) =>
    emitter.once(event, (...args) => came(args))), `"${event}"`);

/* The arguments of an acknowledgement, as an array. */
const ask = (socket, ...args) => within(new Promise((answer) =>
    socket.emit(...args, (...values) => answer(values))),
    `acknowledgement of "${args[0]}"`);

let tags = 0;

/* One use of one client over one transport. */
class Use {
	sockets = [];

	constructor(server, client, transport) {
		Object.assign(this, { server, client, transport });
		this.io = client.make();
		this.isOurs = client.make === ours;
	}

	/* A socket, not connected yet, that keeps what "hello" said. */
	socket(nsp = "/", options = {}) {
		const tag = `tag ${++tags}`;
		const socket = this.io(this.server.http + nsp, {
			forceNew: true, reconnectionDelay: 10,
			reconnectionDelayMax: 100,
			query: `tag=${encodeURIComponent(tag)}`,
			...TRANSPORTS[this.transport], ...options,
		});
		socket.tag = tag;
		socket.hello = new Promise((came) =>
		    socket.once("hello", (...args) => came(args)));
		this.sockets.push(socket);
		return socket;
	}

	async connect(nsp, options) {
		const socket = this.socket(nsp, options);
		await once(socket, "connect");
		return socket;
	}

	async three() {
		return Promise.all([1, 2, 3].map(() => this.connect()));
	}

	/* Wait until the transport is that of this use. */
	async settle(socket) {
		const { engine } = socket.io;
		if (this.transport === "upgrade" &&
		    engine.transport.name === "polling")
			await once(engine, "upgrade");
		equal(engine.transport.name, this.transport === "polling" ?
		    "polling" : "websocket", "transport");
	}

	end() {
		for (const socket of this.sockets)
			socket.disconnect();
	}
}

/* ---- values -------------------------------------------------------------- */

/* Octets in a form that can be compared, whatever kind the client uses. */
function plain(value) {
	if (value instanceof ArrayBuffer || ArrayBuffer.isView(value))
		return `octets ${Buffer.from(value).toString("hex")}`;
	if (Array.isArray(value))
		return value.map(plain);
	if (typeof value !== "object" || value === null)
		return value;
	return Object.fromEntries(Object.entries(value).map(
	    ([name, one]) => [name, plain(one)]));
}

const VALUES = {
	nothing: [],
	numbers: [0, -1, 1.5, 1e21, 123456789012, -0.001],
	"small things": [null, true, false, "", [], {}],
	strings: ["plain", "quote \" back \\ slash / tab \t line \n nul \0",
		"\x7f"],
	"nested things": [{ a: [{ b: { c: [1, [2, [3]]] } }], "": 0, "a b": 1 },
		[[]]],
	"like packets": ["42[\"echo\"]", "\x1e", "b4AAEC", "51-", "2:40", "1"],
	"like placeholders": [{ num: 0 }, { _placeholder: false, num: 0 }],
};

const UNICODE = ["é", "ß", "日本語", "😀👩‍👩‍👧", "\u2028\u2029", "\ufeff", "\uffff"];

const BINARY = {
	octets: [Buffer.from([0, 1, 2, 0x1e, 0x7f, 0x80, 0xfe, 0xff])],
	"no octets": [Buffer.alloc(0)],
	"octets within": [{ a: Buffer.from("one"), b: [Buffer.from("two")] }],
	"ten attachments":
	    Array.from({ length: 10 }, (_, i) => Buffer.alloc(i, i)),
	"all octets": [Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
};

async function comesBack(socket, values, what) {
	equal(plain(await ask(socket, "echo", ...values)), plain(values),
	    `${what}, acknowledged`);
	const back = once(socket, "echo");
	socket.emit("echo", ...values);
	equal(plain(await back), plain(values), `${what}, as an event`);
}

/* When they poll, the first clients encode text in UTF-8 twice. They decode it
 * twice as well, but the WebSocket that they upgrade to does not, and the
 * official server is at a loss. */
const spoilsText = (use) => OFFICIAL && use.client.isAncient &&
    use.transport !== "websocket";

/* ---- checks for each client and transport -------------------------------- */

const CHECKS = {
	async "connects and is greeted"(use) {
		const socket = use.socket("/", { auth: { user: "Ada" } });
		await once(socket, "connect");
		equal(socket.connected, true, "connected");
		truth(socket.id, "no id");
		equal(await socket.hello, [{
			nsp: "/",
			auth: use.client.eio === 4 ? { user: "Ada" } : {},
			tag: socket.tag,
			recovered: false,
		}], "hello");
		await use.settle(socket);
		await comesBack(socket, ["still here"], "a string");
	},

	async "values come back"(use) {
		const socket = await use.connect();
		for (const [what, values] of Object.entries(VALUES))
			await comesBack(socket, values, what);
		if (!spoilsText(use))
			await comesBack(socket, UNICODE, "unicode");
	},

	async "binary comes back"(use) {
		const socket = await use.connect();
		for (const [what, values] of Object.entries(BINARY))
			await comesBack(socket, values, what);
		await use.settle(socket);
		await comesBack(socket, BINARY.octets, "octets later");
	},

	async "300 KB come back"(use) {
		const socket = await use.connect();
		const letter = spoilsText(use) ? "e" : "é😀";
		const text = letter.repeat(300000 / Buffer.byteLength(letter));
		const octets = Buffer.alloc(300000, "octets");
		await comesBack(socket, [text], "text");
		await comesBack(socket, [octets], "octets");
		await use.settle(socket);
		await comesBack(socket, [text], "text later");
	},

	/* With "upgrade" the transport changes in their midst. */
	async "300 events stay in order"(use) {
		const socket = use.socket();
		const there = [], back = [];
		socket.on("burst", (i) => there.push(i));
		socket.on("echo", (i, octets) => back.push(octets ? i : -1));
		const all = Array.from({ length: 300 }, (_, i) => i);
		socket.emit("burst", 300); /* before it is connected */
		for (const i of all)
			socket.emit("echo", i, Buffer.from([i & 0xff]));
		await ask(socket, "echo");
		equal(there, all, "from the server");
		equal(back, all, "there and back");
	},

	async "acknowledges, or not in time"(use) {
		const socket = await use.connect();
		equal(await ask(socket, "ask", "anybody?", 20),
		    ["operation has timed out"], "nobody answers");
		socket.on("question", (question, answer) =>
		    answer(`${question} yes`, Buffer.from([1])));
		equal(plain(await ask(socket, "ask", "there?", 20000)),
		    [null, "there? yes", "octets 01"], "answer");
		if (use.client.timeouts) {
			const [error] = await within(new Promise((late) =>
			    socket.timeout(20).emit("silence",
			        (...args) => late(args))), "timeout");
			equal(error.message, "operation has timed out");
			equal(await new Promise((answer) =>
			    socket.timeout(20000).emit("echo", 1,
			        (...args) => answer(args))), [null, 1]);
		}
	},

	async "listeners come and go"(use) {
		const socket = await use.connect();
		const heard = [];
		const twice = () => heard.push("twice");
		const never = () => heard.push("never");

		socket.on("echo", twice);
		socket.on("echo", twice);
		socket.once("echo", () => heard.push("once"));
		socket.once("echo", never);
		socket.off("echo", never);
		for (let i = 0; i < 3; i++) {
			const back = once(socket, "echo");
			socket.emit("echo");
			await back;
			socket.off("echo", twice);
		}
		equal(heard, ["twice", "twice", "once", "twice"], "calls");
	},

	async "namespaces share a connection"(use) {
		const socket = await use.connect("/",
		    { forceNew: !use.isOurs });
		const [other, room] = ["/custom", "/room-1"].map((nsp) =>
		    use.isOurs ? use.socket(nsp, { forceNew: false }) :
			socket.io.socket(nsp));
		const greetings = [other, room].map((one) =>
		    once(one, "hello"));
		equal((await Promise.all(greetings)).map(([{ nsp }]) => nsp),
		    ["/custom", "/room-1"], "greetings");
		await comesBack(other, [1, Buffer.from("a")], "on /custom");
		await comesBack(room, [2, Buffer.from("b")], "on /room-1");
		const gone = once(other, "disconnect");
		other.emit("kick", false);
		equal((await gone)[0], "io server disconnect", "reason");
		await comesBack(room, [3], "on the other");
		other.disconnect();
		await comesBack(socket, [4], "on the first");
		room.disconnect();
	},

	async "an unknown namespace is refused"(use) {
		const socket = use.socket("/nowhere");
		if (use.client.eio === 4) {
			const [error] = await once(socket, "connect_error");
			equal(error.message, "Invalid namespace");
		} else {
			const [error] = await once(socket, "error");
			equal(error, { message: "Invalid namespace" });
		}
		equal(socket.connected, false, "connected");
	},

	async "a middleware refuses and admits"(use) {
		const refused = use.socket("/admin");
		if (use.client.eio === 4) {
			const [error] = await once(refused, "connect_error");
			equal([error.message, error.data],
			    ["not authorized", { code: 401 }], "refusal");
		} else {
			equal(await once(refused, "error"), [{ code: 401 }],
			    "refusal");
		}
		if (use.client === CLIENTS["1.4"])
			return; /* it can not say anything to a namespace */
		for (const token of ["secret", "slow"]) {
			const admin = await use.connect("/admin",
			    use.client.eio === 4 ? { auth: { token } } :
				{ query: `token=${token}` });
			const [{ auth }] = await admin.hello;
			equal(auth.token, token, "auth");
			const heard = [];
			admin.on("echo", (what) => heard.push(what));
			admin.emit("forbidden", "never");
			await comesBack(admin, [token], "past it");
		}
	},

	async "rooms"(use) {
		const [a, b, c] = await use.three();
		const heard = [a, b, c].map(() => []);
		[a, b, c].forEach((one, i) => one.on("told",
		    (...what) => heard[i].push(plain(what))));
		/* Ends when all have heard what was told before. */
		const told = async (...expected) => {
			for (const one of [a, b, c])
				await ask(one, "echo");
			equal(heard.map((list) => list.splice(0)), expected);
		};
		const tell = async (whom, ...args) => {
			a.emit("tell", whom, args);
			await ask(a, "echo");
		};

		equal(await ask(a, "join", "red"), [["red"]], "rooms");
		equal(await ask(b, "join", "red"), [["red"]], "rooms");
		equal(await ask(b, "join", "blue"), [["blue", "red"]], "rooms");
		equal(await ask(c, "join", "blue"), [["blue"]], "rooms");
		await tell({ to: ["red"] }, "red", Buffer.from("!"));
		const red = ["red", "octets 21"];
		await told([red], [red], []);
		await tell({ to: ["red", "blue"] }, "both");
		await told([["both"]], [["both"]], [["both"]]);
		await tell({ to: ["red", "blue"], others: true }, 1);
		await told([], [[1]], [[1]]);
		await tell({ to: ["blue"], except: ["red"] }, 2);
		await told([], [], [[2]]);
		await tell({ to: ["nobody"] }, 3);
		await told([], [], []);
		equal(await ask(b, "leave", "red"), [["blue"]], "rooms");
		await tell({ to: ["red"] }, 4);
		await told([[4]], [], []);
		await tell({ to: [b.id] }, 5);
		await told([], [[5]], []);
	},

	async "selections and acknowledgements of many"(use) {
		const [a, b, c] = await use.three();
		const room = `room of ${a.id}`, next = `${room} 2`;
		const count = async (to) =>
		    (await ask(a, "count", { to: [to] }))[0];

		for (const one of [a, b, c]) {
			await ask(one, "join", room);
			one.on("question", (q, answer) => answer(one.tag));
		}
		equal(await count(room), 3, "members");
		equal(await ask(a, "askAll", room, "who?", 20000),
		    [null, [a.tag, b.tag, c.tag].sort()], "answers");
		a.emit("enlist", { to: [room], except: [c.id] }, next);
		equal(await count(next), 2, "members");
		a.emit("dismiss", { to: [next] }, room);
		equal(await count(room), 1, "members");
		const gone = [a, b].map((one) => once(one, "disconnect"));
		c.emit("expel", { to: [next] }, false);
		equal((await Promise.all(gone)).map(([reason]) => reason),
		    Array(2).fill("io server disconnect"), "reasons");
		await ask(c, "echo");
	},

	/* Long enough for those who answer, and so not for all clients. */
	async "acknowledgements of some"(use) {
		if (!use.client.recovers || use.transport !== "websocket")
			return;
		const [a, b] = await use.three(), room = `room of ${a.id}`;
		for (const one of [a, b])
			await ask(one, "join", room);
		a.on("question", (question, answer) => answer(a.tag));
		equal(await ask(a, "askAll", room, "who?", 1000),
		    ["operation has timed out", [a.tag]], "answers");
	},

	async "reasons"(use) {
		const witness = await use.connect();
		const reasons = {
			"io client disconnect / client namespace disconnect":
			    (socket) => socket.disconnect(),
			"io server disconnect / server namespace disconnect":
			    (socket) => socket.emit("kick", false),
			"transport close / forced close":
			    (socket) => socket.emit("cut"),
			"forced close / transport close":
			    (socket) => socket.io.engine.close(),
		};
		/* Older ones leave their session behind them. */
		if (use.client.recovers)
			reasons["parse error / transport close"] =
			    (socket) => socket.emit("garble");
		for (const [expected, leave] of Object.entries(reasons)) {
			const socket = await use.connect("/",
			    { reconnection: false });
			await ask(socket, "join", "b");
			await ask(socket, "join", "a");
			await use.settle(socket);
			const gone = once(socket, "disconnect");
			leave(socket);
			const [reason] = await gone;
			equal(socket.connected, false, "connected");
			const left = await departure(witness, socket.tag);
			equal(`${reason} / ${left.reason}`, expected);
			equal(left.rooms, ["a", "b"], "rooms");
		}
	},

	async "comes back when it was cut off"(use) {
		const socket = await use.connect();
		const { id } = socket;
		const again = once(socket, "connect");
		const gone = once(socket, "disconnect");
		socket.emit("cut");
		equal((await gone)[0], "transport close", "reason");
		socket.emit("echo", "written while away");
		const back = once(socket, "echo");
		await again;
		truth(socket.id !== id, "the same id");
		equal(await back, ["written while away"], "what was written");
	},

	async "comes back when it is asked to"(use) {
		const socket = await use.connect("/", { reconnection: false });
		const gone = once(socket, "disconnect");
		await use.settle(socket);
		socket.emit("cut");
		await gone;
		const again = once(socket, "connect");
		socket.connect();
		await again;
		await comesBack(socket, ["again"], "a string");
		if (!use.client.recovers)
			return; /* older ones confuse the two connections */
		const third = once(socket, "connect");
		socket.disconnect().connect();
		await third;
		await comesBack(socket, ["and again"], "a string");
	},
};

/* Wait until the server knows how a socket left. */
async function departure(witness, tag) {
	const until = Date.now() + 30000;

	while (Date.now() < until) {
		const [left] = await ask(witness, "departed", tag);
		if (left)
			return left;
	}
	throw new Error(`the server does not know that ${tag} left`);
}

/* ---- checks for all clients at once -------------------------------------- */

const uses = (server, filter = () => true) =>
    Object.keys(CLIENTS).filter((name) => filter(CLIENTS[name])).flatMap(
	(name) => Object.keys(TRANSPORTS).map((transport) =>
	    Object.assign(new Use(server, CLIENTS[name], transport),
		{ name: `${name}, ${transport}` })));

/* Official clients whose server dies while they change over do not notice. */
const settled = (all, sockets) =>
    Promise.all(all.map((use, i) => use.settle(sockets[i])));

/* Those that another server is started for, and all have to come back. */
async function restarted() {
	const port = await freePort(), address = `127.0.0.1:${port}`;
	let server = await start("twin", address);
	const all = uses(server);
	const sockets = await Promise.all(all.map((use) => use.connect()));

	await settled(all, sockets);
	await check("all clients come back when the server does", async () => {
		const gone = sockets.map((one) => once(one, "disconnect"));
		await server.stop("SIGKILL");
		for (const [i, [reason]] of (await Promise.all(gone)).entries())
			truth(/^transport (close|error)$/.test(reason),
			    `${all[i].name}: ${reason}`);
		const back = sockets.map((one) => once(one, "connect"));
		server = await start("twin", address);
		await Promise.all(back);
		await Promise.all(sockets.map((one) => ask(one, "echo")));
	});
	await check("all clients are told when the server stops", async () => {
		await settled(all, sockets);
		const gone = sockets.map((one) => once(one, "disconnect"));
		sockets.forEach((one, i) => all[i].client.eio === 4 ?
		    (one.io.opts.reconnection = false) :
		    one.io.reconnection(false));
		equal(await server.stop(), 0, "exit status");
		await Promise.all(gone);
	});
	all.forEach((use) => use.end());
}

/* A server that is stopped as it stands says nothing any more. */
async function silent() {
	const server = await start("twin", "127.0.0.1:0", "1000", "1000");
	const all = uses(server);
	const sockets = await Promise.all(all.map((use) =>
	    use.connect("/", { reconnection: false })));

	await settled(all, sockets);
	await check("all clients stay as long as pings come", async () => {
		for (let i = 0; i < 3; i++)
			await once(sockets[0].io, "ping");
		sockets.forEach((one, i) =>
		    equal(one.connected, true, all[i].name));
	});
	await check("all clients notice a server that is silent", async () => {
		const gone = sockets.map((one) => once(one, "disconnect"));
		server.child.kill("SIGSTOP");
		const reasons = await Promise.all(gone);
		server.child.kill("SIGCONT");
		reasons.forEach(([reason], i) =>
		    equal(reason, "ping timeout", all[i].name));
	});
	all.forEach((use) => use.end());
	await server.stop();
}

async function recovered(use) {
	const socket = await use.connect();
	const witness = await use.connect();
	const { id, tag } = socket;
	const heard = [];

	await ask(socket, "join", "readers");
	equal((await socket.hello)[0].recovered, false, "recovered");
	if (OFFICIAL) /* which needs an event that was received before */
		await once((socket.emit("burst", 1), socket), "burst");
	socket.on("told", (what) => heard.push(what));
	for (const round of [1, 2]) {
		const back = once(socket, "connect");
		socket.io.engine.close();
		await departure(witness, tag);
		witness.emit("tell", { to: ["readers"] },
		    [`to readers ${round}`]);
		witness.emit("tell", { to: ["writers"] }, ["to others"]);
		witness.emit("tell", {}, [`to all ${round}`]);
		await ask(witness, "echo");
		await back;
		equal([socket.recovered, socket.id === id], [true, true]);
		await ask(socket, "echo");
		equal(heard.splice(0),
		    [`to readers ${round}`, `to all ${round}`], "missed");
		witness.emit("tell", { to: ["readers"] }, ["live"]);
		await ask(witness, "echo");
		await ask(socket, "echo");
		equal(heard.splice(0), ["live"], "in its rooms");
	}
}

/* ---- all of them --------------------------------------------------------- */

async function one(name, server, transport, what, run) {
	const use = new Use(server, CLIENTS[name], transport);

	await check(`client ${name}, ${transport}: ${what}`, () => run(use));
	use.end();
}

const wanted = process.argv.slice(2);

await withPeer("twin", [], async (server) => {
	for (const name of wanted.length ? wanted : Object.keys(CLIENTS))
		for (const transport of Object.keys(TRANSPORTS))
			for (const [what, run] of Object.entries(CHECKS))
				await one(name, server, transport, what, run);
});
await withPeer("twin", ["127.0.0.1:0", "25000", "20000", "60000"],
    async (server) => {
	for (const name of Object.keys(CLIENTS))
		for (const transport of Object.keys(TRANSPORTS))
			if (CLIENTS[name].recovers)
				await one(name, server, transport,
				    "is recovered", recovered);
});
await restarted();
await silent();
finish();
