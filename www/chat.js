/* chat.js - a room, its messages, and a line to write in. */
/* SPDX-License-Identifier: MIT */

import { forget, KEEP, mark, onSay, remember, showBreak, showMessage,
    showNotice, toEnd, userName } from "./chat-log.js";
import { address, byId, connect, octets, parameter, showState }
    from "./wsd.js";

/* The server only passes messages on. The pages agree on their meaning: JSON
 * {user, text, time}, and {user, notice, time} for "joined" and "left". Nobody
 * checks that, and any program may join a room, so the page shows whatever
 * comes in as text. */

const path = parameter("path", "");
let room = parameter("room", "lobby");
let link;
let announced = false; /* this room was told that we are here */
let received = 0;
let broken; /* ends the mark of an interruption; undefined while there is none */
const echoes = new Set(); /* ours: a server may send them back to us */
const onWay = new Map(); /* from data to entry: sent, and not back yet */

/* ---- messages in --------------------------------------------------------- */

/* Return the parts of a message, or undefined if it has another form. */
function understand(data) {
	let said;
	try {
		said = JSON.parse(data);
	} catch {
		return undefined;
	}
	const body = said?.text ?? said?.notice;
	if (typeof said?.user !== "string" || typeof body !== "string")
		return undefined;
	const time = new Date(said.time ?? NaN);
	return {
		user: said.user.slice(0, 40) || "unknown",
		text: said.text,
		notice: said.notice,
		time: Number.isNaN(time.getTime()) ? new Date() : time,
	};
}

function arrived(data) {
	if (echoes.delete(data))
		return delivered(data);
	const said = typeof data === "string" ? understand(data) : undefined;
	if (said?.text === undefined && said?.notice !== undefined)
		return showNotice(`${said.user} ${said.notice}`);
	byId("count").textContent = ++received;
	showMessage(said ?? {
		user: "unknown",
		text: typeof data === "string" ?
		    data : `binary, ${octets(data.byteLength)}`,
		time: new Date(),
		kind: "raw",
	});
}

/* ---- messages out -------------------------------------------------------- */

/* Send a message. Returns whether it was sent. */
function transmit(data) {
	if (!link.send(data))
		return false;
	echoes.add(data);
	if (echoes.size > KEEP)
		echoes.delete(echoes.values().next().value);
	return true;
}

const announce = (notice) => transmit(JSON.stringify(
    { user: userName(), notice, time: new Date() }));

function farewell() {
	if (announced)
		announce("left");
	announced = false; /* the page may be brought back as it is */
}

/* A room sends us our own messages, too: a message that comes back was passed
 * on to all members of the room. Other paths need not do that. */
function delivered(data) {
	const entry = onWay.get(data);
	onWay.delete(data);
	if (entry)
		mark(entry, "delivered");
}

/* A message that was written without a connection is not sent by itself once
 * there is one: others come back later, and would miss it. */
function send(data, entry) {
	if (!transmit(data))
		return fail(data, entry);
	mark(entry, path ? "delivered" : "sent");
	if (!path)
		onWay.set(data, entry);
}

function fail(data, entry) {
	mark(entry, "failed", () => send(data, entry));
}

function say(text) {
	const time = new Date();
	const entry = showMessage(
	    { user: userName(), text, time, kind: "mine" });
	send(JSON.stringify({ user: userName(), text, time }), entry);
	toEnd();
}

/* ---- interruptions -------------------------------------------------------- */

/* A message that did not come back may have been passed on, or not. */
function interrupted() {
	for (const [data, entry] of onWay)
		fail(data, entry);
	onWay.clear();
	echoes.clear();
}

function entered(state, seconds) {
	showState(byId("state"), state, seconds);
	if (state === "waiting" && !broken) {
		interrupted();
		broken = showBreak();
	}
}

/* ---- the room ------------------------------------------------------------ */

function opened() {
	broken?.();
	broken = undefined;
	if (!announced)
		announced = announce("joined");
}

function join() {
	const at = path || `/room/${encodeURIComponent(room)}?self=1`;
	byId("room").value = room;
	byId("title").textContent = path ? `Chat at ${path}` : room;
	forget();
	link = connect(address(at), {
		state: entered,
		open: opened,
		message: arrived,
	});
}

/* A text that was not delivered was meant for the old room. */
function move(to) {
	farewell();
	link.close();
	interrupted();
	broken = undefined;
	for (const line of document.querySelectorAll(".failed button"))
		line.remove();
	room = to;
	const url = new URL(location.href);
	url.searchParams.set("room", room);
	history.replaceState(null, "", url);
	showNotice(`You are now in ${room}`);
	toEnd();
	join();
}

/* ---- the page ------------------------------------------------------------ */

byId("where").hidden = byId("join").hidden = path !== "";

byId("who").addEventListener("submit", (event) => {
	event.preventDefault();
	const wanted = byId("room").value.trim();
	remember();
	if (wanted && wanted !== room && !path)
		move(wanted);
	else
		link.retry();
	byId("text").focus();
});

onSay(say);
addEventListener("pagehide", farewell);

join();
