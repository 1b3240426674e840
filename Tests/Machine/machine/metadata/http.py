"""What the metadata servers have in common."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """One request; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def query(self, name: str, default: str = "") -> str:
        return parse_qs(urlsplit(self.target).query).get(name, [default])[0]


@dataclass
class Answer:
    """One answer."""

    status: int
    body: bytes = b""
    kind: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)


class Personality(Protocol):
    """A cloud's metadata server."""

    def answer(self, request: Request) -> Answer: ...

    def set(self, path: str, value: str) -> None:
        """Changes one value while the machine runs, as the cloud would."""

    def preempt(self, notice_seconds: float) -> None:
        """Tells the machine that the cloud takes it away, that long before it does."""


def text(value: str, status: int = 200, **headers: str) -> Answer:
    return Answer(status, value.encode(), headers=headers)


def document(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), "application/json")


def dig(tree: Any, parts: list[str]) -> Any:
    """The value below a path of keys and list positions; None where there is none."""
    for part in parts:
        if isinstance(tree, dict) and part in tree:
            tree = tree[part]
        elif isinstance(tree, list) and part.isdigit() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return None
    return tree


def put(tree: dict[str, Any], path: str, value: Any) -> None:
    """Sets the value below `a/b/c`, making what is missing on the way."""
    *folders, name = path.split("/")
    for folder in folders:
        tree = tree.setdefault(folder, {})
    tree[name] = value
