/* sio.js - a namespace of this server, and the state of its connection. */
/* SPDX-License-Identifier: MIT */

import { showState } from "./wsd.js";

/* Relative to the pages, since a proxy may put a prefix before their path. */
const path = new URL("socket.io/", location.href).pathname;

/* Join a namespace. All namespaces share one connection.
 *   where  the element that shows the state
 * Returns the socket. */
export function join(nsp, where) {
	if (typeof io === "undefined") {
		where.textContent = `There is no Socket.IO at ${path}`;
		throw new Error(where.textContent);
	}
	const socket = io(nsp, { path });
	/* The client reconnects by itself, but does not return to a namespace
	 * that it or the server has left. */
	const show = () => showState(where, socket.connected ? "open" :
	    socket.active ? "connecting" : "closed");

	let countdown;
	const wait = (ms) => {
		const due = performance.now() + ms;
		const tick = () => showState(where, "waiting",
		    Math.max(0, Math.ceil((due - performance.now()) / 1000)));
		clearInterval(countdown);
		if (!socket.active)
			return;
		countdown = setInterval(tick, 1000);
		tick();
	};

	for (const event of ["connect", "disconnect", "connect_error"])
		socket.on(event, () => {
			clearInterval(countdown);
			show();
		});
	/* Official clients do not tell how long they wait. */
	socket.io.on("reconnect_wait", wait);
	socket.io.on("reconnect_attempt", () => {
		clearInterval(countdown);
		show();
	});
	show();
	return socket;
}
