/* proxies.js - nginx and haproxy in front of wsd. */
/* SPDX-License-Identifier: MIT */

import { once } from "node:events";

import { check, equal, finish, load, scratch, truth, within, withWsd }
    from "./harness.js";
import { PROXIES, startProxy } from "./proxy.js";

const WebSocket = load("ws");

const ALIVE_MS = 5000; /* well beyond what a proxy takes for a dead connection */

/* ---- checks ---------------------------------------------------------------- */

async function open(url, options = {}) {
	const socket = new WebSocket(url, options);
	await within(once(socket, "open"), "open");
	return socket;
}

async function message(socket) {
	const [data, binary] = await within(once(socket, "message"), "message");
	return binary ? data : data.toString();
}

/* The close code of a connection that we end. */
async function close(socket, code = 1000) {
	const end = within(once(socket, "close"), "close");
	socket.close(code, "done");
	return (await end)[0];
}

const refusal = (url, options) => within(new Promise((tell) => {
	const socket = new WebSocket(url, options);
	socket.on("open", () => tell("open"));
	socket.on("error", () => {});
	socket.on("unexpected-response", (_, response) => {
		tell(response.statusCode);
		response.destroy();
	});
}), "refusal");

async function pages(proxy, base, elsewhere) {
	const page = await fetch(`${proxy.origin}${base}chat.html`);
	equal(page.status, 200, "page");
	truth((await page.text()).includes("<title>Chat"), "not the page");
	const etag = page.headers.get("etag");
	equal((await fetch(`${proxy.origin}${base}chat.html`,
	    { headers: { "If-None-Match": etag } })).status, 304, "again");
	equal((await fetch(`${proxy.origin}${base}nothing`)).status, 404);
	if (base !== "/")
		equal((await fetch(`${proxy.origin}/`)).status, elsewhere,
		    "elsewhere");
	equal(await (await fetch(`${proxy.origin}${base}healthz`)).text(),
	    "ok\n", "health");
}

async function echo(proxy, base) {
	const socket = await open(`${proxy.ws}${base}echo`);
	for (const length of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
		const sent = Buffer.alloc(length, "payload");
		socket.send(sent);
		truth(sent.equals(await message(socket)), `at ${length}`);
	}
	equal(await close(socket, 4001), 4001, "code");
}

async function room(proxy, base) {
	const all = [];
	for (let i = 0; i < 3; i++)
		all.push(await open(`${proxy.ws}${base}room/proxied`));
	const heard = all.slice(1).map(message);
	all[0].send("through the proxy");
	equal(await Promise.all(heard), Array(2).fill("through the proxy"));
	for (const socket of all)
		equal(await close(socket), 1000, "code");
}

/* Wait until a stream has brought a text. */
async function brings(reader, text) {
	const decoder = new TextDecoder();
	let got = "";
	while (!got.includes(text)) {
		const { done, value } = await within(reader.read(), text);
		truth(!done, `the end before ${text}`);
		got += decoder.decode(value, { stream: true });
	}
}

/* Each event comes at once, although the stream goes on; and a poll ends. */
async function events(proxy, base) {
	const url = `${proxy.origin}${base}room/stock`;
	const leave = new AbortController();
	const stream = await fetch(url, { signal: leave.signal,
		headers: { Accept: "text/event-stream" } });
	const reader = stream.body.getReader();

	await brings(reader, '{"resume":"new"');
	const poll = fetch(`${url}?wait=30&since=earliest`);
	for (const text of ["one", "two"]) {
		const said = await fetch(url, { method: "POST", body: text });
		equal(said.status, 200, "POST");
		await brings(reader, `data: ${text}\n\n`);
	}
	const heard = await (await within(poll, "poll")).json();
	equal(heard.messages[0].data, "one", "polled");
	leave.abort();
}

async function origin(proxy, base) {
	const url = `${proxy.ws}${base}echo`;
	await close(await open(url, { origin: proxy.origin }));
	equal(await refusal(url, { origin: "http://elsewhere.example" }), 403);
}

/* The server's pings must keep the proxy from hanging up. */
async function longIdle(proxy, base) {
	const socket = await open(`${proxy.ws}${base}room/idle`);
	let pings = 0, ended = false;

	socket.on("ping", () => pings++);
	socket.on("close", () => { ended = true; });
	await new Promise((go) => setTimeout(go, ALIVE_MS));
	equal(ended, false, "ended");
	truth(pings >= 3, `${pings} pings`);
	equal(await close(socket), 1000, "code");
}

/* The counter-proof: this proxy does hang up on a quiet connection. */
async function hangsUp(proxy) {
	const socket = await open(`${proxy.ws}/echo`);
	const [code] = await within(once(socket, "close"), "close");
	equal(code, 1006, "code");
}

async function through(name, upstream, base, server, how) {
	const proxy = await startProxy(name, upstream, base);
	const one = (what, run) => check(`${name}, ${how}: ${what}`, run);
	const idle = one("idle for longer than the proxy allows", () =>
	    longIdle(proxy, base));

	await one("pages", () => pages(proxy, base, PROXIES[name].elsewhere));
	await one("echo", () => echo(proxy, base));
	await one("rooms", () => room(proxy, base));
	await one("events and polls", () => events(proxy, base));
	await one("Origin", () => origin(proxy, base));
	await idle;
	await one("1001 arrives when the server stops", async () => {
		const socket = await open(`${proxy.ws}${base}echo`);
		const end = within(once(socket, "close"), "close");
		server.child.kill("SIGTERM");
		equal((await end)[0], 1001, "code");
	});
	await proxy.stop();
}

const PING = ["--ping", "200ms"];

for (const name of Object.keys(PROXIES)) {
	await withWsd(PING, (server) => through(name,
	    PROXIES[name].tcp(server.port), "/", server, "at the root"));
	await withWsd([...PING, "--base-path", "/live"], (server) =>
	    through(name, PROXIES[name].tcp(server.port), "/live/", server,
	    "under /live"));
	await withWsd(["--ping", "0"], (server) => check(
	    `${name}: without pings it hangs up`, async () => {
		const proxy = await startProxy(
		    name, PROXIES[name].tcp(server.port), "/");
		await hangsUp(proxy);
		await proxy.stop();
	    }));
	const path = scratch(`${name}.sock`);
	await withWsd([...PING, "-l", `unix:${path},mode=0666`], (server) =>
	    through(name, PROXIES[name].unix(path), "/", server,
	    "unix socket"));
}
finish();
