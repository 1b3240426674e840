"""DHCP with one lease (RFC 2131), for the one machine on the network."""

from __future__ import annotations

import socket
import struct
import threading

from machine.events import EventLog
from machine.network import CLOUD, MACHINE, Network

MASK = "255.255.255.0"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
OPTIONS_AT = 240
ANSWERS = {DISCOVER: OFFER, REQUEST: ACK}


def message_type(packet: bytes) -> int:
    """Option 53 of a request; 0 where there is none."""
    at = OPTIONS_AT
    while at + 1 < len(packet) and packet[at] != 255:
        if packet[at] == 0:
            at += 1
        elif packet[at] == 53:
            return packet[at + 2]
        else:
            at += 2 + packet[at + 1]
    return 0


def answer(packet: bytes) -> bytes | None:
    """The answer to a request of a client; None if it asks for nothing."""
    if len(packet) < OPTIONS_AT or packet[0] != 1:
        return None
    kind = ANSWERS.get(message_type(packet))
    if kind is None:
        return None
    cloud, machine = socket.inet_aton(CLOUD), socket.inet_aton(MACHINE)
    options = bytes([53, 1, kind, 54, 4]) + cloud
    options += bytes([51, 4]) + struct.pack(">I", 86400)
    options += bytes([1, 4]) + socket.inet_aton(MASK)
    options += bytes([3, 4]) + cloud + bytes([6, 4]) + cloud + b"\xff"
    head = struct.pack(">BBBB4sHH", 2, 1, 6, 0, packet[4:8], 0, 0x8000)
    addresses = bytes(4) + machine + cloud + bytes(4) + packet[28:44]
    return head + addresses + bytes(192) + b"\x63\x82\x53\x63" + options


def serve(network: Network, log: EventLog) -> None:
    """Answers from a thread of its own for as long as this process lives."""
    port = network.socket(socket.SOCK_DGRAM, "0.0.0.0", 67)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"cloud0")

    def loop() -> None:
        while True:
            packet, _ = port.recvfrom(2048)
            if reply := answer(packet):
                if message_type(packet) == REQUEST:
                    log.add(f"dhcp {MACHINE}")
                port.sendto(reply, ("255.255.255.255", 68))

    threading.Thread(target=loop, daemon=True).start()
