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

let rest = Buffer.alloc(0);
process.stdin.on("data", (data) => {
	rest = Buffer.concat([rest, data]);
	for (let end; (end = rest.indexOf("\n")) >= 0;) {
		const line = rest.subarray(0, end);
		for (const client of wss.clients) {
			client.send(line, { binary: !isUtf8(line) });
		}
		rest = rest.subarray(end + 1);
	}
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/pipe.html`);
});
