#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whom hooks post to in a test: hook_listener.py [CERTIFICATE KEY]

Prints its port, and then a JSON line for each document that comes: path, headers, document. The
path says what is answered: /STATUS that status; /busy 503 twice, then 200; /silent nothing;
/cut[/STATUS] a head, and the connection is gone;
/flood a body without an end; /drip a byte of the head a second.
"""
import http.server
import json
import socket
import ssl
import sys
import threading
import time


class Listener(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    busy_left = 2

    def log_message(self, *_):
        pass

    def do_POST(self):
        document = self.rfile.read(int(self.headers["Content-Length"]))
        print(json.dumps({"path": self.path, "headers": dict(self.headers),
                          "document": json.loads(document)}), flush=True)
        word = self.path.strip("/").split("?")[0].split("/")[0]
        answer = getattr(self, word, None)
        if answer:
            return answer()
        return self.say(int(word) if word.isdigit() else 200)

    def say(self, status):
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def busy(self):
        Listener.busy_left -= 1
        self.say(503 if Listener.busy_left >= 0 else 200)

    def silent(self):
        time.sleep(3600)

    def cut(self):
        status = self.path.rpartition("/")[2]
        self.wfile.write(b"HTTP/1.0 %d So\r\nContent-Length: 100\r\n\r\nbegun"
                         % (int(status) if status.isdigit() else 200))
        self.wfile.flush()
        # As who dies: nothing says that this is the end.
        self.connection.unwrap = None
        socket.socket.shutdown(self.connection, socket.SHUT_RDWR)
        self.close_connection = True

    def flood(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            pass

    def drip(self):
        try:
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X" * 3600:
                self.wfile.write(bytes([byte]))
                time.sleep(1)
        except OSError:
            pass


def main(arguments):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.daemon_threads = True
    if arguments:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*arguments)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    # Whoever started it has gone when its input ends.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main(sys.argv[1:])
