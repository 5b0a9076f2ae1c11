/* curl.js - pages as curl asks for them, and a handshake by hand. */
/* SPDX-License-Identifier: MIT */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";

import { check, equal, finish, scratch, truth, withWsd } from "./harness.js";

/* ---- one request --------------------------------------------------------- */

const FLAGS = ["--silent", "--show-error", "--max-time", "30", "--noproxy",
	"*", "--dump-header", "-"];

/* Run curl: { exit, status, version, fields, body }, of the last response. */
function curl(...args) {
	return new Promise((done) => execFile("curl", [...FLAGS, ...args],
	    { encoding: "buffer", maxBuffer: 64 << 20 },
	    (error, stdout) => done({ exit: error?.code ?? 0,
		...response(stdout) })));
}

function response(octets) {
	let rest = octets, head = [];
	const interim = [];
	while (/^HTTP\//.test(rest.subarray(0, 5).toString("latin1"))) {
		const end = rest.indexOf("\r\n\r\n");
		head = rest.subarray(0, end).toString("latin1").split("\r\n");
		rest = rest.subarray(end + 4);
		interim.push(Number(head[0].split(" ")[1]));
	}
	return {
		version: head[0]?.split(" ")[0],
		status: interim.pop(),
		interim,
		fields: Object.fromEntries(head.slice(1).map((line) => {
			const colon = line.indexOf(":");
			return [line.slice(0, colon).toLowerCase(),
				line.slice(colon + 1).trim()];
		})),
		body: rest,
	};
}

/* A check that one request gets one status; more about it in also. */
function answers(name, status, args, also = () => {}) {
	return check(`curl: ${name}`, async () => {
		const got = await curl(...args);
		equal(got.status, status, "status");
		also(got);
	});
}

const field = (name, value) => ({ fields }) =>
    equal(fields[name], value, name);

/* ---- the built-in pages -------------------------------------------------- */

async function pages({ http }) {
	await check("curl: pages with their types", async () => {
		for (const [path, type] of [
			["", "text/html; charset=utf-8"],
			["chat.html", "text/html; charset=utf-8"],
			["style.css", "text/css; charset=utf-8"],
			["wsd.js", "text/javascript; charset=utf-8"],
			["favicon.svg", "image/svg+xml"]]) {
			const got = await curl(http + path);
			equal([got.status, got.fields["content-type"]],
			    [200, type], path);
			equal(Number(got.fields["content-length"]),
			    got.body.length, `length of ${path}`);
			equal(got.fields["x-content-type-options"], "nosniff");
			truth(/^"[^"]+"$/.test(got.fields.etag), "no ETag");
			truth(!Number.isNaN(Date.parse(got.fields.date)),
			    "no Date");
		}
	});
	await check("curl: HEAD is GET without its body", async () => {
		const got = await curl("--head", "-o", scratch("head"), http);
		const whole = await curl(http);
		equal(got.status, 200, "status");
		/* A body would be taken for the next answer. */
		equal((await curl("--head", http, http, http)).exit, 0, "next");
		for (const name of ["content-length", "etag", "content-type"])
			equal(got.fields[name], whole.fields[name], name);
	});
	await check("curl: what is unchanged is not sent again", async () => {
		const { fields: { etag } } = await curl(http);
		for (const [value, status] of [[etag, 304],
			[`"other", W/${etag}`, 304], ["*", 304],
			[`"other"`, 200]]) {
			const got = await curl("-H", `If-None-Match: ${value}`,
			    http);
			equal(got.status, status, value);
			if (status === 304)
				equal([got.body.length, got.fields.etag],
				    [0, etag], "of 304");
		}
	});
	await answers("a path to nothing", 404, [`${http}nothing`], (got) =>
	    truth(got.body.includes("Nothing is here"), "not our page"));
	await answers("POST to a page", 405, ["-d", "x=1", http],
	    field("allow", "GET, HEAD, OPTIONS"));
	await answers("DELETE of a page", 405, ["-X", "DELETE", http]);
	await answers("a method that nobody knows", 501,
	    ["-X", "BREW", http]);
	await answers("OPTIONS of a page", 204, ["-X", "OPTIONS", http]);
	await answers("the health", 200, [`${http}healthz`], (got) =>
	    equal(got.body.toString(), "ok\n", "body"));
	await answers("POST to the health", 405,
	    ["-d", "x", `${http}healthz`]);
	await answers("an endpoint without an upgrade", 426, [`${http}echo`],
	    field("upgrade", "websocket"));
}

