/* ticker.cjs - what examples/ticker.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { WebSocketServer } = require("ws");

const app = express();
const server = http.createServer(app);
const wss = new WebSocketServer({ server });

app.use(express.static("examples/pages"));

setInterval(() => {
	const price = Math.floor(Math.random() * 1000);
	for (const client of wss.clients) {
		client.send(JSON.stringify({ price }));
	}
}, Number(process.argv[3] ?? 1000));

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/ticker.html`);
});
