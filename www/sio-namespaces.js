/* sio-namespaces.js - a count in one namespace, a price in another. */
/* SPDX-License-Identifier: MIT */

import { join } from "./sio.js";
import { byId, element } from "./wsd.js";

const KEEP = 4; /* lines in each log */

/* Fill one of the two sections.
 *   valueOf  returns the number in the data of an event */
function show(id, nsp, event, valueOf) {
	const find = (what) => byId(id).querySelector(what);
	const socket = join(nsp, find(".state"));
	const button = find("button"), log = find(".paper");

	socket.on(event, (data) => {
		const value = valueOf(data);
		find("output").textContent = value;
		log.prepend(element("p", "",
		    `${new Date().toLocaleTimeString()}\u2003${value}`));
		while (log.childElementCount > KEEP)
			log.lastElementChild.remove();
	});
	button.addEventListener("click", () =>
	    socket.active ? socket.disconnect() : socket.connect());
	for (const change of ["connect", "disconnect"])
		socket.on(change, () => {
			button.textContent = socket.active ? "Leave" : "Join";
			find("output").classList.toggle("stale",
			    !socket.connected && log.childElementCount > 0);
		});
	return socket;
}

const one = show("count", "/", "stats", (stats) => stats.numClients);
const two = show("price", "/ticker", "stock price update", (price) => price);

/* One session of Engine.IO carries both. */
function showCarrier() {
	const engine = (one.active ? one : two).io.engine;
	byId("carrier").textContent = one.connected || two.connected ?
	    `One session, over ${engine.transport.name}` : "No connection";
	engine?.once("upgrade", showCarrier);
}

for (const socket of [one, two])
	for (const change of ["connect", "disconnect"])
		socket.on(change, showCarrier);