/* ---- the protocol -------------------------------------------------------- */

async function protocol({ http }) {
	await answers("HTTP/1.0", 200, ["--http1.0", http], (got) =>
	    equal(got.fields.connection, "close", "connection"));
	await answers("HTTP/1.0 that stays", 200,
	    ["--http1.0", "-H", "Connection: keep-alive", http],
	    field("connection", "keep-alive"));
	await answers("an offer of h2c is ignored", 200, ["--http2", http],
	    (got) => equal(got.version, "HTTP/1.1", "version"));
	await check("curl: ten requests on one connection", async () => {
		const urls = Array(10).fill(`${http}healthz`);
		const got = await curl("-w", "%{num_connects} ", ...urls);
		truth(!/[1-9] .*[1-9] /s.test(got.body.toString("latin1")
		    .replace(/HTTP[^]*?\r\n\r\n/g, "").replace(/ok\n/g, "")),
		    `connections: ${got.body}`);
	});
	await answers("a head of 20,000 octets", 431,
	    ["-H", `X-Large: ${"x".repeat(20000)}`, http],
	    field("connection", "close"));
	await answers("a path of 20,000 octets", 414,
	    [http + "p".repeat(20000)], field("connection", "close"));
	await answers("no Host", 400, ["-H", "Host:", http]);
	await answers("an empty Host", 400, ["-H", "Host;", http]);
	await answers("two lengths", 400, ["-X", "POST", "-H",
		"Content-Length: 3", "-H", "Content-Length: 4", http]);
	await answers("a length and chunks", 400, ["-X", "POST", "-H",
		"Content-Length: 3", "-H", "Transfer-Encoding: chunked", "-d",
		"abc", http]);
	await answers("an unknown transfer coding", 501, ["-X", "POST", "-H",
		"Transfer-Encoding: gzip", http]);
	await answers("a chunked body where none is wanted", 405,
	    ["-H", "Transfer-Encoding: chunked", "-d", "x".repeat(5000),
		`${http}healthz`]);
	await answers("Expect: 100-continue is refused where a body is", 405,
	    ["-H", "Expect: 100-continue", "-d", "x".repeat(5000),
		`${http}healthz`], (got) =>
	    equal(got.interim, [], "interim responses"));
	await answers("an expectation that is unknown", 417,
	    ["-H", "Expect: the-unexpected", http]);
}

/* Only Socket.IO takes bodies. */
async function bodies({ http }) {
	const session = async () => {
		const handshake = await fetch(
		    `${http}socket.io/?EIO=4&transport=polling`);
		const { sid } = JSON.parse((await handshake.text()).slice(1));
		return `${http}socket.io/?EIO=4&transport=polling&sid=${sid}`;
	};
	const expecting = ["-H", "Expect: 100-continue"];

	await answers("a body that is expected is asked for", 200,
	    [...expecting, "-d", `4${"0".repeat(5000)}`,
		await session()], (got) =>
	    equal(got.interim, [100], "interim responses"));
	await answers("a body of 2 MiB is refused before it is sent", 413,
	    [...expecting, "-d", "x".repeat(100), "-H",
		"Content-Length: 2097152", await session()], (got) =>
	    equal(got.interim, [], "interim responses"));
}

/* ---- a directory --------------------------------------------------------- */

const TEXT = "0123456789".repeat(100);
const LARGE = Buffer.alloc(5 << 20, "large file ");

