/* ticker-both.cjs - what examples/ticker-both.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");
const { WebSocketServer } = require("ws");

const app = express();
const server = http.createServer(app);
const io = new Server(server);
const wss = new WebSocketServer({ noServer: true });

app.use(express.static("examples/pages"));

server.on("upgrade", (request, socket, head) => {
	if (new URL(request.url, "http://localhost").pathname === "/") {
		wss.handleUpgrade(request, socket, head, () => {});
	}
});

setInterval(() => {
	const price = Math.floor(Math.random() * 1000);
	for (const client of wss.clients) {
		client.send(JSON.stringify({ price }));
	}
	io.volatile.emit("price", price);
}, 50);

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/ticker-both.html`);
});
