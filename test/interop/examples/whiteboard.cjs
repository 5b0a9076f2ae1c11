/* whiteboard.cjs - what examples/whiteboard.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

const KEEP = 4096;
let strokes = [];

io.on("connection", (socket) => {
	console.log(`A user connected: ${socket.id}`);
	for (const stroke of strokes) {
		socket.emit("drawing", stroke);
	}

	socket.on("drawing", ({ x0, y0, x1, y1, color } = {}) => {
		if (![x0, y0, x1, y1].every(Number.isFinite) ||
		    typeof color !== "string" || color.length !== 7) {
			return;
		}
		const stroke = { x0, y0, x1, y1, color };
		strokes.push(stroke);
		if (strokes.length > KEEP) {
			strokes.shift();
		}
		socket.broadcast.emit("drawing", stroke);
	});

	socket.on("clear", () => {
		strokes = [];
		io.emit("clear");
	});

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/whiteboard.html`);
});
