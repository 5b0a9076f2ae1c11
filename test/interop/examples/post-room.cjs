/* post-room.cjs - what examples/post-room.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { WebSocketServer } = require("ws");

const app = express();
const server = http.createServer(app);
const wss = new WebSocketServer({ server });

app.use(express.static("examples/pages"));

wss.on("connection", (socket, request) => {
	const { searchParams } = new URL(request.url, "http://localhost");
	socket.room = searchParams.get("room");
});

app.post("/", express.text({ type: "*/*" }), (request, response) => {
	const { room } = request.query;
	if (!room) {
		return response.status(400).send("a room and a text, please\n");
	}
	const receivers = [...wss.clients].filter((one) => one.room === room);
	for (const client of receivers) {
		client.send(request.body);
	}
	response.json({ receivers: receivers.length });
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/post-room.html`);
});
