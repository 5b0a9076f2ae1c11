/* browser.js - pages in Chromium: the official bundles, and our own. */
/* SPDX-License-Identifier: MIT */

import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { browser } from "../chromium.js";
import { BUILD, check, equal, finish, freePort, scratch, truth, withWsd }
    from "../harness.js";
import { OFFICIAL, withPeer } from "./peers.js";

/* A page of another origin than the server's. */
const pages = createServer((_, response) => {
	response.setHeader("Content-Type", "text/html");
	response.end("<!doctype html><title>a page</title><body>");
}).listen(0, "127.0.0.1");
await once(pages, "listening");
const elsewhere = `http://127.0.0.1:${pages.address().port}/`;

/* ---- what runs in the page ----------------------------------------------- */

const installed = (file) =>
    readFileSync(join(BUILD, "node_modules", file), "utf8");

const OURS = readFileSync(
    new URL("../../../www/socket.io.js", import.meta.url), "utf8");

const MODERN = {
	polling: { transports: ["polling"] },
	websocket: { transports: ["websocket"] },
	upgrade: {},
};

const BUNDLES = {
	ours: { script: OURS, ways: MODERN },
	"4.8": { script: installed("sio-4.8/dist/socket.io.min.js"),
		ways: MODERN },
	"3.1": { script: installed("sio-3.1/dist/socket.io.min.js"),
		ways: MODERN },
	"2.5": { script: installed("sio-2.5/dist/socket.io.js"), ways: {
		...MODERN,
		base64: { transports: ["polling"], forceBase64: true },
		JSONP: { transports: ["polling"], forceJSONP: true },
	} },
};

/* A conversation in which all that a page does is done. Returns its log. */
async function talk([url, options]) {
	const once = (emitter, event) => new Promise((came) =>
	    emitter.once(event, (...args) => came(args)));
	const ask = (...args) => new Promise((answer) =>
	    socket.emit(...args, (...values) => answer(values)));
	const text = (data) => new TextDecoder().decode(data);
	const log = [];

	const socket = io(url, { forceNew: true, reconnectionDelay: 10,
		reconnectionDelayMax: 50, ...options });
	const hello = once(socket, "hello");
	socket.emit("echo", "before it is connected");
	log.push(await once(socket, "echo"), (await hello)[0].nsp);

	const octets = new Uint8Array([0, 1, 0x1e, 0x80, 0xff]);
	const [a, b, c] = await ask("echo", "é😀\n\u2028\\n", octets.buffer,
	    { within: [octets.slice(1, 3)] });
	for (const one of [b, c.within[0]])
		log.push(new Uint8Array(one).join());
	log.push(a);
	log.push((await ask("echo", new Blob(["a blob"]))).map(text));
	const long = "ü😀".repeat(30000);
	log.push((await ask("echo", long))[0] === long);
	/* Clients that make base64 themselves can do so up to a limit. */
	const size = options.forceBase64 || options.forceJSONP ? 50000 : 200000;
	const [large] = await ask("echo", new Uint8Array(size).fill(7).buffer);
	log.push(new Uint8Array(large).every((one) => one === 7) &&
	    large.byteLength === size);

	const got = [];
	socket.on("burst", (i) => got.push(i));
	socket.emit("burst", 100);
	for (let i = 0; i < 100; i++)
		socket.emit("echo", i);
	await ask("echo");
	log.push(got.every((one, i) => one === i) && got.length);

	socket.on("question", (question, answer) => answer(`${question} yes`));
	log.push(await ask("ask", "there?", 20000));

	const gone = once(socket, "disconnect");
	const again = once(socket, "connect");
	socket.emit("cut");
	log.push((await gone)[0]);
	await again;
	log.push(await ask("echo", "again"));
	const kicked = once(socket, "disconnect");
	socket.emit("kick", false);
	log.push((await kicked)[0], socket.connected);
	socket.disconnect();
	return log;
}

const SAID = [["before it is connected"], "/", "0,1,30,128,255", "1,30",
	"é😀\n\u2028\\n", ["a blob"], true, true, 100,
	[null, "there? yes"], "transport close", ["again"],
	"io server disconnect", false];

/* ---- pages --------------------------------------------------------------- */

