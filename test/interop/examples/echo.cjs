/* echo.cjs - what examples/echo.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { WebSocketServer } = require("ws");

const app = express();
const server = http.createServer(app);
const wss = new WebSocketServer({ server });

app.use(express.static("examples/pages"));

wss.on("connection", (ws) => {
	console.log("Client connected");

	ws.on("message", (data, isBinary) => {
		console.log(`Received ${data.length} octets`);
		const answer = Buffer.from(`We received your ${data}`);
		ws.send(answer, { binary: isBinary });
	});

	ws.on("close", (code) => {
		console.log(`Client disconnected (${code})`);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/echo.html`);
});
