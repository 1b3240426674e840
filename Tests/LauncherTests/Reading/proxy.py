"""A TCP proxy that can be cut and frozen: the network between a laptop and a machine.

Reads one word a line on a descriptor that it is told: `cut` ends all connections, `freeze` lets no
byte through and answers no new connection, `thaw` ends that, `refuse` takes no connections,
`accept` does again. Prints its port first, then each word once it is done.
"""

import os
import selectors
import socket
import sys
import threading


def listener(port: int) -> socket.socket:
    """Listens on the loopback; port 0 takes any."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(64)
    server.setblocking(False)
    return server


class Proxy:
    """Carries bytes between pairs of sockets until it is told not to."""

    def __init__(self, target: int, words: int) -> None:
        self.target = target
        self.words = words
        self.selector = selectors.DefaultSelector()
        self.server = listener(0)
        self.port = self.server.getsockname()[1]
        self.peers = {}
        self.is_frozen = False
        self.selector.register(self.server, selectors.EVENT_READ)
        self.read, self.write = os.pipe()
        self.selector.register(self.read, selectors.EVENT_READ)

    def listen_for_words(self) -> None:
        """Runs beside the carrying; each word wakes it."""
        for line in os.fdopen(self.words):
            os.write(self.write, line.encode())
        os._exit(0)

    def obey(self, word: str) -> None:
        if word == "cut":
            for one in list(self.peers):
                self.close(one)
        elif word == "freeze":
            self.is_frozen = True
        elif word == "thaw":
            self.is_frozen = False
        elif word == "refuse" and self.server:
            self.selector.unregister(self.server)
            self.server.close()
            self.server = None
        elif word == "accept" and not self.server:
            self.server = listener(self.port)
            self.selector.register(self.server, selectors.EVENT_READ)
        print(word, flush=True)

    def close(self, one: socket.socket) -> None:
        for end in (one, self.peers.pop(one, None)):
            if end is not None and end.fileno() >= 0:
                self.peers.pop(end, None)
                self.selector.unregister(end)
                end.close()

    def take(self) -> None:
        near, _ = self.server.accept()
        far = socket.socket()
        try:
            far.connect(("127.0.0.1", self.target))
        except OSError:
            near.close()
            return
        self.peers[near], self.peers[far] = far, near
        self.selector.register(near, selectors.EVENT_READ)
        self.selector.register(far, selectors.EVENT_READ)

    def carry(self, one: socket.socket) -> None:
        try:
            data = one.recv(1 << 16)
            if data:
                self.peers[one].sendall(data)
        except OSError:
            data = b""
        if not data:
            self.close(one)

    def run(self) -> None:
        print(self.port, flush=True)
        threading.Thread(target=self.listen_for_words, daemon=True).start()
        while True:
            for key, _ in self.selector.select(0.05 if self.is_frozen else None):
                if key.fileobj == self.read:
                    for word in os.read(self.read, 4096).decode().split():
                        self.obey(word)
                elif self.is_frozen:
                    continue
                elif key.fileobj == self.server:
                    self.take()
                elif key.fileobj in self.peers:
                    self.carry(key.fileobj)


if __name__ == "__main__":
    Proxy(int(sys.argv[1]), int(sys.argv[2])).run()
