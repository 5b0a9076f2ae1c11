/* socket.io.js - the browser's side of Socket.IO. */
/* SPDX-License-Identifier: MIT */

/*
 *   io("/") -----> namespace --+                         +-> polling
 *                              +-> manager --> session --+
 *   io("/chat") -> namespace --+                         +-> websocket
 *
 * A packet of Engine.IO 4 is octets, or a digit and text: 0 open, 1 close,
 * 2 ping, 3 pong, 4 message, 5 upgrade, 6 noop. A message of Socket.IO 5 is
 * type [attachments "-"] [namespace ","] [id] [JSON]: 0 connect, 1 disconnect,
 * 2 event, 3 acknowledgement, 4 refusal; 5, 6: 2, 3 with octets to follow.
 *
 * The API is that of socket.io-client 4. This script defines io; a module needs
 * one line more:  export { io, io as default };
 */

var io = (() => {
/* ---- events ---- */

/* Report what a listener throws, and go on with the others. */
function call(self, listener, args) {
	try {
		listener.apply(self, args);
	} catch (error) {
		queueMicrotask(() => { throw error; });
	}
}

/* Give an object listeners. A list in use is never changed.
 *   self  what listeners get as this */
function emitter(it, self = it) {
	const lists = new Map();
	const of = (event) => lists.get(event) ?? [];

	it.on = (event, listener) => {
		lists.set(event, [...of(event), listener]);
		return it;
	};
	it.prepend = (event, listener) => {
		lists.set(event, [listener, ...of(event)]);
		return it;
	};
	it.once = (event, listener) => {
		const first = (...args) => {
			it.off(event, first);
			listener.apply(it, args);
		};
		first.listener = listener;
		return it.on(event, first);
	};
	it.off = (event, listener) => {
		if (event === undefined)
			lists.clear();
		const all = of(event), gone = all.findIndex((one) =>
		    one === listener || one.listener === listener);
		lists.set(event, all.filter((_, i) => listener && i !== gone));
		return it;
	};
	it.fire = (event, ...args) => {
		of(event).forEach((one) => call(self, one, args));
		return it;
	};
	it.emit ??= it.fire;
	it.listeners = of;
	it.hasListeners = (event) => of(event).length > 0;
	it.addEventListener = it.on;
	it.removeListener = it.removeEventListener = it.removeAllListeners =
	    it.off;
	return it;
}

/* ---- packets ---- */

const isBinary = (value) => value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) || value instanceof Blob;

/* Text and attachments. this[key] is what value was before toJSON. */
function encode(type, nsp, id = "", data) {
	const octets = [];
	const json = JSON.stringify(data, function (key, value) {
		return isBinary(this[key]) ? { _placeholder: true,
			num: octets.push(this[key]) - 1 } : value;
	});
	const kind = octets.length ? `${type + 3}${octets.length}-` : type;
	const where = nsp === "/" ? "" : `${nsp},`;
	return [`4${kind}${where}${id}${json ?? ""}`, ...octets];
}

const PACKET = /^(?:([0-4])|([56])(\d+)-)(?:(\/[^,]*),?)?(\d+)?([^]*)$/;

function parse(text) {
	const [, plain, binary, missing = 0, nsp = "/", id, json] =
	    PACKET.exec(text);
	return { type: plain ?? binary - 3, missing, nsp, id, json,
		octets: [] };
}

/* ---- transports ---- */

/* In HTTP, octets are sent as "b" and base64. */
async function toText(packet) {
	if (typeof packet === "string")
		return packet;
	const octets = new Uint8Array(await new Blob([packet]).arrayBuffer());
	const text = Array.from(octets, (one) => String.fromCharCode(one));
	return `b${btoa(text.join(""))}`;
}

const fromText = (text) => text[0] !== "b" ? text :
    Uint8Array.from(atob(text.slice(1)), (c) => c.charCodeAt(0)).buffer;

/* Transports are open when made; send(queue) takes from the queue what it can.
 * This one has a GET that waits, and one POST at a time. */
function polling(session, on, opts) {
	const abort = new AbortController();
	const it = { name: "polling", writable: true,
		send, poll, pause, close };
	let resting, polled, posted;

	async function request(body) {
		const answer = await fetch(session.address("http", "polling"), {
			method: body ? "POST" : "GET",
			headers: opts.extraHeaders,
			body,
			credentials:
			    opts.withCredentials ? "include" : "same-origin",
			cache: "no-store",
			signal: abort.signal,
		});
		if (!answer.ok)
			throw answer;
		return answer.text();
	}

	const failed = (message) => (cause) => on.end("transport error",
	    message, cause.status ?? cause, cause);

	async function receive() {
		while (!resting)
			for (const text of (await request()).split("\x1e"))
				on.packet(fromText(text));
	}

	function poll() {
		resting = false;
		polled = receive().catch(failed("xhr poll error"));
	}

	/* As many packets as one POST may hold, at least one. */
	async function pack(queue) {
		let body = "", size = 0;
		while (queue.length) {
			const text = `\x1e${await toText(queue[0])}`;
			size += new Blob([text]).size;
			if (body && size > session.hello.maxPayload)
				break;
			body += text;
			queue.shift();
		}
		return body.slice(1);
	}

	function send(queue) {
		it.writable = false;
		posted = pack(queue).then(request).then(() => {
			it.writable = true;
			on.drain();
		}).catch(failed("xhr post error"));
	}

	function pause() {
		resting = true;
		return Promise.all([polled, posted]);
	}

	async function close(politely) {
		resting = true;
		await (politely && request("1").catch(() => {}));
		abort.abort();
	}

	poll();
	return it;
}

function websocket(session, on) {
	const socket = new WebSocket(session.address("ws", "websocket"));

	socket.binaryType = "arraybuffer";
	socket.onopen = () => on.open?.();
	socket.onmessage = ({ data }) => on.packet(data);
	socket.onerror = (cause) =>
	    on.end("transport error", "websocket error", cause);
	socket.onclose = () => on.end("transport close");
	return {
		name: "websocket",
		get writable() { return socket.readyState === 1; },
		send: (queue) =>
		    queue.splice(0).forEach((one) => socket.send(one)),
		close: () => socket.close(),
	};
}

/* ---- a session ---- */

const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];

