/* auth-chat.cjs - what examples/auth-chat.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

const users = { "anna's secret": "anna", "bert's secret": "bert" };

io.use((socket, next) => {
	const user = users[socket.handshake.auth.token];
	if (!user) {
		return next(new Error("who are you?"));
	}
	socket.data.user = user;
	socket.join(user); /* all windows of a user */
	next();
});

io.on("connection", (socket) => {
	const from = socket.data.user;

	socket.on("say", (text) => {
		socket.broadcast.emit("said", { from, text });
	});

	socket.on("direct", (to, text, ack) => {
		const delivered = typeof to === "string" &&
		    io.sockets.adapter.rooms.has(to);
		if (delivered) {
			socket.to(to).emit("direct", { from, text });
		}
		ack({ delivered });
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/auth-chat.html`);
});
