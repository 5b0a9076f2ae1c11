/* hooks.js - the official server, as hooks.c is ours. */
/* SPDX-License-Identifier: MIT */

import { createServer } from "node:http";

import { load } from "../harness.js";

const { Server } = load("socket.io");

const [host, port] = (process.argv[2] ?? "127.0.0.1:0").split(":");
const http = createServer((_, response) => response.writeHead(404).end());
const io = new Server(http, {
	addTrailingSlash: false,
	cors: {
		origin: (origin, done) =>
		    done(null, origin === "http://good.example"),
		methods: "GET,POST",
		allowedHeaders: "X-A,X-B",
		exposedHeaders: "X-C",
		maxAge: 600,
	},
	allowRequest: (request, done) =>
	    done(null, !/token=bad/.test(request.url)),
});
const log = io.of("/log");
const note = (what, which) => log.emit("note", `${what} ${which}`);

io.engine.on("connection_error", ({ code, message }) => note(code, message));
io.engine.on("initial_headers", (headers) => headers["X-First"] = "yes");
io.engine.on("headers", (headers, request) => {
	if (/sid=/.test(request.url))
		headers["X-Next"] = "yes";
});
for (const what of ["create", "join", "leave", "delete"])
	io.of("/").adapter.on(`${what}-room`, (room, id) =>
	    note(what, room.length === 20 ? "own" : room));
io.on("new_namespace", (nsp) => note("namespace", nsp.name));
io.of(/^\/new-.*$/);
io.on("connection", (socket) => {
	socket.use(([, word], next) => {
		if (word !== "bad")
			next();
		else
			socket.emit("error",
			    { message: "no", data: { word } });
	});
	socket.on("join", (done) => {
		socket.join("room");
		socket.leave("room");
		done();
	});
	socket.on("echo", (...args) => {
		socket.emit("back", ...args);
		io.send(...args.slice(1));
	});
});
http.listen(Number(port), host, () =>
    console.log(`listening on ${host}:${http.address().port}`));
process.once("SIGTERM", () => process.exit(0));