function makeRoot() {
	const root = scratch("root"), out = scratch("outside");
	mkdirSync(`${root}/sub`, { recursive: true });
	mkdirSync(`${root}/empty`);
	mkdirSync(out);
	writeFileSync(`${out}/secret.txt`, "secret");
	writeFileSync(`${root}/index.html`, "<!doctype html>root");
	writeFileSync(`${root}/sub/index.html`, "<!doctype html>sub");
	writeFileSync(`${root}/empty/one file & two.txt`, "one");
	writeFileSync(`${root}/text.txt`, TEXT);
	writeFileSync(`${root}/text.txt.gz`, gzipSync(TEXT));
	writeFileSync(`${root}/long.html`, TEXT + TEXT);
	writeFileSync(`${root}/large.bin`, LARGE);
	writeFileSync(`${root}/.hidden`, "hidden");
	writeFileSync(`${root}/umlaut-\u00fc.txt`, "umlaut");
	symlinkSync(`${out}/secret.txt`, `${root}/link.txt`);
	symlinkSync("text.txt", `${root}/alias.txt`);
	return root;
}

async function directory({ http }) {
	await answers("a file", 200, [`${http}text.txt`], (got) =>
	    equal(got.body.toString(), TEXT, "body"));
	await answers("a large file, whole", 200, [`${http}large.bin`],
	    (got) => truth(got.body.equals(LARGE), "differs"));
	await answers("a directory without its slash", 301, [`${http}sub`],
	    (got) => truth(got.fields.location.endsWith("/sub/"), "where"));
	await answers("the redirect, followed", 200, ["-L", `${http}sub`],
	    (got) => truth(got.body.includes("sub"), "body"));
	await answers("no listing", 404, [`${http}empty/`]);
	await answers("a name in UTF-8", 200, [`${http}umlaut-%C3%BC.txt`]);
	await answers("a link inside", 200, [`${http}alias.txt`]);
	await check("curl: nothing outside, hidden or coded", async () => {
		for (const path of ["../outside/secret.txt", "sub/../../outside" +
			"/secret.txt", "%2e%2e/outside/secret.txt",
			"..%2foutside%2fsecret.txt", "sub/%2e%2e/%2e%2e/" +
			"outside/secret.txt", "..\\outside\\secret.txt",
			"..%5coutside%5csecret.txt", "link.txt", ".hidden",
			"%2ehidden", "text.txt%00.html", "%252e%252e/",
			"/etc/passwd", "//etc/passwd", "..;/outside/secret.txt",
			"text.txt/", "text.txt/..", "%c0%ae%c0%ae/outside/"]) {
			const got = await curl("--path-as-is", http + path);
			truth([400, 403, 404].includes(got.status),
			    `${path}: ${got.status}`);
			truth(!got.body.includes("secret"), path);
		}
	});
	await check("curl: --compressed gets the .gz beside", async () => {
		const got = await curl("--compressed", `${http}text.txt`);
		equal(got.fields["content-encoding"], "gzip", "coding");
		equal(got.fields.vary, "Accept-Encoding", "Vary");
		equal(got.body.toString(), TEXT, "body");
		const raw = await curl("-H", "Accept-Encoding: gzip",
		    `${http}text.txt`);
		equal(gunzipSync(raw.body).toString(), TEXT, "raw body");
		const plain = await curl(`${http}text.txt`);
		equal(plain.fields.vary, "Accept-Encoding", "Vary");
		truth(plain.fields.etag !== got.fields.etag, "one ETag");
		const no = await curl("-H", "Accept-Encoding: gzip;q=0",
		    `${http}text.txt`);
		equal(no.fields["content-encoding"], undefined, "refused");
	});
	await check("curl: --compressed gets what has no .gz beside", async () => {
		const plain = await curl(`${http}long.html`);
		equal(plain.fields["content-encoding"], undefined, "plain");
		/* Made for the first, and kept for the next ones. */
		for (let i = 0; i < 3; i++) {
			const got = await curl("--compressed", `${http}long.html`);
			equal(got.fields["content-encoding"], "gzip", "coding");
			equal(got.fields.vary, "Accept-Encoding", "Vary");
			truth(Number(got.fields["content-length"]) <
			    TEXT.length, "length");
			truth(got.fields.etag !== plain.fields.etag, "one ETag");
			equal(got.body.toString(), TEXT + TEXT, "body");
			equal((await curl("--compressed", "-H",
			    `If-None-Match: ${got.fields.etag}`,
			    `${http}long.html`)).status, 304, "known");
		}
		const part = await curl("--compressed", "-H",
		    "Range: bytes=0-9", `${http}long.html`);
		equal([part.status, part.fields["content-encoding"],
			part.body.toString()],
		    [206, undefined, TEXT.slice(0, 10)], "part");
		const image = await curl("--compressed", `${http}large.bin`);
		equal(image.fields["content-encoding"], undefined, "binary");
	});
	await check("curl: If-Modified-Since", async () => {
		const { fields } = await curl(`${http}text.txt`);
		const since = fields["last-modified"];
		for (const [date, status] of [[since, 304],
			["Sun, 06 Nov 1994 08:49:37 GMT", 200],
			["no date", 200]])
			equal((await curl("-H", `If-Modified-Since: ${date}`,
			    `${http}text.txt`)).status, status, date);
	});
}

