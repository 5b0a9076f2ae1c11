/* ticker.js - a line drawn from the messages of a room. */
/* SPDX-License-Identifier: MIT */

import { address, byId, connect, parameter, showState } from "./wsd.js";

const KEEP = 240; /* prices on the chart */
const GRID_MAX = 10; /* lines */
const MARGIN = 16; /* around the line, in CSS pixels */
const PRICE_MAX = 1e12; /* with six decimals a double is still exact enough */
const BEGIN = 500; /* where a random walk begins */
const LABELS = 72; /* room for the scale at the right */

const chart = byId("chart");
const path = parameter("path", "/room/ticker");
const prices = [];
let arrivals = []; /* when the messages of the last second came */
let frame = 0; /* the animation frame that will draw, 0 when none is due */
let decimals = 0; /* of the finest price so far: a steady width */
let feeding;

const written = (price) => price.toFixed(decimals);

const decimalsOf = (n) =>
    Math.min(6, (String(n).split(".")[1] ?? "").length);

/* Return the price in a message, or NaN. */
function priceIn(data) {
	if (typeof data !== "string")
		return NaN;
	try {
		const said = JSON.parse(data);
		const price = said?.price ?? said;
		return typeof price === "number" ? price : NaN;
	} catch {
		return NaN;
	}
}

function arrived(data) {
	arrivals.push(performance.now());
	const price = priceIn(data);
	if (!(Math.abs(price) <= PRICE_MAX)) /* nor is NaN */
		return;
	prices.push(price);
	decimals = Math.max(decimals, decimalsOf(price));
	if (prices.length > KEEP)
		prices.shift();
	showFigures();
	redraw();
}

/* At once: a hidden page gets no animation frames, but a script can read it. */
function showFigures() {
	const last = written(prices.at(-1));
	const min = written(Math.min(...prices));
	const max = written(Math.max(...prices));
	byId("price").textContent = last;
	byId("min").textContent = min;
	byId("max").textContent = max;
	chart.setAttribute("aria-label",
	    `Price ${last}, between ${min} and ${max}`);
}

/* Draw once per frame, for a thousand messages as for one. */
function redraw() {
	frame ||= requestAnimationFrame(draw);
}

/* ---- drawing ------------------------------------------------------------- */

/* One, two or five times a power of ten, about a quarter of the range. */
function gridStep(range) {
	const power = 10 ** Math.floor(Math.log10(range / 4));
	return power * [1, 2, 5, 10].find((n) => n * power >= range / 4);
}

/* The canvas has the screen's own pixels; drawing is in CSS pixels. */
function prepare() {
	const ratio = devicePixelRatio || 1;
	const width = chart.clientWidth, height = chart.clientHeight;
	const wide = Math.round(width * ratio);
	const high = Math.round(height * ratio);
	if (chart.width !== wide || chart.height !== high)
		Object.assign(chart, { width: wide, height: high });
	const pen = chart.getContext("2d");
	pen.setTransform(ratio, 0, 0, ratio, 0, 0);
	pen.clearRect(0, 0, width, height);
	pen.font = "13px ui-monospace, Menlo, Consolas, monospace";
	pen.textBaseline = "middle";
	return { pen, width, height };
}

/* The extent of the chart, in prices and in pixels. Equal prices get a range,
 * too; and so does an empty chart, around the price that a walk begins at. */
function scale(width, height) {
	const shown = prices.length ? prices : [BEGIN - 10, BEGIN + 10];
	const min = Math.min(...shown), max = Math.max(...shown);
	const range = max - min || Math.abs(max) * 0.01 || 1;
	const low = (min + max - range) / 2;
	const right = width - LABELS;
	const step = (right - MARGIN) / (KEEP - 1);
	return {
		low, range, right,
		x: (i) => right - (prices.length - 1 - i) * step,
		y: (price) => height - MARGIN -
		    (price - low) / range * (height - 2 * MARGIN),
	};
}

function drawGrid(pen, { low, range, right, y }, colours) {
	const step = gridStep(range);
	const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step))));
	const first = Math.ceil(low / step);
	pen.strokeStyle = colours.line;
	pen.fillStyle = colours.dim;
	pen.lineWidth = 1;
	/* The loop counts from zero. Anybody may send a price so large that
	 * first + 1 equals first, and the loop must still end. */
	for (let i = 0; i <= GRID_MAX; i++) {
		const price = (first + i) * step;
		if (!(price <= low + range))
			return;
		const level = Math.round(y(price)) + 0.5;
		pen.beginPath();
		pen.moveTo(0, level);
		pen.lineTo(right, level);
		pen.stroke();
		pen.fillText(price.toFixed(digits), right + 12, level);
	}
}

function drawLine(pen, { right, x, y }, colours) {
	const last = prices.at(-1);
	pen.strokeStyle = pen.fillStyle = colours.accent;
	pen.lineWidth = 2;
	pen.lineJoin = "round";
	pen.beginPath();
	prices.forEach((price, i) => pen.lineTo(x(i), y(price)));
	pen.stroke();
	pen.beginPath();
	pen.arc(right, y(last), 4, 0, 2 * Math.PI);
	pen.fill();
}

function coloursNow() {
	const style = getComputedStyle(document.documentElement);
	const colour = (name) => style.getPropertyValue(name);
	return {
		accent: colour("--accent"),
		dim: colour("--dim"),
		line: colour("--line"),
	};
}

function draw() {
	frame = 0;
	const { pen, width, height } = prepare();
	const colours = coloursNow();
	const at = scale(width, height);
	drawGrid(pen, at, colours);
	if (prices.length === 0) {
		pen.fillStyle = colours.dim;
		pen.fillText("No price has arrived yet: publish one.", MARGIN,
		    2 * MARGIN);
		return;
	}
	drawLine(pen, at, colours);
}

function showRate() {
	const since = performance.now() - 1000;
	arrivals = arrivals.filter((when) => when > since);
	byId("rate").textContent = arrivals.length;
}

/* ---- feeding ------------------------------------------------------------- */

/* A random walk from the last price that was seen. */
function publish() {
	const from = prices.at(-1) ?? BEGIN;
	const price = Number((from + (Math.random() - 0.5) * 4).toFixed(2));
	link.send(JSON.stringify({ price }));
}

function feed() {
	clearInterval(feeding);
	if (byId("feed").checked)
		feeding = setInterval(publish, Number(byId("every").value));
}

/* ---- the page ------------------------------------------------------------ */

byId("feed").addEventListener("change", feed);
byId("every").addEventListener("change", feed);
byId("source").textContent = path;
new ResizeObserver(redraw).observe(chart);
addEventListener("resize", redraw); /* zooming changes only the ratio */
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
setInterval(showRate, 500);

const link = connect(
    address(path === "/room/ticker" ? `${path}?self=1` : path), {
	state: (state, seconds) => {
		showState(byId("state"), state, seconds);
		byId("price").classList.toggle("stale",
		    state !== "open" && prices.length > 0);
	},
	message: arrived,
});
