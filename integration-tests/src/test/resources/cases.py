"""The other end of exchanges that go otherwise than most, with or without TLS: a case each.

    cases.py client VERSION PORT FOLDER CASE...
    cases.py server VERSION FOLDER

VERSION, FOLDER and a server's life are tls_exchanges.py's. What is asked for, /x/NUMBER/BYTES/CASE,
says how: see StacksIT.
"""

import base64
import hashlib
import os
import socket
import ssl
import struct
import sys
import threading
import time

from tls_exchanges import HOST, Incoming, chunked, pattern, tls, wrapped

GIVES_UP_S = 0.15
LATE_S = 0.5
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
REASONS = {200: "OK", 302: "Found", 404: "Not Found", 500: "Internal Server Error"}


def reset(connection):
    """Closes it by an RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def context_of(role, version, folder):
    return None if version == "plain" else tls(role, version, folder, [])


# --- client --------------------------------------------------------------------------------------


def head(method, number, count, case, port, sent, *fields):
    lines = [
        f"{method} /x/{number}/{count}/{case} HTTP/1.1",
        f"Host: localhost:{port}",
        f"Sent: {sent}",
        *fields,
    ]
    if method == "POST":
        lines.append(f"Content-Length: {sent}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def status_of(line):
    return int(line.split(" ")[1])


def receive(incoming):
    """The final response's status and whether the connection stays open; None: there is none."""
    status = 100
    while status == 100:
        line = incoming.line()
        if line is None:
            return None, False
        status = status_of(line)
        fields = incoming.fields()
    closes = fields.get("connection", "").lower() == "close"
    if "transfer-encoding" in fields or "content-length" in fields:
        incoming.body(fields)
    elif status not in (204, 304):
        while incoming.more():
            pass
        closes = True
    return status, not closes


def expect(told, wanted):
    if told != wanted:
        raise ValueError(f"status {told}, not {wanted}")


