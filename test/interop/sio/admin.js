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
			{ username: "admin", password: "" },
			{ username: "admin", password: ["secret"] },
			{ sessionId: "secret" }]) {
			const other = as(auth);
			const [error] = await next(other, "connect_error");
			equal(error.message, "invalid credentials");
			other.disconnect();
		}
	});

	const admin = as({ username: "admin", password: "secret" });
	const [config, all, stats] = await Promise.all(["config",
		"all_sockets", "server_stats"].map((event) =>
	    next(admin, event)));
	/* Wait until all sockets are as a function says. */
	const until = async (wanted) => {
		for (;;) {
			const [sockets] = await next(admin, "all_sockets");
			if (wanted(sockets))
				return;
		}
	};

	await check("admin: it is told of all that are here", async () => {
		truth(config[0].supportedFeatures.includes("ALL_EVENTS"), "config");
		equal(all[0].map(({ id, nsp, rooms }) => [id, nsp, rooms]),
		    [[client.id, "/", [client.id]]], "sockets");
		equal([stats[0].clientsCount, stats[0].namespaces],
		    [2, [{ name: "/", socketsCount: 1 }]]);
	});
	await check("admin: it is told of events and rooms", async () => {
		const received = next(admin, "event_received");
		client.emit("enter", "lobby", { a: [1] });
		const [nsp, id, args, time] = await received;
		equal([nsp, id, args],
		    ["/", client.id, ["enter", "lobby", { a: [1] }]]);
		truth(Math.abs(time - Date.now()) < 60000, time);
		await until(([{ rooms }]) => rooms.includes("lobby"));
	});
	await check("admin: it is told who comes and goes", async () => {
		const other = io(url, { forceNew: true });
		await connected(other);
		const { id } = other;
		await until((sockets) => sockets.some((one) => one.id === id));
		other.disconnect();
		await until((sockets) => sockets.length === 1 &&
		    sockets[0].id === client.id);
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

const it = program("build/examples/admin-ui", ["127.0.0.1:0", "secret", UI]);
const [, base] = await it.printed(/^listening on (http:\S+\/)admin-ui.html\n/m);
await events(base);
await inChromium(base);
await check("admin: the example ends with 0", async () =>
    equal(await it.stop(), 0, "exit status"));
await check("admin: the example needs a password", async () => {
	const none = program("build/examples/admin-ui", ["127.0.0.1:0"]);
	truth(await none.ended !== 0, "exit status");
});
await browser.close();
finish();
