/* browser-examples.js - the examples of Socket.IO, with the official client
 * and with their pages in Chromium. */
/* SPDX-License-Identifier: MIT */

import { browser, closeWindow, openWindow } from "./chromium.js";
import { check, equal, finish, load, program, truth, within }
    from "./harness.js";

const { io } = load("sio-4.8");

/* ---- one example, its clients and its pages ------------------------------ */

class Example {
	sockets = [];
	pages = [];

	constructor(name, it, url) {
		Object.assign(this, { name, it, url });
	}

	/* An official client. What it hears is kept from the beginning. */
	client(nsp = "", options = {}) {
		const socket = io(new URL(this.url).origin + nsp,
		    { forceNew: true, ...options });
		socket.heard = [];
		socket.onAny((...event) => {
			socket.heard.push(event);
			socket.listeners("heard").forEach((look) => look());
		});
		this.sockets.push(socket);
		return socket;
	}

	async page() {
		const page = await openWindow(this.url);
		this.pages.push(page);
		return page;
	}

	/* No page may be wider than a phone. */
	async end() {
		for (const socket of this.sockets)
			socket.disconnect();
		for (const page of this.pages.filter((one) => !one.isClosed())) {
			await page.setViewportSize({ width: 375, height: 667 });
			truth(await page.evaluate(() => document.documentElement
			    .scrollWidth <= innerWidth), "too wide");
		}
		for (const page of this.pages)
			await closeWindow(page);
		/* The examples do not handle signals. */
		equal(await this.it.stop(), "SIGTERM", "end");
	}
}

/* The event that a client has heard next, now or later. */
const hears = (socket) => within(new Promise((came) => {
	function look() {
		if (socket.heard.length === 0)
			return;
		socket.off("heard", look);
		came(socket.heard.shift());
	}
	socket.on("heard", look);
	look();
}), "an event");

const connected = (socket) => within(new Promise((came) =>
    socket.connected ? came() : socket.once("connect", came)), "connect");

const line = (page, text) =>
    page.locator("li").filter({ hasText: text }).first().waitFor();

const reads = (page, selector, text) => page.waitForFunction(
    ([what, wanted]) => document.querySelector(what).textContent === wanted,
    [selector, text]);

/* Run an example, once for the official client and once for its page. */
async function example(name, args, { client, page }) {
	for (const [what, run] of Object.entries({ client, page })) {
		await check([name, ...args].join(" ") + `: ${what}`, async () => {
			const it = program(`build/examples/${name}`,
			    ["127.0.0.1:0", ...args]);
			const [, url] = await it.printed(
			    /^listening on (\S+)\n/m);
			const one = new Example(name, it, url);
			try {
				await run(one);
			} finally {
				await one.end();
			}
		});
	}
}

/* ---- the examples --------------------------------------------------------- */

await example("announcements", [], {
	async client(it) {
		const socket = it.client();
		const [, { message }] = await hears(socket);
		equal(message, `Welcome, ${socket.id}!`);
		it.client();
		equal(await hears(socket), ["announcements",
			{ message: "A new user has joined!" }]);
		socket.emit("event", { message: "Grüße" });
		await it.it.printed(`${socket.id} says "Grüße"\n`);
	},
	async page(it) {
		const page = await it.page();
		await line(page, "Welcome, ");
		await it.page();
		await line(page, "A new user has joined!");
		await page.fill("#text", "<i>hello</i>");
		await page.press("#text", "Enter");
		await it.it.printed("says \"<i>hello</i>\"\n");
	},
});

await example("counter", [], {
	async client(it) {
		const one = it.client();
		equal(await hears(one), ["stats", { numClients: 1 }]);
		const two = it.client();
		equal(await hears(one), ["stats", { numClients: 2 }]);
		two.disconnect();
		equal(await hears(one), ["stats", { numClients: 1 }]);
	},
	async page(it) {
		const one = await it.page();
		await reads(one, "#count", "1");
		const two = await it.page();
		await reads(one, "#count", "2");
		await reads(two, "#count", "2");
		await two.close();
		await reads(one, "#count", "1");
	},
});

