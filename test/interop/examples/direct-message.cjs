/* direct-message.cjs - what examples/direct-message.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

io.use((socket, next) => {
	const { name } = socket.handshake.auth;
	if (typeof name !== "string" || name === "" || name.length > 64) {
		next(new Error("a name is needed"));
		return;
	}
	socket.data.name = name;
	next();
});

io.on("connection", (socket) => {
	const { name } = socket.data;
	console.log(`A user connected: ${socket.id}`);
	socket.join(name);
	socket.broadcast.emit("here", name);
	for (const other of io.sockets.sockets.values()) {
		socket.emit("here", other.data.name);
	}

	socket.on("direct", (to, text, answer) => {
		const delivered = io.sockets.adapter.rooms.has(to);
		if (delivered) {
			io.to(to).emit("direct", { from: name, text });
		}
		answer(delivered);
	});

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
		if (!io.sockets.adapter.rooms.has(name)) {
			io.emit("gone", name);
		}
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/direct-message.html`);
});
