/* browser-pages.js - the pages of wsd and their connections, in Chromium. */
/* SPDX-License-Identifier: MIT */

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { browser, closeWindow, openWindow } from "./chromium.js";
import { BUILD, check, equal, finish, truth, withWsd } from "./harness.js";

const reads = (page, selector, text) => page.waitForFunction(
    ([what, wanted]) => document.querySelector(what).textContent === wanted,
    [selector, text]);

/* ---- chat ----------------------------------------------------------------- */

const HTML = "<img src=x onerror=alert(1)><b>bold</b>";

async function openChat(server, name, options) {
	const page = await openWindow(`${server.http}sio-chat.html`, options);
	await page.fill("#name", name);
	await page.waitForSelector('#state[data-state="open"]');
	return page;
}

async function say(page, text) {
	await page.fill("#text", text);
	await page.press("#text", "Enter");
}

/* The names of those who wrote, as a page shows them. */
async function whoSaid(page, text) {
	const message = page.locator(".message").filter({
		has: page.locator(".text").getByText(text, { exact: true }) });
	await message.first().waitFor();
	equal(await message.count(), 1, "messages");
	return message.locator(".user").textContent();
}

async function chat(server) {
	const ada = await openChat(server, "Ada");
	await reads(ada, "#count", "1");
	const bob = await openChat(server, "Bob");

	await check("chat: all are counted", async () => {
		await reads(ada, "#count", "2");
		await reads(bob, "#count", "2");
	});
	await check("chat: what one says, both read, as text", async () => {
		await say(ada, HTML);
		for (const page of [ada, bob]) {
			equal(await whoSaid(page, HTML), "Ada", "name");
			equal(await page.locator("main :is(img, b)").count(), 0,
			    "elements");
		}
		await say(bob, "Grüße, 世界 🌍");
		equal(await whoSaid(ada, "Grüße, 世界 🌍"), "Bob", "name");
	});
	await check("chat: the longest name is one", async () => {
		await bob.fill("#name", "世".repeat(40));
		await say(bob, "who am I?");
		equal(await whoSaid(ada, "who am I?"), "世".repeat(40));
	});
	await check("chat: who leaves is no longer counted", async () => {
		await closeWindow(bob);
		await reads(ada, "#count", "1");
		await closeWindow(ada);
	});
}

/* A page goes on when the server is back. What was written meanwhile is kept and
 * marked, and sent when that is asked for. */
async function chatRestarted() {
	await check("chat: a restart is survived", async () => {
		let ada, port;
		await withWsd([], async (server) => {
			ada = await openChat(server, "Ada");
			port = server.port;
		});
		await ada.waitForSelector('#state[data-state="waiting"]');
		await ada.waitForFunction(() => /trying again in \d+ s/.test(
		    document.querySelector("#state").textContent));
		await ada.waitForSelector("#count.stale");
		await say(ada, "written while the server was away");
		await ada.waitForSelector('[data-delivery="failed"]');
		await withWsd(["-l", `127.0.0.1:${port}`], async () => {
			await ada.waitForSelector('#state[data-state="open"]');
			await ada.waitForSelector("#count:not(.stale)");
			await ada.getByText(/^No connection from .* to .*; /)
			    .waitFor();
			await ada.click("text=Send again");
			await ada.waitForSelector('[data-delivery="delivered"]');
			equal(await whoSaid(ada,
			    "written while the server was away"), "Ada");
			/* Chromium notes each failed attempt by itself. */
			ada.troubles = ada.troubles.filter((one) =>
			    !/ERR_CONNECTION_REFUSED/.test(one));
			await closeWindow(ada);
		});
	});
}

/* ---- echo ------------------------------------------------------------------ */

/* What was lost is made again, and what somebody closed is not. */
async function echoRestarted() {
	await check("echo: a lost connection is made again", async () => {
		const state = (name) =>
		    page.waitForSelector(`#state[data-state="${name}"]`);
		let page, port;
		await withWsd([], async (server) => {
			page = await openWindow(`${server.http}echo.html`);
			port = server.port;
			await state("open");
		});
		await state("waiting");
		await page.waitForFunction(() => /trying again in \d+ s/.test(
		    document.querySelector("#state").textContent));
		await withWsd(["-l", `127.0.0.1:${port}`], async () => {
			await state("open");
			await page.click("#disconnect");
			await state("closed");
			equal(await page.textContent("#state"), "Closed");
			page.troubles = page.troubles.filter((one) =>
			    !/ERR_CONNECTION_REFUSED/.test(one));
			await closeWindow(page);
		});
	});
}

