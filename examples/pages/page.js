/* page.js - what the pages of the examples have in common. */
/* SPDX-License-Identifier: MIT */

const byId = (id) => document.getElementById(id);

/* Put a line at the top of a list. Text is never read as HTML. */
function show(list, ...parts) {
	const line = document.createElement("li");
	line.append(...parts);
	byId(list).prepend(line);
}

/* Call a function when a form is sent, and stay on the page. */
function onSubmit(form, call) {
	byId(form).addEventListener("submit", (event) => {
		event.preventDefault();
		call();
	});
}

/* Return the text of a field, and empty it. */
function take(field) {
	const { value } = byId(field);
	byId(field).value = "";
	return value;
}

/* ---- the connection ------------------------------------------------------- */

let countdown;

/* Show what the connection is: open, lost, closed. */
function showState(state, text) {
	clearInterval(countdown);
	byId("state").dataset.state = state;
	byId("state").textContent = text;
}

/* Show how long it takes until the next attempt. */
function showWaiting(ms) {
	const due = performance.now() + ms;
	const tick = () => {
		const left = Math.ceil((due - performance.now()) / 1000);
		byId("state").textContent = "Connection lost, trying again " +
		    (left > 0 ? `in ${left} s` : "now");
	};
	showState("lost", "");
	tick();
	countdown = setInterval(tick, 1000);
}

/* Show the connection of a Socket.IO client, which reconnects by itself. Only
 * the client of this server tells how long it waits.
 * Returns the client. */
function showConnection(socket) {
	const lost = () => socket.active ?
	    showState("lost", "Connection lost, trying again") :
	    showState("closed", "Not connected");

	socket.on("connect", () => showState("open", "Connected"));
	for (const event of ["disconnect", "connect_error"])
		socket.on(event, lost);
	socket.io.on("reconnect_wait", showWaiting);
	if (socket.active)
		showState("lost", "Connecting");
	else
		lost();
	return socket;
}

/* The WebSocket address of the directory that this page is in. */
const serverAddress = () =>
    new URL(".", location.href).href.replace("http", "ws");

const FIRST_MS = 500, LAST_MS = 8000; /* of the delays, which double */

/* Open a WebSocket, and another one whenever the connection is lost.
 *   on.open()         once per connection
 *   on.message(data)
 * Returns send, which says whether there was a connection, and close. */
function connect(url, on) {
	let delay = FIRST_MS;
	let socket, timer;

	function dial() {
		showState("lost", "Connecting");
		socket = new WebSocket(url);
		socket.onopen = () => {
			delay = FIRST_MS;
			showState("open", "Connected");
			on.open?.();
		};
		socket.onmessage = ({ data }) => on.message(data);
		socket.onclose = () => {
			/* A part of the delay is random: after a restart, a
			 * thousand pages must not return at one moment. */
			const wait = delay * (0.5 + Math.random() / 2);
			showWaiting(wait);
			timer = setTimeout(dial, wait);
			delay = Math.min(LAST_MS, 2 * delay);
		};
	}

	function send(data) {
		const isOpen = socket.readyState === WebSocket.OPEN;
		if (isOpen)
			socket.send(data);
		return isOpen;
	}

	function close() {
		clearTimeout(timer);
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
		showState("closed", "Not connected");
	}

	dial();
	return { send, close };
}
