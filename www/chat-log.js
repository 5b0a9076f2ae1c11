/* chat-log.js - what both chats share: a name, the log, a line to write in. */
/* SPDX-License-Identifier: MIT */

import { byId, element } from "./wsd.js";

export const KEEP = 500; /* messages on the page */
const SHOWN = 10000; /* characters of a stranger's message */
const SAME_MS = 120000; /* one name line for messages that follow closely */

const log = byId("log");
let unseen = 0; /* below the visible part of the log */
let last; /* { user, time } of the message above */

/* ---- the log ----------------------------------------------------------- */

const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;

function showUnseen(n) {
	unseen = n;
	byId("newer").hidden = n === 0 || atEnd();
	byId("newer").textContent = `${n} new \u2193`;
	document.title = (document.hidden && n ? `(${n}) ` : "") +
	    `${byId("title").textContent} - wsd`;
}

export function toEnd() {
	log.scrollTop = log.scrollHeight;
	showUnseen(0);
}

/* Add an entry. A reader who has scrolled up must not lose the place. Returns
 * whether the entry is in view. */
function append(entry) {
	const follow = atEnd();
	log.append(entry);
	while (log.childElementCount > KEEP)
		log.firstElementChild.remove();
	if (follow)
		log.scrollTop = log.scrollHeight;
	return follow && !document.hidden;
}

export function showNotice(text) {
	last = undefined;
	append(element("p", "notice", text.slice(0, SHOWN)));
}

const clock = (time) => time.toLocaleTimeString([],
    { hour: "2-digit", minute: "2-digit" });

/* Mark an interruption. Returns a function to call when it is over. */
export function showBreak() {
	const from = clock(new Date());
	const entry = element("p", "notice break",
	    `Connection lost at ${from}`);
	last = undefined;
	append(entry);
	return () => {
		entry.textContent = `No connection from ${from} to ` +
		    `${clock(new Date())}; what others said is missing`;
	};
}

function timeElement(time) {
	const shown = element("time", "", clock(time));
	shown.dateTime = time.toISOString();
	return shown;
}

export function showMessage({ user, text, time, kind = "" }) {
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

/* Mark a message of ours as "sent" (it is on its way), "delivered" or "failed".
 *   again  sends it once more; offered with a message that failed */
export function mark(entry, delivery, again) {
	entry.dataset.delivery = delivery;
	entry.querySelector(".failed")?.remove();
	if (delivery !== "failed")
		return;
	const follow = atEnd();
	const line = element("p", "failed", "Not delivered. ");
	if (again) {
		const button = element("button", "", "Send again");
		button.type = "button";
		button.addEventListener("click", again);
		line.append(button);
	}
	entry.append(line);
	if (follow)
		log.scrollTop = log.scrollHeight;
}

/* Forget the count of entries that were not seen. */
export const forget = () => showUnseen(0);

/* ---- the name ------------------------------------------------------------ */

export const userName = () => byId("name").value.trim() || "guest";

/* Where storage is forbidden, even reading it throws. */
function remembered() {
	try {
		return localStorage.getItem("wsd-name");
	} catch {
		return null;
	}
}

export function remember() {
	try {
		localStorage.setItem("wsd-name", userName());
	} catch {
		/* Then the name lasts as long as the page. */
	}
}

byId("name").value = remembered() ||
    `guest ${100 + Math.floor(Math.random() * 900)}`;
byId("name").addEventListener("change", remember);

/* ---- the line to write in ------------------------------------------------ */

/* Call a function with the text that is written, when it is sent. */
export function onSay(say) {
	byId("composer").addEventListener("submit", (event) => {
		event.preventDefault();
		const text = byId("text").value.trim();
		byId("text").value = "";
		byId("text").focus();
		if (text)
			say(text);
	});
}

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
/* The reader now sees what came while the page was hidden. */
document.addEventListener("visibilitychange", () => {
	if (!document.hidden && atEnd())
		showUnseen(0);
});