await example("namespaces", [], {
	async client(it) {
		const root = it.client("/", { forceNew: false });
		const other = it.client("/stackabuse", { forceNew: false });
		equal(await hears(root), ["welcome", "Welcome to /"]);
		equal(await hears(other),
		    ["welcome", "Welcome to /stackabuse"]);
		truth(root.io === other.io, "two connections");
		other.emit("say", "there");
		equal(await hears(other), ["say", "there"]);
		root.emit("say", "here");
		equal(await hears(root), ["say", "here"]);
		root.io.engine.close();
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		await line(two, "Welcome to /stackabuse");
		await one.fill("#other-text", "<b>over there</b>");
		await one.press("#other-text", "Enter");
		await two.locator("#other-list li", { hasText: "over there" })
		    .waitFor();
		await one.fill("#main-text", "over here");
		await one.press("#main-text", "Enter");
		await two.locator("#main-list li", { hasText: "over here" })
		    .waitFor();
		equal(await two.locator("#main-list li").count(), 2, "lines");
		equal(await two.locator("b").count(), 0, "elements");
	},
});

await example("private-rooms", [], {
	async client(it) {
		const inside = it.client(), outside = it.client();
		equal(await inside.emitWithAck("enter", "cellar"), true);
		await connected(outside);
		outside.emit("whisper", "cellar", "may I?");
		equal(await outside.emitWithAck("enter", "attic"), true);
		inside.emit("whisper", "cellar", "nobody else?");
		equal(await hears(inside), ["whisper", "cellar", inside.id,
			"nobody else?"]);
		equal(await outside.emitWithAck("enter", "cellar"), true);
		equal(await hears(inside), ["entered", "cellar", outside.id]);
		inside.emit("exit", "cellar");
		equal(await hears(outside), ["left", "cellar", inside.id]);
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		await one.press("#room", "Enter");
		await line(one, "You are in cellar");
		await two.press("#room", "Enter");
		await line(two, "You are in cellar");
		await line(one, " entered cellar");
		await two.fill("#text", "hush");
		await two.press("#text", "Enter");
		await line(one, " in cellar: hush");
		await one.click("#exit");
		await line(two, " left cellar");
	},
});

for (const [ms, wanted] of [[1000, 2], [50, 10]]) {
	await example("stock-ticker", [String(ms)], {
		async client(it) {
			const one = it.client(), two = it.client();
			for (let n = 0; n < wanted; n++) {
				for (const socket of [one, two]) {
					const [name, price] =
					    await hears(socket);
					equal(name, "stock price update");
					truth(Number.isInteger(price) &&
					    price >= 0 && price < 1000, price);
				}
			}
		},
		async page(it) {
			const page = await it.page();
			await page.waitForFunction((n) => prices.length >= n,
			    wanted);
			equal(await page.evaluate(() =>
			    prices.includes(Number(
			    byId("price").textContent))), true, "shown");
			truth(await page.evaluate(() => pen.getImageData(
			    0, 0, 800, 240).data.some((n) => n)), "no line");
		},
	});
}

await example("chat-app", [], {
	async client(it) {
		const one = it.client();
		equal(await hears(one), ["user-joined", 1]);
		const two = it.client();
		equal(await hears(one), ["user-joined", 2]);
		two.emit("send-message", { user: "Zoë", message: "hi \0 🌍" });
		const [name, { user, message, time }] = await hears(one);
		equal([name, user, message],
		    ["receive-message", "Zoë", "hi \0 🌍"]);
		truth(Math.abs(Date.now() - time) < 60000, `time ${time}`);
		two.disconnect();
		equal(await hears(one), ["user-left", 1]);
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		await reads(one, "#count", "2");
		await one.fill("#user", "Anna");
		await one.fill("#message", "<img src=x>hello");
		await one.press("#message", "Enter");
		for (const page of [one, two])
			await line(page, "Anna: <img src=x>hello");
		equal(await two.locator("img").count(), 0, "images");
		await one.close();
		await reads(two, "#count", "1");
	},
});

await example("direct-message", [], {
	async client(it) {
		const nobody = it.client();
		const refused = within(new Promise((came) =>
		    nobody.once("connect_error", came)), "connect_error");
		equal((await refused).message, "a name is needed");
		const anna = it.client("/", { auth: { name: "Anna" } });
		const bert = it.client("/", { auth: { name: "Bert" } });
		await connected(bert);
		equal(await anna.emitWithAck("direct", "Bert", "psst"), true);
		equal(await hears(bert), ["direct",
			{ from: "Anna", text: "psst" }]);
		equal(await anna.emitWithAck("direct", "Carl", "psst"), false);
	},
	async page(it) {
		const anna = await it.page(), bert = await it.page();
		await anna.press("#name", "Enter");
		await line(anna, "a name is needed");
		for (const [page, name] of [[anna, "Anna"], [bert, "Bert"]]) {
			await page.fill("#name", name);
			await page.press("#name", "Enter");
			await page.locator("#to").waitFor();
		}
		await anna.fill("#to", "Bert");
		await anna.fill("#text", "psst");
		await anna.press("#text", "Enter");
		await line(anna, "to Bert: psst");
		await line(bert, "Anna: psst");
		await anna.fill("#to", "Carl");
		await anna.press("#text", "Enter");
		await line(anna, "Carl is not here");
	},
});

