// ws-server.js - the npm package ws: echo at /echo, rooms at /room/NAME.
// SPDX-License-Identifier: MIT
//
// Written as its documentation shows. A message to a room reaches all of its
// members, the sender included. The argument "deflate" lets it compress what has
// 1,024 octets or more.
'use strict';

const http = require('http');
const { WebSocketServer } = require('ws');

const rooms = new Map();

function echo(socket) {
	socket.on('message', (data, isBinary) => {
		socket.send(data, { binary: isBinary });
	});
}

function join(socket, name) {
	const members = rooms.get(name) || new Set();

	rooms.set(name, members.add(socket));
	socket.on('message', (data, isBinary) => {
		for (const member of members)
			member.send(data, { binary: isBinary });
	});
	socket.on('close', () => {
		members.delete(socket);
		if (members.size === 0)
			rooms.delete(name);
	});
}

const server = http.createServer((request, response) => {
	const found = request.url === '/healthz';

	response.writeHead(found ? 200 : 404, {
		'Content-Type': 'text/plain',
		'Content-Length': 3,
	});
	response.end(found ? 'ok\n' : 'no\n');
});
const perMessageDeflate = process.argv[2] === 'deflate';
const sockets = new WebSocketServer({ server, perMessageDeflate });

sockets.on('connection', (socket, request) => {
	socket.on('error', () => {});
	if (request.url.startsWith('/room/'))
		join(socket, request.url);
	else
		echo(socket);
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
	console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
