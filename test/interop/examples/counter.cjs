/* counter.cjs - what examples/counter.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

function tell() {
	console.log(`Users online: ${io.sockets.sockets.size}`);
	io.emit("stats", { numClients: io.sockets.sockets.size });
}

io.on("connection", (socket) => {
	console.log(`A user connected: ${socket.id}`);
	tell();

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
		tell();
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/counter.html`);
});
