#!/usr/bin/env python3
# cli.py - the options of wsd, its signals, its sockets and its words.
# SPDX-License-Identifier: MIT
import contextlib
import gzip
import http.client
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

WSD = os.path.abspath(os.environ.get("WSD", "./wsd"))
DEADLINE = 30
MIB = 1 << 20

scratch = tempfile.mkdtemp(prefix="wsd-cli-")
tests = []


# ---- checks ----------------------------------------------------------------

def test(name, *arguments):
    """Register a test; with arguments, one for each call."""
    def register(function):
        tests.append((name, function, arguments))
        return function
    return register


def equal(got, expected, what="value"):
    assert got == expected, f"{what}: {got!r}, expected {expected!r}"


def matches(pattern, text):
    match = re.search(pattern, text, re.M)
    assert match, f"{text!r} does not match {pattern!r}"
    return match


def until(condition, what):
    """Wait for what no descriptor tells."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"{what}: not in {DEADLINE} s"
        time.sleep(0.01)


# ---- the program -----------------------------------------------------------

class Wsd:
    """A running wsd, and everything that it prints."""

    def __init__(self, *args, listen="127.0.0.1:0", **options):
        self.said, self.changed = "", threading.Condition()
        if listen is not None:
            args = ("-l", listen, *args)
        self.child = subprocess.Popen([WSD, *args], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, **options)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for octets in iter(lambda: self.child.stdout.read1(65536), b""):
            with self.changed:
                self.said += octets.decode()
                self.changed.notify_all()
        with self.changed:
            self.child.stdout.close()
            self.changed.notify_all()

    def wait_said(self, pattern):
        """The match of a pattern in what it said, now or later."""
        with self.changed:
            self.changed.wait_for(
                lambda: re.search(pattern, self.said, re.M) or
                self.child.stdout.closed, DEADLINE)
            return matches(pattern, self.said)

    def port(self):
        return int(self.wait_said(r"^listening on http://\S*:(\d+)\S*/")[1])

    def started(self):
        self.wait_said(r"^limits: .*\n")
        return self

    def signal(self, number):
        self.child.send_signal(number)

    def ended(self):
        status = self.child.wait(DEADLINE)
        self.reader.join()
        return status

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.ended()


@contextlib.contextmanager
def wsd(*args, **options):
    """Start wsd, and see it end with 0 unless the test has ended it."""
    it = Wsd(*args, **options)
    try:
        yield it
        if it.child.poll() is None:
            equal(it.stop(), 0, "exit status")
    finally:
        it.child.kill()
        it.ended()


def run(*args, **options):
    """Run wsd to its end."""
    return subprocess.run([WSD, *args], capture_output=True, text=True,
                          timeout=DEADLINE, **options)


# ---- a client --------------------------------------------------------------

HANDSHAKE = ("GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n")


class Client:
    """A WebSocket, octet by octet."""

    def __init__(self, where, path="/echo", fields="", receive=None):
        family = socket.AF_INET
        if isinstance(where, str):
            family = socket.AF_UNIX
        elif isinstance(where, int):
            where = ("127.0.0.1", where)
        else:
            family = socket.AF_INET6
        self.socket = socket.socket(family)
        if receive:
            self.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(where)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(HANDSHAKE.format(path, "a", fields).encode())
        self.status = int(self.stream.readline().split()[1])
        self.head = "".join(line.decode("latin-1") for line in
                            iter(self.stream.readline, b"\r\n"))

    def send(self, payload, first=0x81):
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, 0xfe, size)
        else:
            head = struct.pack("!BBQ", first, 0xff, size)
        self.socket.sendall(head + bytes(4) + payload)

    def receive(self):
        """One frame: its first octet and its payload."""
        first, size = self.stream.read(2)
        if size == 126:
            size, = struct.unpack("!H", self.stream.read(2))
        elif size == 127:
            size, = struct.unpack("!Q", self.stream.read(8))
        return first, self.stream.read(size)

    def received(self, first, payload):
        equal(self.receive(), (first, payload), "frame")

    def closed(self, code):
        """The server's Close frame: its code, and then the end."""
        first, payload = self.receive()
        equal((first, payload[:2]), (0x88, struct.pack("!H", code)), "Close")
        self.send(payload[:2], 0x88)
        equal(self.stream.read(), b"", "after the Close")
        self.hang_up()
        return payload[2:].decode()

    def hang_up(self):
        self.stream.close()
        self.socket.close()


