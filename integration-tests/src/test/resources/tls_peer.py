"""The other end of TLS handshakes that fail, by OpenSSL.

tls_peer.py serve FOLDER CASE...        listens for each; prints "CASE PORT" a line, then a line of JSON a connection
tls_peer.py call FOLDER CASE:PORT...    one connection each, one after the other; prints a line of JSON for each

A case is a word and, perhaps, a TLS version: client-none-1.3. What a line of JSON tells is OpenSSL's own word: the alerts
that it sent and received, whether these were encrypted or not, and the handshake messages that went by until they were.
FOLDER has NAME.pem and NAME.key. Secrets are written to the file that the variable TLS_PEER_KEYLOG names.
"""

import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

PATIENCE = 5
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
REQUEST = b"GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GARBAGE = b"\x16\x03\x03\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff"
# RFC 8446, 6.1: these end a connection, and are no errors.
CLOSURE = (0, 90)


printing = threading.Lock()


class Told:
    """What OpenSSL says of a connection."""

    def __init__(self, case):
        self.facts = {"case": case, "sent": [], "received": [], "clear": [], "done": False, "error": ""}
        self.encrypted = False

    def message(self, _, direction, version, content, kind, data):
        if content == 20 and version != ssl.TLSVersion.TLSv1_3:
            self.clear("change_cipher_spec")
            self.encrypted = True
        elif content == 21 and data[1] not in CLOSURE:
            self.alert(direction == "write", data[1])
        elif content == 22:
            self.clear(kind.name.lower().replace("server_done", "server_hello_done"))
            if kind.name == "SERVER_HELLO" and version == ssl.TLSVersion.TLSv1_3 and not retry(data):
                self.encrypted = True

    def clear(self, message):
        if not self.encrypted:
            self.facts["clear"].append(message)

    def alert(self, sent, description):
        name = ssl._TLSAlertType(description).name.lower()
        self.facts["sent" if sent else "received"].append(name)

    def raw(self, data):
        """Clear alerts among records that no OpenSSL reads."""
        while len(data) >= 7:
            length = struct.unpack(">H", data[3:5])[0]
            if data[0] == 21 and length == 2 and data[6] not in CLOSURE:
                self.alert(False, data[6])
            data = data[5 + length:]

    def tell(self, ports):
        self.facts["ports"] = ports
        with printing:
            print(json.dumps(self.facts), flush=True)


def retry(hello):
    return hello[6:38].hex().startswith("cf21ad74e59a6111be1d8c02")


def split(case):
    name, _, version = case.rpartition("-")
    return (name, version) if version in VERSIONS else (case, "")


def context(folder, case, server, told):
    name, version = split(case)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made._msg_callback = told.message
    made.keylog_filename = os.environ.get("TLS_PEER_KEYLOG")
    if version:
        made.minimum_version = made.maximum_version = VERSIONS[version]
    path = lambda file: os.path.join(folder, file)
    load = lambda who: made.load_cert_chain(path(who + ".pem"), path(who + ".key"))
    if server:
        own = {"untrusted": "stranger-server", "expired": "expired", "name": "other", "verifier": "other"}
        load(own.get(name, "server"))
        if name.startswith("client-"):
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(path("ca.pem"))
    else:
        if name != "untrusted":
            made.load_verify_locations(path("ca.pem"))
        if name == "client-stranger":
            load("stranger-client")
    if name == "cipher":
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        made.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    if name == "alpn":
        made.set_alpn_protocols(["another"])
    if name == "version-old":
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    if name == "version-new":
        made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def drain(connection):
    """To its end."""
    data = b""
    try:
        while True:
            piece = connection.recv(65536)
            if not piece:
                return data
            data += piece
    except OSError:
        return data


def record(connection):
    """One whole record."""
    data = b""
    while len(data) < 5 or len(data) < 5 + struct.unpack(">H", data[3:5])[0]:
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def first_record(data):
    return data[: 5 + struct.unpack(">H", data[3:5])[0]]


