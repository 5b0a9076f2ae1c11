/* hello-http.cjs - what examples/hello-http.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");

const app = express();
const server = http.createServer(app);
const WAITING_MAX = 100;
const waiting = new Set();

app.use("/pages", express.static("examples/pages"));
app.use(express.raw({ type: () => true, limit: "1mb" }));

app.get("/", (request, response) => {
	response.type("text/plain").send("Hello, world!\n");
});

app.post("/upper", (request, response) => {
	const body = request.body ?? Buffer.alloc(0);
	const loud = body
		.toString("latin1")
		.replace(/[a-z]/g, (c) => c.toUpperCase());
	response.type("text/plain").send(Buffer.from(loud, "latin1"));
});

app.get("/wait", (request, response) => {
	if (waiting.size >= WAITING_MAX) {
		response.status(503).send("Too many wait.\n");
		return;
	}
	waiting.add(response);
	response.on("close", () => {
		waiting.delete(response);
	});
});

app.post("/wake", (request, response) => {
	for (const one of waiting) {
		one.type("text/plain").send(request.body ?? "");
	}
	waiting.clear();
	response.status(204).end();
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/pages/hello-http.html`);
});
