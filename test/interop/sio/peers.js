/* peers.js - the servers of this suite: ours, or with PEER=official the
 * official one, by which the suite itself is proven. */
/* SPDX-License-Identifier: MIT */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { BUILD, check, equal, program } from "../harness.js";

const here = dirname(fileURLToPath(import.meta.url));

export const OFFICIAL = process.env.PEER === "official";

/* Where each program is: ours are built by run.sh. */
const OURS = {
	reference: "build/examples/reference",
	"engine-echo": "build/examples/engine-echo",
	hooks: join(BUILD, "hooks"),
	twin: join(BUILD, "twin"),
};

/* Start one of them on a free port, or at an address. */
export async function start(name, ...args) {
	const [address = "127.0.0.1:0", ...more] = args;
	const it = OFFICIAL ? program(process.execPath,
	    [join(here, `${name}.js`), address, ...more]) :
	    program(OURS[name], [address, ...more]);
	const [, where] = await it.printed(
	    /^listening on (?:http:\/\/)?([^\s/]+)\/?\n/m);

	it.http = `http://${where}`;
	it.ws = `ws://${where}`;
	it.port = Number(new URL(it.http).port);
	return it;
}

/* Run checks against a server, which must survive them and end well. */
export async function withPeer(name, args, run) {
	const it = await start(name, ...args);

	try {
		await run(it);
	} finally {
		await check(`${name} ends with 0`, async () =>
		    equal(await it.stop(), 0, "exit status"));
	}
}