def get(port, path="/", host="127.0.0.1", **fields):
    """One request: its status, its fields, its body."""
    connection = http.client.HTTPConnection(host, port, timeout=DEADLINE)
    connection.request("GET", path, headers={
        name.replace("_", "-"): value for name, value in fields.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


def post(port, path, text):
    """POST a text: the status and the body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port,
                                            timeout=DEADLINE)
    connection.request("POST", path, body=text)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


# ---- usage -----------------------------------------------------------------

@test("{0} prints to stdout and exits 0", "--help", "-h", "--version", "-V")
def prints(option):
    got = run(option)
    equal((got.returncode, got.stderr), (0, ""))
    if option.lower() in ("-v", "--version"):
        matches(r"^wsd \d+\.\d+\.\d+\n$", got.stdout)
        return
    for name in ("listen", "origin", "max-message", "max-clients",
                 "max-per-ip", "memory", "queue", "ping", "idle", "grace", "base-path",
                 "deflate", "deflate-level", "deflate-window", "deflate-min",
                 "deflate-memory", "spa", "list", "cache", "log", "no-socket.io",
                 "socket.io-path", "socket.io-client", "cors",
                 "ping-interval", "ping-timeout", "quiet", "help", "version"):
        assert f"--{name}" in got.stdout, name
    longest = max(len(line) for line in got.stdout.splitlines())
    assert longest < 80, f"{longest} columns"


WRONG = ["--nonsense", "-x", "-qx", "--max 1", "--list=1", "--listen", "--spa=yes", "one two",
         "--max-message 0", "--max-message -1", "--max-message +1",
         "--max-message 1X", "--max-message 1MB", "--max-message M",
         "--max-message=", "--max-message 1.5M", "--max-message 2G",
         "--max-message 99999999999999999999", "--max-message 0x10",
         "--max-message 1_000", "--max-message 1m", "--max-message 1k",
         "--max-clients 0", "--max-clients 1K", "--max-clients many",
         "--max-clients 4294967297", "--max-per-ip -1", "--queue 1",
         "--queue 10s", "--ping 1M", "--ping 1d", "--ping 25S",
         "--ping -1s", "--ping 10000000h", "--idle 0", "--idle soon",
         "--grace 1x", "--base-path live", "--base-path=", "--log loud",
         "--log=", "--log INFO", "--log-format json", "--listen 127.0.0.1", "--listen :70000",
         "--listen :-1", "--listen :x", "--listen [::1", "--listen [::1]",
         "--listen unix:", "--listen=", "--listen unix:/tmp/x,mode=9",
         "--listen unix:/tmp/x,mode=", "--listen unix:/tmp/x,size=1",
         f"--listen unix:/{'x' * 200}", "--listen localhost:",
         "--origin a.example", "--origin https://", "--origin=",
         "--origin ftp://a.example/x", "--cache a\nb", f"--cache {'a' * 1001}", "--base-path /a?b",
         "--base-path /a#b", "--base-path /a\nb", "--no-socket.io=1",
         "--socket.io-path live", "--socket.io-path=", "--socket.io-path /a?b",
         "--cors a.example", "--cors=", "--cors https://a.example/x", "--cors a*.example",
         "--origin https://a*.example", "--origin http://a:x", "--origin ,",
         "--origin true", "--origin *.a.example",
         f"--cors https://{'a' * 1100}.example", "--ping-interval 0",
         "--ping-interval soon", "--ping-timeout 0", "--ping-timeout 25h",
         "--deflate on", "--deflate=", "--deflate-level 0",
         "--deflate-level 10", "--deflate-window 8", "--deflate-window 16",
         "--deflate-min 0", "--deflate-memory 0", "--deflate-memory much"]


@test("{0!r} is wrong usage: exit 2, one line", *WRONG)
def wrong(arguments):
    args = arguments.split(" ")
    quiet = [] if "listen" in arguments else ["-l", "127.0.0.1:0"]
    got = run(*quiet, *args)
    equal((got.returncode, got.stdout), (2, ""), "status and stdout")
    matches(r"\A[^\n]+\n\Z", got.stderr)


@test("{0!r} says {1!r}",
      ("--queue 1", "--queue: '1' is out of range (1K to 1G)"),
      ("--ping 25h", "--ping: '25h' is out of range (0 to 24h)"),
      ("--idle 0", "--idle: '0' is out of range (1ms to 24h)"),
      ("--deflate-level 10",
       "--deflate-level: '10' is out of range (1 to 9)"),
      ("--ping 1d", "--ping: '1d' has an unknown unit"),
      ("--queue x", "--queue: 'x' is not a number"),
      ("--log loud",
       "--log: 'loud' is none of: error warn info access debug"),
      ("--grace", "--grace needs a value"),
      ("-l", "--listen needs a value"),
      ("--spa=yes", "--spa takes no value"),
      ("-qx", "there is no option -x"),
      ("--none=1", "unknown or ambiguous option --none"),
      ("-l :70000", "--listen: the port '70000' is out of range (0 to 65535)"),
      ("-p 65536", "--port: the port '65536' is out of range (0 to 65535)"),
      ("123456", "--listen: the port '123456' is out of range (0 to 65535)"),
      ("--relay chat", "--relay: 'chat' is not a path like /live or "
       "/live,self"),
      ("--rooms /a,b", "--rooms: '/a,b' is not a path like /live or "
       "/live,self"),
      ("--history x",
       "--history: 'x' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history 100,",
       "--history: '100,' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history 100,5x",
       "--history: '100,5x' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history 100,5m,256K,1",
       "--history: '100,5m,256K,1' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history =1",
       "--history: '=1' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history a=",
       "--history: 'a=' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history -1",
       "--history: '-1' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history 100001",
       "--history: '100001' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history ,5m",
       "--history: ',5m' is not like 100,5m,256K or news/*=10,1h "
       "or 0"),
      ("--history-memory 1",
       "--history-memory: '1' is out of range (1K to 1024G)"),
      ("--max 1", "unknown or ambiguous option --max"))
def says(arguments, words):
    got = run(*arguments.split(" "))
    equal((got.returncode, got.stderr),
          (2, f"wsd: {words} (see wsd --help)\n"))


@test("the forms of options: {0}", "-qV", "-q -V", "--quiet --version",
      "-l127.0.0.1:0 -V", "-ql 127.0.0.1:0 -V", "--listen=127.0.0.1:0 -V",
      "/tmp -V", "-V /tmp", "- -V", "--vers", "--quie --ver")
def forms(arguments):
    got = run(*arguments.split(" "))
    equal((got.returncode, got.stderr), (0, ""))
    matches(r"^wsd \d+\.\d+\.\d+\n$", got.stdout)


@test("behind -- nothing is an option")
def operands():
    got = run("--", "--version", "two")
    equal((got.returncode, got.stdout), (2, ""))
    assert "not also 'two'" in got.stderr, got.stderr


@test("{0} of {1} is {2}",
      ("--max-message", "1", "messages of 1 octet"),
      ("--max-message", "1000", "messages of 1000 octets"),
      ("--max-message", "16K", "messages of 16 KiB"),
      ("--max-message", "3M", "messages of 3 MiB"),
      ("--max-message", "1G", "messages of 1024 MiB"),
      ("--queue", "64K", "queues of 64 KiB"),
      ("--ping", "500ms", "a ping after 500 ms"),
      ("--ping", "30", "a ping after 30 s"),
      ("--ping", "30s", "a ping after 30 s"),
      ("--ping", "2m", "a ping after 120 s"),
      ("--ping", "1h", "a ping after 3600 s"),
      ("--ping", "0", "no pings"),
      ("--max-clients", "7", "limits: 7 clients"))
def units(option, value, words):
    with wsd(option, value) as it:
        it.started()
        assert words in it.said, it.said


@test("the defaults are 1 MiB, 1 MiB and 25 s")
def defaults():
    with wsd() as it:
        it.started()
        matches(r"^listening on http://127\.0\.0\.1:\d+/$", it.said)
        matches(r"^serving the pages built into the program$", it.said)
        matches(r"^limits: \d+ clients, messages of 1 MiB, queues of 1 MiB, \d+ MiB in all; "
                r"a ping after 25 s of silence$", it.said)


# ---- listening -------------------------------------------------------------

@test("a port in use is said, with exit 1")
def port_in_use():
    with wsd() as first:
        address = f"127.0.0.1:{first.port()}"
        got = run("-l", address)
        equal((got.returncode, got.stdout), (1, ""))
        matches(rf"\A[^\n]*{address}[^\n]*in use[^\n]*\n\Z", got.stderr)
        equal(get(first.port(), "/healthz")[0], 200, "the first")


@test("an address of another machine is said, with exit 1")
def not_ours():
    got = run("-l", "192.0.2.1:80")
    equal((got.returncode, got.stdout), (1, ""))
    matches(r"\A[^\n]*192\.0\.2\.1:80[^\n]+\n\Z", got.stderr)


@test("-l may be repeated")
def repeated():
    path = f"{scratch}/repeated"
    with wsd("--listen=127.0.0.1:0", "-l", f"unix:{path}") as it:
        it.started()
        ports = re.findall(r"^listening on http://127\.0\.0\.1:(\d+)/$",
                           it.said, re.M)
        equal(len(set(ports)), 2, "ports")
        assert f"listening on unix:{path}\n" in it.said, it.said
        for where in (*map(int, ports), path):
            client = Client(where)
            client.send(b"Hello")
            client.received(0x81, b"Hello")
            client.hang_up()


@test("IPv6 addresses are written in brackets")
def ipv6():
    with wsd(listen="[::1]:0") as it:
        it.started()
        port = int(it.wait_said(r"^listening on http://\[::1\]:(\d+)/$")[1])
        equal(get(port, "/healthz", host="::1")[0], 200, "status")
        client = Client(("::1", port))
        client.send(b"Hello")
        client.received(0x81, b"Hello")
        client.hang_up()
        it.wait_said(r"^\[::1\]:\d+ closed with 1006")


@test("every address is localhost in the browser")
def every_address():
    with wsd(listen=":0") as it:
        it.started()
        port = int(it.wait_said(r"^listening on http://localhost:(\d+)/")[1])
        equal(get(port, "/healthz")[0], 200, "over IPv4")
        equal(get(port, "/healthz", host="::1")[0], 200, "over IPv6")


@test("unix:PATH,mode={0} has that mode", "0660", "0600", "666", "0777")
def unix_mode(mode):
    path = f"{scratch}/mode"
    with wsd(listen=f"unix:{path},mode={mode}") as it:
        it.started()
        equal(stat.S_IMODE(os.stat(path).st_mode), int(mode, 8), "mode")
        Client(path).hang_up()
    assert not os.path.exists(path), "the socket is still there"


@test("a stale socket is replaced, and removed at the end")
def stale_socket():
    path = f"{scratch}/stale"
    with wsd(listen=f"unix:{path}") as it:
        it.started()
        it.signal(signal.SIGKILL)
        it.ended()
    assert stat.S_ISSOCK(os.stat(path).st_mode), "nothing stale"
    with wsd(listen=f"unix:{path}") as it:
        it.started()
        Client(path).hang_up()
    assert not os.path.exists(path), "the socket is still there"


@test("a live socket is not stolen, nor a file removed")
def live_socket():
    path, plain = f"{scratch}/live", f"{scratch}/plain"
    with wsd(listen=f"unix:{path}") as it:
        it.started()
        got = run("-l", f"unix:{path}")
        equal((got.returncode, got.stdout), (1, ""))
        matches(rf"\A[^\n]*{path}: another server is listening there\n\Z",
                got.stderr)
        Client(path).hang_up()
    with open(plain, "w") as file:
        file.write("precious")
    got = run("-l", f"unix:{plain}")
    equal(got.returncode, 1, "exit status")
    with open(plain) as file:
        equal(file.read(), "precious", "the file")


@test("a directory that is {0} is a clear error",
      "missing", "a file", "below nothing")
def bad_directory(kind):
    path = f"{scratch}/{kind}"
    if kind == "a file":
        open(path, "w").close()
    if kind == "below nothing":
        path = f"{scratch}/missing/above"
    got = run("-l", "127.0.0.1:0", path)
    equal((got.returncode, got.stdout), (1, ""))
    matches(rf"\A[^\n]*{re.escape(path)}[^\n]+\n\Z", got.stderr)


@test("the soft limit of descriptors is raised, and the capacity said")
def descriptors():
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 500))
    with wsd(preexec_fn=limit) as it:
        it.started()
        count = int(matches(r"^limits: (\d+) clients", it.said)[1])
        assert 400 < count < 500, count
        clients = [Client(it.port()) for _ in range(150)]
        equal({client.status for client in clients}, {101}, "status")
        for client in clients:
            client.hang_up()


# ---- signals ---------------------------------------------------------------

@test("{0}: clients get 1001, exit 0", "SIGTERM", "SIGINT")
def stops(name):
    with wsd() as it:
        clients = [Client(it.port(), path) for path in ("/echo", "/room/a")]
        it.signal(getattr(signal, name))
        for client in clients:
            assert client.closed(1001), "no reason"
        equal(it.ended(), 0, "exit status")
        matches(r"closed with 1001 by this server: \S", it.said)


@test("after SIGTERM nothing new is accepted")
def stops_listening():
    with wsd() as it:
        client = Client(it.port())
        it.signal(signal.SIGTERM)
        equal(client.receive()[0], 0x88, "Close")
        try:
            socket.create_connection(("127.0.0.1", it.port()), DEADLINE)
            raise AssertionError("accepted")
        except ConnectionRefusedError:
            pass
        client.hang_up()
        equal(it.ended(), 0, "exit status")


@test("what is queued is drained within --grace")
def drains():
    with wsd("--grace", "30s", "--queue", "8M", "--max-message", "8M") as it:
        client = Client(it.port(), receive=4096)
        # Far more than both sockets' buffers hold.
        message = os.urandom(8 * MIB)
        client.send(message, 0x82)
        first = client.stream.read(1)
        it.signal(signal.SIGTERM)
        it.wait_said("^wsd: stopping")
        equal(first, b"\x82", "first octet")
        equal(client.stream.read(9), b"\x7f" + struct.pack("!Q", 8 * MIB))
        assert client.stream.read(8 * MIB) == message, "differs"
        client.closed(1001)
        equal(it.ended(), 0, "exit status")


@test("a second signal ends all at once")
def second_signal():
    with wsd("--grace", "1h") as it:
        client = Client(it.port())  # never answers the Close
        it.signal(signal.SIGTERM)
        it.wait_said("^wsd: stopping: a second signal ends all at once$")
        it.signal(signal.SIGINT)
        equal(it.ended(), 0, "exit status")
        matches("^wsd: stopping at once$", it.said)
        client.hang_up()


@test("--grace 0 does not wait")
def no_grace():
    with wsd("--grace", "0") as it:
        client = Client(it.port())
        equal(it.stop(), 0, "exit status")
        client.hang_up()


@test("{0} touches nothing", "SIGHUP", "SIGPIPE")
def ignored(name):
    with wsd() as it:
        client = Client(it.port())
        for _ in range(3):
            it.signal(getattr(signal, name))
        client.send(b"still here")
        client.received(0x81, b"still here")
        equal(get(it.port(), "/healthz")[0], 200, "status")
        client.hang_up()


@test("a reader of its output that leaves does not end it")
def output_lost():
    ends = os.pipe()
    child = subprocess.Popen([WSD, "-l", "127.0.0.1:0", "--log", "access"],
                             stdout=ends[1], stderr=ends[1])
    os.close(ends[1])
    with os.fdopen(ends[0]) as pipe:
        port = int(matches(r":(\d+)/", pipe.readline())[1])
    try:
        for _ in range(3):
            equal(get(port, "/healthz")[0], 200, "status")
        child.terminate()
        equal(child.wait(DEADLINE), 0, "exit status")
    finally:
        child.kill()
        child.wait()


# ---- systemd ---------------------------------------------------------------

@test("NOTIFY_SOCKET as {0}: READY=1 and STOPPING=1", "a path", "@abstract")
def notifies(kind):
    name = f"{scratch}/notify"
    if kind == "@abstract":
        name = f"@wsd-cli-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0"))
        manager.settimeout(DEADLINE)
        with wsd(env={**os.environ, "NOTIFY_SOCKET": name}) as it:
            equal(manager.recv(4096), b"READY=1", "at first")
            # Ready means that connections are accepted.
            equal(get(it.port(), "/healthz")[0], 200, "status")
            it.signal(signal.SIGTERM)
            equal(manager.recv(4096), b"STOPPING=1", "at last")
            equal(it.ended(), 0, "exit status")


@test("NOTIFY_SOCKET that nobody reads does no harm", "/nowhere/at/all", "x",
      "@" + "n" * 200)
def notifies_nobody(name):
    with wsd(env={**os.environ, "NOTIFY_SOCKET": name}) as it:
        equal(get(it.port(), "/healthz")[0], 200, "status")


def activated(listeners, variables, *args):
    """Start wsd with sockets as descriptors 3 and up, as systemd does. The
    process id must be its own, so a shell in its place sets it."""
    numbers = [listener.fileno() for listener in listeners]
    high = [os.dup2(number, 100 + i) for i, number in enumerate(numbers)]
    script = "".join(f"exec {3 + i}<&{number} {number}<&-; "
                     for i, number in enumerate(high))
    script += f'{variables} exec "$@"'
    it = Wsd.__new__(Wsd)
    it.said, it.changed = "", threading.Condition()
    it.child = subprocess.Popen(
        ["bash", "-c", script, "bash", WSD, *args], pass_fds=high,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for number in high:
        os.close(number)
    it.reader = threading.Thread(target=it.read)
    it.reader.start()
    return it


def listener(where=("127.0.0.1", 0), family=socket.AF_INET):
    it = socket.socket(family)
    it.bind(where)
    it.listen()
    return it


@test("LISTEN_FDS: sockets of systemd are served, and left there")
def activation():
    path = f"{scratch}/activated"
    tcp, unix = listener(), listener(path, socket.AF_UNIX)
    it = activated([tcp, unix], "LISTEN_PID=$$ LISTEN_FDS=2 "
                   "LISTEN_FDNAMES=a:b")
    try:
        equal(it.started().port(), tcp.getsockname()[1], "port")
        assert f"listening on unix:{path}\n" in it.said, it.said
        assert ":8080" not in it.said, "the default as well"
        for where in (it.port(), path):
            client = Client(where)
            client.send(b"Hello")
            client.received(0x81, b"Hello")
            client.hang_up()
        equal(it.stop(), 0, "exit status")
        assert os.path.exists(path), "the socket was systemd's"
    finally:
        it.child.kill()
        it.ended()
        tcp.close()
        unix.close()


@test("LISTEN_FDS for another process is not ours: {0}",
      "LISTEN_PID=1 LISTEN_FDS=1", "LISTEN_FDS=1", "LISTEN_PID=$$",
      "LISTEN_PID=$$ LISTEN_FDS=0", "LISTEN_PID=$$ LISTEN_FDS=-1",
      "LISTEN_PID=$$ LISTEN_FDS=x")
def not_activated(variables):
    tcp = listener()
    it = activated([tcp], variables, "-l", "127.0.0.1:0")
    try:
        port = it.started().port()
        assert port != tcp.getsockname()[1], "taken"
        equal(it.said.count("listening on"), 1, "addresses")
        equal(it.stop(), 0, "exit status")
    finally:
        it.child.kill()
        it.ended()
        tcp.close()


@test("LISTEN_FDS that is no socket is said, with exit 1")
def activation_broken():
    with open("/dev/null") as null:
        it = activated([null], "LISTEN_PID=$$ LISTEN_FDS=1")
        equal(it.ended(), 1, "exit status")
        matches(r"\A[^\n]*descriptor 3[^\n]+\n\Z", it.said)


# ---- words -----------------------------------------------------------------

@test("--quiet prints errors only")
def quiet():
    port = listener()
    number = port.getsockname()[1]
    port.close()
    with wsd("--quiet", listen=f"127.0.0.1:{number}") as it:
        until(lambda: is_up(number), "to listen")
        client = Client(number, fields="Origin: http://elsewhere\r\n")
        equal(client.status, 403, "status")
        client.hang_up()
        equal(it.stop(), 0, "exit status")
        equal(it.said, "", "what it said")
    got = run("-q", "-l", "192.0.2.1:80")
    equal((got.returncode, got.stderr.count("\n")), (1, 1))


def is_up(port):
    try:
        socket.create_connection(("127.0.0.1", port), DEADLINE).close()
        return True
    except ConnectionRefusedError:
        return False


LEVELS = ["error", "warn", "info", "access", "debug"]


def free_port():
    port = listener()
    number = port.getsockname()[1]
    port.close()
    return number


@test("a port by itself: wsd {0}", "{}", "-l {}", "-l{}", "-p {}", "-p{}",
      "--port {}", "--port={}", "--listen {}", "{} /tmp", "/tmp {}")
def port_alone(form):
    number = free_port()
    with wsd(*form.format(number).split(" "), listen=None) as it:
        it.wait_said(rf"^listening on http://localhost:{number}/")
        equal(get(number, "/healthz")[0], 200, "status")


@test("a directory whose name is a number is one")
def directory_by_number():
    with tempfile.TemporaryDirectory(dir=scratch) as root:
        os.mkdir(os.path.join(root, "8080"))
        with wsd("8080", cwd=root) as it:
            it.wait_said("^serving 8080$")


@test("--rooms {0}: a message at {1} comes back: {2}; also at {3}: {4}",
      ("/chat", "/chat/a", False, "/chat/a", True),
      ("/chat", "/chat", False, "/chat", True),
      ("/chat/", "/chat/a", False, "/chat/b", False),
      ("/chat,self", "/chat/a", True, "/chat/a", True),
      ("/chat,self", "/chat/a?self=0", False, "/chat/a", True),
      ("/,self", "/", True, "/", True),
      ("/", "/a", False, "/a", True),
      ("/", "/a", False, "/room/a", False))
def rooms(option, path, back, other, reached):
    with wsd("--rooms", option) as it:
        port = it.port()
        sender, receiver = Client(port, path), Client(port, other)
        equal((sender.status, receiver.status), (101, 101), "status")
        # Rooms are entered by now: the answer to a ping comes behind.
        for one in (sender, receiver):
            one.send(b"in", 0x89)
            one.received(0x8a, b"in")
        sender.send(b"hello")
        for one, expected in ((sender, back), (receiver, reached)):
            one.send(b"done", 0x89)
            if expected:
                one.received(0x81, b"hello")
            one.received(0x8a, b"done")


@test("{0!r} keeps of room {1}: {2}",
      ("", "a", ["1", "2", "3"]),
      ("--history 2", "a", ["2", "3"]),
      ("--history 2,1h,1", "a", ["3"]),
      ("--history 0", "a", []),
      ("--history a=0", "a", []),
      ("--history a=0", "b", ["1", "2", "3"]),
      ("--history a/*=1,1h --history 2", "a/b", ["3"]),
      ("--history a/*=1,1h --history 2", "a", ["2", "3"]))
def history(options, room, kept):
    with wsd(*options.split()) as it:
        port = it.port()
        for text in "123":
            status = post(port, f"/room/{room}", text)[0]
            equal(status, 200, "status of POST")
        status, body = get(port, f"/room/{room}")[::2]
        equal(status, 200, "status of GET")
        equal([m["data"] for m in json.loads(body)["messages"]], kept)


@test("--log {0}", *LEVELS)
def log_levels(level):
    at_least = LEVELS.index(level)
    with wsd("--log", level, "--max-clients", "2") as it:
        port = it.started().port()
        get(port, "/chat.html?x=1")
        client = Client(port)
        client.send(b"", 0x88)
        client.receive()
        client.hang_up()
        # Three at once are one too many, which is worth a warning.
        waiting = [socket.create_connection(("127.0.0.1", port), DEADLINE)
                   for _ in range(3)]
        # Which one depends on when the client above was let go.
        ready = select.select(waiting, [], [], DEADLINE)[0]
        assert b"503" in ready[0].recv(4096), "not turned away"
        for one in waiting:
            one.close()
        it.stop()
    for pattern, needed in ((r'^time=\S+ .* target="/chat.html\?x=1" status=200',
                             3),
                            (r'^time=\S+ .* target="/echo" status=101 ', 3),
                            (r"^\S+ closed with 1005 by the peer$", 2),
                            (r"^wsd: limit of clients", 1)):
        equal(bool(re.search(pattern, it.said, re.M)), at_least >= needed,
              f"{pattern} in {it.said!r}")


@test("an answer's line has time, peer, method, target, status, octets, "
      "duration and agent")
def access_pairs():
    with wsd("--log", "access") as it:
        get(it.started().port(), "/healthz?a=b&c=%22",
            User_Agent='two "words" \\ \t')
        it.wait_said(r'^time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ '
                     r'peer=127\.0\.0\.1:\d+ method=GET '
                     r'target="/healthz\?a=b&c=%22" status=200 octets=3 '
                     r'ms=\d+ agent="two \\x22words\\x22 \\x5C"$')


@test("--log-format clf writes the combined log format")
def access_combined():
    with wsd("--log", "access", "--log-format", "clf") as it:
        port = it.started().port()
        get(port, "/healthz?a", User_Agent="x/1", Referer="http://a.example/")
        it.wait_said(r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}'
                     r':\d\d:\d\d:\d\d \+0000\] "GET /healthz\?a HTTP/1\.1" '
                     r'200 3 "http://a\.example/" "x/1"$')
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as it2:
            it2.sendall(b"BAD\r\n\r\n")
            it2.recv(4096)
        it.wait_said(r'^127\.0\.0\.1 - - \[[^]]+\] "-" 400 \d+ "-" "-"$')


@test("a large file's line tells how many octets the peer took")
def access_octets():
    with tempfile.TemporaryDirectory(dir=scratch) as root:
        with open(os.path.join(root, "large.bin"), "wb") as file:
            file.truncate(64 * MIB)
        with wsd("--log", "access", root) as it:
            port = it.started().port()
            got = get(port, "/large.bin", User_Agent="all")
            equal(len(got[2]), 64 * MIB)
            it.wait_said(rf'status=200 octets={64 * MIB} ms=\d+ agent="all"$')
            with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
                s.sendall(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n"
                          b"User-Agent: part\r\n\r\n")
                s.recv(4096)
            part = it.wait_said(r'octets=(\d+) ms=\d+ agent="part"$')
            assert 0 < int(part[1]) < 64 * MIB, part[0]


def offend_parser(port):
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as s:
        s.sendall(b"BAD\r\n\r\n")
        assert s.recv(4096).startswith(b"HTTP/1.1 400"), "not refused"


@test("lines of one cause are ten a second, and then their number")
def limited_lines():
    with wsd() as it:
        port = it.started().port()
        for _ in range(100):
            offend_parser(port)
        it.wait_said(r"^and \d+ more refused with 400$")
    lines = len(re.findall(r"^\S+ refused with 400: ", it.said, re.M))
    more = re.findall(r"^and (\d+) more refused with 400$", it.said, re.M)
    equal(lines + sum(int(n) for n in more), 100, it.said)


@test("stderr that nobody reads: the server serves on and stops, and tells "
      "how many lines were dropped once it is read again")
def stuck_stderr():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4095 + b"\n")
    os.set_blocking(writer, True)
    port = listener()
    number = port.getsockname()[1]
    port.close()
    child = subprocess.Popen([WSD, "-l", f"127.0.0.1:{number}", "--log",
                              "access"], stdout=writer, stderr=writer)
    try:
        until(lambda: is_up(number), "to listen")
        for _ in range(2048):
            offend_parser(number)
        equal(get(number, "/healthz")[0], 200, "status")
        said = os.read(reader, 1 << 20).decode()
        assert "BAD" not in said and "refused" not in said, said[-200:]
        equal(get(number, "/healthz")[0], 200, "status")
        said = os.read(reader, 1 << 20).decode()
        dropped = matches(r"^(\d+) lines were dropped: nobody read the log$",
                          said)
        assert int(dropped[1]) > 2048, dropped[0]
        # And again until it is full.
        for _ in range(2048):
            offend_parser(number)
        child.send_signal(signal.SIGTERM)
        equal(child.wait(DEADLINE), 0, "exit status")
    finally:
        child.kill()
        child.wait()
        os.close(reader)
        os.close(writer)


@test("lines of the program that nobody reads are counted as those of the log")
def stuck_lines():
    pipes = [os.pipe() for _ in range(2)]
    for reader, writer in pipes:
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4095 + b"\n")
        os.set_blocking(writer, True)
    os.read(pipes[1][0], 1 << 20)  # only standard output is stuck at first
    port = listener()
    number = port.getsockname()[1]
    port.close()
    child = subprocess.Popen(
        [WSD, "-l", f"127.0.0.1:{number}", "--grace", "1h"],
        stdout=pipes[0][1], stderr=pipes[1][1])
    try:
        until(lambda: is_up(number), "to listen")
        client = Client(number)  # never answers the Close
        os.set_blocking(pipes[1][0], False)
        equal(os.read(pipes[1][0], 1 << 20).decode(),
              "wsd: 3 lines were dropped: nobody read standard output\n")
        os.set_blocking(pipes[1][1], False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(pipes[1][1], b"x" * 4095 + b"\n")
        os.set_blocking(pipes[1][1], True)
        child.send_signal(signal.SIGTERM)
        equal(client.receive()[0], 0x88, "a Close frame")
        os.read(pipes[1][0], 1 << 20)
        child.send_signal(signal.SIGTERM)
        equal(child.wait(DEADLINE), 0, "exit status")
        said = os.read(pipes[1][0], 1 << 20).decode()
        matches("^1 line was dropped: nobody read the log\n"
                "wsd: stopping at once\n", said)
    finally:
        child.kill()
        child.wait()
        for end in (*pipes[0], *pipes[1]):
            os.close(end)


def offend_rsv(client):
    client.send(b"x", 0xc1)


def offend_mask(client):
    client.socket.sendall(b"\x81\x01x")


def offend_utf8(client):
    client.send(b"\xff")


def offend_size(client):
    client.send(bytes(1001), 0x82)


def offend_continuation(client):
    client.send(b"x", 0x80)


OFFENCES = [
    ("a reserved bit", 1002, offend_rsv),
    ("no mask", 1002, offend_mask),
    ("bad UTF-8", 1007, offend_utf8),
    ("too big", 1009, offend_size),
    ("a continuation of nothing", 1002, offend_continuation),
]


@test("{0}: {1}, with the cause in the log", *OFFENCES)
def offences(name, code, offend):
    with wsd("--max-message", "1000") as it:
        client = Client(it.port())
        offend(client)
        reason = client.closed(code)
        assert len(reason) > 8, f"reason {reason!r}"
        it.wait_said(rf"^127\.0\.0\.1:\d+ closed with {code} by this server: "
                     + re.escape(reason))


@test("{0}: {1}, with the cause in the log",
      ("a foreign origin", 403, "/echo", "Origin: http://a.example\r\n"),
      ("no endpoint", 404, "/nothing", ""),
      ("a room without a name", 400, "/room/", ""),
      ("a room with a bad name", 400, "/room/%zz", ""),
      ("a bad field", 400, "/echo", "Bad Name: x\r\n"),
      ("a large head", 431, "/echo", f"X: {'x' * 17000}\r\n"))
def refusals(name, status, path, fields):
    with wsd() as it:
        client = Client(it.port(), path, fields)
        equal(client.status, status, "status")
        client.hang_up()
        it.wait_said(rf"^127\.0\.0\.1:\d+ refused with {status}: \S.*\S$")


@test("a peer that vanishes is logged as such")
def vanished():
    with wsd() as it:
        client = Client(it.port())
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        client.hang_up()
        it.wait_said(r"closed with 1006 by the peer: the connection was reset")


@test("a close reason cannot forge log lines")
def forged():
    with wsd() as it:
        client = Client(it.port())
        client.send(b"\x03\xe8a\nb\r\x1b[31mc\x7f\xc2\x85d", 0x88)
        client.receive()
        client.hang_up()
        it.wait_said(r"closed with 1000 by the peer: a.*b.*c.*d$")
        equal(it.stop(), 0, "exit status")
        assert not re.search(r"[\r\x1b\x7f\x85]", it.said), it.said


# ---- behaviour -------------------------------------------------------------

@test("--max-clients turns the next away")
def max_clients():
    with wsd("--max-clients", "2") as it:
        clients = [Client(it.port()) for _ in range(2)]
        status, fields, body = get(it.port(), "/healthz")
        equal((status, fields["Retry-After"]), (503, "1"))
        assert b"as many clients" in body, body
        it.wait_said("limit of clients")
        clients[0].send(b"", 0x88)
        clients[0].receive()
        clients[0].hang_up()
        until(lambda: get(it.port(), "/healthz")[0] == 200, "room")
        clients[1].hang_up()


@test("--max-per-ip counts each address by itself")
def max_per_ip():
    with wsd("--max-per-ip", "2", "-l", "[::1]:0") as it:
        it.started()
        other = int(it.wait_said(r"http://\[::1\]:(\d+)/")[1])
        clients = [Client(it.port()) for _ in range(2)]
        status, _, body = get(it.port(), "/healthz")
        equal(status, 429, "status")
        assert b"address" in body, body
        equal(get(other, "/healthz", host="::1")[0], 200, "another address")
        for client in clients:
            client.hang_up()
        until(lambda: get(it.port(), "/healthz")[0] == 200, "room")


@test("--ping: a peer without a sign of life is pinged")
def pings():
    with wsd("--ping", "50ms") as it:
        client = Client(it.port())
        for _ in range(3):
            client.received(0x89, b"")
        client.hang_up()


@test("--idle ends an idle HTTP connection")
def idle():
    with wsd("--idle", "100ms") as it:
        with socket.create_connection(("127.0.0.1", it.port()),
                                      DEADLINE) as peer:
            peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            octets = b"".join(iter(lambda: peer.recv(4096), b""))
            matches(r"^HTTP/1.1 200 ", octets.decode())


@test("--queue: who reads nothing in a room gets 1013")
def queue():
    with wsd("--queue", "64K", "--max-message", "64K") as it:
        slow = Client(it.port(), "/room/slow", receive=4096)
        fast = Client(it.port(), "/room/slow")
        sender = Client(it.port(), "/room/slow")
        for _ in range(400):
            sender.send(bytes(65536), 0x82)
            equal(len(fast.receive()[1]), 65536, "the other's")
        first, payload = slow.receive()
        while first == 0x82:
            equal(len(payload), 65536, "what it still gets")
            first, payload = slow.receive()
        equal((first, payload[:2]), (0x88, b"\x03\xf5"), "Close")
        slow.send(payload[:2], 0x88)
        it.wait_said(r"closed with 1013 by this server: .*slow")
        for client in (slow, fast, sender):
            client.hang_up()


@test("an echo client that never reads stops being read")
def backpressure():
    with wsd("--queue", "64K") as it:
        client = Client(it.port(), receive=4096)
        client.socket.settimeout(1)
        sent = 0
        try:
            while sent < 256 * MIB:
                client.send(bytes(65536), 0x82)
                sent += 65536
        except TimeoutError:
            pass
        assert sent < 256 * MIB, "it took everything"
        equal(get(it.port(), "/healthz")[0], 200, "the others")
        client.hang_up()


@test("--origin {0}: from {1} is {2}",
      ("*", "http://a.example", 101),
      ("*", "null", 101),
      ("https://a.example", "https://a.example", 101),
      ("https://a.example", "https://A.Example", 101),
      ("https://a.example", "http://a.example", 403),
      ("https://a.example", "https://a.example.evil", 403),
      ("https://a.example", "https://a.example:444", 403),
      ("https://a.example, http://b.example:8080",
       "http://b.example:8080", 101),
      ("https://a.example, http://b.example:8080", "http://b.example", 403),
      ("https://a.example", "", 101),
      ("https://a.example", "http://a:80", 101),
      ("https://a.example", "ws://a", 101),
      ("https://a.example", "http://a/", 101),
      ("https://a.example", "http://127.0.0.1:1", 403),
      ("https://*.a.example", "https://b.a.example", 101),
      ("https://*.a.example", "https://a.example", 403),
      ("http://localhost:*", "http://localhost:4200", 101),
      ("null,file://", "null", 101),
      ("null,file://", "file://", 101),
      ("app://x,capacitor://localhost", "capacitor://localhost", 101),
      ("chrome-extension://abc", "chrome-extension://abc", 101),
      ("https://a.example:443", "https://a.example", 101))
def origin(option, value, status):
    with wsd("--origin", option) as it:
        fields = f"Origin: {value}\r\n" if value else ""
        client = Client(it.port(), fields=fields)
        equal(client.status, status, "status")
        client.hang_up()
        if status == 403:
            it.wait_said(rf"refused with 403: .*: Origin {re.escape(value)}, "
                         rf"Host a$")


@test("a page that names subprotocols gets the first at {0}", "/echo",
      "/room/a", "/socket.io/?EIO=4&transport=websocket")
def first_subprotocol(path):
    with wsd() as it:
        client = Client(it.port(), path,
                        "Sec-WebSocket-Protocol: chat.v2, chat\r\n")
        equal(client.status, 101, "status")
        matches(r"(?i)^sec-websocket-protocol: chat\.v2\r$", client.head)
        client.hang_up()


@test("--cors {0} --origin {1}: WebSockets of {2} are {3}",
      ("http://localhost:4200", "https://b.example", "http://localhost:4200",
       101),
      ("http://localhost:4200", "https://b.example", "https://b.example", 101),
      ("http://localhost:4200", "https://b.example",
       "http://a:80", 101),
      ("http://localhost:4200", "https://b.example", "https://c.example", 403),
      ("true", "https://b.example", "https://c.example", 101),
      ("*", "https://b.example", "https://c.example", 101))
def cors_and_origin(cors, origins, value, status):
    with wsd("--cors", cors, "--origin", origins) as it:
        client = Client(it.port(), "/socket.io/?EIO=4&transport=websocket",
                        f"Origin: {value}\r\n")
        equal(client.status, status, "status")
        client.hang_up()


def broken_gzip():
    octets = bytearray(gzip.compress(b"a text that is compressed"))
    octets[12] ^= 0xff
    return bytes(octets)


@test("a file that is {0}: {1}, with the cause in the log",
      ("hidden", 404, "/.env", "hidden"),
      ("below a hidden one", 404, "/.git/config", "hidden"),
      ("outside of the root", 404, "/out", "leads out of the directory"),
      ("a pipe", 403, "/pipe", "no regular file"),
      ("not to be read", 403, "/private", "permission denied"),
      ("there as .br only", 406, "/fast.js", "does not accept"),
      ("no gzip file", 404, "/text.js", "no gzip file"),
      ("a broken gzip file", 500, "/broken.js", "cannot be decompressed"),
      ("not there", 404, "/nothing", None))
def file_causes(name, status, path, words):
    if path == "/private" and os.getuid() == 0:
        return  # who may read everything
    with tempfile.TemporaryDirectory(dir=scratch) as root:
        os.symlink("/etc/passwd", os.path.join(root, "out"))
        os.mkfifo(os.path.join(root, "pipe"))
        os.close(os.open(os.path.join(root, "private"), os.O_CREAT, 0))
        for name, octets in (("fast.js.br", b"\x0b\x00\x80"),
                             ("text.js.gz", b"a text of some length"),
                             ("broken.js.gz", broken_gzip())):
            with open(os.path.join(root, name), "wb") as file:
                file.write(octets)
        with wsd(root) as it:
            equal(get(it.started().port(), path)[0], status, "status")
            if words:
                it.wait_said(rf"^\S+ refused with {status}: "
                             rf"{re.escape(path)}: .*{words}")
            it.stop()
        equal("refused" in it.said, words is not None, it.said)


@test("a directory that is named {0} is followed when it is built anew",
      ".", "./", "dist", "./dist/", "../{}/dist")
def relative_root(name):
    with tempfile.TemporaryDirectory(dir=scratch) as root:
        dist = os.path.join(root, "dist")
        name = name.format(os.path.basename(root))
        here = dist if "dist" not in name else root

        def build(text):
            os.mkdir(dist)
            with open(os.path.join(dist, "index.html"), "w") as file:
                file.write(text)

        build("old")
        with wsd(name, cwd=here) as it:
            equal(get(it.port())[2], b"old", "before")
            shutil.rmtree(dist)
            build("new")
            until(lambda: get(it.port())[2] == b"new", "the new directory")


@test("a working directory that is a link is followed when it is switched")
def relative_link():
    with tempfile.TemporaryDirectory(dir=scratch) as root:
        link = os.path.join(root, "current")
        for name in "one", "two":
            os.mkdir(os.path.join(root, name))
            with open(os.path.join(root, name, "index.html"), "w") as file:
                file.write(name)
        os.symlink("one", link)
        with wsd(".", cwd=link, env={**os.environ, "PWD": link}) as it:
            equal(get(it.port())[2], b"one", "before")
            os.symlink("two", link + ".new")
            os.rename(link + ".new", link)
            until(lambda: get(it.port())[2] == b"two", "the other directory")


@test("the base path keeps a query of {0} octets", 100, 3000, 12000, 50000)
def base_query(octets):
    with wsd("--base-path", "/live", "--max-head", "65000") as it:
        query = "q" * octets
        status, fields, _ = get(it.port(), f"/live?{query}")
        equal(status, 308, "status")
        assert fields["Location"] == f"/live/?{query}", "the query is cut"


@test("an event that nobody handles is logged once, at debug")
def unhandled_event():
    with wsd("--log", "debug") as it:
        client = Client(it.port(), "/socket.io/?EIO=4&transport=websocket")
        client.receive()
        client.send(b"40/chat,")
        client.receive()
        client.send(b'42/chat,["tpyo",1]')
        client.send(b'42/chat,["tpyo",2]')
        client.send(b'42/chat,["other"]')
        it.wait_said(r'^127\.0\.0\.1 sent "tpyo" to /chat, where nobody')
        it.wait_said(r'^127\.0\.0\.1 sent "other" to /chat, where nobody')
        client.hang_up()
        it.stop()
        equal(it.said.count('"tpyo"'), 1, "lines")


@test("--base-path {0}", "/live", "/live/", "/a/b")
def base_path(base):
    with wsd("--base-path", base) as it:
        it.wait_said(r"^listening on http://127\.0\.0\.1:\d+"
                     + base.rstrip("/") + "/$")
        base = base.rstrip("/")
        equal(get(it.port(), f"{base}/")[0], 200, "the page")
        equal(get(it.port(), f"{base}/healthz")[0], 200, "the health")
        equal(get(it.port(), "/")[0], 404, "outside")
        equal(get(it.port(), f"{base}x/")[0], 404, "beside")
        status, fields, _ = get(it.port(), base)
        equal((status, fields["Location"]), (308, f"{base}/"))
        for path, wanted in ((f"{base}/echo", 101), ("/echo", 404)):
            client = Client(it.port(), path)
            equal(client.status, wanted, path)
            client.hang_up()


@test("--spa, --list and --cache")
def files():
    root = f"{scratch}/files"
    os.makedirs(f"{root}/sub")
    for name in ("index.html", "sub/a<b.txt"):
        with open(f"{root}/{name}", "w") as file:
            file.write(name)
    with wsd(root) as it:
        it.wait_said(f"^serving {root}$")
        equal(get(it.port(), "/any/where")[0], 404, "without --spa")
        equal(get(it.port(), "/sub/")[0], 404, "without --list")
        equal(get(it.port())[1]["Cache-Control"], "no-cache", "by default")
    with wsd("--spa", "--list", "--cache", "public, max-age=9", root) as it:
        equal(get(it.port(), "/any/where")[2], b"index.html", "--spa")
        equal(get(it.port(), "/any/where.js")[0], 404, "--spa, a file")
        body = get(it.port(), "/sub/")[2]
        assert b"a&lt;b.txt" in body and b"<b.txt" not in body, body
        equal(get(it.port(), "/sub/a%3Cb.txt")[1]["Cache-Control"],
              "public, max-age=9", "--cache")


@test("--type, --header and --cross-origin-isolated")
def file_fields():
    root = f"{scratch}/fields"
    os.makedirs(f"{root}/app")
    for name in ("index.html", "a.foo", "app/b.foo"):
        with open(f"{root}/{name}", "w") as file:
            file.write(name)
    with wsd("--type", "foo=model/x-foo", "--header", "X-All: 1",
             "--header", "/app/*: Content-Security-Policy: default-src 'self'",
             "--cross-origin-isolated", root) as it:
        for path, policy in (("/a.foo", None), ("/nothing", None),
                             ("/app/b.foo", "default-src 'self'")):
            fields = get(it.port(), path)[1]
            equal(fields["X-All"], "1", path)
            equal(fields["Content-Security-Policy"], policy, path)
            equal(fields["Cross-Origin-Opener-Policy"], "same-origin", path)
            equal(fields["Cross-Origin-Embedder-Policy"], "require-corp", path)
        equal(get(it.port(), "/a.foo")[1]["Content-Type"], "model/x-foo",
              "--type")
        equal(get(it.port(), "/healthz")[1]["X-All"], None, "no file")


@test("{} '{}' is refused", ("--type", "foo"), ("--type", "foo=bar"),
      ("--type", "=a/b"), ("--header", "Content-Length: 5"), ("--header", "X"),
      ("--header", "/app/*: ETag: x"), ("--header", "X: a\x01Y: b"))
def file_fields_refused(option, value):
    run = subprocess.run([WSD, option, value, "-l", "127.0.0.1:0"],
                         capture_output=True, text=True, timeout=DEADLINE)
    equal(run.returncode, 2, "status")
    equal(len(run.stderr.splitlines()), 1, f"one line: {run.stderr}")
    assert value.split("\x01")[0] in run.stderr, run.stderr


# ---- all -------------------------------------------------------------------

def each():
    """Each call: its name, its function and its arguments."""
    for name, function, rows in tests:
        if not rows:
            yield name, function, ()
        for row in rows:
            args = row if isinstance(row, tuple) else (row,)
            yield name.format(*args), function, args


def main():
    wanted, failed, done = sys.argv[1:], 0, 0
    for name, function, args in each():
        if wanted and not any(part in name for part in wanted):
            continue
        try:
            function(*args)
            done += 1
            print(f"ok      cli: {name}", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  cli: {name}: {traceback.format_exc()}", flush=True)
    shutil.rmtree(scratch, ignore_errors=True)
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
