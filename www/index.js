/* index.js - send an echo a second, and list the frames that come back. */
/* SPDX-License-Identifier: MIT */

import { address, byId, connect, element, showState } from "./wsd.js";

const EVERY_MS = 1000;
const ROWS = 8;
const KEEP = 60; /* round trips that the median is taken of */

let count = 0;
let asked; /* { text, sent } of the question that is under way */
let trips = [];

const milliseconds = (ms) => `${ms.toFixed(1)} ms`;

/* The server's frame around a short text, as RFC 6455 section 5.2 draws it:
 * FIN and opcode 1, then no mask and the length, then the text. A browser
 * hides frames, but a server has no choice of octets here. */
function showEcho(text, ms) {
	const hex = (octet) => octet.toString(16).padStart(2, "0");
	const payload = new TextEncoder().encode(text);
	const frame = element("span", "");
	frame.append(element("b", "", `81 ${hex(payload.length)}`),
	    " " + Array.from(payload, hex).join(" "));
	byId("listing").append(element("span", "dim", String(count)), frame,
	    element("span", "said", text),
	    element("span", "ms", milliseconds(ms)));
	while (byId("listing").childElementCount > 4 * ROWS)
		byId("listing").firstElementChild.remove();
}

function answered(data) {
	if (!asked || data !== asked.text)
		return;
	const ms = performance.now() - asked.sent;
	asked = undefined;
	trips = [...trips, ms].slice(-KEEP);
	const sorted = [...trips].sort((a, b) => a - b);
	byId("median").textContent = milliseconds(sorted[sorted.length >> 1]);
	showEcho(data, ms);
}

const link = connect(address("/echo"), {
	state: (state, seconds) => {
		showState(byId("state"), state, seconds);
		byId("median").classList.toggle("stale",
		    state !== "open" && trips.length > 0);
	},
	open: () => {
		asked = undefined;
		ask();
	},
	message: answered,
});

function ask() {
	if (document.hidden || asked)
		return;
	const next = count % 999 + 1;
	const text = `echo ${String(next).padStart(3, "0")}`;
	const sent = performance.now();
	if (!link.send(text))
		return;
	count = next;
	asked = { text, sent };
}

setInterval(ask, EVERY_MS);

/* Put the name of this server into the examples. */
for (const shown of document.querySelectorAll("[data-ws]"))
	shown.textContent = address("/");
for (const shown of document.querySelectorAll("[data-http]"))
	shown.textContent = new URL("./", location.href).href;