function openSession(uri, opts) {
	const queue = [];
	const it = emitter({ address, send, close, opts, writeBuffer: queue,
		get readyState() {
			return closed ? "closed" : closing ? "closing" :
			    it.id ? "open" : "opening";
		} });
	const { origin, query: more } = resolve(uri);
	let patience = opts.timeout;
	let upgrading, probe, closing, closed, silence;

	function address(scheme, transport) {
		const query = new URLSearchParams(opts.query ?? more);
		query.set("EIO", 4);
		query.set("transport", transport);
		if (it.id)
			query.set("sid", it.id);
		return `${origin.replace("http", scheme)}${
		    opts.path.replace(/\/?$/, "/")}?${query}`;
	}

	function send(...packets) {
		queue.push(...packets);
		flush();
	}

	function flush() {
		if (closed || upgrading || !it.transport.writable)
			return;
		if (queue.length) {
			it.fire("flush");
			it.transport.send(queue);
			if (!queue.length && it.transport.writable)
				it.fire("drain");
			flush();
		} else if (closing && !probe) {
			end("forced close");
		}
	}

	/* Send what is queued first, and let a probe end: browsers warn of one
	 * that is cut off. */
	function close() {
		closing = true;
		it.id ? flush() : end("forced close");
	}

	/* description: a status or an event; context: what it came from */
	function end(reason, message, description, context) {
		if (closed)
			return;
		closed = true;
		clearTimeout(silence);
		probe?.close();
		it.transport.close(it.id && reason === "forced close");
		const error = message && Object.assign(new Error(message),
		    description &&
		    { type: "TransportError", description, context });
		if (reason === "transport error")
			it.fire("error", error);
		it.fire("close", reason, error);
	}

	/* A server that is silent for this long is gone. */
	function listen() {
		clearTimeout(silence);
		silence = patience && setTimeout(end, patience, "ping timeout",
		    it.id ? "" : "timeout");
	}

	const react = {
		0: opened,
		1: () => end("transport close"),
		2: () => { listen(); send("3"); it.fire("ping").fire("pong"); },
		4: (data) => it.fire("data", data).fire("message", data),
		6: () => {},
	};

	function packet(data) {
		const isText = typeof data === "string";
		const one = react[isText ? data[0] : 4];
		if (!one)
			end("transport error", "server error");
		else if (!closed) {
			const body = isText ? data.slice(1) : data;
			it.fire("packet",
			    { type: TYPES[isText ? data[0] : 4], data: body });
			it.fire("heartbeat");
			one(body);
		}
	}

	function drained() {
		if (!queue.length)
			it.fire("drain");
		flush();
	}

	function opened(json) {
		const hello = it.hello = JSON.parse(json);
		it.id = hello.sid;
		patience = hello.pingInterval + hello.pingTimeout;
		listen();
		it.fire("handshake", hello).fire("open");
		if (opts.upgrade !== false && [opts.transports,
		    hello.upgrades].every((all) => all.includes("websocket")))
			upgrade();
	}

	/* If anything fails before the 5 is sent, polling goes on. */
	async function upgrade() {
		const on = {};
		const answer = new Promise((heard) => {
			on.open = () => probe.send(["2probe"]);
			on.packet = on.end = heard;
		});
		const next = probe = websocket(it, on);
		upgrading = await answer === "3probe";
		it.fire(upgrading ? "upgrading" : "upgradeError", next);
		if (upgrading)
			await it.transport.pause();
		if (closed || !upgrading) {
			next.close();
		} else if (next.writable) {
			Object.assign(on, { packet, end });
			it.transport = next;
			next.send(["5"]);
			it.fire("upgrade", next);
		} else {
			it.transport.poll();
		}
		probe = upgrading = undefined;
		flush();
	}

	listen();
	/* Polling has had more names: xhr-polling, jsonp-polling. */
	const make = opts.transports[0] === "websocket" ? websocket : polling;
	it.transport = make(it, { packet, end, drain: drained }, opts);
	return it;
}

