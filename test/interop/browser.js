/* browser.js - the pages in Chromium: two windows, and what they show. */
/* SPDX-License-Identifier: MIT */

import { createServer } from "node:http";
import { mkdirSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";

import { BUILD, check, equal, finish, load, truth, withWsd, wsd }
    from "./harness.js";

const { chromium } = load("playwright-core");

const SHOTS = join(BUILD, "screenshots");
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu",
	"--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync",
	"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"];

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
	args: FLAGS,
	timeout: 120000,
});

/* ---- windows ------------------------------------------------------------- */

/* A window of its own profile, that remembers what went wrong in it. */
async function openWindow(url, options = {}) {
	const context = await browser.newContext(
	    { viewport: { width: 1000, height: 700 }, ...options });
	const page = await context.newPage();

	page.setDefaultTimeout(60000);
	page.troubles = [];
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			page.troubles.push(message.text());
	});
	page.on("pageerror", (error) => page.troubles.push(String(error)));
	page.on("response", (response) => {
		if (response.status() >= 400)
			page.troubles.push(
			    `${response.status()} ${response.url()}`);
	});
	await page.goto(url);
	return page;
}

async function closeWindow(page) {
	await page.context().close();
	equal(page.troubles, [], "console");
}

const state = (page, name) =>
    page.waitForSelector(`#state[data-state="${name}"]`);

const textOf = (page, selector) => page.locator(selector).textContent();

/* Wait until a function of the page is true. */
const until = (page, condition, argument) =>
    page.waitForFunction(condition, argument);

/* ---- chat ---------------------------------------------------------------- */

async function openChat(url, name, options) {
	const page = await openWindow(`${url}chat.html?room=two`, options);
	await page.fill("#name", name);
	await state(page, "open");
	return page;
}

async function say(page, text) {
	await page.fill("#text", text);
	await page.press("#text", "Enter");
}

/* The last message with this text, as the page shows it. */
async function shown(page, text) {
	await until(page, (wanted) => [...document.querySelectorAll(".message")]
	    .some((one) => one.querySelector(".text").textContent === wanted),
	    text);
	return page.evaluate((wanted) => {
		const all = [...document.querySelectorAll(".message")];
		const one = all.findLast((m) =>
		    m.querySelector(".text").textContent === wanted);
		return {
			user: one.querySelector(".user").textContent,
			elements: one.querySelector(".text").childElementCount,
		};
	}, text);
}

async function chatOfTwo(server) {
	const ada = await openChat(server.http, "Ada");
	const bob = await openChat(server.http, "Bob");
	const html = `<img src=x onerror="document.title='broken'"><b>bold</b>`;

	await check("chat: an empty one offers a second window", async () => {
		const window = ada.context().waitForEvent("page");
		await ada.click("text=Open a second window");
		const second = await window;
		equal(second.url(), ada.url(), "its address");
		await bob.getByText("joined").first().waitFor();
		await second.close();
	});
	await check("chat: what is passed on is marked", async () => {
		await say(ada, "to nobody but Bob");
		await delivery(ada, "to nobody but Bob", "delivered");
		await shown(bob, "to nobody but Bob");
		await ada.getByText("Open a second window").waitFor(
		    { state: "hidden" });
	});
	await check("chat: what Ada says, Bob reads", async () => {
		await say(ada, "Hello Bob");
		equal((await shown(bob, "Hello Bob")).user, "Ada", "name");
		equal(await textOf(bob, "#count"), "2", "count");
	});
	await check("chat: what Bob says, Ada reads", async () => {
		await say(bob, "Hello Ada");
		equal((await shown(ada, "Hello Ada")).user, "Bob", "name");
		equal(await textOf(ada, "#count"), "1", "count");
	});
	await check("chat: HTML is text", async () => {
		await say(ada, html);
		equal((await shown(bob, html)).elements, 0, "elements");
		equal(await bob.locator("img, b").count(), 0, "images");
		truth(!(await bob.title()).includes("broken"), "it ran");
		equal(await textOf(bob, "#count"), "3", "count");
	});
	await check("chat: one's own message is shown once", async () => {
		equal(await ada.getByText("Hello Bob").count(), 1, "messages");
	});
	await check("chat: another room is another room", async () => {
		await ada.fill("#room", "elsewhere");
		await ada.click("#join");
		await until(ada, () => document.querySelector("#title")
		    .textContent === "elsewhere");
		await state(ada, "open");
		await bob.getByText("Ada left").last().waitFor();
		await say(ada, "nobody hears this");
		await ada.fill("#room", "two");
		await ada.click("#join");
		await bob.getByText("Ada joined").last().waitFor();
		await say(ada, "back");
		await shown(bob, "back");
		equal(await bob.getByText("nobody hears").count(), 0, "heard");
	});
	await check("chat: no error in either console", async () => {
		await closeWindow(ada);
		await closeWindow(bob);
	});
}

