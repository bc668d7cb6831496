"""The other end of HTTP/1.1 over TLS, with Python's own TLS, which writes its session keys down.
Of VERSION "plain" it is without TLS.

    tls_exchanges.py client VERSION PORT EXCHANGES FOLDER [OPTION...]
    tls_exchanges.py server VERSION 0 0 FOLDER [OPTION...]

A server says "port NUMBER", and ends with its standard input. Options: "certificate" shows the
client's, or asks for it; "retry" lets a server know but one curve, which no client guesses; with
"update" a server leaves it to its client to close, which may want to tell of a new key first.

FOLDER holds the certificate and its key, cert.pem and key.pem; keys.txt and messages.jsonl are
written there: a line an exchange, with the client's port, the exchange's number on that connection,
and how many bytes of plaintext each message has.
"""

import json
import socket
import ssl
import sys
import threading

HOST = "127.0.0.1"
LARGE = 200_000
ON_A_CONNECTION = 40
THREADS = 3


class Notes:
    """What was sent and received, a line an exchange."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="ascii")
        self.lock = threading.Lock()

    def add(self, port, sequence, method, target, status, request, response):
        line = json.dumps(
            {
                "port": port,
                "sequence": sequence,
                "method": method,
                "target": target,
                "status": status,
                "request": request,
                "response": response,
            }
        )
        with self.lock:
            self.file.write(line + "\n")

    def close(self):
        self.file.close()


class Incoming:
    """Messages of one direction; counts their bytes."""

    def __init__(self, connection):
        self.connection = connection
        self.buffer = b""
        self.taken = 0

    def more(self):
        data = self.connection.recv(65536)
        self.buffer += data
        return len(data) > 0

    def take(self, count):
        while len(self.buffer) < count:
            if not self.more():
                raise EOFError
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        self.taken += count
        return data

    def line(self):
        """None: the peer has closed, between two messages."""
        while b"\r\n" not in self.buffer:
            if not self.more():
                if self.buffer:
                    raise EOFError
                return None
        return self.take(self.buffer.index(b"\r\n") + 2)[:-2].decode("ascii")

    def fields(self):
        fields = {}
        line = self.line()
        while line:
            name, value = line.split(":", 1)
            fields[name.lower()] = value.strip()
            line = self.line()
        return fields

    def body(self, fields):
        if fields.get("transfer-encoding") != "chunked":
            return self.take(int(fields.get("content-length", 0)))
        body = b""
        size = int(self.line(), 16)
        while size:
            body += self.take(size)
            self.take(2)
            size = int(self.line(), 16)
        self.take(2)
        return body


def wrapped(context, tcp, **options):
    return context.wrap_socket(tcp, **options) if context else tcp


def pattern(number, count):
    start = number % 26
    letters = b"abcdefghijklmnopqrstuvwxyz"
    return (letters * ((start + count) // 26 + 1))[start : start + count]


def check(number, count, body):
    if body != pattern(number, count):
        raise ValueError(f"{number}: a body of {len(body)}, not {count} bytes")


def chunked(body):
    out = b""
    piece = 1 + len(body) // 3
    for at in range(0, len(body), piece):
        part = body[at : at + piece]
        out += b"%x\r\n%s\r\n" % (len(part), part)
    return out + b"0\r\n\r\n"


def write(connection, number, head, body):
    """In one write, in two, or in many: a record or more each."""
    message = head + body
    if number % 4 == 0:
        pieces = [message]
    elif number % 4 == 1:
        pieces = [head, body]
    elif number % 4 == 2:
        size = 1 + len(message) // 7
        pieces = [message[at : at + size] for at in range(0, len(message), size)]
    else:
        half = len(head) // 2
        pieces = [head[:half], message[half:]]
    for piece in pieces:
        if piece:
            connection.sendall(piece)


# --- client --------------------------------------------------------------------------------------


def asked(number):
    """Method, bytes sent, how, bytes wanted, how."""
    if number % 100 == 50:
        return "GET", 0, "none", LARGE, "chunked" if number % 200 == 50 else "length"
    if number % 100 == 75:
        return "POST", LARGE, "chunked" if number % 200 == 75 else "length", 10, "length"
    return (
        ("GET", 0, "none", 100, "length"),
        ("GET", 0, "none", 3_000, "chunked"),
        ("HEAD", 0, "none", 500, "length"),
        ("POST", 2_000, "length", 50, "length"),
        ("POST", 5_000, "chunked", 20_000, "chunked"),
        ("GET", 0, "none", 0, "none"),
        ("PUT", 0, "length", 0, "length"),
        ("POST", 40_000, "length", 40_000, "length"),
        ("GET", 0, "none", 16_384, "length"),
        ("POST", 1, "chunked", 1, "chunked"),
    )[number % 10]


def request(number, port):
    method, count, framing, wanted, wanted_framing = asked(number)
    target = f"/x/{number}/{wanted}/{wanted_framing}"
    body = pattern(number, count)
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost:{port}\r\nSent: {count}\r\n"
    if framing == "length":
        head += f"Content-Length: {count}\r\n"
    elif framing == "chunked":
        head += "Transfer-Encoding: chunked\r\n"
        body = chunked(body)
    return method, target, (head + "\r\n").encode("ascii"), body


def receive(incoming, number):
    method, _, _, wanted, _ = asked(number)
    begin = incoming.taken
    status = int(incoming.line().split(" ")[1])
    fields = incoming.fields()
    if method != "HEAD" and status != 204:
        check(number, wanted, incoming.body(fields))
    return status, incoming.taken - begin


class Client:
    def __init__(self, context, port, exchanges, notes):
        self.context = context
        self.port = port
        self.exchanges = exchanges
        self.notes = notes
        self.next = 0
        self.lock = threading.Lock()

    def some(self):
        """The next connection's exchanges."""
        with self.lock:
            begin = self.next
            self.next = min(self.exchanges, begin + ON_A_CONNECTION)
            return range(begin, self.next)

    def run(self):
        numbers = self.some()
        while numbers:
            with socket.create_connection((HOST, self.port)) as tcp:
                tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with wrapped(self.context, tcp, server_hostname="localhost") as tls:
                    self.ask(tls, numbers)
                    # Every second connection ends without a close_notify.
                    if self.context and numbers[0] // ON_A_CONNECTION % 2:
                        self.close(tls)
            numbers = self.some()

    @staticmethod
    def close(tls):
        # The server need not answer the close_notify: Netty's don't, before the FIN.
        tls.settimeout(0.2)
        try:
            tls.unwrap()
        except OSError:
            pass

    def ask(self, tls, numbers):
        incoming = Incoming(tls)
        local = tls.getsockname()[1]
        at = 0
        while at < len(numbers):
            # Of each twenty, five in one write.
            count = 5 if numbers[at] % 20 == 10 else 1
            group = numbers[at : at + count]
            requests = [request(number, self.port) for number in group]
            if len(group) > 1:
                tls.sendall(b"".join(head + body for _, _, head, body in requests))
            else:
                write(tls, group[0], requests[0][2], requests[0][3])
            for i, number in enumerate(group):
                method, target, head, body = requests[i]
                status, length = receive(incoming, number)
                self.notes.add(
                    local, at + i, method, target, status, len(head) + len(body), length
                )
            at += len(group)


