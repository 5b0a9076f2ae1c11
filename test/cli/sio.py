#!/usr/bin/env python3
# sio.py - what wsd does with Socket.IO: its options and its namespaces.
# SPDX-License-Identifier: MIT
import http.client
import json
import os
import shutil
import signal
import sys
import time

from cli import Client, equal, get, main, matches, run, scratch, test, tests
from cli import wsd

tests.clear()  # those of cli.py are another suite

PATH = "/socket.io"


# ---- a client --------------------------------------------------------------

def handshake(port, path=PATH, **fields):
    """The first poll: its status, its fields, and what it opens."""
    status, fields, body = get(port, f"{path}/?EIO=4&transport=polling",
                               **fields)
    return status, fields, json.loads(body[1:]) if status == 200 else body


def post(port, sid, body):
    """One request of a session that polls: its status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(
        "POST", f"{PATH}/?EIO=4&transport=polling&sid={sid}", body)
    status = connection.getresponse().status
    connection.close()
    return status


class Socket:
    """A session over a WebSocket, and one namespace of it."""

    def __init__(self, port, nsp, fields=""):
        self.head = "" if nsp == "/" else f"{nsp},"
        self.client = Client(port, f"{PATH}/?EIO=4&transport=websocket",
                             fields=fields)
        equal(self.client.status, 101, "status")
        self.hello = json.loads(self.hear()[1:])
        self.say(f"40{self.head}")
        self.id = json.loads(self.hear().removeprefix(f"40{self.head}"))["sid"]

    def say(self, packet, *attachments):
        self.client.send(packet.encode())
        for octets in attachments:
            self.client.send(octets, 0x82)

    def emit(self, *event, ack=""):
        self.say(f"42{self.head}{ack}{json.dumps(event)}")

    def hear(self):
        first, payload = self.client.receive()
        equal(first, 0x81, "a text")
        return payload.decode()

    def hears(self, *event):
        got = self.hear()
        assert got.startswith(f"42{self.head}"), got
        equal(json.loads(got.removeprefix(f"42{self.head}")), list(event))

    def hears_octets(self, octets):
        self.client.received(0x82, octets)

    def acknowledged(self, ack, *values):
        equal(self.hear(), f"43{self.head}{ack}"
              + json.dumps(values, separators=(",", ":")))

    def leave(self):
        self.client.hang_up()


# ---- options ---------------------------------------------------------------

@test("Socket.IO is there, with the defaults of the official server")
def defaults():
    with wsd() as it:
        status, _, hello = handshake(it.port())
        equal(status, 200, "status")
        del hello["sid"]
        equal(hello, {"upgrades": ["websocket"], "pingInterval": 25000,
                      "pingTimeout": 20000, "maxPayload": 1000000})


@test("{0} {1} is {3} of {2}",
      ("--ping-interval", "300ms", "pingInterval", 300),
      ("--ping-timeout", "2m", "pingTimeout", 120000),
      ("--max-message", "64K", "maxPayload", 65536))
def tells(option, value, name, expected):
    with wsd(option, value) as it:
        equal(handshake(it.port())[2][name], expected, name)


@test("--ping-interval: pings come, and who does not answer is given up")
def pings():
    with wsd("--ping-interval", "50ms", "--ping-timeout", "50ms") as it:
        socket = Socket(it.port(), "/relay/a")
        for _ in range(3):
            equal(socket.hear(), "2", "ping")
            socket.say("3")
        equal(socket.hear(), "2", "ping")
        first = socket.client.stream.read(1)
        assert first in (b"", b"\x88"), first
        socket.leave()


@test("--max-message: a larger one ends the session, a larger body is 413")
def too_large():
    with wsd("--max-message", "1000") as it:
        socket = Socket(it.port(), "/relay/a")
        socket.emit("e", "x" * 900, ack=7)
        socket.acknowledged(7, 0)
        socket.emit("e", "x" * 1000)
        equal(socket.client.receive()[0], 0x88, "Close")
        socket.leave()
        sid = handshake(it.port())[2]["sid"]
        equal(post(it.port(), sid, "40" + 998 * " "), 200, "1000 octets")
        equal(post(it.port(), sid, "4" + 1000 * "x"), 413, "1001 octets")
    with wsd("--max-message", "4M") as it:
        sid = handshake(it.port())[2]["sid"]
        equal(post(it.port(), sid, "40"), 200, "CONNECT")
        event = json.dumps(["e", "x" * (3 << 20)])
        equal(post(it.port(), sid, f"42{event}"), 200, "3 MiB")


@test("--max-clients and --max-per-ip hold for sessions over one connection")
def sessions_count():
    for options, most, status in ((["--max-per-ip", "2"], 2, 429),
                                  (["--max-clients", "5"], 5, 503)):
        with wsd(*options) as it:
            it.started()
            conn = http.client.HTTPConnection("127.0.0.1", it.port())
            got = []
            for _ in range(50):
                conn.request("GET", "/socket.io/?EIO=4&transport=polling")
                answer = conn.getresponse()
                got.append((answer.status, answer.read()))
            conn.close()
            equal([code for code, _ in got],
                  [200] * most + [status] * (50 - most), options)
            equal(json.loads(got[-1][1])["code"], 4, "code")


@test("--no-socket.io")
def without():
    with wsd("--no-socket.io") as it:
        equal(handshake(it.port())[0], 404, "handshake")
        equal(get(it.port(), f"{PATH}/socket.io.js")[0], 404, "script")
        equal(get(it.port(), "/")[0], 200, "the page")


@test("--socket.io-path {0}", "/live", "/a/b", "/live/")
def path(where):
    with wsd("--socket.io-path", where) as it:
        where = where.rstrip("/")
        equal(handshake(it.port(), where)[0], 200, "there")
        equal(get(it.port(), f"{where}/socket.io.js")[0], 200, "script")
        equal(handshake(it.port())[0], 404, "where it was")


@test("--base-path holds for Socket.IO, too")
def base_path():
    with wsd("--base-path", "/live") as it:
        equal(handshake(it.port(), "/live/socket.io")[0], 200, "there")
        equal(handshake(it.port())[0], 404, "outside")


@test("--socket.io-path of another endpoint is said, with exit 1")
def path_taken():
    got = run("-l", "127.0.0.1:0", "--socket.io-path", "/room")
    equal((got.returncode, got.stdout), (1, ""))
    matches(r"\Awsd: cannot serve Socket\.IO: [^\n]+\n\Z", got.stderr)


# ---- the script ------------------------------------------------------------

def write(name, text):
    name = f"{scratch}/{name}"
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "w") as file:
        file.write(text)
    return name


def script(port, where=PATH):
    status, fields, body = get(port, f"{where}/socket.io.js")
    equal(status, 200, "status")
    matches("^(text|application)/javascript", fields["Content-Type"])
    equal(get(port, f"{where}/socket.io.js",
              **{"If-None-Match": fields["ETag"]})[0], 304, "again")
    return body.decode()


@test("the client that is built in")
def built_in():
    with wsd() as it:
        with open("www/socket.io.js") as file:
            equal(script(it.port()), file.read(), "script")


BUILDS = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js",
          "socket.io.msgpack.min.js", "socket.io.js.map",
          "socket.io.min.js.map", "socket.io.esm.min.js.map",
          "socket.io.msgpack.min.js.map"]


def builds(it):
    """The status of each build, and its content if it is there."""
    for name in BUILDS:
        status, _, body = get(it.port(), f"{PATH}/{name}")
        yield body.decode() if status == 200 else status


@test("--socket.io-client FILE is what pages get as a script")
def client_file():
    mine = write("mine.js", "// mine")
    root = os.path.dirname(write("a/socket.io.js", "// of the root"))
    with wsd("--socket.io-client", mine, root) as it:
        equal(script(it.port()), "// mine", "script")
        equal(list(builds(it)), ["// mine"] * 2 + [404] * 6)


@test("--socket.io-client DIR serves each build under its name")
def client_directory():
    for name in BUILDS:
        write(f"dist/{name}", f"// {name}")
    with wsd("--socket.io-client", f"{scratch}/dist") as it:
        equal(list(builds(it)), [f"// {name}" for name in BUILDS])


@test("--socket.io-client DIR: builds that it lacks are 404")
def client_lacks():
    write("some/socket.io.min.js", "// minified")
    with wsd("--socket.io-client", f"{scratch}/some") as it:
        equal(list(builds(it)), [404, "// minified"] + [404] * 6)


@test("no --socket.io-client: the built-in one has no other builds")
def client_of_ours():
    with wsd() as it:
        got = list(builds(it))
        equal(got[0], got[1], "scripts")
        matches(r"\nexport \{", got[2])
        equal(got[3:], [404] * 5)


@test("socket.io.js in the document root is what pages get: {0}",
      ("b", "socket.io.js", PATH), ("c", "socket.io/socket.io.js", PATH),
      ("d", "live/socket.io.js", "/live"))
def client_of_root(root, name, where):
    write(f"{root}/{name}", f"// {root}")
    with wsd("--socket.io-path", where, f"{scratch}/{root}") as it:
        equal(script(it.port(), where), f"// {root}", "script")


@test("socket.io.js in the document root must not be a link")
def client_is_link():
    secret = write("secret", "// secret")
    os.makedirs(f"{scratch}/e")
    os.symlink(secret, f"{scratch}/e/socket.io.js")
    with wsd(f"{scratch}/e") as it:
        assert "secret" not in script(it.port())


@test("--socket.io-client that cannot be served is named: {0}",
      ("x.js", "No such file or directory"),
      ("none", "No such file or directory"),
      ("large", "File too large"))
def client_missing(name, why):
    path = f"{scratch}/{name}"
    os.makedirs(f"{scratch}/none", exist_ok=True)
    os.truncate(write("large/socket.io.js", ""), (4 << 20) + 1)
    got = run("-l", "127.0.0.1:0", "--socket.io-client", path)
    equal((got.returncode, got.stdout), (1, ""))
    *more, last = got.stderr.splitlines()
    equal(last, f"wsd: cannot serve Socket.IO with {path}: {why}")
    if name == "large":
        equal(len(more), 1, "lines")
        matches(f"cannot serve {path}/socket.io.js: {why}$", more[0])
    else:
        equal(more, [])


# ---- origins ---------------------------------------------------------------

A, B = "http://a.example", "https://b.example:8443"


@test("--cors {0}: {1} gets {2}",
      ((), A, None),
      ((A,), A, A),
      ((A,), B, A),  # a single one is the answer to all
      ((A, B), "https://b.example", None),
      ((f"{A}, {B}",), B, B),
      ((A, B), A, A),
      ((A, B), B, B),
      (("*",), A, "*"),
      (("true",), A, A),
      (("true",), "null", "null"),
      (("true",), None, None),
      (("true", A), B, B),
      ((A, "true"), B, B),
      ((A, "*"), B, "*"),
      (("*", A), B, "*"))
def cors(options, origin, allowed):
    credentials = None if not options or "*" in options else "true"
    options = [part for one in options for part in ("--cors", one)]
    with wsd(*options) as it:
        for where in (f"{PATH}/?EIO=4&transport=polling",
                      f"{PATH}/?EIO=4&transport=polling&sid=unknown",
                      f"{PATH}/socket.io.js"):
            fields = get(it.port(), where,
                         **({"Origin": origin} if origin else {}))[1]
            equal(fields["Access-Control-Allow-Origin"], allowed, where)
            equal(fields["Access-Control-Allow-Credentials"], credentials,
                  "credentials")


@test("a WebSocket from elsewhere: --cors {0} --origin {1}: {2}",
      (None, None, 403), (A, None, 101), ("*", None, 101), ("true", None, 101),
      (B, None, 403),
      (None, A, 101), (B, A, 101))
def websocket_origin(cors_list, origin, status):
    options = ["--cors", cors_list] if cors_list else []
    options += ["--origin", origin] if origin else []
    with wsd(*options) as it:
        client = Client(it.port(), f"{PATH}/?EIO=4&transport=websocket",
                        fields=f"Origin: {A}\r\n")
        equal(client.status, status, "status")
        client.hang_up()


# ---- namespaces ------------------------------------------------------------

@test("/relay/NAME: every event goes to all others in it, as it came")
def relay():
    with wsd() as it:
        ann, bob, cid = (Socket(it.port(), "/relay/a") for _ in range(3))
        other = Socket(it.port(), "/relay/b")
        ann.emit("greet", 1, "zwei \u4e16", {"three": [None, True]}, ack=5)
        ann.acknowledged(5, 2)
        for socket in bob, cid:
            socket.hears("greet", 1, "zwei \u4e16", {"three": [None, True]})
        # Binary data, and what it is among.
        holes = [{"_placeholder": True, "num": n} for n in (0, 1)]
        event = ["file", holes[0], "and", holes[1]]
        bob.say(f"452-/relay/a,6{json.dumps(event)}", b"\x00\xff", b"")
        bob.acknowledged(6, 2)
        for socket in ann, cid:
            got = socket.hear()
            assert got.startswith("452-/relay/a,"), got
            equal(json.loads(got.removeprefix("452-/relay/a,")), event)
            socket.hears_octets(b"\x00\xff")
            socket.hears_octets(b"")
        # Nobody in another relay has heard any of it.
        other.emit("alone", ack=0)
        other.acknowledged(0, 0)
        # Who has left is not counted.
        cid.leave()
        count, ack = 2, 10
        while count != 1:
            ann.emit("still?", ack=ack)
            count, = json.loads(ann.hear().removeprefix(f"43/relay/a,{ack}"))
            bob.hears("still?")
            ack += 1
        for socket in ann, bob, other:
            socket.leave()


@test("/: all are told how many they are")
def stats():
    with wsd() as it:
        ann = Socket(it.port(), "/")
        ann.hears("stats", {"numClients": 1})
        bob = Socket(it.port(), "/")
        for socket in ann, bob:
            socket.hears("stats", {"numClients": 2})
        bob.leave()
        ann.hears("stats", {"numClients": 1})
        ann.leave()


@test("{0}: who came is told once; a crowd is told in few events",
      ("/", "stats"), ("/chat", "user-joined"))
def crowd(nsp, event):
    def number(socket):
        name, count = json.loads(socket.hear().removeprefix(f"42{socket.head}"))
        equal(name, event)
        return count["numClients" if nsp == "/" else "count"]

    with wsd() as it:
        ann, bob = Socket(it.port(), nsp), Socket(it.port(), nsp)
        equal(number(bob), 2)
        while number(ann) != 2:
            pass
        began = time.monotonic()
        others = [Socket(it.port(), nsp) for _ in range(30)]
        equal([number(each) for each in others], list(range(3, 33)))
        told = 1
        while number(bob) != 32:  # and not 2 again, before
            told += 1
        spent = time.monotonic() - began
        assert told <= 2 + spent / 0.05, (told, spent)
        for each in (ann, bob, *others):
            each.leave()


@test("/chat: who, what and when, to all; nothing without a name or a text")
def chat():
    with wsd() as it:
        ann = Socket(it.port(), "/chat")
        ann.hears("user-joined", {"count": 1})
        bob = Socket(it.port(), "/chat")
        for socket in ann, bob:
            socket.hears("user-joined", {"count": 2})
        for wrong in ([], ["text"], [{}], [{"user": "ann"}],
                      [{"user": "", "message": "x"}],
                      [{"user": "ann", "message": ""}],
                      [{"user": "a" * 161, "message": "x"}],
                      [{"user": 1, "message": "x"}]):
            ann.emit("send-message", *wrong)
        ann.emit("send-message", {"user": "ann", "message": "a\0<b>"})
        for socket in ann, bob:
            name, said = json.loads(socket.hear().removeprefix("42/chat,"))
            matches(r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z", said.pop("time"))
            equal((name, said), ("receive-message",
                                 {"user": "ann", "message": "a\0<b>"}))
        bob.leave()
        ann.hears("user-left", {"count": 1})
        ann.leave()


@test("/ticker: prices come, and come again after nobody listened")
def ticker():
    with wsd() as it:
        for _ in range(2):
            socket = Socket(it.port(), "/ticker")
            for _ in range(2):
                name, price = json.loads(
                    socket.hear().removeprefix("42/ticker,"))
                equal(name, "stock price update")
                assert price in range(1000), price
            socket.leave()


@test("a namespace that is not there is refused")
def no_namespace():
    with wsd() as it:
        socket = Socket(it.port(), "/")
        socket.hears("stats", {"numClients": 1})
        for name in "/relay", "/relays/a", "/admin":
            socket.say(f"40{name},")
            equal(socket.hear(), f"44{name},"
                  '{"message":"Invalid namespace"}')
        socket.leave()


@test("--relay {0}: an event in {1} goes to all others, and to the sender: "
      "{2}", ("/", "/", False), ("/,self", "/", True),
      ("/news", "/news", False), ("/news,self", "/news", True),
      ("/game-*,self", "/game-7", True), ("/relay/*,self", "/relay/x", True))
def relays(option, nsp, to_self):
    with wsd("--relay", option) as it:
        port = it.port()
        one, two = Socket(port, nsp), Socket(port, nsp)
        one.emit("hello", 1, ack="7")
        two.hears("hello", 1)
        if to_self:
            one.hears("hello", 1)
        equal(one.hear(), f"43{one.head}7[{2 if to_self else 1}]")
        one.leave()
        two.leave()


@test("what cannot be parsed is logged, with where and from whom: {0}",
      ("not JSON", '42["a",}', "payload of a packet"),
      ("no type", "4x", "no packet of Socket.IO"),
      ("no Engine.IO", "xyz", "no packet of Engine.IO"),
      ("no namespace", '42/other,["a"]', "without a CONNECT"),
      ("msgpack", b"\x83\xa4type", "another parser"))
def parse_errors(name, sent, words):
    with wsd() as it:
        socket = Socket(it.port(), "/relay/a")
        socket.client.send(*((sent, 0x82) if isinstance(sent, bytes)
                             else (sent.encode(),)))
        it.wait_said(rf"^127\.0\.0\.1 parse error: .*{words}.* octets, ")
        socket.leave()


@test("what a POST cannot be parsed for is logged: {0}",
      ("an empty packet", "\x1e4b", "the body of a POST"))
def post_parse_errors(name, body, words):
    with wsd() as it:
        port = it.port()
        post(port, handshake(port)[2]["sid"], body)
        it.wait_said(rf"^127\.0\.0\.1 parse error: {words}.* octets, ")


@test("what a client logs in with is not logged")
def no_secret():
    with wsd() as it:
        socket = Socket(it.port(), "/relay/a")
        socket.say('40/relay/b,{"token":"secret",}')
        said = it.wait_said(r"^127\.0\.0\.1 parse error: .*$")[0]
        socket.leave()
    assert "secret" not in it.said and "token" not in it.said, said


# ---- the end ---------------------------------------------------------------

@test("{0}: sessions end before the server does", "SIGTERM", "SIGINT")
def stops(name):
    with wsd() as it:
        sockets = [Socket(it.port(), "/relay/a") for _ in range(3)]
        it.signal(getattr(signal, name))
        for socket in sockets:
            first, _ = socket.client.receive()
            while first == 0x81:
                first, _ = socket.client.receive()
            equal(first, 0x88, "Close")
            socket.client.send(b"\x03\xe8", 0x88)
            socket.leave()
        equal(it.ended(), 0, "exit status")


status = main()
shutil.rmtree(scratch, ignore_errors=True)
sys.exit(status)
