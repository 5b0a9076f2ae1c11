#!/usr/bin/env python3
# python.py - the clients of python3-socketio, the one with threads and the
# one with asyncio.
# SPDX-License-Identifier: MIT
import asyncio
import contextlib
import os
import queue
import re
import subprocess
import sys
import traceback

import engineio.payload
import socketio

BUILD = os.environ.get("BUILD", "build/interop")
OFFICIAL = os.environ.get("PEER") == "official"
TWIN = ["node", "test/interop/sio/twin.js"] if OFFICIAL else [f"{BUILD}/twin"]
DEADLINE = 30

# They take 16 packets in one answer to a poll, unless they are told otherwise.
engineio.payload.Payload.max_decode_packets = 1000

failed = done = tags = 0


# ---- checks ----------------------------------------------------------------

def equal(got, expected, what="value"):
    assert got == expected, f"{what}: {got!r}, expected {expected!r}"


def succeeded(name):
    global done
    done += 1
    print(f"ok      {name}", flush=True)


def broke(name):
    global failed
    failed += 1
    print(f"FAILED  {name}: {traceback.format_exc()}", flush=True)


@contextlib.contextmanager
def twin(*args):
    """Start the server of clients.js; end it in good order."""
    child = subprocess.Popen([*TWIN, "127.0.0.1:0", *args], text=True,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    try:
        line = child.stdout.readline()
        yield "http://" + re.match(r"listening on (\S+)", line)[1]
    finally:
        child.terminate()
        status = child.wait(DEADLINE)
        child.stdout.close()
    equal(status, 0, "exit status")


def new_tag():
    global tags
    tags += 1
    return f"python-{tags}"


# ---- a client with threads -------------------------------------------------

class Plain:
    """Its events can be waited for, whatever thread they come in."""

    def __init__(self, url, transports, namespaces=("/",), **options):
        self.tag = new_tag()
        self.client = socketio.Client(reconnection=False)
        self.events = queue.Queue()
        self.left = queue.Queue()
        for namespace in namespaces:
            self.client.on("*", self.came, namespace=namespace)
            self.client.on("hello", self.greeted, namespace=namespace)
            self.client.on("question", self.asked, namespace=namespace)
            self.client.on("disconnect", lambda: self.left.put(True),
                           namespace=namespace)
        self.client.connect(f"{url}?tag={self.tag}", transports=transports,
                            namespaces=list(namespaces),
                            wait_timeout=DEADLINE, **options)

    def came(self, event, *args):
        self.events.put([event, *args])

    def greeted(self, hello):
        self.events.put(["hello", hello])

    def asked(self, question):
        return question + " yes", b"\x01"

    def next(self):
        return self.events.get(timeout=DEADLINE)

    def ask(self, event, *args, namespace="/"):
        return self.client.call(event, args, namespace=namespace,
                                timeout=DEADLINE)

    def close(self):
        self.client.disconnect()


VALUES = [
    (1, "two", {"three": [4.5, None, True]}),
    ("é😀\u2028", ""),
    (b"\x00\x1e\xff", {"within": [b"one", b"", "text"]}),
    ("x" * 300000,),
    (b"y" * 300000,),
    ("é😀" * 50000,),
]


def greeting(url, transports):
    one = Plain(url, transports, auth={"user": "Ada"})
    equal(one.next(), ["hello", {"nsp": "/", "auth": {"user": "Ada"},
                                 "tag": one.tag, "recovered": False}])
    one.close()


def values(url, transports):
    one = Plain(url, transports)
    one.next()
    for args in VALUES:
        back = one.ask("echo", *args)
        equal(back == (args if len(args) > 1 else args[0]), True, "answer")
        one.client.emit("echo", args)
        equal(one.next() == ["echo", *args], True, "event")
    one.close()


def order(url, transports):
    one = Plain(url, transports)
    one.next()
    for i in range(300):
        one.client.emit("echo", i)
    # Each event is handled in a thread of its own, so they may be mixed up.
    equal(sorted(one.next()[1] for _ in range(300)), list(range(300)))
    one.close()


def asked(url, transports):
    one = Plain(url, transports)
    one.next()
    equal(one.ask("ask", "there?", 20000), (None, "there? yes", b"\x01"))
    equal(one.ask("ask", "there?", 20000), (None, "there? yes", b"\x01"))
    one.close()


def namespaces(url, transports):
    one = Plain(url, transports, namespaces=("/", "/custom", "/room-7"))
    equal(sorted(one.next()[1]["nsp"] for _ in range(3)),
          ["/", "/custom", "/room-7"])
    for namespace in "/", "/custom", "/room-7":
        equal(one.ask("echo", namespace, b"\x02", namespace=namespace),
              (namespace, b"\x02"))
    one.close()


def refused(url, transports):
    for namespace, expected in (
            ("/nowhere", {"message": "Invalid namespace"}),
            ("/admin", {"message": "not authorized", "data": {"code": 401}})):
        refusals = queue.Queue()
        client = socketio.Client(reconnection=False)
        client.on("connect_error", refusals.put, namespace=namespace)
        client.connect(url, transports=transports, namespaces=[namespace],
                       wait=False)
        equal(refusals.get(timeout=DEADLINE), expected)
        client.disconnect()
    one = Plain(url, transports, namespaces=("/admin",),
                auth={"token": "secret"})
    equal(one.ask("echo", 1, namespace="/admin"), 1)
    one.close()


def rooms(url, transports):
    a, b = Plain(url, transports), Plain(url, transports)
    for one in a, b:
        one.next()
    room = f"room of {a.tag}"
    equal(a.ask("join", room), [room])
    equal(b.ask("join", room), [room])
    a.client.emit("tell", ({"to": [room], "others": True}, ["hello", b"!"]))
    equal(b.next(), ["told", "hello", b"!"])
    equal(b.ask("leave", room), [])
    a.client.emit("tell", ({"to": [room]}, ["again"]))
    equal(a.next(), ["told", "again"])
    for one in a, b:
        one.close()


def departures(url, transports):
    witness = Plain(url, transports)
    for leave, reasons in (
            (lambda one: one.client.emit("kick", False),
             ["server namespace disconnect"]),
            # It says so in one breath with the end of the connection.
            (lambda one: one.close(),
             ["client namespace disconnect", "transport close"]),
            (lambda one: one.client.emit("cut"), ["forced close"])):
        one = Plain(url, transports)
        one.next()
        leave(one)
        one.left.get(timeout=DEADLINE)
        left = None
        while left is None:
            left = witness.ask("departed", one.tag)
        equal(left["rooms"], [])
        equal(left["reason"] in reasons, True, left["reason"])
        one.client.disconnect()
    witness.close()


# ---- a client with asyncio -------------------------------------------------

async def concurrent(url, transports):
    tag = new_tag()
    client = socketio.AsyncClient(reconnection=False)
    events = asyncio.Queue()

    async def came(event, *args):
        await events.put([event, *args])

    async def question(text):
        return text + " yes"

    client.on("*", came)
    client.on("question", question)
    await client.connect(f"{url}?tag={tag}", transports=transports,
                         auth={"n": 1}, wait_timeout=DEADLINE)
    equal(await events.get(), ["hello", {"nsp": "/", "auth": {"n": 1},
                                         "tag": tag, "recovered": False}])
    for args in VALUES:
        back = await client.call("echo", args, timeout=DEADLINE)
        equal(back == (args if len(args) > 1 else args[0]), True, "answer")
    for i in range(300):
        await client.emit("echo", i)
    got = [(await events.get())[1] for _ in range(300)]
    equal(sorted(got), list(range(300)))
    equal(await client.call("ask", ("there?", 20000), timeout=DEADLINE),
          (None, "there? yes"))
    await client.disconnect()


# ---- all of them -----------------------------------------------------------

TRANSPORTS = {
    "polling": ["polling"],
    "websocket": ["websocket"],
    "upgrade": ["polling", "websocket"],
}


def main():
    with twin() as url:
        for name, transports in TRANSPORTS.items():
            for run in (greeting, values, order, asked, namespaces, refused,
                        rooms, departures):
                what = f"python, {name}: {run.__name__}"
                try:
                    run(url, transports)
                    succeeded(what)
                except Exception:
                    broke(what)
            what = f"python with asyncio, {name}"
            try:
                asyncio.run(asyncio.wait_for(concurrent(url, transports),
                                             2 * DEADLINE))
                succeeded(what)
            except Exception:
                broke(what)
    succeeded("python: the server ends with 0")


main()
sys.stdout.flush()
# Threads of clients that failed may still wait for something.
os._exit(1 if failed or not done else 0)