/* Chromium writes to the console what it makes of a connection that the other
 * side ends; all else there is an error. */
async function withPage(url, run, expected) {
	const page = await browser.newPage();
	const troubles = [];

	page.setDefaultTimeout(60000);
	page.on("pageerror", (error) => troubles.push(String(error)));
	page.on("console", (message) => message.type() === "error" &&
	    !message.location().url.endsWith("/favicon.ico") &&
	    !expected?.test(message.text()) &&
	    troubles.push(message.text()));
	try {
		await page.goto(url);
		await run(page);
		equal(troubles, [], "errors of the page");
	} finally {
		await page.close();
	}
}

await withPeer("twin", [], async (server) => {
	for (const [name, { script, ways }] of Object.entries(BUNDLES))
		for (const [way, options] of Object.entries(ways))
			await check(`Chromium, ${name}, ${way}`, () =>
			    withPage(elsewhere, async (page) => {
				await page.addScriptTag({ content: script });
				equal(await page.evaluate(talk,
				    [server.http, options]), SAID, "log");
			    }));

	/* The page's own origin needs no CORS. */
	const home = `${server.http}/socket.io/socket.io.js`;
	for (const [name, { script }] of Object.entries(BUNDLES))
		await check(`Chromium, ${name}, from its own server`, () =>
		    withPage(home, async (page) => {
			await page.addScriptTag({ content: script });
			equal(await page.evaluate(talk, ["/", {}]), SAID,
			    "log");
		    }));

	await check("Chromium, the oldest form", () =>
	    withPage(elsewhere, async (page) => {
		await page.addScriptTag({ content: OURS });
		equal(await page.evaluate(async (port) => {
			const socket = new io.Socket("127.0.0.1", { port,
				transports: ["websocket", "flashsocket",
					"xhr-multipart", "xhr-polling"],
				rememberTransport: false });
			const heard = new Promise((message) =>
			    socket.on("echo", message));
			const log = [socket.connected];
			socket.on("connect", () => socket.emit("echo", "hi"));
			socket.on("disconnect", () => log.push("over"));
			socket.connect();
			log.push(await heard);
			socket.disconnect();
			return log;
		}, server.port), [false, "hi", "over"], "log");
	    }));

	await fromDisk(server);
	if (!OFFICIAL)
		await served(server);
});

/* A page that was opened from disk, with our client in it. */
async function withFile(run, expected) {
	const file = scratch("page.html");
	writeFileSync(file, "<!doctype html><title>a file</title>" +
	    `<link rel=icon href=data:,><script>${OURS}</script>`);
	await withPage(pathToFileURL(file).href, run, expected);
}

/* What tutorials write for the address of the server is http on such a page. */
async function fromDisk({ port }) {
	for (const form of ["http://127.0.0.1:PORT", "//127.0.0.1:PORT",
		"127.0.0.1:PORT", "ws://127.0.0.1:PORT/"])
		await check(`Chromium, from disk, io("${form}")`, () =>
		    withFile(async (page) => equal(await page.evaluate(talk,
			[form.replace("PORT", port), {}]), SAID, "log")));
	await check("Chromium, from disk, new io.Socket(host, { port })", () =>
	    withFile(async (page) => equal(await page.evaluate((at) =>
		new Promise((came) => {
			const socket = new io.Socket("127.0.0.1", { port: at });
			socket.on("connect", () => came(socket.connected));
			socket.connect();
		}), port), true, "connected")));
	await check("Chromium, from disk, io() says what it lacks", () =>
	    withFile(async (page) => {
		const text = await page.evaluate(() => {
			try {
				return io();
			} catch (error) {
				return error.message;
			}
		});
		truth(text.includes('io("http://localhost:8080")'), text);
	    }));
	await check("Chromium, no answer is told on the console, once", () =>
	    withFile(async (page) => {
		const nobody = await freePort();
		const warned = page.waitForEvent("console",
		    (one) => one.type() === "warning");
		await page.evaluate((at) => new Promise((failed) => {
			const socket = io(`127.0.0.1:${at}`,
			    { reconnection: false });
			socket.on("connect_error", failed);
		}), nobody);
		const text = (await warned).text();
		truth(text.includes(`http://127.0.0.1:${nobody}`) &&
		    text.includes("wsd --cors"), text);
	    }, /ERR_CONNECTION_REFUSED/));
}

