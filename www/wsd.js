/* wsd.js - a WebSocket that reconnects by itself. */
/* SPDX-License-Identifier: MIT */

/*               opened
 *  connecting ─────────▶ open
 *    ▲    │                │
 *    │    │ failed         │ lost
 *    │    ▼                ▼
 *    └── waiting ◀─────────┘          any ── close() ──▶ closed
 *   time is up, network is back,
 *   page is looked at again
 */

const FIRST_MS = 500; /* the ceiling of the first delay; then doubled */
const LAST_MS = 30000; /* the ceiling of all later delays */
const DIAL_MS = 10000; /* an attempt that hangs longer has failed */
const STEADY_MS = 5000; /* open this long: the next loss starts over */

const WORDS = {
	connecting: "Connecting",
	open: "Connected",
	waiting: "No connection",
	closed: "Closed",
};

export const byId = (id) => document.getElementById(id);

/* Make an element with a class and a text, which is never read as HTML. */
export function element(tag, className, text = "") {
	const made = document.createElement(tag);
	made.className = className;
	made.textContent = text;
	return made;
}

/* Return the WebSocket URL of a path of this server. All pages are in the root
 * of the server, so "./" is that root, even if a proxy puts a prefix before it.
 * The leading slashes go, so that no path can name another host. */
export function address(path) {
	const url = new URL("./" + path.replace(/^[/\\]+/, ""), location.href);
	url.protocol = url.protocol.replace("http", "ws");
	url.hash = "";
	return url.href;
}

/* Return a query parameter of this page, or the default if it is absent or
 * empty. */
export function parameter(name, otherwise) {
	return new URLSearchParams(location.search).get(name) || otherwise;
}

/* 70000 -> "68.4 KiB" */
export function octets(n) {
	if (n < 1024)
		return n === 1 ? "1 octet" : `${n} octets`;
	const unit = n < 1 << 20 ? "KiB" : "MiB";
	const size = n / (unit === "KiB" ? 1 << 10 : 1 << 20);
	return `${Number(size.toFixed(1))} ${unit}`;
}

/* Show a state. The countdown changes every second, so it is hidden from
 * screen readers, which would read it aloud every second. */
export function showState(where, state, seconds) {
	if (where.dataset.state !== state) {
		where.dataset.state = state;
		where.textContent = WORDS[state];
	}
	if (state !== "waiting")
		return;
	const count = where.querySelector("span") ||
	    where.appendChild(element("span", "countdown"));
	count.setAttribute("aria-hidden", "true");
	count.textContent = `, trying again in ${seconds} s`;
}

/* Connect, and connect again whenever the connection is lost.
 *   on.state(name, seconds)  a new state; for "waiting", once a second
 *   on.open(socket)          once per connection
 *   on.message(data)         a string, or an ArrayBuffer
 * Returns send, retry and close. */
export function connect(url, on) {
	const gone = new AbortController();
	let socket, timer, state;
	let attempts = 0;

	function enter(next, seconds) {
		state = next;
		on.state(next, seconds);
	}

	function dial() {
		clearTimeout(timer);
		enter("connecting");
		const dialled = socket = new WebSocket(url);
		timer = setTimeout(() => dialled.close(), DIAL_MS);
		socket.binaryType = "arraybuffer";
		socket.onopen = opened;
		socket.onclose = wait;
		socket.onmessage = (event) => on.message?.(event.data);
	}

	function opened() {
		clearTimeout(timer);
		/* If a server accepts and hangs up at once, the delay must
		 * still grow. */
		timer = setTimeout(() => { attempts = 0; }, STEADY_MS);
		enter("open");
		on.open?.(socket);
	}

	/* The ceiling doubles, and half of the delay is random: after a
	 * restart, a thousand pages must not return at the same moment. */
	function wait() {
		const ceiling = Math.min(LAST_MS, FIRST_MS * 2 ** attempts++);
		const delay = ceiling / 2 + Math.random() * ceiling / 2;
		countDown(performance.now() + delay);
	}

	function countDown(due) {
		const left = due - performance.now();
		clearTimeout(timer);
		if (left <= 0)
			return dial();
		enter("waiting", Math.ceil(left / 1000));
		timer = setTimeout(() => countDown(due), left % 1000 + 1);
	}

	function retry() {
		if (state === "waiting" && !document.hidden)
			dial();
	}

	/* Send a message. Returns whether it was taken: a closing socket would
	 * drop it silently. */
	function send(data) {
		if (state !== "open" || socket.readyState !== WebSocket.OPEN)
			return false;
		socket.send(data);
		return true;
	}

	function close() {
		clearTimeout(timer);
		gone.abort();
		socket.onopen = socket.onclose = socket.onmessage = null;
		socket.close(1000);
		enter("closed");
	}

	addEventListener("online", retry, { signal: gone.signal });
	document.addEventListener("visibilitychange", retry,
	    { signal: gone.signal });
	/* Later, when the caller has the result of this function. */
	queueMicrotask(dial);
	return { send, retry, close };
}
