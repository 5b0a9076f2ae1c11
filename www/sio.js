/* sio.js - a namespace of this server, and how it is with it. */
/* SPDX-License-Identifier: MIT */

import { showState } from "./wsd.js";

/* Beside the pages, whatever prefix a proxy put in front of them. */
const path = new URL("socket.io/", location.href).pathname;

/* Join a namespace. All of them share one connection.
 *   where  the element that shows the state
 * Returns the socket. */
export function join(nsp, where) {
	if (typeof io === "undefined") {
		where.textContent = `There is no Socket.IO at ${path}`;
		throw new Error(where.textContent);
	}
	const socket = io(nsp, { path });
	/* A lost connection comes back by itself; a namespace that one side
	 * has left does not. */
	const show = () => showState(where, socket.connected ? "open" :
	    socket.active ? "connecting" : "closed");

	for (const event of ["connect", "disconnect", "connect_error"])
		socket.on(event, show);
	show();
	return socket;
}
