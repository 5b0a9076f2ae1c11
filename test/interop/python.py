#!/usr/bin/env python3
# python.py - the client of python3-websockets.
# SPDX-License-Identifier: MIT
import asyncio
import contextlib
import os
import re
import subprocess
import sys
import traceback

import websockets
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory)

WSD = os.environ.get("WSD", "./wsd")
DEADLINE = 60
MIB = 1 << 20

failed = done = 0


# ---- checks ----------------------------------------------------------------

def equal(got, expected, what="value"):
    assert got == expected, f"{what}: {got!r}, expected {expected!r}"


async def check(name, test):
    global failed, done
    try:
        await asyncio.wait_for(test, DEADLINE)
        done += 1
        print(f"ok      python: {name}", flush=True)
    except Exception:
        failed += 1
        print(f"FAILED  python: {name}: {traceback.format_exc()}", flush=True)


@contextlib.contextmanager
def wsd(*args):
    """Start wsd; end it in good order."""
    child = subprocess.Popen([WSD, "-l", "127.0.0.1:0", *args],
                             stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.DEVNULL)
    try:
        line = child.stdout.readline()
        yield re.match(r"listening on http(://\S+)", line)[1]
    finally:
        child.terminate()
        status = child.wait(DEADLINE)
        child.stdout.close()
    equal(status, 0, "exit status")


def connect(base, path, **options):
    return websockets.connect(f"ws{base}{path}", max_size=None, **options)


# ---- echo ------------------------------------------------------------------

LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 65537, 131072, MIB - 1, MIB]


async def echo_lengths(base):
    async with connect(base, "echo") as ws:
        for length in LENGTHS:
            for message in ("x" * length, os.urandom(length)):
                await ws.send(message)
                assert await ws.recv() == message, f"differs at {length}"


async def echo_fragments(base):
    async with connect(base, "echo") as ws:
        await ws.send(["Gr", "", "\u00fc\u00df", "e \U0001f30d"])
        equal(await ws.recv(), "Gr\u00fc\u00dfe \U0001f30d")
        parts = [os.urandom(size) for size in (1, 0, 125, 126, 65536, 70000)]
        await ws.send(parts)
        equal(await ws.recv() == b"".join(parts), True, "the same")


async def echo_pipelined(base):
    async with connect(base, "echo", max_queue=None) as ws:
        for i in range(2000):
            await ws.send(str(i))
        equal([await ws.recv() for i in range(2000)],
              [str(i) for i in range(2000)])


async def declines(base):
    async with connect(base, "echo", compression="deflate",
                       subprotocols=["chat", "superchat"]) as ws:
        equal((ws.extensions, ws.subprotocol), ([], "chat"))
        await ws.send("plain")
        equal(await ws.recv(), "plain")
    async with connect(base, "echo", compression=None) as ws:
        await ws.send("plain")
        equal(await ws.recv(), "plain")


async def deflates(base, **parameters):
    """What is sent and received compressed is what was meant."""
    factory = ClientPerMessageDeflateFactory(**parameters)
    async with connect(base, "echo", extensions=[factory],
                       compression=None) as ws:
        equal([one.name for one in ws.extensions], ["permessage-deflate"])
        for text in ("", "short", "like this one" * 100, "ä€😀" * 9999,
                     "like this one" * 50, os.urandom(5000).hex()):
            await ws.send(text)
            equal(await ws.recv(), text)
        await ws.send(["in ", "three ", "fragments" * 99])
        equal(await ws.recv(), "in three " + "fragments" * 99)


# ---- keeping alive ---------------------------------------------------------

async def client_pings(base):
    """The client's own keep-alive finds its pings answered."""
    async with connect(base, "echo", ping_interval=0.05,
                       ping_timeout=20) as ws:
        for _ in range(5):
            await (await ws.ping())
        await (await ws.ping(b"p" * 125))
        before = ws.latency
        while ws.latency == before:
            await asyncio.sleep(0.01)
        equal(ws.open, True, "open")


