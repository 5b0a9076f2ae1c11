/* browser-examples.js - the examples, with clients and with their pages in
 * Chromium; and their twins in JavaScript, which clients must not be able to
 * tell from them. */
/* SPDX-License-Identifier: MIT */

import { join } from "node:path";

import { browser, closeWindow, openWindow } from "./chromium.js";
import { BUILD, check, equal, finish, load, program, truth, within }
    from "./harness.js";

const { io } = load("sio-4.8");
const WebSocket = load("ws");

/* ---- one example, its clients and its pages ------------------------------ */

class Example {
	sockets = [];
	pages = [];

	constructor(name, it, url) {
		Object.assign(this, { name, it, url });
	}

	/* A client of RFC 6455. What it hears is kept from the beginning. */
	raw(path = "/") {
		const socket = new WebSocket(
		    new URL(path, this.url.replace("http", "ws")));
		const heard = [];
		let came = () => {};
		socket.on("message", (data, isBinary) => {
			heard.push(isBinary ? data : String(data));
			came();
		});
		socket.disconnect = () => socket.close();
		socket.hears = () => within(new Promise((next) => {
			came = () => {
				if (heard.length === 0)
					return;
				came = () => {};
				next(heard.shift());
			};
			came();
		}), "a message");
		socket.opened = within(new Promise((open, failed) =>
		    socket.on("open", open).on("error", failed)), "open");
		this.sockets.push(socket);
		return socket;
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
		/* An example ends in good order, its twin just ends. */
		const isTwin = this.it.child.spawnfile === process.execPath;
		equal(await this.it.stop(), isTwin ? "SIGTERM" : 0, "end");
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

const connectedPage = (page) =>
    page.waitForSelector('#state[data-state="open"]');

/* Run an example once for a client and once for its page, and its twin for the
 * client. */
async function example(name, args, { client, page, stdin = "ignore" }) {
	const twin = join(import.meta.dirname, "examples", `${name}.cjs`);
	const ways = [
		["client", client, `build/examples/${name}`, []],
		["page", page, `build/examples/${name}`, []],
		["twin", client, process.execPath, [twin]],
	];
	for (const [what, run, command, first] of ways) {
		await check([name, ...args].join(" ") + `: ${what}`, async () => {
			const it = program(command,
			    [...first, "127.0.0.1:0", ...args], {
				stdio: [stdin, "pipe", "pipe"],
				env: { ...process.env, NODE_PATH:
				    join(BUILD, "node_modules") } });
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
		const greeting = ["announcements",
			{ message: "A new user has joined!" }];
		const socket = it.client();
		equal(await hears(socket), greeting, "the newcomer");
		const other = it.client();
		equal(await hears(socket), greeting, "the first");
		equal(await hears(other), greeting, "the second");
		socket.emit("event", { message: "Grüße" });
		await it.it.printed(`${socket.id} says {"message":"Grüße"}\n`);
		await it.it.printed(`A user connected: ${socket.id}\n`);
		const { id } = other;
		other.disconnect();
		await it.it.printed(
		    `${id} disconnected: client namespace disconnect\n`);
	},
	async page(it) {
		const page = await it.page();
		await line(page, "A new user has joined!");
		await it.page();
		await page.locator("li").nth(1).waitFor();
		await page.fill("#text", "<i>hello</i>");
		await page.press("#text", "Enter");
		await it.it.printed("says {\"message\":\"<i>hello</i>\"}\n");
	},
});

await example("counter", [], {
	async client(it) {
		const one = it.client();
		equal(await hears(one), ["stats", { numClients: 1 }]);
		const two = it.client();
		equal(await hears(one), ["stats", { numClients: 2 }]);
		await it.it.printed("Users online: 2\n");
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
		equal(await hears(one), ["user-joined", { count: 1 }]);
		const two = it.client();
		equal(await hears(one), ["user-joined", { count: 2 }]);
		two.emit("send-message", { user: "Zoë", message: "hi \0 🌍" });
		const [name, { user, message, time }] = await hears(one);
		equal([name, user, message],
		    ["receive-message", "Zoë", "hi \0 🌍"]);
		truth(/^([01]\d|2[0-3]):[0-5]\d$/.test(time), `time ${time}`);
		await it.it.printed('Message: {"user":"Zoë",');
		two.disconnect();
		equal(await hears(one), ["user-left", { count: 1 }]);
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
		equal(await hears(anna), ["here", "Anna"]);
		const bert = it.client("/", { auth: { name: "Bert" } });
		equal(await hears(anna), ["here", "Bert"]);
		const present = [await hears(bert), await hears(bert)];
		equal(present.map(([, name]) => name).sort(), ["Anna", "Bert"]);
		equal(await anna.emitWithAck("direct", "Bert", "psst"), true);
		equal(await hears(bert), ["direct",
			{ from: "Anna", text: "psst" }]);
		equal(await anna.emitWithAck("direct", "Carl", "psst"), false);
		bert.disconnect();
		equal(await hears(anna), ["gone", "Bert"]);
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
		await anna.click("#users button:text('Bert')");
		equal(await anna.inputValue("#to"), "Bert", "whom to write to");
		await anna.locator("#users button:text('Anna (you)')").waitFor();
		await anna.fill("#text", "psst");
		await anna.press("#text", "Enter");
		await line(anna, "to Bert: psst");
		await line(bert, "Anna: psst");
		await anna.fill("#to", "Carl");
		await anna.fill("#text", "psst");
		await anna.press("#text", "Enter");
		await line(anna, "Carl is not here");
		await bert.close();
		await anna.waitForFunction(() => byId("users")
		    .childElementCount === 1);
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
		await two.locator("tr.leads #green:text('10')").waitFor();
		await two.press("#bid", "Enter");
		await line(two, "that was not the highest bid");
		await line(one, "sold to green for 10");
		await line(two, "sold to green for 10");
	},
});

await example("auth-chat", [], {
	async client(it) {
		const stranger = it.client("/", { auth: { token: "x" } });
		const refused = within(new Promise((came) =>
		    stranger.once("connect_error", came)), "connect_error");
		equal((await refused).message, "who are you?");
		const [anna, bert] = ["anna", "bert"].map((user) => it.client("/",
		    { auth: { token: `${user}'s secret` } }));
		await connected(bert);
		await connected(anna);
		anna.emit("say", "Grüße");
		equal(await hears(bert),
		    ["said", { from: "anna", text: "Grüße" }]);
		equal(await bert.emitWithAck("direct", "anna", "psst"),
		    { delivered: true });
		equal(await hears(anna),
		    ["direct", { from: "bert", text: "psst" }]);
		equal(await bert.emitWithAck("direct", "carl", "psst"),
		    { delivered: false });
	},
	async page(it) {
		const anna = await it.page(), bert = await it.page();
		await anna.fill("#token", "a guess");
		await anna.press("#token", "Enter");
		await line(anna, "who are you?");
		for (const [page, user] of [[anna, "anna"], [bert, "bert"]]) {
			await page.fill("#token", `${user}'s secret`);
			await page.press("#token", "Enter");
			await connectedPage(page);
		}
		await anna.fill("#text", "<b>to all</b>");
		await anna.press("#text", "Enter");
		await line(bert, "anna: <b>to all</b>");
		await bert.selectOption("#to", "anna");
		await bert.fill("#text", "psst");
		await bert.press("#text", "Enter");
		await line(anna, "bert, to you: psst");
		await line(bert, "you, to anna: psst");
	},
});

await example("ticker-both", [], {
	async client(it) {
		const isPrice = (n) => Number.isInteger(n) && n >= 0 && n < 1000;
		const raw = it.raw(), socket = it.client();
		for (let n = 0; n < 3; n++) {
			const { price } = JSON.parse(await raw.hears());
			truth(isPrice(price), price);
			const [name, same] = await hears(socket);
			equal(name, "price");
			truth(isPrice(same), same);
		}
	},
	async page(it) {
		const page = await it.page();
		await page.waitForFunction(() => ["raw", "event"].every((id) =>
		    /^\d+$/.test(byId(id).textContent)));
	},
});

/* ---- the examples of WebSocket --------------------------------------------- */

await example("echo", [], {
	async client(it) {
		const socket = it.raw();
		await socket.opened;
		await it.it.printed("Client connected\n");
		socket.send("Grüße");
		equal(await socket.hears(), "We received your Grüße");
		socket.disconnect();
		await it.it.printed("Client disconnected");
	},
	async page(it) {
		const page = await it.page();
		await line(page, "We received your hello");
		await page.fill("#text", "<b>again</b>");
		await page.press("#text", "Enter");
		await line(page, "We received your <b>again</b>");
	},
});

await example("chat", [], {
	async client(it) {
		const one = it.raw(), two = it.raw();
		await Promise.all([one.opened, two.opened]);
		one.send("to all");
		equal([await one.hears(), await two.hears()],
		    ["to all", "to all"]);
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		await one.getByText("Open a second").waitFor();
		for (const page of [one, two])
			await connectedPage(page);
		await one.fill("#text", "<b>to all</b>");
		await one.press("#text", "Enter");
		await line(one, "<b>to all</b>");
		await line(two, "<b>to all</b>");
		await one.getByText("Open a second").waitFor(
		    { state: "hidden" });
	},
});

await example("ticker", ["50"], {
	async client(it) {
		const socket = it.raw();
		for (let n = 0; n < 3; n++) {
			const { price } = JSON.parse(await socket.hears());
			truth(Number.isInteger(price) && price >= 0 &&
			    price < 1000, price);
		}
	},
	async page(it) {
		const page = await it.page();
		await page.locator("li").nth(4).waitFor();
		truth(/^\d+$/.test(await page.textContent("#price")), "price");
	},
});

await example("pipe", [], {
	stdin: "pipe",
	async client(it) {
		const one = it.raw(), two = it.raw();
		await Promise.all([one.opened, two.opened]);
		it.it.child.stdin.write("Grüße\n");
		equal([await one.hears(), await two.hears()],
		    ["Grüße", "Grüße"]);
		it.it.child.stdin.write(Buffer.from([0xff, 10]));
		equal([...await one.hears()], [0xff]);
	},
	async page(it) {
		const page = await it.page();
		await connectedPage(page);
		it.it.child.stdin.write("<b>a line</b>\n");
		await line(page, "<b>a line</b>");
		it.it.child.stdin.write(Buffer.from([0xff, 0xfe, 10]));
		await line(page, "2 octets that are no text");
	},
});

await example("post-room", [], {
	async client(it) {
		const one = it.raw("/?room=news"), two = it.raw("/?room=news");
		const other = it.raw("/?room=garden%20shed");
		await Promise.all([one, two, other].map((of) => of.opened));
		const post = async (query, body) => {
			const response = await fetch(new URL(query, it.url),
			    { method: "POST", body });
			return response.ok ? response.json() : response.status;
		};
		equal(await post("/?room=news", "Grüße"), { receivers: 2 });
		equal([await one.hears(), await two.hears()],
		    ["Grüße", "Grüße"]);
		equal(await post("/?room=garden+shed", "rain"), { receivers: 1 });
		equal(await other.hears(), "rain");
		equal(await post("/?room=nobody", "?"), { receivers: 0 });
		equal(await post("/", "to whom?"), 400);
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		for (const page of [one, two])
			await connectedPage(page);
		await one.fill("#text", "<b>to the room</b>");
		await one.press("#text", "Enter");
		for (const page of [one, two])
			await line(page, "<b>to the room</b>");
		await reads(one, "#receivers", "2");
	},
});

await example("rooms", [], {
	async client(it) {
		const one = it.raw("/?room=kitchen");
		equal(await one.hears(), "users: 1");
		const other = it.raw("/?room=garden%20shed");
		equal(await other.hears(), "users: 1");
		const two = it.raw("/?room=kitchen");
		equal([await one.hears(), await two.hears()],
		    ["users: 2", "users: 2"]);
		one.send("coffee?");
		equal([await one.hears(), await two.hears()],
		    ["coffee?", "coffee?"]);
		two.disconnect();
		equal(await one.hears(), "users: 1");
		const nobody = it.raw("/");
		const refusal = await nobody.opened.catch(({ message }) =>
		    message);
		equal(refusal, "Unexpected server response: 400");
	},
	async page(it) {
		const one = await it.page(), two = await it.page();
		await line(one, "kitchen: users: 2");
		await one.fill("#text", "coffee?");
		await one.press("#text", "Enter");
		await line(two, "kitchen: coffee?");
		await two.fill("#room", "garden shed");
		await two.press("#room", "Enter");
		await line(two, "garden shed: users: 1");
		await line(one, "kitchen: users: 1");
	},
});

await example("hello-http", [], {
	async client({ url }) {
		const ask = async (path, body, method = "POST") =>
		    (await fetch(new URL(path, url), body === undefined ? {} :
			{ method, body })).text();
		equal(await ask("/"), "Hello, world!\n");
		equal(await ask("/upper", "whisper ä"), "WHISPER ä");
		/* Until it waits, nobody hears that it is to wake up. */
		let news;
		ask("/wait").then((text) => { news = text; });
		while (news === undefined)
			equal(await ask("/wake", "good morning"), "");
		equal(news, "good morning");
	},
	async page(it) {
		const page = await it.page();
		await reads(page, "#hello", "Hello, world!\n");
		await page.press("#quiet", "Enter");
		await reads(page, "#loud", "WHISPER");
		await connectedPage(page);
		while (await page.locator("li").count() === 0)
			await page.press("#news", "Enter");
		await line(page, "good morning");
	},
});

/* ---- the connection of every page ------------------------------------------- */

/* A page says that the server is gone, and when it tries again; and that it is
 * back. */
async function survivesRestart(name) {
	const start = (port) => program(`build/examples/${name}`,
	    [`127.0.0.1:${port}`]);
	let it = start(0);
	const [, url] = await it.printed(/^listening on (\S+)\n/m);
	const page = await openWindow(url);

	if (name === "direct-message") {
		await page.fill("#name", "Anna");
		await page.press("#name", "Enter");
	}
	await connectedPage(page);
	await it.stop("SIGKILL");
	await page.waitForSelector('#state[data-state="lost"]');
	await page.waitForFunction(() =>
	    /trying again in \d+ s/.test(byId("state").textContent));
	it = start(new URL(url).port);
	await it.printed(/^listening on/m);
	await connectedPage(page);
	await page.context().close();
	await it.stop();
}

for (const name of ["announcements", "auction", "broadcast-modes", "chat",
	"chat-app", "counter", "direct-message", "echo", "hello-http",
	"namespaces", "periodic", "private-rooms", "rooms", "stock-ticker",
	"ticker", "whiteboard"])
	await check(`${name}: its page says when the server is away`,
	    () => survivesRestart(name));

await browser.close();
finish();
