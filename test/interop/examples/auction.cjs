/* auction.cjs - what examples/auction.c does, in JavaScript. */
/* SPDX-License-Identifier: MIT */
const express = require("express");
const http = require("http");
const { Server } = require("socket.io");

const app = express();
const server = http.createServer(app);
const io = new Server(server);

app.use(express.static("examples/pages"));

const TEAMS = ["red", "green", "blue"];
const duration = Number(process.argv[3] ?? 20000);
let leader = null;
let highest = 0;
let ends = 0;

/* Send the leading team, its bid, and the time that is left. */
function tell(target) {
	target.emit("state", {
		team: leader,
		amount: highest,
		left: leader ? ends - Date.now() : 0,
	});
}

function sell() {
	io.emit("sold", { team: leader, amount: highest });
	leader = null;
	highest = 0;
}

io.on("connection", (socket) => {
	console.log(`A user connected: ${socket.id}`);
	tell(socket);

	socket.on("bid", (team, amount, answer) => {
		if (!TEAMS.includes(team) || !Number.isInteger(amount) ||
		    amount <= highest) {
			answer(false);
			return;
		}
		if (!leader) {
			ends = Date.now() + duration;
			setTimeout(sell, duration);
		}
		leader = team;
		highest = amount;
		answer(true);
		tell(io);
	});

	socket.on("disconnect", (reason) => {
		console.log(`${socket.id} disconnected: ${reason}`);
	});
});

const [host, port] = (process.argv[2] ?? ":8080").split(":");
server.listen(port, host, () => {
	const { address, port } = server.address();
	console.log(`listening on http://${address}:${port}/auction.html`);
});
