"""A server on loopback that sends bytes as they are, with pauses: for what no HTTP library would send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

TOKEN = b'{"access_token": "t0ken-raw-opaque", "expires_in": 7200}'


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """One response with its length."""
    named = [b"content-length: %d" % len(body), b"connection: close", *headers]
    return b"HTTP/1.1 " + status + b"\r\n" + b"\r\n".join(named) + b"\r\n\r\n" + body


@contextmanager
def raw_server(pieces: Iterable[bytes], *, every: float = 0.0) -> Iterator[str]:
    """Answer each login with a token and everything else with the pieces, one `every` so many seconds."""
    pieces = list(pieces)
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            asked = b""
            while b"\r\n\r\n" not in asked:
                more = connection.recv(65536)
                if not more:
                    return
                asked += more
            sent = [whole(TOKEN)] if asked.startswith(b"POST") else pieces
            for piece in sent:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                if every and over.wait(every):
                    return

    def accept(listening: socket.socket) -> None:
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            listening.close()