/* RFC 9110 section 14. */
const RANGES = [
	["0-9", 206, TEXT.slice(0, 10), "bytes 0-9/1000"],
	["990-", 206, TEXT.slice(990), "bytes 990-999/1000"],
	["-5", 206, TEXT.slice(-5), "bytes 995-999/1000"],
	["0-0", 206, "0", "bytes 0-0/1000"],
	["999-2000", 206, "9", "bytes 999-999/1000"],
	["-5000", 206, TEXT, "bytes 0-999/1000"],
	["1000-", 416, undefined, "bytes */1000"],
	["-0", 416, undefined, "bytes */1000"],
	["0-1,5-6", 200, TEXT, undefined],
	["5-1", 200, TEXT, undefined],
];

async function ranges({ http }) {
	const url = `${http}text.txt`;

	for (const [range, status, body, extent] of RANGES)
		await answers(`range ${range}`, status,
		    ["-H", `Range: bytes=${range}`, url], (got) => {
			equal(got.fields["content-range"], extent, "extent");
			if (body !== undefined)
				equal(got.body.toString(), body, "body");
		    });
	await check("curl: If-Range", async () => {
		const { fields: { etag } } = await curl(url);
		for (const [value, status] of [[etag, 206], [`"no"`, 200],
			[`W/${etag}`, 200]])
			equal((await curl("-H", `If-Range: ${value}`, "-H",
			    "Range: bytes=1-2", url)).status, status, value);
	});
	await check("curl: a download is resumed", async () => {
		const got = await curl("-C", "5000000", `${http}large.bin`);
		equal(got.status, 206, "status");
		truth(got.body.equals(LARGE.subarray(5000000)), "differs");
	});
}

/* ---- the handshake by hand ----------------------------------------------- */

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/* A frame with a mask of zeroes leaves the payload readable. */
const frame = (first, text) => Buffer.concat([
	Buffer.of(first, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)]);

const upgrade = (changes = {}) => Object.entries({
	Connection: "Upgrade", Upgrade: "websocket",
	"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY, ...changes,
}).filter(([, value]) => value !== null).flatMap(
    ([name, value]) => ["-H", `${name}: ${value}`]);

/* Without the closing of its side curl waits for ever: a Close ends it. */
const switched = (url, changes) => curl("--http1.1", "-N", "--max-time", "1",
    ...upgrade(changes), url);

