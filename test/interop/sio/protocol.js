/* protocol.js - conformance to Socket.IO 5 and 4, packet by packet. */
/* SPDX-License-Identifier: MIT */

/* The cases are those of the protocol's public test suite, and packets of
 * every kind that should not be sent. The server is "reference", with pings
 * that are far between: they are engine.js's matter. */

import { check, equal, finish, truth } from "../harness.js";
import { OFFICIAL, start } from "./peers.js";
import { Endpoint } from "./raw.js";

const CONNECT_TIMEOUT_MS = 1000;

/* ---- connections --------------------------------------------------------- */

/* A WebSocket that has said CONNECT, and was accepted and greeted. */
async function connected(endpoint, nsp = "/") {
	const socket = await endpoint.stream();
	const where = nsp === "/" ? "" : `${nsp},`;

	if (endpoint.eio === 4 || nsp !== "/")
		await socket.send(`40${where}`);
	if (endpoint.eio !== 4 && nsp !== "/")
		await socket.expect("40", '42["auth",{}]');
	const answer = await socket.next();
	if (endpoint.eio === 4) {
		const head = `40${where}`;
		equal(answer.slice(0, head.length), head, "answer");
		const { sid } = JSON.parse(answer.slice(head.length));
		truth(/^[\w-]{20}$/.test(sid), `sid: ${sid}`);
		truth(sid !== socket.hello.sid, "the session's secret");
	} else {
		equal(answer.replace(/,$/, ""), `40${where}`.replace(/,$/, ""));
	}
	await socket.expect(`42${where}["auth",{}]`);
	return socket;
}

/* The socket still works. */
async function isAlive(socket) {
	await socket.send('42["message","alive?"]');
	await socket.expect('42["message-back","alive?"]');
}

/* ---- for both protocols -------------------------------------------------- */

const ECHOES = [
	["numbers, strings, objects", '1,"2",{"3":[true]}'],
	["nothing", ""],
	["null", "null"],
	["unicode", '"é😀\u2028"'],
	["escapes", '"\\"\\\\\\n\\u0000"'],
	["nesting", `${"[".repeat(50)}1${"]".repeat(50)}`],
	["what is like a placeholder", '{"_placeholder":false,"num":3}'],
	["keys that are names in JavaScript",
	    '{"constructor":1,"hasOwnProperty":2,"length":3}'],
];

const BINARY = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';

const BAD = {
	"no JSON": ["42abc"],
	"an object": ["42{}"],
	"a string": ['42"test"'],
	"an empty array": ["42[]"],
	"no event name": ["42[null]"],
	"an object as the name": ["42[{}]"],
	"a reserved name": ['42["disconnect"]'],
	"another reserved name": ['42["connect_error",1]'],
	"unknown type": ['47["message"]'],
	"no type": ["4"],
	"a letter for a type": ["4abc"],
	"more behind the JSON": ['42["message"]x'],
	"unclosed JSON": ['42["message"'],
	"acknowledged by an object": ["431{}"],
	"acknowledged by a string": ['431"x"'],
	"a namespace that was not joined": ['42/custom,["message"]'],
	"a refusal": ['44{"message":"no"}'],
	"attachments that are not counted": ['45["message"]'],
	"no attachments": ['450-["message"]'],
	"a negative count": ['45-1-["message"]'],
	"a count that is a word": ['45x-["message"]'],
	"eleven attachments": ['4511-["message"]'],
	"very many attachments": ['4551-99999999["message"]',
		'4599999999-["message"]'],
	"text instead of an attachment": [`451-["message",${BINARY}]`,
		'42["message"]'],
	"octets that nobody announced": [Buffer.from("abc")],
	"a placeholder out of range":
	    ['451-["message",{"_placeholder":true,"num":1}]', Buffer.from("a")],
	"a negative placeholder":
	    ['451-["message",{"_placeholder":true,"num":-1}]',
		Buffer.from("a")],
	"a placeholder that is a word":
	    ['451-["message",{"_placeholder":true,"num":"length"}]',
		Buffer.from("a")],
};