await example("periodic", ["100"], {
	async client(it) {
		const one = it.client(), two = it.client();
		equal((await hears(one))[0], "tick");
		one.disconnect();
		for (let n = 0; n < 5; n++)
			equal((await hears(two))[0], "tick");
	},
	async page(it) {
		const page = await it.page();
		await page.locator("li").nth(2).waitFor();
		await page.click("#leave");
		await line(page, "io client disconnect");
	},
});

const MODES = { self: [0], all: [0, 1], others: [1], room: [1], except: [0] };

await example("broadcast-modes", [], {
	async client(it) {
		const all = [it.client(), it.client()];
		await connected(all[0]);
		await all[1].emitWithAck("join");
		for (const [mode, reached] of Object.entries(MODES)) {
			const octets = Buffer.from(mode);
			all[0].emit(mode, octets);
			for (const n of reached)
				equal(await hears(all[n]),
				    ["news", mode, octets], `${mode}, ${n}`);
		}
		all[0].emit("all", "end");
		for (const socket of all)
			equal(await hears(socket), ["news", "all", "end"]);
	},
	async page(it) {
		const all = [await it.page(), await it.page()];
		await all[1].click("#join");
		await line(all[1], "you are in room red");
		for (const [mode, reached] of Object.entries(MODES)) {
			await all[0].click(`#${mode}`);
			for (const n of reached)
				await line(all[n], `${mode}: Hello`);
		}
		await all[0].fill("#text", "end");
		await all[0].click("#all");
		for (const page of all)
			await line(page, "all: end");
		equal(await all[0].locator("li").count(), 4, "lines of 0");
		equal(await all[1].locator("li").count(), 5, "lines of 1");
	},
});

/* Wait until something, or nothing, is drawn in a part of the board. It is
 * looked at in a copy: a canvas that is read again and again is slow. */
const drawn = (page, wanted, x, y, width, height) =>
    page.waitForFunction(([expected, left, top, wide, high]) => {
	const copy = document.createElement("canvas");
	copy.width = wide;
	copy.height = high;
	const look = copy.getContext("2d", { willReadFrequently: true });
	look.drawImage(board, -left, -top);
	return look.getImageData(0, 0, wide, high).data.some((n) => n) ===
	    expected;
    }, [wanted, x, y, width, height]);

await example("whiteboard", [], {
	async client(it) {
		const one = it.client(), two = it.client();
		const stroke = { x0: 0.5, y0: 0.25, x1: 1, y1: 0,
			color: "#ff0000" };
		await connected(two);
		await connected(one);
		one.emit("drawing", stroke);
		equal(await hears(two), ["drawing", stroke]);
		equal(await hears(it.client()), ["drawing", stroke]);
		two.emit("clear");
		equal(await hears(one), ["clear"]);
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		const { x, y, width, height } =
		    await one.locator("#board").boundingBox();
		await one.mouse.move(x + width / 4, y + height / 4);
		await one.mouse.down();
		await one.mouse.move(x + width / 2, y + height / 2,
		    { steps: 5 });
		await one.mouse.up();
		/* In the middle of the stroke, and not beside it. */
		for (const page of [one, two, await it.page()]) {
			await drawn(page, true, 290, 215, 20, 20);
			await drawn(page, false, 410, 310, 390, 290);
		}
		await two.click("#clear");
		await drawn(one, false, 0, 0, 800, 600);
		await drawn(two, false, 0, 0, 800, 600);
	},
});

await example("auction", ["1500"], {
	async client(it) {
		const one = it.client(), two = it.client();
		equal(await hears(one), ["state",
			{ team: null, amount: 0, left: 0 }]);
		equal((await hears(two))[1].team, null);
		equal(await one.emitWithAck("bid", "red", 10), true);
		equal(await two.emitWithAck("bid", "blue", 10), false);
		equal(await two.emitWithAck("bid", "blue", 11), true);
		const states = [await hears(one), await hears(one)];
		equal(states.map(([, { team }]) => team), ["red", "blue"]);
		equal(await hears(one),
		    ["sold", { team: "blue", amount: 11 }]);
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		await one.selectOption("#mine", "green");
		await one.press("#bid", "Enter");
		await reads(two, "#amount", "10");
		await reads(two, "#team", "green");
		await two.press("#bid", "Enter");
		await line(two, "that was not the highest bid");
		await line(one, "sold to green for 10");
		await line(two, "sold to green for 10");
	},
});

await browser.close();
finish();