/* A message that was not passed on is marked. */
const delivery = (page, text, wanted) => page.locator(
    `.message[data-delivery="${wanted}"]`).filter({ hasText: text }).waitFor();

/* Both windows lose the server, say so, and find it again by themselves. What
 * was written meanwhile is not sent by itself. */
async function chatRestarted(signal) {
	let server = await wsd();
	const again = ["-l", `127.0.0.1:${server.port}`];
	const ada = await openChat(server.http, "Ada");
	const bob = await openChat(server.http, "Bob");

	await check(`chat: ${signal} and a restart are survived`, async () => {
		await server.stop(signal);
		for (const page of [ada, bob]) {
			await state(page, "waiting");
			truth(/No connection, trying again in \d+ s/.test(
			    await textOf(page, "#state")), "it is not said");
		}
		await say(ada, "written while the server was away");
		await delivery(ada, "while the server was away", "failed");
		for (const page of [ada, bob])
			await page.getByText(/^Connection lost at /).waitFor();
		server = await wsd(...again);
		await state(ada, "open");
		await state(bob, "open");
		equal(await textOf(ada, "#state"), "Connected");
		for (const page of [ada, bob])
			await page.getByText(/^No connection from .* to .*; /)
			    .waitFor();
		await say(bob, "and now?");
		await delivery(bob, "and now?", "delivered");
		equal(await bob.getByText("written while").count(), 0, "sent");
		await ada.click("text=Send again");
		await shown(bob, "written while the server was away");
		await delivery(ada, "while the server was away", "delivered");
		equal(await ada.getByText("Not delivered").count(), 0, "marks");
		await shown(ada, "and now?");
		await say(ada, "here again");
		await shown(bob, "here again");
	});
	/* A browser writes each failed attempt to the console by itself. */
	ada.troubles = ada.troubles.filter((line) =>
	    !/WebSocket connection to .* failed/.test(line));
	bob.troubles = bob.troubles.filter((line) =>
	    !/WebSocket connection to .* failed/.test(line));
	await check(`chat: no other error after ${signal}`, async () => {
		await closeWindow(ada);
		await closeWindow(bob);
		equal(await server.stop(), 0, "exit status");
	});
}

/* ---- the other pages ----------------------------------------------------- */

