/* echo.js - one connection, by hand. */
/* SPDX-License-Identifier: MIT */

import { address, byId, element, octets, parameter, showState }
    from "./wsd.js";

const KEEP = 200; /* rows of the log */
const PREVIEW = 120; /* characters or octets of a message that are shown */
const MIB = 1 << 20;
const PROBE_MAX = 64 * MIB; /* a page should not ask for more memory */

/* RFC 6455 section 7.4.1 and the registry that it founded. */
const MEANINGS = {
	1000: "Normal: the purpose of the connection was fulfilled.",
	1001: "Going away: the server shuts down, or the page was left.",
	1002: "Protocol error: a frame broke the rules.",
	1003: "Unsupported data: this kind of message is not accepted here.",
	1005: "The peer closed without naming a code.",
	1006: "There was no Close frame: the server was not reached, refused " +
	    "the upgrade, or the connection broke. Nobody sends this code; " +
	    "the browser reports it.",
	1007: "Invalid data: text that is not UTF-8.",
	1008: "Policy: the server does not want this, and does not say more.",
	1009: "Too big: the message exceeds the server's limit.",
	1010: "The client needs an extension that the server did not agree to.",
	1011: "Internal error: the server met something unexpected.",
	1012: "The server restarts; connect again.",
	1013: "Try again later: the server is overloaded, or we read " +
	    "too slowly.",
	1014: "A gateway got an invalid answer from the server behind it.",
	1015: "The TLS handshake failed.",
};

let socket;
let timer; /* of the next attempt */
let attempts = 0; /* since the connection was lost */
let pending = []; /* { data, sent }: the echoes come back in this order */
let probed = 0; /* octets of the last probe, 0 when none is under way */

function meaning(code) {
	if (code >= 4000)
		return "A code for private use between applications.";
	if (code >= 3000)
		return "A code of a library or framework.";
	return MEANINGS[code] ?? "Not assigned.";
}

/* ---- the log ------------------------------------------------------------- */

function preview(data) {
	if (typeof data === "string")
		return data.slice(0, PREVIEW);
	return Array.from(new Uint8Array(data.slice(0, PREVIEW)),
	    (octet) => octet.toString(16).padStart(2, "0")).join(" ");
}

function row(way, kind, size, trip, content, wrong = false) {
	const line = element("tr", wrong ? "wrong" : "");
	for (const cell of [way, kind, size, trip, content])
		line.append(element("td", "", cell));
	line.dataset.way = way;
	byId("log").prepend(line);
	while (byId("log").childElementCount > KEEP)
		byId("log").lastElementChild.remove();
}

const note = (text) => row("note", "", "", "", text);

const sizeOf = (data) => typeof data === "string" ?
    new TextEncoder().encode(data).length : data.byteLength;

const kindOf = (data) => typeof data === "string" ? "text" : "binary";

function same(a, b) {
	if (typeof a === "string" || typeof b === "string")
		return a === b;
	const x = new Uint8Array(a), y = new Uint8Array(b);
	return x.length === y.length && x.every((octet, i) => octet === y[i]);
}

/* ---- one connection ------------------------------------------------------ */

function show(state, seconds) {
	const open = state === "open";
	showState(byId("state"), state, seconds);
	for (const button of document.querySelectorAll("section button"))
		button.disabled = !open;
	byId("clear").disabled = false;
	byId("connect").disabled = state === "open" || state === "connecting";
	byId("disconnect").disabled = state === "closed";
}

function opened() {
	byId("agreed").textContent =
	    `\u00b7 ${socket.extensions || "no extension"}`;
	attempts = 1;
	show("open");
}

/* Count the seconds down to the next attempt. */
function wait(seconds) {
	if (seconds <= 0)
		return dial();
	show("waiting", seconds);
	timer = setTimeout(() => wait(seconds - 1), 1000);
}