/* The attachment of a binary message, as it is on the wire. */
const octets = (endpoint, ...values) => Buffer.from(
    endpoint.eio === 4 ? values : [4, ...values]);

const COMMON = {
	async "the main namespace"(endpoint) {
		const socket = await connected(endpoint);
		await isAlive(socket);
		socket.close();
	},

	async "another namespace"(endpoint) {
		const socket = await connected(endpoint, "/custom");
		socket.close();
	},

	async "an unknown namespace"(endpoint) {
		const socket = await endpoint.stream();
		if (endpoint.eio !== 4)
			await socket.expect("40", '42["auth",{}]');
		await socket.send("40/random");
		await socket.expect(
		    '44/random,{"message":"Invalid namespace"}');
		await socket.send("40/custom");
		truth((await socket.next()).startsWith("40/custom"), "no");
		socket.close();
	},

	async "arguments come back"(endpoint) {
		const socket = await connected(endpoint);
		for (const [what, args] of ECHOES) {
			const more = args && `,${args}`;
			await socket.send(`42["message"${more}]`);
			equal(await socket.next(), `42["message-back"${more}]`,
			    what);
			await socket.send(`42456["message-with-ack"${more}]`);
			equal(await socket.next(), `43456[${args}]`, what);
		}
		socket.close();
	},

	async "attachments come back"(endpoint) {
		const socket = await connected(endpoint);
		const parts = [octets(endpoint, 1, 2, 3),
			octets(endpoint, 4, 5, 6)];
		await socket.send(`452-["message",${BINARY}]`, ...parts);
		await socket.expect(`452-["message-back",${BINARY}]`, ...parts);
		await socket.send(`452-789["message-with-ack",${BINARY}]`,
		    ...parts);
		await socket.expect(`462-789[${BINARY}]`, ...parts);
		socket.close();
	},

	async "ids of acknowledgements"(endpoint) {
		const socket = await connected(endpoint);
		for (const [sent, back] of [["0", "0"], ["007", "7"],
			["4294967296", "4294967296"],
			["9007199254740991", "9007199254740991"]]) {
			await socket.send(`42${sent}["message-with-ack"]`);
			await socket.expect(`43${back}[]`);
		}
		await socket.send("431[]", "43123456[1]"); /* nobody asked */
		await isAlive(socket);
		socket.close();
	},

	async "leaving a namespace"(endpoint) {
		const socket = await connected(endpoint);
		await socket.send("40/custom,");
		truth((await socket.next()).startsWith("40/custom"), "no");
		await socket.expect('42/custom,["auth",{}]');
		await socket.send("41/custom,");
		await isAlive(socket);
		await socket.send("40/custom,");
		truth((await socket.next()).startsWith("40/custom"), "no");
		await socket.expect('42/custom,["auth",{}]');
		socket.close();
	},

	async "packets after leaving"(endpoint) {
		if (OFFICIAL)
			return; /* it knows a moment later only */
		const socket = await connected(endpoint);
		await socket.send("41", '42["message"]');
		await socket.isClosed();
	},

	async "bad packets end the connection"(endpoint) {
		for (const [what, packets] of Object.entries(BAD)) {
			const socket = await connected(endpoint);
			await socket.send(...packets.map((one) =>
			    typeof one === "string" ? one :
				octets(endpoint, ...one)));
			await socket.isClosed().catch(() => {
				throw new Error(`${what}: still connected`);
			});
		}
	},

	async "nesting without end"(endpoint) {
		if (OFFICIAL)
			return; /* it dies of that */
		const socket = await connected(endpoint);
		const deep = 100000;
		await socket.send(`42["message",${"[".repeat(deep)}` +
		    `${"]".repeat(deep)}]`);
		/* Answered, or the end: but the server lives. */
		await socket.next();
		socket.close();
		(await connected(endpoint)).close();
	},

	async "attachments that never come"(endpoint) {
		const sockets = await Promise.all(Array.from({ length: 20 },
		    () => connected(endpoint)));
		for (const socket of sockets) {
			await socket.send(`452-["message",${BINARY}]`,
			    octets(endpoint, 1));
			socket.socket.terminate();
		}
		const socket = await connected(endpoint);
		await isAlive(socket);
		socket.close();
	},
};