async function landing(server) {
	await check("index: asks the server and shows its frames", async () => {
		const page = await openWindow(server.http);
		await state(page, "open");
		await until(page, () =>
		    document.querySelectorAll("#listing .said").length >= 2);
		equal(await textOf(page, "#listing b >> nth=0"), "81 08",
		    "frame");
		truth((await textOf(page, "pre >> nth=0"))
		    .includes(`${server.ws}room/lobby`), "example");
		await closeWindow(page);
	});
	await check("index: the links lead to pages", async () => {
		const page = await openWindow(server.http);
		for (const name of ["Chat", "Echo", "Ticker"]) {
			await page.click(`.pages a:text("${name}")`);
			await until(page, (wanted) =>
			    document.title.endsWith(" - wsd") &&
			    location.pathname.includes(wanted),
			    name.toLowerCase());
			await page.click(".mark");
			await state(page, "open");
		}
		await closeWindow(page);
	});
	/* Nothing but the page itself is not found, at any depth. */
	await check("404: the way up leads to the index", async () => {
		const page = await openWindow(`${server.http}a/b/nothing`);
		for (const path of ["a/b/", "a/", ""]) {
			await page.click("#up");
			await page.waitForURL(server.http + path);
		}
		await state(page, "open");
		equal(page.troubles.filter((one) => one.startsWith("404")),
		    ["a/b/nothing", "a/b/", "a/"].map((path) =>
		    `404 ${server.http}${path}`), "not found");
		await page.context().close();
	});
}

/* The links of a page that is not found lead to the others, below any prefix. */
async function lost(server) {
	await check("404: wears the theme, and leads to the pages", async () => {
		for (const [name, path] of [["Chat", "chat.html"],
			["Ticker", "ticker.html"], ["wsd", ""]]) {
			const page = await openWindow(`${server.http}a/b/c`);
			const look = () => page.evaluate(() => {
				const style = getComputedStyle(
				    document.querySelector("h1"));
				return [style.color, style.fontFamily,
					style.fontWeight];
			});
			const missing = await look();
			await page.click(`header >> text=${name}`);
			await page.waitForURL(server.http + path);
			equal((await look())[0], missing[0], "colour");
			equal((await look())[1], missing[1], "font");
			await page.context().close();
		}
	});
}

const SITES = ["", "chat.html", "echo.html", "ticker.html", "sio-chat.html",
	"sio-namespaces.html"];

async function everyPage(server) {
	for (const path of SITES) {
		await check(`/${path}: one sentence without scripts`, async () => {
			const page = await openWindow(server.http + path,
			    { javaScriptEnabled: false });
			await page.locator("noscript p").waitFor();
			await closeWindow(page);
		});
	}
	await check("index: code scrolls by keyboard", async () => {
		const page = await openWindow(server.http,
		    { viewport: { width: 400, height: 700 } });
		const code = page.locator("pre").last();
		await code.focus();
		await page.keyboard.press("ArrowRight");
		await page.waitForFunction(() => [...document
		    .querySelectorAll("pre")].at(-1).scrollLeft > 0);
		await closeWindow(page);
	});
}

/* The cells of the newest row of the echo page's log. */
const newest = (page, way) => page.evaluate((wanted) => {
	const row = document.querySelector(`#log tr[data-way="${wanted}"]`);
	return row && [...row.cells].map((cell) => cell.textContent);
}, way);

async function echoes(page, action, size, content) {
	const before = await page.locator("#log tr").count();
	await action();
	await until(page, (n) =>
	    document.querySelectorAll("#log tr").length >= n + 2, before);
	const [, , gotSize, , gotContent] = await newest(page, "received");
	equal(gotSize, size, "size");
	truth(gotContent.startsWith(content), `content: ${gotContent}`);
}

