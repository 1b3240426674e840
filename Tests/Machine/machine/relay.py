"""Two connections joined, TLS or not, in one thread."""

from __future__ import annotations

import selectors
import socket
import ssl

PIECE = 262144
IDLE_SECONDS = 300
NOTHING_YET = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


def join(one: socket.socket, other: socket.socket) -> None:
    """Carries bytes both ways until a side ends; OSError where one breaks.

    In one thread, because one TLS connection is not to be read and written at the same time.
    Readable need not mean data (TLS 1.3 sends tickets), so reading never waits.
    """
    with selectors.DefaultSelector() as waiting:
        waiting.register(one, selectors.EVENT_READ, other)
        waiting.register(other, selectors.EVENT_READ, one)
        while ready := waiting.select(IDLE_SECONDS):
            for key, _ in ready:
                if not carry(key.fileobj, key.data):
                    return


def carry(source: socket.socket, target: socket.socket) -> bool:
    """All that is there now; False at the end of the stream."""
    while True:
        source.setblocking(False)
        try:
            data = source.recv(PIECE)
        except NOTHING_YET:
            return True
        if not data:
            return False
        target.settimeout(IDLE_SECONDS)
        target.sendall(data)
        if not (isinstance(source, ssl.SSLSocket) and source.pending()):
            return True
