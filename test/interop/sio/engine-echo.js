/* engine-echo.js - the official server, as examples/engine-echo.c is ours. */
/* SPDX-License-Identifier: MIT */

import { createServer } from "node:http";
import { createRequire } from "node:module";

import { load } from "../harness.js";

/* It is a part of socket.io, which brings the version that it needs. */
const { attach } = createRequire(load.resolve("socket.io"))("engine.io");

const [address = "127.0.0.1:0", interval = 300, timeout = 200] =
    process.argv.slice(2);
const [host, port] = address.split(":");
const http = createServer((_, response) => response.writeHead(404).end());

attach(http, {
	allowEIO3: true,
	pingInterval: Number(interval),
	pingTimeout: Number(timeout),
	maxHttpBufferSize: 1000000,
	cors: { origin: "*" },
}).on("connection", (socket) =>
    socket.on("message", (data) => socket.send(data)));
http.listen(Number(port), host, () =>
    console.log(`listening on ${host}:${http.address().port}`));
