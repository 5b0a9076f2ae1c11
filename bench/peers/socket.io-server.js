// socket.io-server.js - the official Socket.IO server: echo, and a relay.
// SPDX-License-Identifier: MIT
//
// Written as its documentation shows. In the namespace "/" an event "message"
// is answered by "message-back"; in the namespaces "/relay/NAME" every event
// goes to all others there.
'use strict';

const http = require('http');
const { Server } = require('socket.io');

const server = http.createServer((request, response) => {
	const found = request.url === '/healthz';

	response.writeHead(found ? 200 : 404, {
		'Content-Type': 'text/plain',
		'Content-Length': 3,
	});
	response.end(found ? 'ok\n' : 'no\n');
});
const io = new Server(server, { serveClient: false });

io.on('connection', (socket) => {
	socket.on('message', (...args) => {
		socket.emit('message-back', ...args);
	});
});
io.of(/^\/relay\//).on('connection', (socket) => {
	socket.onAny((event, ...args) => {
		socket.broadcast.emit(event, ...args);
	});
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
	console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
