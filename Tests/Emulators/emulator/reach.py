"""How far the caller's role reaches: of a bucket that is limited, one prefix and no more."""

from __future__ import annotations

from .store import Refusal


class Reach:
    """The prefixes that buckets are limited to; every other bucket is open."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._prefixes: dict[str, str] = {}

    def limit(self, bucket: str, prefix: str) -> None:
        self._prefixes[bucket] = prefix

    def is_limited(self, bucket: str) -> bool:
        return bucket in self._prefixes

    def check_name(self, bucket: str, name: str) -> None:
        """An object may be read whose name is the prefix, or lies below it."""
        self._check(bucket, name, f"no right to read {name}")

    def check_listing(self, bucket: str, prefix: str) -> None:
        """A listing must ask for the prefix, or for what lies below it."""
        self._check(bucket, prefix, f"no right to list {prefix!r}")

    def check_write(self, bucket: str) -> None:
        if self.is_limited(bucket):
            raise Refusal(403, f"{bucket}: no right to write", "AccessDenied")

    def _check(self, bucket: str, text: str, message: str) -> None:
        prefix = self._prefixes.get(bucket)
        if prefix is not None and text != prefix and not text.startswith(prefix + "/"):
            raise Refusal(403, f"{bucket}: {message}", "AccessDenied")
