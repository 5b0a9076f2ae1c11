/* private-rooms.cjs - what examples/private-rooms.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

io.on("connection", (socket) => {
	console.log(`A user connected: ${socket.id}`);

	socket.on("enter", (room, answer) => {
		if (typeof room !== "string") {
			answer(false);
			return;
		}
		socket.join(room);
		answer(true);
		socket.to(room).emit("entered", room, socket.id);
	});

	socket.on("exit", (room) => {
		if (socket.rooms.has(room)) {
			socket.leave(room);
			socket.to(room).emit("left", room, socket.id);
		}
	});

	socket.on("whisper", (room, text) => {
		if (socket.rooms.has(room)) {
			io.to(room).emit("whisper", room, socket.id, text);
		}
	});

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/private-rooms.html`);
});
