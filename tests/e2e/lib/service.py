"""An HTTP service for the scripts: it answers what it is told to, or behaves as
no service should. It counts what it is asked."""
import http.server
import os
import socket
import ssl
import struct
import subprocess
import threading


class Service:
    """answers: {path with query: (status, headers, body)}; else 404."""

    def __init__(self, answers, tls=None):
        self.answers, self.asked = answers, []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.asked.append(self.path)
                answer = service.answers.get(self.path)
                if isinstance(answer, list):  # one after the other
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
                status, headers, body = answer or (404, {}, b"no such thing")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                pass  # clients that hang up are what the tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(
                self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def url(self, scheme="http", host="127.0.0.1"):
        return f"{scheme}://{host}:{self.port}"


class Rude:
    """A server whose answers are what `behave(socket)` does with a connection
    after one request has come."""

    def __init__(self, behave, listen_first=True, tls=None):
        self.behave, self.listen_first = behave, listen_first
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            s, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(s,),
                             daemon=True).start()

    def serve(self, s):
        try:
            if self.tls:
                s = self.tls.wrap_socket(s, server_side=True)
            if self.listen_first:
                request = b""
                while b"\r\n\r\n" not in request:
                    data = s.recv(4096)
                    if not data:
                        return
                    request += data
            self.behave(s)
        except OSError:
            pass
        finally:
            s.close()


def reset(s):
    """End a connection with RST instead of FIN."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                 struct.pack("ii", 1, 0))
    s.close()


class Authority:
    """A root of TLS of our own, made by openssl(1) in a directory."""

    def __init__(self, where):
        self.where = where
        self.file = os.path.join(where, "root.pem")
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", "/CN=e2e root", "-keyout", "root.key",
                 "-out", "root.pem")

    def run(self, *args, text=""):
        subprocess.run(["openssl", *args], cwd=self.where, check=True,
                       input=text.encode(), capture_output=True)

    def context(self, name):
        """A server's side with a certificate of this subjectAltName."""
        stem = "".join(c if c.isalnum() else "-" for c in name)
        self.run("req", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=e2e",
                 "-keyout", f"{stem}.key", "-out", f"{stem}.csr")
        with open(os.path.join(self.where, f"{stem}.ext"), "w",
                  encoding="ascii") as f:
            f.write(f"subjectAltName={name}\n")
        self.run("x509", "-req", "-in", f"{stem}.csr", "-CA", "root.pem",
                 "-CAkey", "root.key", "-CAcreateserial", "-days", "2",
                 "-extfile", f"{stem}.ext", "-out", f"{stem}.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.where, f"{stem}.pem"),
                                os.path.join(self.where, f"{stem}.key"))
        return context
