#!/usr/bin/env python3
# peak.py - have a server hold much memory, let go, and see what it gives back.
# SPDX-License-Identifier: MIT
"""peak.py PORT PID WHAT: prints resident KiB before, at the peak, and after.

WHAT is one of
  crowd     9,000 idle WebSockets
  sessions  8,000 sessions of Socket.IO that poll, opened over one connection,
            each in a namespace that tells all how many they are
  halves    1,000 WebSockets, each with all but the last octet of 1 MiB
"""
import resource
import socket
import sys
import time

MIB = 1 << 20
AFTER_S = 5


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    raise ValueError("no VmRSS")


class Http:
    """A connection on which one request follows the other."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def ask(self, method, query, body=b""):
        self.socket.sendall(
            f"{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\n"
            f"Host: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            .encode() + body)
        status = int(self.file.readline().split()[1])
        length = 0
        while (line := self.file.readline().strip()):
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        return status, self.file.read(length)


def upgraded(port):
    """An open WebSocket at /echo."""
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /echo HTTP/1.1\r\nHost: localhost\r\n"
                   b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                   b"Sec-WebSocket-Version: 13\r\n"
                   b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(1024)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return client


def frame(octets):
    """The header of a binary message, masked with zeros."""
    return b"\x82\xff" + octets.to_bytes(8, "big") + bytes(4)


def sessions(port, measure):
    http, sids = Http(port), []
    for _ in range(8000):
        status, body = http.ask("GET", "")
        assert status == 200, status
        sids.append(body.split(b'"sid":"', 1)[1].split(b'"', 1)[0].decode())
        status, body = http.ask("POST", f"&sid={sids[-1]}", b"40")
        assert (status, body) == (200, b"ok"), (status, body)
    measure()
    for sid in sids:
        http.ask("POST", f"&sid={sid}", b"1")


def crowd(port, measure):
    clients = [upgraded(port) for _ in range(9000)]
    measure()
    for client in clients:
        client.close()


def halves(port, measure):
    clients = []
    for _ in range(1000):
        client = upgraded(port)
        client.sendall(frame(MIB) + bytes(MIB - 1))
        clients.append(client)
    measure()
    for client in clients:
        client.close()


def main():
    port, pid, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    attacks = {"crowd": crowd, "sessions": sessions, "halves": halves}
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    peaks = []

    def measure():
        time.sleep(0.5)
        peaks.append(resident(pid))

    Http(port).ask("GET", "&warm=up")
    before = resident(pid)
    attacks[what](port, measure)
    time.sleep(AFTER_S)
    after = resident(pid)
    print(f"before_kib={before} peak_kib={peaks[0]} after_kib={after} "
          f"ratio={after / before:.2f}")


if __name__ == "__main__":
    main()
