"""A Lounge server, as the command `lounge pager` speaks to it: over HTTP alone, with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

from lounge.paging.source import TooLong

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from lounge.paging.source import Parser, Told

ANSWER_WITHIN: Final = 15.0
SILENCE: Final = 40.0
"""Seconds without a byte after which a feed counts as lost: the server gives a sign of life every 15."""
SERVER_ERROR: Final = 500
TOO_MANY: Final = 429
TOO_MANY_WAIT: Final = 30.0


class Lost(Exception):
    """No answer, or one that asks to come again: in `retry_after` seconds at the earliest."""

    def __init__(self, why: str, retry_after: float = 0.0) -> None:
        """Take what to tell the person who waits."""
        super().__init__(why)
        self.retry_after = retry_after


class Refused(Exception):
    """It makes no sense to come again; the text says why."""


class Site:
    """One server; close it by `close`."""

    def __init__(self, url: str, token: str) -> None:
        """Take the address, and the token, which goes into a header and nowhere else; raise Refused for no address."""
        self.url = url.rstrip("/")
        headers = {"authorization": f"Bearer {token}", "user-agent": "lounge pager"}
        try:
            self._client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=ANSWER_WITHIN)
        except httpx.InvalidURL as error:
            message = "--url takes an address such as https://lounge.example.org"
            raise Refused(message) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer's JSON; raise Refused or Lost."""
        try:
            answer = await self._client.request(method, f"/api/v1/pager/{path}", json=body)
        except httpx.TransportError as error:
            raise Lost(_words(error)) from error
        _check(answer)
        return _object(answer)

    async def events(self, parser: Parser, last: str) -> AsyncIterator[Told]:
        """Yield the feed's events from id `last` on, or from its beginning where that is empty; raise Refused or Lost."""
        headers = {"accept": "text/event-stream", "accept-encoding": "identity"} | (
            {"last-event-id": last} if last else {}
        )
        timeout = httpx.Timeout(ANSWER_WITHIN, read=SILENCE)
        try:
            async with self._client.stream("GET", "/api/v1/pager/feed", headers=headers, timeout=timeout) as answer:
                if answer.is_error:
                    await answer.aread()
                _check(answer)
                async for piece in answer.aiter_raw():
                    for told in parser.feed(piece):
                        yield told
        except httpx.TransportError as error:
            raise Lost(_words(error)) from error
        except TooLong as error:
            message = "this is no pager's feed: see to --url"
            raise Refused(message) from error
        message = "the feed ended"
        raise Lost(message)


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    fault = _object(answer).get("error")
    fault = fault if isinstance(fault, dict) else {}
    why = str(fault.get("message", f"the server answered {answer.status_code}"))
    if answer.status_code == TOO_MANY or answer.status_code >= SERVER_ERROR:
        wait = fault.get("retry_after")
        least = TOO_MANY_WAIT if answer.status_code == TOO_MANY else 0.0
        raise Lost(why, float(wait) if isinstance(wait, int | float) else least)
    raise Refused(why)


def _object(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that an answer holds; nothing where it is from a proxy, or from another program."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(error: httpx.TransportError) -> str:
    """Return what went wrong, without what the library would quote."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "no server answers there"
    return "nothing came any more" if isinstance(error, httpx.ReadTimeout) else "the connection broke"