/* ---- a server ---- */

function manage(uri, opts) {
	const it = emitter({ uri, opts, start, release, open, connect: open,
		socket, all: new Map() });
	let attempts = 0, opened, retry, partial, warned;

	/* Without a value, each of these returns the one that is set. */
	for (const name of ["reconnection", "reconnectionAttempts",
	    "reconnectionDelay", "reconnectionDelayMax", "randomizationFactor",
	    "timeout"])
		it[name] = (value) => {
			if (value === undefined)
				return opts[name];
			opts[name] = value;
			return it;
		};

	const active = () =>
	    [...it.all.values()].filter((one) => one.it.active);

	/* Returns whether it is open. */
	function start() {
		if (!it.engine && !retry)
			it.engine = openSession(it.uri, opts)
			    .on("open", greet)
			    .on("ping", () => it.fire("ping"))
			    .on("message", receive)
			    .on("close", lost);
		return opened;
	}

	/* Call done with nothing, or with an error. */
	function open(done) {
		const settle = (error) => {
			it.off("open", settle).off("error", settle);
			done(error);
		};
		if (start() || !done)
			done?.();
		else
			it.on("open", settle).on("error", settle);
		return it;
	}

	function socket(nsp, options) {
		const known = it.all.get(nsp)?.it;
		if (known)
			return opts.autoConnect ? known.connect() : known;
		return join(it, nsp, { ...opts, ...options });
	}

	/* A browser hides why another origin's server gives no answer. */
	function warn({ message }) {
		const page = globalThis.location?.origin;
		const { origin } = resolve(it.uri);
		if (!warned && page && page !== origin)
			console.warn(`socket.io: ${message} at ${origin}. ` +
			    "If it runs, it must allow pages of the origin " +
			    `${page}, as in: wsd --cors "*"`);
		warned = true;
	}

	/* Close a connection that no namespace uses. */
	function release() {
		if (active().length)
			return;
		attempts = 0;
		retry = clearTimeout(retry);
		lost("forced close");
	}

	function greet() {
		opened = true;
		it.fire("open");
		active().forEach((one) => one.greet());
		if (attempts)
			it.fire("reconnect", attempts);
		attempts = 0;
	}

	function lost(reason, error) {
		const was = opened;
		it.engine?.off().close();
		it.engine = partial = opened = undefined;
		active().forEach((one) => one.lost(reason, error));
		if (was)
			it.fire("close", reason, error);
		else if (error) {
			warn(error);
			it.fire("error", error);
		}
		if (!was && attempts)
			it.fire("reconnect_error", error);
		if (opts.reconnection && active().length && !it.engine)
			again();
	}

	/* The delay doubles, and a part of it is random: after a restart, a
	 * thousand pages must not return at the same moment. */
	function again() {
		const delay = Math.min(opts.reconnectionDelayMax,
		    opts.reconnectionDelay * 2 ** attempts);
		if (attempts++ >= opts.reconnectionAttempts) {
			attempts = 0;
			return it.fire("reconnect_failed");
		}
		const wait = delay *
		    (1 - opts.randomizationFactor * Math.random());
		retry = setTimeout(() => {
			retry = undefined;
			it.fire("reconnect_attempt", attempts);
			if (active().length)
				start();
		}, wait);
		it.fire("reconnect_wait", wait);
	}

	/* Text begins a packet, and octets complete it. */
	function receive(data) {
		try {
			if (typeof data !== "string")
				partial.octets.push(data);
			else if (partial)
				throw new Error("attachments expected");
			else
				partial = parse(data);
			if (partial.octets.length < partial.missing)
				return;
			const { type, nsp, id, json, octets } = partial;
			const args = json && JSON.parse(json, (_, value) =>
			    value?._placeholder ? octets[value.num] : value);
			const one = it.all.get(nsp);
			partial = undefined;
			if (one?.it.active)
				one.receive[type](args, id);
		} catch (error) {
			lost("parse error", error);
		}
	}

	return it;
}

