/* sio-chat.js - the chat in the namespace /chat. */
/* SPDX-License-Identifier: MIT */

import { mark, onSay, remember, showBreak, showMessage, showNotice, toEnd,
    userName } from "./chat-log.js";
import { join } from "./sio.js";
import { byId } from "./wsd.js";

/* The server sends the number of clients, and passes a message on to all of
 * them, its sender included, with its own time of day; the page shows that of
 * its reader. Anybody may be among them, so the page shows messages as text. */

const socket = join("/chat", byId("state"));
const empty = byId("empty");
let onWay = []; /* { user, message, entry }: sent, and not back yet */
let broken; /* ends the mark of an interruption; undefined while there is none */

function here(count, notice) {
	byId("count").textContent = count;
	empty.hidden = count > 1;
	showNotice(notice);
}

socket.on("user-joined", ({ count }) => here(count, "Somebody joined"));
socket.on("user-left", ({ count }) => here(count, "Somebody left"));

/* A message that comes back was passed on to all. */
socket.on("receive-message", ({ user, message }) => {
	const mine = onWay.findIndex((one) =>
	    one.user === user && one.message === message);
	if (mine >= 0)
		return mark(onWay.splice(mine, 1)[0].entry, "delivered");
	showMessage({ user, text: message, time: new Date(),
		kind: user === userName() ? "mine" : "" });
});

/* ---- messages out --------------------------------------------------------- */

/* A message that was written without a connection is kept and marked, and not
 * sent by itself once there is one: others come back later, and would miss
 * it. */
function send(said) {
	if (!socket.connected)
		return fail(said);
	mark(said.entry, "sent");
	onWay.push(said);
	socket.emit("send-message", { user: said.user, message: said.message });
}

const fail = (said) => mark(said.entry, "failed", () => send(said));

onSay((message) => {
	const user = userName();
	const entry = showMessage(
	    { user, text: message, time: new Date(), kind: "mine" });
	send({ user, message, entry });
	toEnd();
});

/* ---- interruptions ---------------------------------------------------------- */

socket.on("disconnect", () => {
	onWay.forEach(fail);
	onWay = [];
	broken ??= showBreak();
	byId("count").classList.add("stale");
});
socket.on("connect", () => {
	broken?.();
	broken = undefined;
	byId("count").classList.remove("stale");
});

byId("who").addEventListener("submit", (event) => {
	event.preventDefault();
	remember();
	byId("text").focus();
});
