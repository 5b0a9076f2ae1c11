/* chat.js - a room, its messages, and a line to write in. */
/* SPDX-License-Identifier: MIT */

import { address, byId, connect, element, octets, parameter, showState }
    from "./wsd.js";

/* The server only passes messages on. What they mean is agreed among the
 * pages: JSON {user, text, time}, and {user, notice, time} for "joined" and
 * "left". Nobody checks that, and any program may join a room: whatever comes
 * in is a stranger's, and is shown as text whatever it is. */

const KEEP = 500; /* messages on the page, and in the queue while offline */
const SHOWN = 10000; /* characters of a stranger's message */
const SAME_MS = 120000; /* one name line for messages that follow closely */

const log = byId("log");
const path = parameter("path", "");
let room = parameter("room", "lobby");
let link;
let announced = false; /* this room was told that we are here */
let received = 0;
let unseen = 0; /* below the visible part of the log */
let last; /* { user, time } of the message above */
let unsent = []; /* { data, entry }: written while there is no connection */
const echoes = new Set(); /* ours: a server may send them back to us */

/* ---- the log ----------------------------------------------------------- */

const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;

function showUnseen(n) {
	unseen = n;
	byId("newer").hidden = n === 0 || atEnd();
	byId("newer").textContent = `${n} new \u2193`;
	document.title = (document.hidden && n ? `(${n}) ` : "") +
	    `${byId("title").textContent} - wsd`;
}

function toEnd() {
	log.scrollTop = log.scrollHeight;
	showUnseen(0);
}

/* Who reads further up must not lose the place. Returns whether the entry is
 * in view. */
function append(entry) {
	const follow = atEnd();
	log.append(entry);
	while (log.childElementCount > KEEP)
		log.firstElementChild.remove();
	if (follow)
		log.scrollTop = log.scrollHeight;
	return follow && !document.hidden;
}

function showNotice(text) {
	last = undefined;
	append(element("p", "notice", text.slice(0, SHOWN)));
}

function timeElement(time) {
	const shown = element("time", "", time.toLocaleTimeString([],
	    { hour: "2-digit", minute: "2-digit" }));
	shown.dateTime = time.toISOString();
	return shown;
}

function showMessage({ user, text, time, kind = "" }) {
	const follows = last && last.user === user && last.kind === kind &&
	    Math.abs(time - last.time) < SAME_MS;
	last = { user, time, kind };

	const entry = element("div", `message ${kind}`);
	entry.append(element("p", "user", user),
	    element("p", "text", text.slice(0, SHOWN)), timeElement(time));
	entry.classList.toggle("same", Boolean(follows));
	entry.querySelector(".text").dir = "auto";
	if (!append(entry))
		showUnseen(unseen + 1);
	return entry;
}

/* ---- messages in --------------------------------------------------------- */

/* Returns what a message says, or undefined when it is not one of ours. */
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
		return;
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

const userName = () => byId("name").value.trim() || "guest";

/* Returns whether it was sent. */
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

function say(text) {
	const time = new Date();
	const data = JSON.stringify({ user: userName(), text, time });
	const entry = showMessage(
	    { user: userName(), text, time, kind: "mine" });
	toEnd();
	if (transmit(data))
		return;
	entry.classList.add("unsent");
	unsent.push({ data, entry });
	unsent = unsent.slice(-KEEP);
}

function flush() {
	while (unsent.length && transmit(unsent[0].data))
		unsent.shift().entry.classList.remove("unsent");
}

/* ---- the room ------------------------------------------------------------ */

function opened() {
	if (!announced)
		announced = announce("joined");
	flush();
}

function join() {
	const at = path || `/room/${encodeURIComponent(room)}`;
	byId("room").value = room;
	byId("title").textContent = path ? `Chat at ${path}` : room;
	showUnseen(0);
	link = connect(address(at), {
		state: (...now) => showState(byId("state"), ...now),
		open: opened,
		message: arrived,
	});
}

/* What was not sent was meant for the room that is left. */
function move(to) {
	farewell();
	link.close();
	unsent = [];
	room = to;
	const url = new URL(location.href);
	url.searchParams.set("room", room);
	history.replaceState(null, "", url);
	showNotice(`You are now in ${room}`);
	toEnd();
	join();
}

/* ---- the page ------------------------------------------------------------ */

/* Storage may be forbidden, and then even looking at it throws. */
function remembered() {
	try {
		return localStorage.getItem("wsd-name");
	} catch {
		return null;
	}
}

function remember() {
	try {
		localStorage.setItem("wsd-name", userName());
	} catch {
		/* Then the name lasts as long as the page. */
	}
}

byId("name").value = remembered() ||
    `guest ${100 + Math.floor(Math.random() * 900)}`;
byId("name").addEventListener("change", remember);
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

byId("composer").addEventListener("submit", (event) => {
	event.preventDefault();
	const text = byId("text").value.trim();
	byId("text").value = "";
	byId("text").focus();
	if (text)
		say(text);
});

/* Enter sends, Shift+Enter begins a line; while an input method composes a
 * word, Enter belongs to it. */
byId("text").addEventListener("keydown", (event) => {
	if (event.key !== "Enter" || event.shiftKey || event.isComposing)
		return;
	event.preventDefault();
	byId("composer").requestSubmit();
});

byId("newer").addEventListener("click", toEnd);
log.addEventListener("scroll", () => {
	if (unseen && !document.hidden && atEnd())
		showUnseen(0);
});
/* What came while the page was hidden has been seen now. */
document.addEventListener("visibilitychange", () => {
	if (!document.hidden && atEnd())
		showUnseen(0);
});
addEventListener("pagehide", farewell);

join();
