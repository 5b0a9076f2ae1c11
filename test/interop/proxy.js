/* proxy.js - nginx and haproxy, ready to be put in front of a server. */
/* SPDX-License-Identifier: MIT */

import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";

import { freePort, program, scratch, within } from "./harness.js";

const PROXY_IDLE = "2s"; /* what a proxy takes for a dead connection */

/* ---- configurations ------------------------------------------------------ */

/* As docs/proxies.md has it, but for what a test must not touch. */
const nginxConfig = (port, upstream, base) => `
daemon off;
master_process off;
pid ${scratch("nginx.pid")};
error_log stderr warn;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path ${scratch("nginx-body")};
	proxy_temp_path ${scratch("nginx-proxy")};
	fastcgi_temp_path ${scratch("nginx-fastcgi")};
	uwsgi_temp_path ${scratch("nginx-uwsgi")};
	scgi_temp_path ${scratch("nginx-scgi")};
	map $http_upgrade $connection_upgrade {
		default upgrade;
		"" close;
	}
	server {
		listen 127.0.0.1:${port};
		location ${base} {
			proxy_pass http://${upstream};
			proxy_http_version 1.1;
			proxy_set_header Host $http_host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_read_timeout ${PROXY_IDLE};
			proxy_send_timeout ${PROXY_IDLE};
		}
		# What nginx does when nothing else is said: HTTP/1.0, buffers.
		location ${base}room/stock {
			proxy_pass http://${upstream};
			proxy_set_header Host $http_host;
		}
		${base === "/" ? "" : "location / { return 404; }"}
	}
}
`;

const haproxyConfig = (port, upstream, base) => `
global
	maxconn 512
defaults
	mode http
	timeout connect 10s
	timeout client 30s
	timeout server 30s
	timeout tunnel ${PROXY_IDLE}
frontend all
	bind 127.0.0.1:${port}
	use_backend wsd if { path_beg ${base} }
backend wsd
	server one ${upstream}
`;

export const PROXIES = {
	nginx: {
		config: nginxConfig,
		tcp: (port) => `127.0.0.1:${port}`,
		unix: (path) => `unix:${path}:`,
		args: (file) => ["-c", file, "-e", "stderr"],
		elsewhere: 404,
	},
	haproxy: {
		config: haproxyConfig,
		tcp: (port) => `127.0.0.1:${port}`,
		unix: (path) => `unix@${path}`,
		args: (file) => ["-db", "-f", file],
		elsewhere: 503,
	},
};

/* Return whether something accepts connections at a port now. */
async function accepts(port) {
	const socket = connect(port, "127.0.0.1");
	try {
		await once(socket, "connect");
		return true;
	} catch {
		return false;
	} finally {
		socket.destroy();
	}
}

export async function startProxy(name, upstream, base) {
	const proxy = PROXIES[name], port = await freePort();
	const file = scratch(`${name}.conf`);

	writeFileSync(file, proxy.config(port, upstream, base));
	for (const part of ["body", "proxy", "fastcgi", "uwsgi", "scgi"])
		mkdirSync(scratch(`nginx-${part}`), { recursive: true });
	const it = program(name, proxy.args(file));
	await within((async () => {
		while (!await accepts(port)) {
			if (it.code !== undefined)
				throw new Error(`${name} ended: ${it.text}`);
			await new Promise((go) => setTimeout(go, 20));
		}
	})(), `${name} to listen`);
	return { ...it, origin: `http://127.0.0.1:${port}`,
		ws: `ws://127.0.0.1:${port}` };
}