/* ---- protocol 5 ---------------------------------------------------------- */

const FIVE = {
	async "what comes with CONNECT"(endpoint) {
		for (const nsp of ["", "/custom,"]) {
			const socket = await endpoint.stream();
			await socket.send(`40${nsp}{"token":"123"}`);
			const answer = await socket.next();
			truth(answer.startsWith(`40${nsp}`), answer);
			await socket.expect(`42${nsp}["auth",{"token":"123"}]`);
			socket.close();
		}
	},

	async "nothing is said before CONNECT"(endpoint) {
		for (const packet of ['42["message"]', "41", "431[]",
			"40/custom,abc", "40abc", "40[]", '40"x"']) {
			const socket = await endpoint.stream();
			await socket.send(packet);
			await socket.isClosed().catch(() => {
				throw new Error(`${packet}: still connected`);
			});
		}
	},

	async "CONNECT twice"(endpoint) {
		const socket = await connected(endpoint);
		await socket.send("40");
		await socket.isClosed();
	},

	async "nobody connects"(endpoint) {
		const socket = await endpoint.stream();
		const since = Date.now();
		await socket.isClosed();
		truth(Date.now() - since >= CONNECT_TIMEOUT_MS - 100, "early");
	},

	async "an event right behind CONNECT"(endpoint) {
		if (OFFICIAL)
			return; /* it has not connected yet, and hangs up */
		const socket = await endpoint.stream();
		await socket.send("40", '42["message",1]');
		truth((await socket.next()).startsWith("40{"), "no");
		await socket.expect('42["auth",{}]', '42["message-back",1]');
		socket.close();
	},

	async "by polling"(endpoint) {
		const session = await endpoint.session();
		await session.post('40{"a":1}');
		let got = await session.poll();
		if (!got.includes("\x1e"))
			got += `\x1e${await session.poll()}`;
		const [accepted, greeting] = got.split("\x1e");
		truth(accepted.startsWith('40{"sid":'), accepted);
		equal(greeting, '42["auth",{"a":1}]', "greeting");
		await session.post('452-1["message-with-ack",' +
		    `${BINARY}]\x1ebAQI=\x1ebAw==`);
		got = await session.poll();
		while (got.split("\x1e").length < 3)
			got += `\x1e${await session.poll()}`;
		equal(got, `462-1[${BINARY}]\x1ebAQI=\x1ebAw==`, "answer");
	},
};

/* ---- protocol 4, of the clients 1 and 2 ---------------------------------- */

const FOUR = {
	async "the main namespace is implied, by polling"(endpoint) {
		const session = await endpoint.session();
		let got = "";
		while (!got.includes("auth"))
			got += (await session.get()).body;
		equal(got, '2:4013:42["auth",{}]');
	},

	async "a namespace with a query"(endpoint) {
		const socket = await connected(endpoint);
		await socket.send("40/custom?token=abc,");
		await socket.expect("40/custom,",
		    '42/custom,["auth",{"token":"abc"}]');
		socket.close();
	},
};

/* ---- all of them --------------------------------------------------------- */

const server = await start("reference", "127.0.0.1:0", "25000", "20000",
    `${CONNECT_TIMEOUT_MS}`);

for (const [eio, own] of [[4, FIVE], [3, FOUR]])
	for (const [what, run] of Object.entries({ ...COMMON, ...own }))
		await check(`packets, EIO ${eio}: ${what}`, () =>
		    run(new Endpoint(server, "/socket.io/", eio)));
await check("packets: the server is still there", async () => {
	equal(server.code, undefined, "exit status");
	await server.stop();
});
finish();