class Memory:
    """A handshake whose records pass through our hands."""

    def __init__(self, made, server):
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        name = None if server else "localhost"
        self.tls = made.wrap_bio(self.incoming, self.outgoing, server_side=server, server_hostname=name)

    def step(self, data=b""):
        if data:
            self.incoming.write(data)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


def by_hand(folder, case, server, told, connection):
    """Ends in the middle. Whether the case is one of those."""
    name, _ = split(case)
    if name == "plain":
        if server:
            record(connection)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        else:
            connection.sendall(REQUEST)
        told.raw(drain(connection))
        return True
    if name == "close-first":
        return True
    if name not in ("garbage", "corrupt", "silent") and not name.startswith(("close-", "reset-")):
        return False
    memory = Memory(context(folder, case, server, told), server)
    flight = memory.step(record(connection) if server else b"")
    if server and name in ("close-hello", "reset-hello", "silent", "garbage"):
        # Only the client's Hello was ever said.
        told.facts["clear"] = told.facts["clear"][:1]
    if not server:
        connection.sendall(GARBAGE if name == "garbage" else flight)
        if name.endswith("-server-hello"):
            record(connection)
            told.facts["clear"].append("server_hello")
    elif name.endswith("-server-hello"):
        hello = first_record(flight)
        connection.sendall(hello)
        told.facts["clear"] = told.facts["clear"][:2]
    elif name == "garbage":
        connection.sendall(GARBAGE)
    elif name == "corrupt":
        connection.sendall(flight[:-1] + bytes([flight[-1] ^ 1]))
        try:
            memory.step(drain(connection))
        except ssl.SSLError as error:
            told.facts["error"] = str(error)
    if name in ("garbage", "silent"):
        if not server and name == "garbage":
            told.facts["clear"] = []
        told.raw(drain(connection))
    if name.startswith("reset-"):
        reset(connection)
    return True


def secure(folder, case, server, told, connection):
    made = context(folder, case, server, told)
    name, _ = split(case)
    tls = made.wrap_socket(
        connection,
        server_side=server,
        server_hostname=None if server else "localhost",
        do_handshake_on_connect=False,
    )
    try:
        tls.do_handshake()
        told.facts["done"] = True
        if server:
            if tls.recv(65536):
                tls.sendall(ANSWER)
        elif name == "idle":
            tls = tls.unwrap()
        elif not name.startswith("client-"):
            tls.sendall(REQUEST)
        while tls.recv(65536) and (server or name != "ok"):
            pass
    except (OSError, ValueError) as error:
        told.facts["error"] = str(error)
    finally:
        tls.close()


active = []


def talk(folder, case, server, connection, ports):
    told = Told(case)
    active.append(told)
    try:
        connection.settimeout(PATIENCE)
        if not by_hand(folder, case, server, told, connection):
            secure(folder, case, server, told, connection)
    except Exception as error:
        told.facts["error"] = repr(error)
    finally:
        connection.close()
        told.tell(ports)
        active.remove(told)


def ports(caller, called):
    """A connection is told by both: the kernel gives one local port to calls of several servers."""
    return f"{caller}>{called}"


def serve(folder, cases):
    def accept(case, listener):
        while True:
            connection, peer = listener.accept()
            words = (folder, case, True, connection, ports(peer[1], listener.getsockname()[1]))
            threading.Thread(target=talk, args=words, daemon=True).start()

    for case in cases:
        listener = socket.create_server(("127.0.0.1", 0))
        print(case, listener.getsockname()[1], flush=True)
        threading.Thread(target=accept, args=(case, listener), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    time.sleep(0.3)
    while active:
        time.sleep(0.02)


def call(folder, cases):
    for each in cases:
        case, port = each.split(":")
        connection = socket.create_connection(("127.0.0.1", int(port)))
        talk(folder, case, False, connection, ports(connection.getsockname()[1], port))


(serve if sys.argv[1] == "serve" else call)(sys.argv[2], sys.argv[3:])