/* ---- namespaces ------------------------------------------------------------ */

async function namespaces(server) {
	const one = await openWindow(`${server.http}sio-namespaces.html`);
	const two = await openWindow(`${server.http}sio-namespaces.html`);
	const state = (page, id, name) => page.waitForSelector(
	    `#${id} .state[data-state="${name}"]`);
	const lines = (page, id) => page.locator(`#${id} .paper p`);

	await check("namespaces: both at once, over one session", async () => {
		await reads(one, "#count output", "2");
		await lines(one, "price").nth(1).waitFor();
		await reads(one, "#carrier", "One session, over websocket");
		equal(await one.evaluate(() => performance
		    .getEntriesByType("resource").filter((entry) =>
		    entry.name.includes("EIO=4&transport=polling") &&
		    !entry.name.includes("sid=")).length), 1, "handshakes");
	});
	await check("namespaces: one is left, the other goes on", async () => {
		await two.click("#count button");
		await state(two, "count", "closed");
		await reads(one, "#count output", "1");
		const before = await lines(two, "price").first().textContent();
		await two.waitForFunction((text) => document.querySelector(
		    "#price .paper p").textContent !== text, before);
		await two.click("#count button");
		await state(two, "count", "open");
		await reads(one, "#count output", "2");
	});
	await check("namespaces: both are left, and joined again", async () => {
		for (const id of ["count", "price"])
			await two.click(`#${id} button`);
		await reads(two, "#carrier", "No connection");
		for (const id of ["price", "count"])
			await two.click(`#${id} button`);
		await reads(two, "#count output", "2");
		await state(two, "price", "open");
	});
	await check("namespaces: no error in either console", async () => {
		await closeWindow(one);
		await closeWindow(two);
	});
}

/* ---- screenshots ---------------------------------------------------------- */

const DESKTOP = { viewport: { width: 1200, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2,
	isMobile: true, hasTouch: true };

const LOOKS = {
	"desktop-light": DESKTOP,
	"desktop-dark": { ...DESKTOP, colorScheme: "dark" },
	"phone-light": PHONE,
	"phone-dark": { ...PHONE, colorScheme: "dark" },
};

const SHOTS = join(BUILD, "screenshots");

/* No page may be wider than its window. */
async function shoot(page, name) {
	truth(await page.evaluate(() =>
	    document.documentElement.scrollWidth <= innerWidth),
	    `${name} is wider than its window`);
	await page.screenshot({ path: join(SHOTS, `${name}.png`) });
	await closeWindow(page);
}

async function screenshots(server) {
	mkdirSync(SHOTS, { recursive: true });
	for (const [look, options] of Object.entries(LOOKS)) {
		await check(`sio-chat: fits ${look}`, async () => {
			const page = await openChat(server, "Ada", options);
			await say(page, "Does it work?");
			await whoSaid(page, "Does it work?");
			await shoot(page, `sio-chat-${look}`);
		});
		await check(`sio-namespaces: fits ${look}`, async () => {
			const page = await openWindow(
			    `${server.http}sio-namespaces.html`, options);
			await page.locator("#price .paper p").nth(1).waitFor();
			await shoot(page, `sio-namespaces-${look}`);
		});
	}
}

/* ---- all ------------------------------------------------------------------- */

for (const args of [[], ["--base-path", "/live"]]) {
	await withWsd(args, async (server) => {
		await chat(server);
		await namespaces(server);
	});
}
await chatRestarted();
await echoRestarted();
await withWsd([], screenshots);
await withWsd(["--no-socket.io"], (server) =>
    check("without Socket.IO the page says so", async () => {
	const page = await openWindow(`${server.http}sio-chat.html`);
	await page.getByText("There is no Socket.IO at /socket.io/").waitFor();
	await page.context().close();
    }));

await browser.close();
finish();
