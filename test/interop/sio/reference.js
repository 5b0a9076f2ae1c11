/* reference.js - the official server, as examples/reference.c is ours. */
/* SPDX-License-Identifier: MIT */

import { createServer } from "node:http";

import { load } from "../harness.js";

const { Server } = load("socket.io");

const [address = "127.0.0.1:0", interval = 300, timeout = 200,
	connectTimeout = 1000] = process.argv.slice(2);
const [host, port] = address.split(":");
const http = createServer((_, response) => response.writeHead(404).end());
const io = new Server(http, {
	allowEIO3: true,
	pingInterval: Number(interval),
	pingTimeout: Number(timeout),
	connectTimeout: Number(connectTimeout),
	maxHttpBufferSize: 1000000,
	cors: { origin: "*" },
});

io.on("connection", (socket) => {
	socket.emit("auth", socket.handshake.auth ?? {});
	socket.on("message", (...args) => socket.emit("message-back", ...args));
	socket.on("message-with-ack", (...args) => args.pop()(...args));
});
io.of("/custom").on("connection", (socket) =>
    socket.emit("auth", socket.handshake.auth ?? {}));
http.listen(Number(port), host, () =>
    console.log(`listening on ${host}:${http.address().port}`));
