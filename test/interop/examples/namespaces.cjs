/* namespaces.cjs - what examples/namespaces.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

function serve(nsp) {
	nsp.on("connection", (socket) => {
		console.log(`A user connected to ${nsp.name}`);
		socket.emit("welcome", `Welcome to ${nsp.name}`);

		socket.on("say", (text) => {
			nsp.emit("say", text);
		});

		socket.on("disconnect", (reason) => {
			console.log(`A user disconnected from ${nsp.name}: ` +
			    reason);
		});
	});
}

serve(io.of("/"));
serve(io.of("/stackabuse"));

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/namespaces.html`);
});
