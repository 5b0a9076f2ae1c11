/* stock-ticker.cjs - what examples/stock-ticker.c does, in JavaScript. */
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

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
	});
});

setInterval(() => {
	const price = Math.floor(Math.random() * 1000);
	io.volatile.emit("stock price update", price);
}, Number(process.argv[3] ?? 1000));

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/stock-ticker.html`);
});