async function handshake({ http }) {
	const accept = createHash("sha1").update(
	    `${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

	await check("curl: the handshake of RFC 6455 1.3", async () => {
		const got = await switched(`${http}echo`);
		equal(got.status ?? got.interim, 101, "status");
		equal(got.fields["sec-websocket-accept"], accept, "accept");
		equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "the RFC's");
		equal(got.fields.upgrade.toLowerCase(), "websocket");
		equal(got.fields["sec-websocket-extensions"], undefined);
	});
	await check("curl: tokens in lists, in any case", async () => {
		const got = await switched(`${http}echo`,
		    { Connection: "keep-alive, UPGRADE", Upgrade: "WebSocket" });
		equal(got.status, 101, "status");
	});
	for (const [name, changes, status] of [
		["version 15", { "Sec-WebSocket-Version": "15" }, 426],
		["no version", { "Sec-WebSocket-Version": null }, 400],
		["a short key", { "Sec-WebSocket-Key": "c2hvcnQ=" }, 400],
		["no key", { "Sec-WebSocket-Key": null }, 400],
		["a foreign origin", { Origin: "http://elsewhere" }, 403],
		["another protocol", { Upgrade: "h2c" }, 426]])
		await answers(`handshake with ${name}`, status,
		    [...upgrade(changes), `${http}echo`], (got) => {
			truth(got.body.length > 0, "no reason");
			if (status === 426)
				equal([got.fields["sec-websocket-version"],
					got.fields.upgrade],
				    ["13", "websocket"], "426");
		    });
	await answers("handshake with POST", 405,
	    [...upgrade(), "-X", "POST", `${http}echo`]);
	await answers("handshake in HTTP/1.0", 400,
	    ["--http1.0", ...upgrade(), `${http}echo`]);
	await check("curl: a frame right behind the handshake", async () => {
		/* What -d sends lies behind the head, as an eager client's
		 * frames do. */
		writeFileSync(scratch("frames"), Buffer.concat([
			frame(0x81, "Hello"), frame(0x88, "")]));
		const got = await curl("--http1.1", "-N", ...upgrade(), "-X",
		    "GET", "-H", "Content-Length:", "-H", "Expect:",
		    "-H", "Content-Type:", "--data-binary",
		    `@${scratch("frames")}`, `${http}echo`);
		equal([...got.body], [0x81, 5, ...Buffer.from("Hello"),
			0x88, 0], "frames");
	});
}

/* ---- polls --------------------------------------------------------------- */

/* The chat says a message to all, so a long one is answered long. */
async function polls({ http }) {
	await check("curl: --compressed polls", async () => {
		const base = `${http}socket.io/?EIO=4&transport=polling`;
		const opened = await curl("--compressed", base);
		equal(opened.fields["content-encoding"], undefined, "short");
		const { sid } = JSON.parse(opened.body.toString().slice(1));
		const url = `${base}&sid=${sid}`, word = "x".repeat(3000);
		const post = (body) => curl("-H", "Content-Type: text/plain",
		    "--data-binary", body, url);

		equal((await post("40/chat,")).body.toString(), "ok", "connect");
		await curl("--compressed", url);
		await post("42/chat," + JSON.stringify(["send-message",
		    { user: "curl", message: word }]));
		const long = await curl("--compressed", url);
		equal(long.fields["content-encoding"], "gzip", "coding");
		truth(Number(long.fields["content-length"]) < 200, "length");
		truth(long.body.toString().includes(word), "body");
		equal(long.fields["cache-control"], "no-store", "cache");
	});
}

/* ---- all ----------------------------------------------------------------- */

await withWsd([], async (server) => {
	await pages(server);
	await protocol(server);
	await bodies(server);
	await handshake(server);
	await polls(server);
});
const root = makeRoot();
await withWsd([root], async (server) => {
	await directory(server);
	await ranges(server);
});
await withWsd(["--list", "--cache", "max-age=60", root], async ({ http }) => {
	await answers("--list", 200, [`${http}empty/`], (got) => {
		truth(got.body.includes("one file &amp; two.txt"), "name");
		truth(got.body.includes("one%20file%20"), "link");
	});
	await answers("--list hides what is hidden", 200, [`${http}empty/`],
	    (got) => truth(!got.body.includes("hidden"), "shown"));
	await answers("--cache", 200, [`${http}text.txt`],
	    field("cache-control", "max-age=60"));
});
await withWsd(["--spa", root], async ({ http }) => {
	await answers("--spa", 200, [`${http}some/where`], (got) => {
		truth(got.body.includes("root"), "not index.html");
		equal(got.fields["cache-control"], "no-cache", "cache");
	});
	await answers("--spa leaves files that are missing missing", 404,
	    [`${http}some/where.js`]);
});
finish();
