/* deflate.js - permessage-deflate with npm ws and Chromium (RFC 7692). */
/* SPDX-License-Identifier: MIT */

import { once } from "node:events";
import { join } from "node:path";

import { BUILD, check, equal, finish, load, program, truth, within, withWsd }
    from "./harness.js";

const WebSocket = load("ws");
const { chromium } = load("playwright-core");

/* All options of the server, and all offers of a client. */
const MODES = [["--deflate=shared"], ["--deflate=shared", "--deflate-window=9"],
	["--deflate=dedicated"], ["--deflate=dedicated", "--deflate-window=10"],
	["--deflate=dedicated", "--deflate-memory=1"]];
const BITS = [9, 10, 11, 12, 13, 14, 15];

function* offers() {
	for (const serverNoContextTakeover of [undefined, true])
		for (const clientNoContextTakeover of [undefined, true])
			for (const serverMaxWindowBits of [undefined, ...BITS])
				for (const clientMaxWindowBits of
				    [undefined, true, ...BITS])
					yield { serverNoContextTakeover,
					    clientNoContextTakeover,
					    serverMaxWindowBits,
					    clientMaxWindowBits, threshold: 0 };
}

/* Short and long, alike and not; some that do not get smaller. */
const tick = (n) => JSON.stringify(
    { symbol: "WSD", price: n * 1.5, volume: n, exchange: "Heidelberg" });
const noise = Buffer.from(Array.from({ length: 3000 },
    (_, i) => Math.imul(i + 1, 2654435761) >>> 13 & 0xff));
const MESSAGES = ["", tick(1), tick(2), tick(3).repeat(20), noise,
	"ä€😀".repeat(500), tick(4).repeat(2000), tick(5)];

/* Echo all of them over a connection. */
async function converse(url, perMessageDeflate) {
	const socket = new WebSocket(url, { perMessageDeflate });
	const got = [];
	const all = new Promise((done, failed) => {
		socket.on("error", failed);
		socket.on("close", (code) => failed(new Error(`closed: ${code}`)));
		socket.on("message", (data, binary) => {
			got.push(binary ? data : data.toString());
			if (got.length === MESSAGES.length)
				done();
		});
	});

	await within(Promise.race([once(socket, "open"), all]), "open");
	truth(socket.extensions.startsWith("permessage-deflate"),
	    `extensions: ${socket.extensions}`);
	for (const message of MESSAGES)
		socket.send(message);
	await within(all, "echoes");
	for (const [i, message] of MESSAGES.entries())
		truth(Buffer.compare(Buffer.from(message), Buffer.from(got[i]))
		    === 0, `message ${i} came back changed`);
	socket.removeAllListeners("close");
	socket.close(1000);
	await within(once(socket, "close"), "close");
}

async function combinations(server, mode) {
	await check(`deflate: ws, every offer, ${mode.join(" ")}`, async () => {
		for (const offer of offers()) {
			try {
				await converse(`${server.ws}echo`, offer);
			} catch (error) {
				throw new Error(`${JSON.stringify(offer)}: ` +
				    error.message, { cause: error });
			}
		}
	});
}

/* Members that have agreed on different things, and one on nothing. */
async function room(server, mode) {
	await check(`deflate: a room, ${mode.join(" ")}`, async () => {
		const kinds = [false, {}, { serverMaxWindowBits: 9 },
			{ serverNoContextTakeover: true }, false];
		const all = kinds.map((perMessageDeflate) => new WebSocket(
		    `${server.ws}room/deflate?self=1`, { perMessageDeflate }));

		await Promise.all(all.map((one) => within(once(one, "open"), "open")));
		for (let i = 0; i < 20; i++) {
			const text = tick(i).repeat(i * 5);
			const heard = all.map((one) => once(one, "message"));

			all[i % all.length].send(text);
			for (const one of heard) {
				const [data] = await within(one, "message");
				equal(data.toString(), text, "message");
			}
		}
		for (const one of all)
			one.close();
		await Promise.all(all.map(
		    (one) => within(once(one, "close"), "close")));
	});
}

/* What is for one refers to what was before, what is for all does not; those
 * who take over a context must be able to read both in turn. */
async function inTurn() {
	await check("deflate: for one and for all, in turn", async () => {
		const server = program(join(BUILD, "deflate"), ["127.0.0.1:0"]);
		const [, where] = await server.printed(/^listening on (\S+)/m);
		const all = [{}, { serverMaxWindowBits: 9 }, {},
			{ serverNoContextTakeover: true }, false]
		    .map((perMessageDeflate) => ({ heard: [], came: () => {},
			socket: new WebSocket(where.replace(/^(http:..)?/, "ws://"),
			    { perMessageDeflate }) }));

		for (const one of all) {
			one.socket.on("message", (data) => {
				one.heard.push(data.toString());
				one.came();
			});
			await within(once(one.socket, "open"), "open");
		}
		for (let i = 0; i < 60; i++) {
			const text = tick(i).repeat(1 + i * i % 40);
			const sender = all[i % all.length];

			sender.socket.send(text);
			for (const one of all) {
				const n = one === sender ? 3 : 1;

				await within(new Promise((done) => {
					one.came = () => one.heard.length < n ||
					    done();
					one.came();
				}), "a message");
				equal(one.heard.splice(0),
				    Array(n).fill(text), "messages");
			}
		}
		for (const { socket } of all)
			socket.close();
		equal(await server.stop("SIGKILL"), "SIGKILL", "end");
	});
}

async function bomb(server) {
	await check("deflate: 1009 for what inflates to too much", async () => {
		const socket = new WebSocket(`${server.ws}echo`,
		    { perMessageDeflate: { threshold: 0 } });

		await within(once(socket, "open"), "open");
		socket.send(Buffer.alloc((1 << 20) + 1));
		const [code] = await within(once(socket, "close"), "close");
		equal(code, 1009, "code");
	});
}

/* ---- a browser ----------------------------------------------------------- */

async function browse(browser, server, mode) {
	await check(`deflate: Chromium, ${mode.join(" ")}`, async () => {
		const page = await browser.newPage();
		const texts = MESSAGES.filter((one) => typeof one === "string");

		await page.goto(server.http);
		const got = await within(page.evaluate(([url, all]) =>
		    new Promise((done, failed) => {
			const socket = new WebSocket(url);
			const heard = [];
			socket.onopen = () => all.forEach((one) => socket.send(one));
			socket.onclose = (event) => failed(
			    new Error(`closed: ${event.code} ${event.reason}`));
			socket.onmessage = ({ data }) => {
				heard.push(data);
				if (heard.length === all.length)
					done([socket.extensions, heard]);
			};
		}), [`${server.ws}echo`, texts]), "echoes");
		truth(got[0].startsWith("permessage-deflate"), got[0]);
		equal(got[1], texts, "messages");
		await page.close();
	});
}

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update",
		"--disable-sync",
		"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
	timeout: 120000,
});
for (const mode of MODES) {
	await withWsd(mode, async (server) => {
		await combinations(server, mode);
		await room(server, mode);
		await bomb(server);
		await browse(browser, server, mode);
	});
}
await browser.close();
await inTurn();
finish();
