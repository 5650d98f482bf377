"""Whose pages may ask for changes in a member's name: ours alone (the web's origins, RFC 6454)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Origins:
    """The origins under which this installation is reached."""

    def __init__(self, public_url: str | None, port: int) -> None:
        """Take the public address; without one, the loopback names of `port` are the origins."""
        loopback = [f"http://{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
        urls = loopback if public_url is None else [public_url]
        self._own = frozenset(_origin(url) for url in urls)
        self._hosts = frozenset(origin.partition("://")[2] for origin in self._own)

    def foreign(self, headers: Mapping[str, str]) -> bool:
        """Say whether a browser sent this on behalf of another site's page."""
        origin = headers.get("origin")
        if origin is not None:
            return origin.lower() not in self._own
        return headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}

    def own(self, headers: Mapping[str, str]) -> bool:
        """Say whether it certainly comes from a page of ours: what a change authenticated by a cookie must show.

        Sec-Fetch-Site counts only where no Origin is sent: a name that is pointed at our address (DNS rebinding) makes
        a foreign page look like "same-origin", while Origin still names it.
        """
        origin = headers.get("origin")
        if origin is not None:
            return origin.lower() in self._own
        return headers.get("sec-fetch-site") == "same-origin"

    def addressed(self, headers: Mapping[str, str]) -> bool:
        """Say whether the Host header names us, so that no foreign name was pointed at our address."""
        host = headers.get("host", "").lower()
        return host in self._hosts


def _origin(url: str) -> str:
    """Return scheme, host and, unless it is the scheme's own, port."""
    parts = urlsplit(url.lower())
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{parts.port}"