class Client:
    def __init__(self, context, port, case, number):
        self.port = port
        self.case = case
        self.number = number
        self.tcp = socket.create_connection((HOST, port))
        self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if case == "gone":
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
        self.connection = wrapped(context, self.tcp, server_hostname="localhost")
        self.incoming = Incoming(self.connection)

    def send(self, method="GET", count=100, sent=0, case=None, fields=()):
        self.connection.sendall(
            head(method, self.number, count, case or self.case, self.port, sent, *fields)
        )

    def ordinary(self):
        self.send(case="length")
        expect(receive(self.incoming)[0], 200)

    def run(self):
        """The case, between two ordinary exchanges on the same connection."""
        self.ordinary()
        if getattr(self, self.case.replace("-", "_"), self.status)():
            self.ordinary()
        self.connection.close()

    def status(self):
        self.send()
        status, stays = receive(self.incoming)
        expect(status, int(self.case))
        return stays

    def continue_(self):
        self.send("POST", 50, 3_000, fields=("Expect: 100-continue",))
        expect(status_of(self.incoming.line()), 100)
        self.incoming.fields()
        self.connection.sendall(pattern(self.number, 3_000))
        status, stays = receive(self.incoming)
        expect(status, 200)
        return stays

    def throws(self):
        self.send()
        try:
            return receive(self.incoming)[1]
        except (ConnectionError, ssl.SSLEOFError):
            return False

    def async_(self):
        self.send(count=5_000)
        status, stays = receive(self.incoming)
        expect(status, 200)
        return stays

    def slow(self):
        self.send()
        time.sleep(GIVES_UP_S)
        return False

    def slow_reset(self):
        self.send()
        time.sleep(GIVES_UP_S)
        reset(self.connection)
        return False

    def gone(self):
        self.send(count=8_000_000)
        self.incoming.line()
        time.sleep(GIVES_UP_S)
        return False

    def gone_reset(self):
        self.send(count=8_000_000)
        self.incoming.line()
        time.sleep(GIVES_UP_S)
        reset(self.connection)
        return False

    def upgrade(self):
        key = base64.b64encode(os.urandom(16)).decode("ascii")
        scheme = "http" if self.connection is self.tcp else "https"
        self.send(
            fields=(
                # As a browser's page of that server would say.
                f"Origin: {scheme}://localhost:{self.port}",
                "Connection: Upgrade",
                "Upgrade: websocket",
                f"Sec-WebSocket-Key: {key}",
                "Sec-WebSocket-Version: 13",
            )
        )
        expect(status_of(self.incoming.line()), 101)
        self.incoming.fields()
        # Frames are masked, with zeros: RFC 6455, 5.3.
        for size in 5, 100, 20_000:
            length = struct.pack(">BH", 0x80 | 126, size) if size > 125 else bytes([0x80 | size])
            self.connection.sendall(b"\x81" + length + bytes(4) + pattern(self.number, size))
            expect(self.text(), pattern(self.number, size))
        self.connection.sendall(b"\x88\x82" + bytes(4) + struct.pack(">H", 1000))
        self.incoming.more()
        return False

    def text(self):
        """A message, in whichever frames it comes: RFC 6455, 5.2."""
        text = b""
        while True:
            first, second = self.incoming.take(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(self.incoming.take(2 if size == 126 else 8), "big")
            # Some servers send back what they got, with the mask that it had.
            self.incoming.take(4 if second & 0x80 else 0)
            text += self.incoming.take(size)
            if first & 0x80:
                return text


setattr(Client, "continue", Client.continue_)
setattr(Client, "async", Client.async_)


def client(context, port, cases):
    failed = []

    def run(number, case):
        try:
            Client(context, port, case, number).run()
        except BaseException as e:
            failed.append(e)
            print("the case", case, file=sys.stderr)
            raise

    threads = [
        threading.Thread(target=run, args=(number, case)) for number, case in enumerate(cases)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # What is late is answered by then.
    time.sleep(LATE_S - GIVES_UP_S + 0.1)
    sys.exit(3 if failed else 0)


# --- server --------------------------------------------------------------------------------------


class Server:
    def __init__(self, connection):
        self.connection = connection
        self.incoming = Incoming(connection)

    def answer(self):
        """Whether another may follow."""
        line = self.incoming.line()
        if not line:
            return False
        _, target, _ = line.split(" ")
        _, _, number, count, case = target.split("/")
        self.number, self.count = int(number), int(count)
        fields = self.incoming.fields()
        if fields.get("expect", "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.incoming.body(fields)
        return getattr(self, "on_" + case, lambda fields: self.status(case))(fields)

    def send(self, status, *fields, body=None):
        body = pattern(self.number, self.count) if body is None else body
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", *fields, f"Content-Length: {len(body)}"]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body)

    def status(self, case):
        self.send(int(case) if case.isdigit() else 200)
        return True

    def on_redirect(self, _):
        self.send(302, f"Location: /x/{self.number}/{self.count}/length", body=b"elsewhere")
        return True

    def on_slow(self, _):
        time.sleep(LATE_S)
        self.send(200)
        return True

    def on_cut(self, _):
        """A close_notify, if any, tells that this was all."""
        body = pattern(self.number, self.count)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode("ascii")
        self.connection.sendall(head + body[: len(body) // 2])
        return False

    def on_cutchunks(self, _):
        body = chunked(pattern(self.number, self.count))
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.connection.sendall(head + body[: len(body) // 2])
        time.sleep(0.05)
        reset(self.connection)
        return False

    def on_stale(self, _):
        """Closes what its client believes to be open."""
        self.send(200)
        time.sleep(0.02)
        return False

    def on_stalereset(self, _):
        self.send(200)
        time.sleep(0.02)
        reset(self.connection)
        return False

    def on_silent(self, _):
        """Closes instead of an answer: the client may ask again."""
        return False

    def on_upgrade(self, fields):
        key = fields["sec-websocket-key"].encode("ascii")
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode("ascii")
        self.connection.sendall(
            (
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n\r\n"
            ).encode("ascii")
        )
        while True:
            first, second = self.incoming.take(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self.incoming.take(2))
            mask = self.incoming.take(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.incoming.take(size)))
            length = bytes([126]) + struct.pack(">H", size) if size > 125 else bytes([size])
            self.connection.sendall(bytes([first]) + length + data)
            if first & 0xF == 8:
                return False


def serve(context, tcp):
    try:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with wrapped(context, tcp, server_side=True) as connection:
            server = Server(connection)
            while server.answer():
                pass
    except (OSError, EOFError):
        # Its clients go when they like, as do their JVMs.
        pass


def server(context):
    listening = socket.create_server((HOST, 0), backlog=100)
    print("port", listening.getsockname()[1], flush=True)

    def accept():
        while True:
            tcp, _ = listening.accept()
            threading.Thread(target=serve, args=(context, tcp), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def main():
    role, version, *rest = sys.argv[1:]
    if role == "client":
        port, folder, *cases = rest
        client(context_of(role, version, folder), int(port), cases)
    else:
        server(context_of(role, version, rest[0]))


main()
