/* announcements.cjs - what examples/announcements.c does, in JavaScript. */
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
	io.emit("announcements", { message: "A new user has joined!" });

	socket.on("event", (data) => {
		console.log(`${socket.id} says ${JSON.stringify(data)}`);
	});

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/announcements.html`);
});
