/* versions.js - official clients from 1.0 to 4.8 in Chromium and in Node: text
 * in many scripts, both ways, on each transport. */
/* SPDX-License-Identifier: MIT */
/*
 * Without VERSIONS it takes those that package.json names and browser.js does
 * not run; in Node those that clients.js does not run. With VERSIONS=all it takes every one in the table of
 * docs/clients.md, some from the registry; VERSIONS=1.3.5,2.1.1 takes these two.
 */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { browser } from "../chromium.js";
import { BUILD, check, equal, finish, load, within } from "../harness.js";
import { withPeer } from "./peers.js";

/* Those with a name are installed, and run in Node as well. */
const ALL = {
	"1.0.6": "1.0", "1.1.0": "1.1", "1.2.1": "1.2",
	"1.3.0": null, "1.3.5": null, "1.3.7": "1.3", "1.4.8": "1.4",
	"1.5.1": null, "1.6.0": null, "1.7.4": "1.7",
	"2.0.4": "2.0", "2.1.1": null, "2.2.0": "2.2", "2.3.1": null,
	"2.4.0": null, "2.5.0": "2.5",
	"3.0.5": "3.0", "3.1.3": "3.1",
	"4.0.2": "4.0", "4.1.3": null, "4.2.0": null, "4.3.2": null,
	"4.4.1": null, "4.5.4": "4.5", "4.6.2": null, "4.7.5": null,
	"4.8.4": "4.8",
};
const SOME = ["1.0.6", "1.3.7", "1.7.4", "2.2.0", "3.0.5", "4.0.2", "4.5.4"];

const { VERSIONS } = process.env;
const versions = VERSIONS === "all" ? Object.keys(ALL) :
    VERSIONS?.split(",") ?? SOME;

const TRANSPORTS = {
	polling: ["polling"],
	websocket: ["websocket"],
	both: ["polling", "websocket"],
};

const TEXTS = ["\u00e9", "Gr\u00fc\u00dfe", "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1",
	"\u0440\u0443\u0441\u0441\u043a\u0438\u0439", "\u65e5\u672c\u8a9e",
	"\ud55c\uad6d\uc5b4", "\u0939\u093f\u0928\u094d\u0926\u0940",
	"\u05e2\u05d1\u05e8\u05d9\u05ea", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
	"\ud83d\ude00\ud83d\udc69\u200d\ud83d\udc67", "\u2028\ufeff\uffff\x7f",
	"ASCII"];

/* ---- bundles --------------------------------------------------------------- */

/* The directory of a version's package, fetched if it is not installed. */
function packageOf(version) {
	if (ALL[version])
		return join(BUILD, "node_modules", `sio-${ALL[version]}`);
	const directory = join(BUILD, "versions", version);
	const archive = `socket.io-client-${version}.tgz`;

	if (!existsSync(join(directory, "package"))) {
		mkdirSync(directory, { recursive: true });
		execFileSync("npm", ["pack", "--silent",
			`socket.io-client@${version}`], { cwd: directory });
		execFileSync("tar", ["xzf", archive], { cwd: directory });
	}
	return join(directory, "package");
}

function bundleOf(version) {
	const directory = packageOf(version);
	const dist = join(directory, "dist/socket.io.js");

	return existsSync(dist) ? dist : join(directory, "socket.io.js");
}

/* ---- a conversation -------------------------------------------------------- */

/* What a client does, in a page or in Node: it takes text before it says any,
 * says the same to another client, and does so again on its last transport.
 * Returns what it heard. */