def client(context, port, exchanges, notes):
    task = Client(context, port, exchanges, notes)
    failed = []

    def run():
        try:
            task.run()
        except BaseException as e:
            failed.append(e)
            raise

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        sys.exit(3)


# --- server --------------------------------------------------------------------------------------


def answer(tls, incoming, line, sequence, peer, notes):
    begin = incoming.taken - len(line) - 2
    method, target, _ = line.split(" ")
    _, _, number, count, framing = target.split("/")
    number, count = int(number), int(count)
    fields = incoming.fields()
    check(number, int(fields["sent"]), incoming.body(fields))
    last = sequence + 1 == ON_A_CONNECTION
    head = "HTTP/1.1 204 No Content\r\n" if framing == "none" else "HTTP/1.1 200 OK\r\n"
    body = pattern(number, count)
    if framing == "chunked":
        head += "Transfer-Encoding: chunked\r\n"
        body = chunked(body)
    elif framing == "length":
        head += f"Content-Length: {count}\r\n"
    if last:
        head += "Connection: close\r\n"
    head = (head + "\r\n").encode("ascii")
    if method == "HEAD":
        body = b""
    status = int(head.split(b" ")[1])
    sizes = incoming.taken - begin, len(head) + len(body)
    notes.add(peer, sequence, method, target, status, *sizes)
    write(tls, number, head, body)
    return not last


def serve(context, tcp, peer, notes, lingers):
    try:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with wrapped(context, tcp, server_side=True) as tls:
            incoming = Incoming(tls)
            sequence = 0
            line = incoming.line()
            while line and answer(tls, incoming, line, sequence, peer, notes):
                sequence += 1
                line = incoming.line()
            if lingers:
                incoming.line()
    except (ConnectionError, ssl.SSLEOFError):
        # A JVM's end leaves its pooled connections to the kernel.
        pass


def server(context, notes, lingers):
    listening = socket.create_server((HOST, 0), backlog=100)
    print("port", listening.getsockname()[1], flush=True)

    def accept():
        while True:
            tcp, peer = listening.accept()
            threading.Thread(
                target=serve, args=(context, tcp, peer[1], notes, lingers), daemon=True
            ).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def main():
    role, version, port, exchanges, folder, *options = sys.argv[1:]
    notes = Notes(folder + "/messages.jsonl")
    context = None if version == "plain" else tls(role, version, folder, options)
    if role == "client":
        client(context, int(port), int(exchanges), notes)
    else:
        server(context, notes, "update" in options)
    notes.close()


def tls(role, version, folder, options):
    purpose = ssl.PROTOCOL_TLS_CLIENT if role == "client" else ssl.PROTOCOL_TLS_SERVER
    context = ssl.SSLContext(purpose)
    version = ssl.TLSVersion.TLSv1_2 if version == "1.2" else ssl.TLSVersion.TLSv1_3
    context.minimum_version = version
    context.maximum_version = version
    context.keylog_filename = folder + "/keys.txt"
    if role == "client" or "certificate" in options:
        context.load_verify_locations(folder + "/cert.pem")
    if role == "server" or "certificate" in options:
        context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    if role == "server" and "certificate" in options:
        context.verify_mode = ssl.CERT_REQUIRED
    if role == "server" and "retry" in options:
        context.set_ecdh_curve("secp521r1")
    return context


if __name__ == "__main__":
    main()
