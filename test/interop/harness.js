/* harness.js - start wsd, run checks, print one line for each. */
/* SPDX-License-Identifier: MIT */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const BUILD = resolve(process.env.BUILD ?? "build/interop");
export const WSD = resolve(process.env.WSD ?? "wsd");

/* Packages live in the build directory, beside nothing that is ours. */
export const load = createRequire(join(BUILD, "package.json"));

const DEADLINE_MS = 30000; /* of one wait: far more than it ever takes */

const running = new Set();
const folder = mkdtempSync(join(tmpdir(), "wsd-interop-"));
let done = 0, failed = 0;

/* Nothing outlives the tests, however they end. */
process.on("exit", () => {
	for (const child of running)
		child.kill("SIGKILL");
	rmSync(folder, { recursive: true, force: true });
});

export const scratch = (name) => join(folder, name);

/* ---- checks --------------------------------------------------------------- */

export function equal(got, expected, what = "value") {
	const [a, b] = [got, expected].map((v) => JSON.stringify(v));
	if (a !== b)
		throw new Error(`${what}: ${a}, expected ${b}`);
}

export function truth(condition, what) {
	if (!condition)
		throw new Error(what);
}

/* A promise, or an error that names what did not happen. */
export async function within(promise, what, ms = DEADLINE_MS) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(
		    `${what}: nothing after ${ms / 1000} s`)), ms);
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}

export async function check(name, run) {
	try {
		await within(run(), "check", 4 * DEADLINE_MS);
		done++;
		console.log(`ok      ${name}`);
	} catch (error) {
		failed++;
		console.log(`FAILED  ${name}: ${error.stack ?? error}`);
	}
}

export function finish() {
	process.exit(failed || !done ? 1 : 0);
}

/* ---- programs ------------------------------------------------------------- */

/* A child process whose output can be waited for. */
export function program(command, args, options = {}) {
	const child = spawn(command, args,
	    { stdio: ["ignore", "pipe", "pipe"], ...options });
	const waiting = new Set();
	const it = { child, text: "", code: undefined };

	function look() {
		for (const one of waiting)
			one();
	}
	function take(data) {
		it.text += data;
		look();
	}

	running.add(child);
	child.stdout?.setEncoding("utf8").on("data", take);
	child.stderr?.setEncoding("utf8").on("data", take);
	it.ended = new Promise((ended) => {
		child.on("error", (error) => take(`${error.message}\n`));
		child.on("close", (code, signal) => {
			running.delete(child);
			it.code = code ?? signal;
			look();
			ended(it.code);
		});
	});
	/* The match of a pattern in what it printed, now or later. */
	it.printed = (pattern) => within(new Promise((found, lost) => {
		function seek() {
			const match = it.text.match(pattern);
			if (!match && it.code === undefined)
				return;
			waiting.delete(seek);
			if (match)
				found(match);
			else
				lost(new Error(
				    `${command} ended with ${it.code}: ` +
				    it.text));
		}
		waiting.add(seek);
		seek();
	}), `${pattern} from ${command} in ${JSON.stringify(it.text)}`);
	it.stop = (signal = "SIGTERM") => {
		child.kill(signal);
		return within(it.ended, `${command} to end`);
	};
	return it;
}

/* Start wsd. */
export async function wsd(...args) {
	const listens = args.some((arg) => arg === "-l");
	const it = program(WSD, listens ? args : ["-l", "127.0.0.1:0", ...args]);
	const [, where] = await it.printed(/^listening on (\S+)/m);
	await it.printed(/^limits: .*\n/m);
	if (!where.startsWith("http:"))
		return it; /* a unix socket has no URL */
	it.http = where;
	it.ws = where.replace(/^http/, "ws");
	it.port = Number(new URL(where).port);
	return it;
}

/* Run checks against a server, which must survive them and end well. */
export async function withWsd(args, run) {
	const it = await wsd(...args);
	try {
		await run(it);
	} finally {
		await check(`wsd ${args.join(" ")} ends with 0`.replace("  ", " "),
		    async () => equal(await it.stop(), 0, "exit status"));
	}
}

/* A port that was free a moment ago. */
export async function freePort() {
	const server = createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address();
	server.close();
	await once(server, "close");
	return port;
}