function received({ data }) {
	const now = performance.now();
	const first = pending.shift();
	const trip = first ? `${(now - first.sent).toFixed(1)} ms` : "";
	const differs = !first || !same(first.data, data);
	row("received", kindOf(data), octets(sizeOf(data)), trip,
	    (differs ? "not what was sent: " : "") + preview(data), differs);
	if (probed)
		probe(probed * 2);
}

function closed({ code, reason, wasClean }) {
	byId("closed").hidden = false;
	byId("close-code").textContent = code;
	byId("close-reason").textContent = reason || "none";
	byId("close-clean").textContent = wasClean ?
	    "yes: both sides sent Close" :
	    "no: the closing handshake was not completed";
	byId("close-meaning").textContent = meaning(code);
	byId("agreed").textContent = "";
	row("closed", "", "", "", reason ? `${code} ${reason}` : `${code}`);
	if (probed)
		note(`${octets(probed)} were refused`);
	probed = 0;
	/* A connection that was open and broke, or whose server goes away, is
	 * made again; any other end is what somebody asked for. */
	if (attempts && [1001, 1006, 1012].includes(code))
		return wait(Math.min(2 ** attempts++, 30));
	attempts = 0;
	show("closed");
}

function dial() {
	clearTimeout(timer);
	pending = [];
	try {
		socket = new WebSocket(byId("url").value.trim());
	} catch (error) {
		return note(error.message);
	}
	socket.binaryType = "arraybuffer";
	socket.onopen = opened;
	socket.onmessage = received;
	socket.onclose = closed;
	show("connecting");
}

/* ---- sending ------------------------------------------------------------- */

function send(data) {
	if (socket?.readyState !== WebSocket.OPEN)
		return;
	pending.push({ data, sent: performance.now() });
	socket.send(data);
	row("sent", kindOf(data), octets(sizeOf(data)), "", preview(data));
}

function probe(size) {
	probed = size <= PROBE_MAX ? size : 0;
	if (probed)
		send(new ArrayBuffer(size));
	else
		note(`${octets(PROBE_MAX)} are still accepted; that is enough`);
}

/* "00ff c0" -> three octets; undefined for anything else */
function fromHex(text) {
	const digits = text.replace(/[\s,:]|0x/gi, "");
	if (digits.length % 2 || /[^0-9a-f]/i.test(digits))
		return undefined;
	const pairs = digits.match(/../g) ?? [];
	return Uint8Array.from(pairs, (pair) => parseInt(pair, 16)).buffer;
}

function sendHex() {
	const data = fromHex(byId("hex").value);
	byId("hex").setCustomValidity(
	    data ? "" : "Two digits 0-9 a-f per octet.");
	if (byId("hex").reportValidity())
		send(data);
}

async function sendFile() {
	try {
		send(await byId("file").files[0].arrayBuffer());
	} catch (error) {
		note(error.message);
	}
}

function close(code, reason) {
	try {
		socket.close(code, reason);
	} catch (error) {
		note(error.message);
	}
}

/* ---- the page ------------------------------------------------------------ */

function onSubmit(id, action) {
	byId(id).addEventListener("submit", (event) => {
		event.preventDefault();
		action();
	});
}

function onClick(id, action) {
	byId(id).addEventListener("click", action);
}

function disconnect() {
	clearTimeout(timer);
	attempts = 0;
	if (byId("state").dataset.state === "waiting")
		show("closed");
	else
		close(1000);
}

onSubmit("connection", () => {
	attempts = 0;
	dial();
});
onSubmit("text-form", () => send(byId("text").value));
onSubmit("binary-form", sendHex);
onSubmit("file-form", sendFile);
onSubmit("close-form", () =>
    close(Number(byId("code").value), byId("reason").value));
onClick("disconnect", disconnect);
onClick("send-large-text", () => send("0123456789abcdef".repeat(MIB / 16)));
onClick("send-large-binary", () => send(new ArrayBuffer(70 << 10)));
onClick("exceed", () => probe(MIB));
onClick("clear", () => byId("log").replaceChildren());
byId("hex").addEventListener("input", () => byId("hex").setCustomValidity(""));

byId("url").value = address(parameter("path", "/echo"));
show("closed");
dial();
