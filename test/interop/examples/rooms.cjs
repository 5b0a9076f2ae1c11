/* rooms.cjs - what examples/rooms.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { WebSocketServer } = require("ws");

const app = express();
const server = http.createServer(app);
const wss = new WebSocketServer({ noServer: true });

app.use(express.static("examples/pages"));

const rooms = new Map();

function publish(room, data, binary) {
	for (const client of rooms.get(room) ?? []) {
		client.send(data, { binary });
	}
}

function announce(room) {
	publish(room, `users: ${rooms.get(room)?.size ?? 0}`, false);
}

server.on("upgrade", (request, socket, head) => {
	const url = new URL(request.url, "http://localhost");
	const room = url.searchParams.get("room");
	if (!room) {
		socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
		return;
	}
	wss.handleUpgrade(request, socket, head, (ws) => {
		wss.emit("connection", ws, room);
	});
});

wss.on("connection", (ws, room) => {
	if (!rooms.has(room)) {
		rooms.set(room, new Set());
	}
	rooms.get(room).add(ws);
	announce(room);

	ws.on("message", (data, isBinary) => {
		publish(room, data, isBinary);
	});

	ws.on("close", () => {
		rooms.get(room).delete(ws);
		announce(room);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/rooms.html`);
});