/* ---- a namespace ---- */

const RESERVED =
    /^((dis)?connect|connect_error|disconnecting|(new|remove)Listener)$/;

function join(manager, nsp, opts) {
	const acks = new Map();
	let ids = 0, flags = {};
	let pid, offset; /* to resume: which session, after which event */
	const tap = (how, way) => (listener) => {
		any[how](way, listener);
		return it;
	};
	const it = emitter({
		io: manager, nsp, auth: opts.auth,
		connected: false, recovered: false, active: false,
		sendBuffer: [], /* emitted while not connected */
		get disconnected() { return !it.connected; },
		get volatile() { flags.volatile = true; return it; },
		timeout(ms) { flags.timeout = ms; return it; },
		compress: () => it,
		connect, disconnect, open: connect, close: disconnect,
		emit, emitWithAck,
		send: (...args) => emit("message", ...args),
		onAny: tap("on", "in"),
		prependAny: tap("prepend", "in"),
		offAny: tap("off", "in"),
		listenersAny: () => any.listeners("in"),
		onAnyOutgoing: tap("on", "out"),
		prependAnyOutgoing: tap("prepend", "out"),
		offAnyOutgoing: tap("off", "out"),
		listenersAnyOutgoing: () => any.listeners("out"),
	});

	/* Listeners of any event: "in" and "out" are its directions. */
	const any = emitter({}, it);
	const put = (wire) => manager.engine?.send(...wire);
	const write = (type, id, data) => put(encode(type, nsp, id, data));

	function connect() {
		const was = it.active;
		it.active = true;
		if (manager.start() && !was)
			greet();
		return it;
	}

	function disconnect() {
		if (it.connected)
			write(1);
		leave("io client disconnect");
		return it;
	}

	function leave(...why) {
		it.active = false;
		manager.release();
		lost(...why);
	}

	function greet() {
		const hello = (auth) => write(0, "", { pid, offset, ...auth });
		if (typeof it.auth === "function")
			call(it, it.auth, [hello]);
		else
			hello(it.auth);
	}

	function lost(reason, error) {
		const waiting = [...acks.values()];
		if (!it.connected)
			return error && it.fire("connect_error", error);
		it.connected = false;
		it.id = undefined;
		it.fire("disconnect", reason, error);
		for (const settle of waiting)
			settle("socket has been disconnected");
	}

	const receive = [ /* by type */
		accepted,
		() => leave("io server disconnect"),
		event,
		(data, id) => acks.get(id)?.(null, data),
		({ message, data }) =>
			leave("", Object.assign(new Error(message), { data })),
	];

	function accepted({ sid, pid: session }) {
		it.id = sid;
		it.recovered = !!pid && session === pid;
		it.connected = true;
		pid = session;
		it.sendBuffer.splice(0).forEach(deliver);
		it.fire("connect");
	}

	function event(data, id) {
		const answer = (...values) => {
			if (id)
				write(3, id, values);
			id = "";
		};
		const args = id ? [...data, answer] : data;
		any.fire("in", ...args);
		it.fire(...args);
		if (pid && typeof args.at(-1) === "string")
			offset = args.at(-1);
	}

	function deliver({ data, wire }) {
		any.fire("out", ...data);
		put(wire);
	}

	function emit(...data) {
		const how = flags;
		const ack = typeof data.at(-1) === "function" && data.pop();
		const id = ack ? `${ids++}` : "";
		flags = {};
		if (RESERVED.test(data[0]))
			throw new Error(
			    `"${data[0]}" is a reserved event name`);
		const packet = { id, data, wire: encode(2, nsp, id, data) };
		if (ack)
			expect(id, ack, how);
		if (it.connected &&
		    (!how.volatile || manager.engine?.transport.writable))
			deliver(packet);
		else if (!how.volatile)
			it.sendBuffer.push(packet);
		return it;
	}

	function emitWithAck(...args) {
		flags.errors = true;
		return new Promise((resolve, reject) => emit(...args,
		    (error, data) => error ? reject(error) : resolve(data)));
	}

	/* Without a timeout, the callback has no error argument. */
	function expect(id, ack,
	    { timeout = opts.ackTimeout, errors = timeout >= 0 }) {
		const timer = timeout >= 0 && setTimeout(() => {
			it.sendBuffer = it.sendBuffer.filter((one) =>
			    one.id !== id);
			settle("operation has timed out");
		}, timeout);

		function settle(error, data = []) {
			clearTimeout(timer);
			if (!acks.delete(id) || error && !errors)
				return;
			call(it, ack, !errors ? data :
			    [error && new Error(error), ...data]);
		}
		acks.set(id, settle);
	}

	manager.all.set(nsp, { it, greet, lost, receive });
	return opts.autoConnect ? connect() : it;
}

