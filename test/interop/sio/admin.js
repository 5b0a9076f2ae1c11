/* admin.js - the official admin interface, in Chromium, with an example. */
/* SPDX-License-Identifier: MIT */

import { join } from "node:path";

import { browser } from "../chromium.js";
import { BUILD, check, equal, finish, load, program, truth, within }
    from "../harness.js";

const { io } = load("sio-4.8");
const UI = join(BUILD, "node_modules/@socket.io/admin-ui/ui/dist");

/* What a client hears next of an event. */
const next = (socket, event) => within(new Promise((came) =>
    socket.once(event, (...args) => came(args))), `"${event}"`);

const connected = (socket) => within(new Promise((came, failed) =>
    socket.once("connect", came).once("connect_error", failed)), "connect");

/* ---- the events ------------------------------------------------------------ */

async function events(url) {
	const client = io(url, { forceNew: true });
	await connected(client);
	const as = (auth) => io(`${url}admin`, { forceNew: true, auth,
		transports: ["websocket"] });

	await check("admin: without the password it is refused", async () => {
		for (const auth of [{}, { username: "admin", password: "x" },
			{ username: "x", password: "secret" },
			{ sessionId: "x" }]) {
			const other = as(auth);
			const [error] = await next(other, "connect_error");
			equal(error.message, "invalid credentials");
			other.disconnect();
		}
	});

	const admin = as({ username: "admin", password: "secret" });
	const [config, all] = await Promise.all([next(admin, "config"),
		next(admin, "all_sockets")]);
	await check("admin: it is told of all that are here", async () => {
		truth(config[0].supportedFeatures.includes("ALL_EVENTS"), "config");
		equal(all[0].map(({ id, nsp, rooms }) => [id, nsp, rooms]),
		    [[client.id, "/", [client.id]]], "sockets");
	});
	await check("admin: it is told of numbers", async () => {
		const [{ clientsCount, namespaces, pid }] =
		    await next(admin, "server_stats");
		equal([clientsCount, namespaces, pid > 0],
		    [2, [{ name: "/", socketsCount: 1 }], true]);
	});
	await check("admin: it is told of events and rooms", async () => {
		const [received, joined] = [next(admin, "event_received"),
			next(admin, "room_joined")];
		client.emit("enter", "lobby", { a: [1] });
		equal((await received).slice(0, 3),
		    ["/", client.id, ["enter", "lobby", { a: [1] }]]);
		const [nsp, room, id, time] = await joined;
		equal([nsp, room, id], ["/", "lobby", client.id]);
		truth(Math.abs(Date.parse(time) - Date.now()) < 60000, time);
	});
	await check("admin: it emits, joins and leaves", async () => {
		const heard = next(client, "news");
		admin.emit("emit", "/", "lobby", "news", 1, "two");
		equal(await heard, [1, "two"], "emitted");
		admin.emit("join", "/", "attic", client.id);
		const [[here]] = await next(admin, "all_sockets");
		equal(here.rooms.sort(), [client.id, "attic", "lobby"].sort());
		admin.emit("leave", "/", "lobby", null);
		const [[then]] = await next(admin, "all_sockets");
		equal(then.rooms.sort(), [client.id, "attic"].sort());
	});
	await check("admin: it is told who comes and goes", async () => {
		const came = next(admin, "socket_connected");
		const other = io(url, { forceNew: true });
		await connected(other);
		equal((await came)[0].id, other.id);
		const gone = next(admin, "socket_disconnected");
		const kicked = next(other, "disconnect");
		const { id } = other;
		admin.emit("_disconnect", "/", true, id);
		equal((await gone).slice(0, 3),
		    ["/", id, "server namespace disconnect"]);
		equal((await kicked)[0], "io server disconnect");
	});
	client.disconnect();
	admin.disconnect();
}

/* ---- the interface --------------------------------------------------------- */

async function inChromium(url) {
	const client = io(url, { forceNew: true });
	await connected(client);
	const page = await browser.newPage();

	page.setDefaultTimeout(30000);
	await page.goto(`${url}ui/`);
	await page.getByLabel("Server URL").fill(url.replace(/\/$/, ""));
	await page.getByLabel("Username").fill("admin");
	await page.getByLabel("Password").fill("a guess");
	await check("admin: the interface says that the password is wrong",
	    async () => {
		await page.getByRole("button", { name: "Connect" }).click();
		await page.getByText("Invalid credentials").waitFor();
	    });
	await page.getByLabel("Password").fill("secret");
	await page.getByRole("button", { name: "Connect" }).click();
	await page.getByLabel("Password").waitFor({ state: "hidden" });
	client.emit("enter", "the cellar", "a shout");

	for (const [view, text] of [["sockets", client.id],
		["rooms", "the cellar"], ["clients", client.id],
		["events", "enter"]])
		await check(`admin: the interface shows ${view}`, async () => {
			await page.goto(`${url}ui/#/${view}/`);
			await page.locator("main").getByText(text,
			    { exact: false }).first().waitFor();
		});
	await page.close();
	client.disconnect();
}

const it = program("build/examples/admin-ui", ["127.0.0.1:0", UI],
    { env: { ...process.env, ADMIN_PASSWORD: "secret" } });
const [, base] = await it.printed(/^listening on (http:\S+\/)admin-ui.html\n/m);
await events(base);
await inChromium(base);
await check("admin: the example ends with 0", async () =>
    equal(await it.stop(), 0, "exit status"));
await check("admin: the example needs a password", async () => {
	const env = { ...process.env };
	delete env.ADMIN_PASSWORD;
	const none = program("build/examples/admin-ui", ["127.0.0.1:0"], { env });
	equal(await none.ended, 2, "exit status");
	truth(none.text.includes("ADMIN_PASSWORD"), none.text);
});
await browser.close();
finish();