/* Our server has our client, under all names. */
async function served({ http }) {
	await check("the client is served", async () => {
		for (const name of ["socket.io.js", "socket.io.min.js",
			"socket.io.esm.min.js"]) {
			const url = `${http}/socket.io/${name}`;
			const { status, headers } = await fetch(`${url}?v=1`);
			equal([status, headers.get("content-type")],
			    [200, "text/javascript; charset=utf-8"], name);
			const again = await fetch(url, { headers:
			    { "If-None-Match": headers.get("etag") } });
			equal(again.status, 304, "again");
		}
		equal((await fetch(`${http}/socket.io/other.js`)).status, 400);
		for (const name of ["socket.io.msgpack.min.js",
			"socket.io.js.map"])
			equal((await fetch(`${http}/socket.io/${name}`)).status,
			    404, name);
	});
	await check("Chromium, a script of the server", () =>
	    withPage(elsewhere, async (page) => {
		await page.addScriptTag(
		    { url: `${http}/socket.io/socket.io.min.js` });
		equal(await page.evaluate(talk, [http, {}]), SAID, "log");
	    }));
	await check("Chromium, a module of the server", () =>
	    withPage(elsewhere, async (page) => {
		await page.addScriptTag({ type: "module", content: `
			import io, * as all from
			    "${http}/socket.io/socket.io.esm.min.js";
			globalThis.io = all.connect === io && all.io === io &&
			    all.Manager === io.Manager && all.protocol === 5 &&
			    io;` });
		await page.waitForFunction(() => globalThis.io);
		equal(await page.evaluate(talk, [http, {}]), SAID, "log");
	    }));
}

/* What docs/questions.md tells readers to type. Each page has a room of its
 * own: a page that closes while it changes its transport is a member until
 * the server misses its pong. */
for (const [cors, names] of [["*", ["ours", "4.8", "3.1"]],
	["true", ["ours", "4.8", "2.5"]]])
	await withWsd(["--cors", cors], async ({ http }) => {
		for (const name of names)
			await check(`Chromium, --cors ${cors}, from disk, ${name}`,
			    () => withFile(async (page) => {
				await page.addScriptTag(
				    { content: BUNDLES[name].script });
				equal(await page.evaluate(([url, room]) =>
				    new Promise((came, failed) => {
					const socket = io(
					    `${url}relay/${room}`);
					socket.on("connect", () => socket.emit(
					    "hello", came));
					socket.on("connect_error", failed);
				    }), [http, names.indexOf(name)]), 0,
				    "others");
			    }));
	});

/* Each official build has a name of its own, and none stands in for another. */
const dist = join(BUILD, "node_modules/sio-4.8/dist");
await withWsd(["--cors", "*", "--socket.io-client", dist], async ({ http }) => {
	const greet = ([url, options]) => new Promise((came, failed) => {
		const socket = io(`${url}relay/official`, options);
		socket.on("connect", () => socket.emit("hello", came));
		socket.on("connect_error", failed);
	});
	const path = `${http}socket.io/socket.io`;

	await check("Chromium, official builds of a directory", async () => {
		for (const kind of ["", ".min", ".esm.min", ".msgpack.min"])
			for (const end of [".js", ".js.map"]) {
				const one = await fetch(path + kind + end);
				equal(await one.text(), readFileSync(join(dist,
				    `socket.io${kind}${end}`), "utf8"), kind);
			}
	});
	for (const [kind, script] of [["", { url: `${path}.js` }],
		[".min", { url: `${path}.min.js` }],
		[".esm.min", { type: "module", content: `
		    import { io } from "${path}.esm.min.js";
		    globalThis.io = io;` }]])
		await check(`Chromium, the official build socket.io${kind}.js`,
		    () => withPage(elsewhere, async (page) => {
			await page.addScriptTag(script);
			await page.waitForFunction(() => globalThis.io);
			equal(await page.evaluate(greet, [http, {}]), 0, "others");
		    }));
});

await browser.close();
pages.close();
finish();