async function echo(server) {
	const page = await openWindow(`${server.http}echo.html`);

	await check("echo: starts connected", () => state(page, "open"));
	await check("echo: text, binary and large messages", async () => {
		await page.fill("#text", "Grüße, 世界 🌍");
		await echoes(page, () => page.click("#send-text"),
		    "20 octets", "Grüße");
		await page.fill("#hex", "00 01 fe ff");
		await echoes(page, () => page.click("#send-binary"),
		    "4 octets", "00 01 fe ff");
		await echoes(page, () => page.click("#send-large-binary"),
		    "70 KiB", "");
		await echoes(page, () => page.click("#send-large-text"),
		    "1 MiB", "");
		equal(await page.locator("tr.wrong").count(), 0, "differing");
		equal(await textOf(page, "#agreed"), "\u00b7 no extension");
	});
	await check("echo: our close code and reason come back", async () => {
		await page.fill("#code", "4321");
		await page.fill("#reason", "läuft");
		await page.click("#close");
		await state(page, "closed");
		equal(await textOf(page, "#close-code"), "4321", "code");
		truth((await textOf(page, "#close-clean")).startsWith("yes"),
		    "not clean");
		await server.printed(/closed with 4321 by the peer: läuft/);
	});
	await check("echo: too big is 1009, with a reason", async () => {
		await page.click("#connect");
		await state(page, "open");
		await page.click("#exceed");
		await state(page, "closed");
		equal(await textOf(page, "#close-code"), "1009", "code");
		truth(await textOf(page, "#close-reason") !== "none",
		    "no reason");
	});
	await check("echo: no error in the console", () => closeWindow(page));
}

/* Count the pixels of the canvas that are not the background. */
const drawn = (page) => page.evaluate(() => {
	const canvas = document.querySelector("#chart");
	const copy = document.createElement("canvas");
	copy.width = canvas.width;
	copy.height = canvas.height;
	const pen = copy.getContext("2d", { willReadFrequently: true });
	pen.drawImage(canvas, 0, 0);
	const { data } = pen.getImageData(0, 0, copy.width, copy.height);
	const colours = new Set();
	const accent = getComputedStyle(document.documentElement)
	    .getPropertyValue("--accent").match(/[0-9a-f]{2}/g)
	    .map((hex) => parseInt(hex, 16)).join(" ");
	let count = 0, line = 0;
	for (let i = 0; i < data.length; i += 4) {
		if (data[i + 3] === 0)
			continue;
		count++;
		const colour = `${data[i]} ${data[i + 1]} ${data[i + 2]}`;
		colours.add(colour);
		line += colour === accent;
	}
	return { count, line, colours: colours.size, url: canvas.toDataURL() };
});

async function ticker(server) {
	const viewer = await openWindow(`${server.http}ticker.html`);
	const feeder = await openWindow(`${server.http}ticker.html`);

	await check("ticker: one window feeds, the other draws", async () => {
		await state(viewer, "open");
		await state(feeder, "open");
		const empty = await drawn(viewer);
		truth(empty.count > 100 && empty.line === 0,
		    "not an empty window before the first price");
		await feeder.selectOption("#every", "50");
		await feeder.check("#feed");
		await until(viewer, () => Number(
		    document.querySelector("#rate").textContent) > 3);
		await until(viewer, () =>
		    document.querySelector("#min").textContent !==
		    document.querySelector("#max").textContent);
		const first = await drawn(viewer);
		truth(first.line > 100 && first.colours > 3,
		    `only ${first.line} pixels of the line`);
		await until(viewer, (before) => document.querySelector("#chart")
		    .toDataURL() !== before, first.url);
		truth(/^\d+\.\d\d$/.test(await textOf(viewer, "#price")),
		    "no price");
	});
	await check("ticker: no error in either console", async () => {
		await closeWindow(viewer);
		await closeWindow(feeder);
	});
}

/* ---- origins ------------------------------------------------------------- */

/* Try to connect from a page: "open", or the close code. */
const connectFrom = (page, url) => page.evaluate((to) =>
    new Promise((tell) => {
	const socket = new WebSocket(to);
	socket.onopen = () => tell("open");
	socket.onclose = ({ code }) => tell(code);
    }), url);

