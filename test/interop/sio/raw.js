/* raw.js - requests and WebSockets that do not know what they carry. */
/* SPDX-License-Identifier: MIT */

import { once } from "node:events";
import { connect } from "node:net";

import { equal, load, within } from "../harness.js";

const WebSocket = load("ws");

/* An endpoint, such as http://127.0.0.1:3000/engine.io/, and a protocol. */
export class Endpoint {
	constructor(server, path, eio) {
		Object.assign(this, { server, path, eio });
	}

	url(base, query) {
		return `${base}${this.path}?${new URLSearchParams(query)}`;
	}

	/* A request. Returns { status, body, headers }. */
	async request(method, query, body, options = {}) {
		const response = await within(
		    fetch(this.url(this.server.http, query),
			{ method, body, ...options }), `${method} response`);
		return { status: response.status, headers: response.headers,
			body: await response.text() };
	}

	/* What a handshake by polling is answered: as text, which clients of
	 * protocol 3 get that can take no octets. */
	handshake(query = {}) {
		return this.request("GET", { EIO: this.eio,
			transport: "polling",
			...this.eio === 3 ? { b64: 1 } : {}, ...query });
	}

	/* A session by polling. */
	async session(query) {
		const { status, body } = await this.handshake(query);
		equal(status, 200, "status of the handshake");
		const json = /\{.*\}/.exec(body)[0];
		return new Session(this, JSON.parse(json).sid);
	}

	/* A WebSocket, for a session that is there or for its own. */
	websocket(query = {}) {
		return new Socket(this.url(this.server.ws,
		    { EIO: this.eio, transport: "websocket", ...query }));
	}

	/* A session by WebSocket that has said hello. */
	async stream() {
		const socket = this.websocket();
		socket.hello = JSON.parse((await socket.next()).slice(1));
		return socket;
	}
}

export class Session {
	constructor(endpoint, sid) {
		Object.assign(this, { endpoint, sid });
		this.query = { EIO: endpoint.eio, transport: "polling", sid };
	}

	get(options) {
		return this.endpoint.request("GET", this.query, undefined,
		    options);
	}

	post(body, options) {
		return this.endpoint.request("POST", this.query, body, options);
	}

	/* A POST whose body is still to come. The server has its head, and
	 * has said so: "100 Continue". */
	async begin(...fields) {
		const { server, path } = this.endpoint;
		const wire = new Wire(server.http);

		wire.send(`POST ${path}?${new URLSearchParams(this.query)} ` +
		    "HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n" +
		    fields.map((field) => `${field}\r\n`).join("") + "\r\n");
		await wire.hears(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
		wire.heard = "";
		return wire;
	}

	/* What a poll brings, but for pings, which are answered. */
	async poll() {
		for (;;) {
			const { status, body } = await this.get();
			const packets = body.split("\x1e");
			const rest = packets.filter((one) => one !== "2");

			equal(status, 200, "status of a poll");
			if (rest.length < packets.length)
				await this.post("3");
			if (rest.length)
				return rest.join("\x1e");
		}
	}

	/* Ends when the server does not know it any more. */
	async isGone(why = "a dead session") {
		const { status, body } = await this.get();
		equal([status, body],
		    [400, '{"code":1,"message":"Session ID unknown"}'], why);
	}
}

/* A connection that sends what it is told to. */
export class Wire {
	heard = "";

	constructor(http) {
		const { hostname, port } = new URL(http);

		this.socket = connect(port, hostname);
		this.socket.setEncoding("latin1");
		this.socket.on("data", (text) => { this.heard += text; });
		this.socket.on("error", () => {});
		this.ended = once(this.socket, "close").catch(() => {});
	}

	send(text) {
		this.socket.write(text);
	}

	/* Wait until what was heard since it was last cleared is so. */
	async hears(pattern) {
		while (!pattern.test(this.heard))
			await within(once(this.socket, "data"),
			    `${pattern} after ${this.heard}`);
	}

	/* Wait for the server to end it. Returns what it said before. */
	async isClosed() {
		await within(this.ended, "the end of a connection");
		return this.heard;
	}

	leave() {
		this.socket.destroy();
	}
}

/* A WebSocket whose messages and end come one by one. Octets are Buffers, the
 * end is { closed: code }, a refusal { status }. */
export class Socket {
	#events = [];
	#waiting = [];

	/* answers: whether pings are answered rather than seen. */
	constructor(url, { answers = true } = {}) {
		this.answers = answers;
		this.socket = new WebSocket(url);
		this.opened = once(this.socket, "open").catch(() => {});
		this.socket.on("message", (data, isBinary) =>
		    this.#put(isBinary ? data : data.toString()));
		this.socket.on("close", (closed) => this.#put({ closed }));
		this.socket.on("unexpected-response", (_, response) => {
			this.#put({ status: response.statusCode });
			response.destroy();
		});
		this.socket.on("error", () => {});
	}

	#put(event) {
		if (event === "2" && this.answers)
			return this.socket.send("3");
		const next = this.#waiting.shift();
		if (next)
			next(event);
		else
			this.#events.push(event);
	}

	next() {
		return within(new Promise((came) => {
			if (this.#events.length)
				came(this.#events.shift());
			else
				this.#waiting.push(came);
		}), "a message");
	}

	async expect(...events) {
		for (const event of events)
			equal(await this.next(), event, "message");
	}

	/* Send them, once it is open. */
	async send(...messages) {
		await this.opened;
		for (const message of messages)
			this.socket.send(message);
	}

	/* Ends when the server has closed it. What it still says is let be. */
	async isClosed() {
		for (;;) {
			const event = await this.next();
			if (event.closed !== undefined)
				return event.closed;
		}
	}

	close() {
		this.socket.close();
	}
}