/* ---- io ---- */

const managers = new Map();
const ADDRESS = /^(?:(\w+:)?\/\/)?([^/?#]*)([^?#]*)\??([^#]*)/;

/* The parts of an address. What it lacks is the page's; a page that comes from
 * a file lacks it, too, and means http. */
function resolve(uri) {
	const page = globalThis.location ?? {};
	const own = page.protocol === "https:" ? "https:" : "http:";
	const [, scheme = own, host, path, query] = ADDRESS.exec(uri);
	if (!host && !page.host)
		throw new Error("socket.io: a page that comes from a file " +
		    'must name its server: io("http://localhost:8080")');
	return { origin: `${scheme.replace("ws", "http")}//${
	    host || page.host}`, path: path || "/", query };
}

function settings(options) {
	const opts = { path: "/socket.io", transports: ["polling", "websocket"],
		timeout: 20000, autoConnect: true, reconnection: true,
		reconnectionAttempts: Infinity, reconnectionDelay: 1000,
		reconnectionDelayMax: 5000, randomizationFactor: 0.5 };
	for (const name in options)
		opts[name] = options[name] ?? opts[name];
	return opts;
}

function io(uri, options) {
	if (typeof uri !== "string")
		return io("", uri ?? options);
	const { origin, path: nsp, query } = resolve(uri);
	const opts = settings({ ...options, query: options?.query ?? query });
	const key = origin + opts.path;
	const shared = managers.get(key);
	const alone = opts.forceNew || opts.multiplex === false ||
	    shared?.all.has(nsp);
	const manager = !alone && shared || manage(origin, opts);
	if (!alone)
		managers.set(key, manager);
	return join(manager, nsp, opts);
}

io.Manager = function (uri, options) {
	const it = manage(...typeof uri === "string" ?
	    [uri, settings(options)] : ["", settings(uri)]);
	return it.opts.autoConnect ? it.open() : it;
};

/* Socket.IO 0.6: new io.Socket(host, { port, transports }) */
io.Socket = function (host, { port, transports } = {}) {
	const page = globalThis.location ?? {};
	const of = port ?? page.port;
	return io(`//${host ?? page.hostname}${of ? `:${of}` : ""}`,
	    { autoConnect: false, forceNew: true, transports });
};
io.protocol = 5;
io.io = io.connect = io;
return io;
})();