async function talk(io, url, transports, room, octets) {
	const socket = io(url, { forceNew: true, transports,
		reconnection: false });
	const ask = (...args) => new Promise((answer) =>
	    socket.emit(...args, answer));
	const round = () => new Promise((came) => {
		const told = (what, texts) => {
			if (what !== "question")
				return;
			socket.removeListener("told", told);
			socket.emit("tell", { to: [room] }, ["answer", texts]);
			came(texts);
		};
		socket.on("told", told);
		socket.emit("tell", { to: [room] }, ["ready"]);
	});
	const log = [];

	await new Promise((came, failed) => {
		socket.on("connect", came);
		for (const event of ["connect_error", "error"])
			socket.on(event, (error) => failed(new Error(
			    `${event}: ${error?.message ?? error}`)));
		socket.on("disconnect", (reason) =>
		    failed(new Error(`disconnect: ${reason}`)));
	});
	await ask("join", room);
	log.push(await round());
	const { engine } = socket.io;
	if (transports.length > 1 && engine.transport.name === "polling")
		await new Promise((came) => engine.once("upgrade", came));
	log.push(engine.transport.name, await round());
	log.push(await ask("echo", "\u00e9\u65e5\ud83d\ude00"));
	if (octets)
		log.push(new Uint8Array(await ask("echo",
		    new Uint8Array([0, 30, 128, 255]).buffer)).join());
	socket.disconnect();
	return log;
}

const heardBy = (transports, octets) => [TEXTS, transports.at(-1), TEXTS,
	"\u00e9\u65e5\ud83d\ude00", ...octets ? ["0,30,128,255"] : []];

/* Another client in the room asks, and hears what is answered. */
async function witness(server, room) {
	const socket = load("sio-4.8")(server.http, { forceNew: true,
		transports: ["websocket"] });
	const heard = [];

	socket.on("told", (what, texts) => {
		if (what === "ready")
			socket.emit("tell", { to: [room] }, ["question", TEXTS]);
		if (what === "answer")
			heard.push(texts);
	});
	await within(new Promise((joined) => socket.emit("join", room, joined)),
	    "the witness");
	return { heard, end: async () => {
		await new Promise((answer) => socket.emit("echo", answer));
		socket.disconnect();
	} };
}

let rooms = 0;

async function converse(server, run, expected) {
	const room = `room ${++rooms}`;
	const other = await witness(server, room);

	try {
		equal(await within(run(room), "conversation"), expected, "heard");
	} finally {
		await other.end();
	}
	equal(other.heard, [TEXTS, TEXTS], "heard by the other");
}

/* ---- where they run -------------------------------------------------------- */

/* A page of another origin than the server's. */
const pages = createServer((_, response) => {
	response.setHeader("Content-Type", "text/html; charset=utf-8");
	response.end("<!doctype html><title>a page</title><body>");
}).listen(0, "127.0.0.1");
await once(pages, "listening");
const elsewhere = `http://127.0.0.1:${pages.address().port}/`;

async function inChromium(server, version) {
	const content = readFileSync(bundleOf(version), "utf8");
	for (const [name, transports] of Object.entries(TRANSPORTS))
		await check(`Chromium, ${version}, ${name}: text both ways`,
		    async () => {
			const page = await browser.newPage();
			await page.goto(elsewhere);
			await page.addScriptTag({ content });
			await converse(server, (room) => page.evaluate(
			    ([code, ...args]) => new Function(`return ${code}`)()(
				io, ...args),
			    [String(talk), server.http, transports, room,
				true]), heardBy(transports, true));
			await page.close();
		    });
}

/* The oldest take the memory that Node keeps around octets for a part of
 * them. */
const hasOctets = (version) => Number(version.split(".")[1]) >= 4 ||
    !version.startsWith("1.");

async function inNode(server, version) {
	const io = load(`sio-${ALL[version]}`);
	const octets = hasOctets(version);
	/* In Node, 1.0 says protocol 3 on a WebSocket and encodes text as
	 * protocol 2 does: docs/clients.md. */
	const ways = Object.entries(TRANSPORTS).filter(([name]) =>
	    name === "polling" || !version.startsWith("1.0."));

	for (const [name, transports] of ways)
		await check(`Node, ${version}, ${name}: text both ways`, () =>
		    converse(server, (room) => talk(io, server.http, transports,
			room, octets), heardBy(transports, octets)));
}

/* The oldest clients would take Node's for a browser's of their time. */
delete globalThis.WebSocket;

await withPeer("twin", [], async (server) => {
	for (const version of versions) {
		await inChromium(server, version);
		if (ALL[version] && (VERSIONS || !hasOctets(version)))
			await inNode(server, version);
	}
});
await browser.close();
pages.close();
finish();