async function origins() {
	const foreign = createServer((_, response) => {
		response.setHeader("Content-Type", "text/html");
		response.end("<!doctype html><title>another origin</title>" +
		    "<link rel=icon href=data:,>");
	});
	foreign.listen(0, "127.0.0.1");
	await once(foreign, "listening");
	const url = `http://127.0.0.1:${foreign.address().port}`;

	for (const [args, expected] of [[[], 1006],
		[["--origin", url], "open"], [["--origin", "*"], "open"],
		[["--origin", "http://elsewhere.example"], 1006]]) {
		await withWsd(args, (server) => check(
		    `origin: a foreign page and ${args.join(" ") || "defaults"}`,
		    async () => {
			const page = await openWindow(url);
			equal(await connectFrom(page, `${server.ws}echo`),
			    expected, "result");
			if (expected !== "open")
				await server.printed(/refused with 403/);
			await page.context().close();
		    }));
	}
	foreign.close();
}

/* ---- screenshots --------------------------------------------------------- */

const LOOKS = [
	["desktop-light", { viewport: { width: 1200, height: 800 } }],
	["desktop-dark", { viewport: { width: 1200, height: 800 },
		colorScheme: "dark" }],
	["phone-light", { viewport: { width: 390, height: 844 },
		deviceScaleFactor: 2, isMobile: true, hasTouch: true }],
	["phone-dark", { viewport: { width: 390, height: 844 },
		deviceScaleFactor: 2, isMobile: true, hasTouch: true,
		colorScheme: "dark" }],
];

async function conversation(server, options) {
	const ada = await openChat(server.http, "Ada", options);
	const bob = await openChat(server.http, "Bob", options);
	await say(bob, "Does it work?");
	await shown(ada, "Does it work?");
	await say(ada, "It does: two windows, one small server.");
	await say(ada, "And <b>this</b> stays text.");
	await shown(bob, "And <b>this</b> stays text.");
	await say(bob, "Then let us ship it.");
	await shown(ada, "Then let us ship it.");
	return [ada, bob];
}

/* No page may be wider than its window. */
const fits = (page) => page.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth);

async function shoot(page, name) {
	truth(await fits(page), `${name} is wider than its window`);
	await page.screenshot({ path: join(SHOTS, `${name}.png`) });
	await closeWindow(page);
}

const PAGES = {
	async index(server, options) {
		const page = await openWindow(server.http, options);
		await until(page, () =>
		    document.querySelectorAll("#listing .said").length >= 4);
		return page;
	},
	async chat(server, options) {
		const [ada, bob] = await conversation(server, options);
		await closeWindow(bob);
		return ada;
	},
	async echo(server, options) {
		const page = await openWindow(
		    `${server.http}echo.html`, options);
		await state(page, "open");
		await echoes(page, () => page.click("#send-text"), "5 octets",
		    "Hello");
		await echoes(page, () => page.click("#send-binary"),
		    "4 octets", "00");
		return page;
	},
	async ticker(server, options) {
		const page = await openWindow(
		    `${server.http}ticker.html`, options);
		await state(page, "open");
		await page.selectOption("#every", "50");
		await page.check("#feed");
		await until(page, () =>
		    Number(document.querySelector("#rate").textContent) > 10);
		await page.uncheck("#feed");
		return page;
	},
};

async function screenshots(server) {
	mkdirSync(SHOTS, { recursive: true });
	for (const [look, options] of LOOKS) {
		for (const [name, open] of Object.entries(PAGES))
			await check(`${name}: fits ${look}`, async () =>
			    shoot(await open(server, options),
			    `${name}-${look}`));
	}
}

/* ---- all ----------------------------------------------------------------- */

await withWsd([], async (server) => {
	await chatOfTwo(server);
	await landing(server);
	await lost(server);
	await everyPage(server);
	await echo(server);
	await ticker(server);
});
await withWsd(["--base-path", "/live"], async (server) => {
	await check("index: the same under a base path", async () => {
		truth(server.http.endsWith("/live/"), server.http);
		await landing(server);
	});
	await lost(server);
	await chatOfTwo(server);
});
await chatRestarted("SIGKILL");
await chatRestarted("SIGTERM");
await origins();
await withWsd([], screenshots);
await browser.close();
finish();