async def server_pings():
    with wsd("--ping", "100ms") as base:
        async with connect(base, "echo", ping_interval=None) as ws:
            pings, real = [], ws.pong

            async def pong(data=b""):
                pings.append(data)
                await real(data)

            ws.pong = pong
            while len(pings) < 3:
                await asyncio.sleep(0.01)
            await ws.send("still here")
            equal(await ws.recv(), "still here")


# ---- closing ---------------------------------------------------------------

async def close_codes(base):
    for code in (1000, 1001, 1003, 1008, 1011, 1013, 3000, 4999):
        ws = await connect(base, "echo")
        await ws.close(code, "b\u00fcs" * 30)
        equal((ws.close_code, ws.close_reason), (code, ""))


async def violation(base, message, code, **options):
    ws = await connect(base, "echo", **options)
    try:
        await ws.send(message)
        await ws.recv()
    except websockets.ConnectionClosed as closed:
        equal(closed.rcvd.code, code)
        assert closed.rcvd.reason, "no reason"
        return
    raise AssertionError("not closed")


async def going_away():
    with wsd() as base:
        ws = await connect(base, "echo")
        room = await connect(base, "room/a")
    for one in (ws, room):
        await one.wait_closed()
        equal(one.close_code, 1001, "code")


# ---- opening and rooms -----------------------------------------------------

async def refused(base, path, status, **options):
    try:
        async with connect(base, path, **options):
            raise AssertionError("accepted")
    except websockets.InvalidStatusCode as refusal:
        equal(refusal.status_code, status)


async def rooms(base):
    async with connect(base, "room/py") as a, connect(base, "room/py") as b, \
            connect(base, "room/py?self=1") as c:
        for message in ("text", b"\x00\xff", "x" * MIB):
            await a.send(message)
            assert await b.recv() == message == await c.recv()
        await c.send("all")
        equal([await ws.recv() for ws in (a, b, c)], ["all"] * 3)
        await b.send("last")
        equal([await a.recv(), await c.recv()], ["last"] * 2)


async def crowd(base):
    clients = [await connect(base, "room/crowd") for _ in range(100)]
    for i, ws in enumerate(clients):
        await ws.send(str(i))
    everybody = {str(i) for i in range(100)}
    for i, ws in enumerate(clients):
        equal({await ws.recv() for _ in range(99)}, everybody - {str(i)})
    await asyncio.gather(*(ws.close() for ws in clients))


async def main():
    with wsd() as base:
        await check("all lengths come back", echo_lengths(base))
        await check("fragments come back whole", echo_fragments(base))
        await check("2000 messages sent ahead", echo_pipelined(base))
        await check("deflate is declined, a subprotocol chosen", declines(base))
        await check("its pings are answered", client_pings(base))
        await check("close codes come back", close_codes(base))
        await check("too big is 1009",
                    violation(base, b"x" * (MIB + 1), 1009))
        await check("too big in fragments is 1009",
                    violation(base, [b"x" * MIB, b"x"], 1009))
        await check("a foreign origin is refused",
                    refused(base, "echo", 403, origin="http://a.example"))
        await check("no endpoint is 404", refused(base, "no", 404))
        await check("rooms", rooms(base))
        await check("a hundred in a room", crowd(base))
    for mode in ("shared", "dedicated"):
        with wsd("--deflate", mode) as base:
            for parameters in ({}, {"server_no_context_takeover": True},
                               {"client_no_context_takeover": True},
                               {"server_max_window_bits": 9},
                               {"client_max_window_bits": 9}):
                await check(f"deflate, {mode}, {parameters}",
                            deflates(base, **parameters))
    await check("it answers the server's pings", server_pings())
    await check("it is told 1001 at the end", going_away())


asyncio.run(main())
sys.exit(1 if failed or not done else 0)
