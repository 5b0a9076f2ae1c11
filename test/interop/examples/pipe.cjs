/* pipe.cjs - what examples/pipe.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const { isUtf8 } = require("buffer");
const express = require("express");
const http = require("http");
const { WebSocketServer } = require("ws");

const app = express();
const server = http.createServer(app);
const wss = new WebSocketServer({ server });

app.use(express.static("examples/pages"));

process.stdin.on("data", (data) => {
	const binary = !isUtf8(data);
	for (const client of wss.clients) {
		client.send(data, { binary });
	}
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/pipe.html`);
});
