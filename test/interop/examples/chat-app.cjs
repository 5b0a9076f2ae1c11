/* chat-app.cjs - what examples/chat-app.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

function tell(event) {
	const count = io.sockets.sockets.size;
	console.log(`Users online: ${count}`);
	io.emit(event, { count });
}

io.on("connection", (socket) => {
	console.log(`A user connected: ${socket.id}`);
	tell("user-joined");

	socket.on("send-message", (said) => {
		const { user, message } = said;
		if (typeof user !== "string" || typeof message !== "string") {
			return;
		}
		console.log(`Message: ${JSON.stringify(said)}`);
		const time = new Date().toLocaleTimeString("de", {
			hour: "2-digit",
			minute: "2-digit",
		});
		io.emit("receive-message", { user, message, time });
	});

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
		tell("user-left");
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/chat-app.html`);
});
