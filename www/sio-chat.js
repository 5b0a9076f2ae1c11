/* sio-chat.js - the chat in the namespace /chat. */
/* SPDX-License-Identifier: MIT */

import { onSay, remember, showMessage, showNotice, toEnd, userName }
    from "./chat-log.js";
import { join } from "./sio.js";
import { byId } from "./wsd.js";

/* The server sends the number of clients, and passes a message on to all of
 * them, its sender included. Anybody may be among them, so the page shows
 * messages as text. */

const socket = join("/chat", byId("state"));

function here(count, notice) {
	byId("count").textContent = count;
	showNotice(notice);
}

socket.on("user-joined", (count) => here(count, "Somebody joined"));
socket.on("user-left", (count) => here(count, "Somebody left"));
socket.on("receive-message", ({ user, message, time }) => showMessage({
	user, text: message, time: new Date(time),
	kind: user === userName() ? "mine" : "",
}));

byId("who").addEventListener("submit", (event) => {
	event.preventDefault();
	remember();
	byId("text").focus();
});

/* A text that is written without a connection is sent when it is back. */
onSay((message) => {
	socket.emit("send-message", { user: userName(), message });
	toEnd();
});
