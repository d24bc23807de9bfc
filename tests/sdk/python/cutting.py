"""A proxy that loses the first piece of every upload half-way.

The server gets half of it and then nothing; the client gets an answer that says
nothing of the upload, as after a failure of something between the two. Whatever else
comes is passed on. Waits are bounded.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import threading
import urllib.parse
from collections.abc import Iterator

SECONDS = 30

_COMMAND = "X-Goog-Upload-Command"


class _Proxy(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urllib.parse.urlsplit(server).netloc
        self.lost = 0


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy = self.server
        assert isinstance(proxy, _Proxy)
        if "upload" in self.headers.get(_COMMAND, "") and not proxy.lost:
            proxy.lost = len(body) // 2
            self._lose(proxy.target, body)
            self._answer(200, [], b"{}")
            return
        connection = http.client.HTTPConnection(proxy.target, timeout=SECONDS)
        with contextlib.closing(connection):
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            self._answer(response.status, response.getheaders(), response.read())

    def _lose(self, target: str, body: bytes) -> None:
        host, _, port = target.partition(":")
        head = f"{self.command} {self.path} HTTP/1.1\r\n{self.headers}".replace(
            "\r\n", "\n"
        ).replace("\n", "\r\n")
        with socket.create_connection((host, int(port)), SECONDS) as connection:
            connection.sendall(head.encode() + body[: len(body) // 2])

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"content-length", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - named by the base class

    def log_message(self, *_: object) -> None:
        """Say nothing: the output is the results."""


@contextlib.contextmanager
def cutting(server: str) -> Iterator[str]:
    """Run the proxy in front of a server; give its URL.

    At the end something must have been lost.
    """
    with _Proxy(server) as proxy:
        serving = threading.Thread(target=proxy.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()
    assert proxy.lost
