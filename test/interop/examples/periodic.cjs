/* periodic.cjs - what examples/periodic.c does, in JavaScript. */
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

	const timer = setInterval(() => {
		socket.emit("tick", Date.now());
	}, Number(process.argv[3] ?? 5000));

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
		clearInterval(timer);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/periodic.html`);
});
