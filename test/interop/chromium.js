/* chromium.js - windows of a browser, and what went wrong in them. */
/* SPDX-License-Identifier: MIT */

import { equal, load } from "./harness.js";

const { chromium } = load("playwright-core");

export const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run", "--disable-sync",
		"--disable-background-networking",
		"--disable-component-update",
		"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
	timeout: 120000,
});

/* A window of its own, that remembers what went wrong in it. */
export async function openWindow(url, options = {}) {
	const context = await browser.newContext(options);
	const page = await context.newPage();

	page.setDefaultTimeout(60000);
	page.troubles = [];
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type()))
			page.troubles.push(message.text());
	});
	page.on("pageerror", (error) => page.troubles.push(String(error)));
	await page.goto(url);
	return page;
}

export async function closeWindow(page) {
	await page.context().close();
	equal(page.troubles, [], "console");
}
