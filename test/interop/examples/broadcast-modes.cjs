/* broadcast-modes.cjs - what examples/broadcast-modes.c does, in JavaScript. */
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

	socket.on("self", (what) => {
		console.log("Message to self");
		socket.emit("news", "self", what);
	});

	socket.on("all", (what) => {
		console.log("Message to all");
		io.emit("news", "all", what);
	});

	socket.on("others", (what) => {
		console.log("Message to others");
		socket.broadcast.emit("news", "others", what);
	});

	socket.on("room", (what) => {
		console.log("Message to room");
		io.to("red").emit("news", "room", what);
	});

	socket.on("except", (what) => {
		console.log("Message to except");
		io.except("red").emit("news", "except", what);
	});

	socket.on("join", (answer) => {
		socket.join("red");
		answer();
	});

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/broadcast-modes.html`);
});
