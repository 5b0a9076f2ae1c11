/* traffic.js - octets that permessage-deflate saves: a chat and a ticker. */
/* SPDX-License-Identifier: MIT */
/*
 *	node bench/traffic.js
 *
 * Starts wsd in several ways and has a client of npm ws (as installed by
 * test/interop/run.sh) hear 1000 messages, of a room and for itself alone:
 * lines of a chat, and prices of 1, 10 and 100 stocks. Prints what came over
 * its connection, handshake included. No time is measured.
 *
 * What is for a room is compressed once, so it refers to no past, and dedicated
 * windows save nothing of it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const load = createRequire(resolve(
    process.env.BUILD ?? "build/interop", "package.json"));
const WebSocket = load("ws");
const MESSAGES = 1000;

const WAYS = [["--deflate=off"], ["--deflate=shared"],
	["--deflate=shared", "--deflate-min=64"],
	["--deflate=dedicated", "--deflate-min=32", "--deflate-window=11"],
	["--deflate=dedicated", "--deflate-min=32"]];

/* The same numbers in each run. */
let state = 1;
const below = (n) => {
	state = Math.imul(state, 1664525) + 1013904223 >>> 0;
	return Math.floor(state / 2 ** 32 * n);
};
const words = ("the of and to a in is it that was for on are with as at be " +
    "this have from or had by word but what some we can out other were all " +
    "there when up use your how said an each she which their time").split(" ");
const sentence = () => Array.from({ length: 3 + below(15) },
    () => words[below(words.length)]).join(" ");
const line = () => JSON.stringify({ type: "say",
	name: ["Ada", "Grace", "Edsger", "Barbara"][below(4)],
	text: sentence() });
const prices = (n) => () => JSON.stringify(Array.from({ length: n },
    (_, i) => ({ symbol: `S${100 + i}`, price: 50 + below(10000) / 100,
	change: below(200) / 100 - 1, volume: below(100000) })));
const KINDS = { "chat lines": line, "1 price": prices(1),
	"10 prices": prices(10), "100 prices": prices(100) };

async function hear(url, isRoom, make) {
	const client = () => new WebSocket(url, { perMessageDeflate:
	    { clientMaxWindowBits: true } });
	const hearer = client(), teller = isRoom ? client() : hearer;
	let left = MESSAGES;

	await Promise.all([teller, hearer].map((one) => once(one, "open")));
	const all = new Promise((done) => hearer.on("message", () => {
		if (--left === 0)
			done();
	}));
	for (let i = 0; i < MESSAGES; i++)
		teller.send(make(), { compress: false });
	await all;
	const octets = hearer._socket.bytesRead;
	for (const one of [teller, hearer])
		one.terminate();
	return octets;
}

async function compare(name, isRoom, make) {
	let plain;

	for (const way of WAYS) {
		const wsd = spawn(resolve(process.env.WSD ?? "wsd"),
		    ["-l", "127.0.0.1:0", "--queue=1G", ...way],
		    { stdio: ["ignore", "pipe", "ignore"] });
		const [text] = await once(wsd.stdout.setEncoding("utf8"), "data");
		const url = text.match(/http(:\S+)/)[1];

		state = 1;
		const octets = await hear(
		    `ws${url}${isRoom ? "room/traffic" : "echo"}`, isRoom, make);
		plain ??= octets;
		console.log(`${name}, ${isRoom ? "a room" : "alone"}\t${octets} octets\t${
		    Math.round(octets / plain * 100)} %\t${way.join(" ")}`);
		wsd.kill();
		await once(wsd, "close");
	}
}

for (const [name, make] of Object.entries(KINDS))
	for (const isRoom of [true, false])
		await compare(name, isRoom, make);
