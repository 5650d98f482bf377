"""What stands in the end: read through HTTP, and by SQL where a database is given."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
from msgspec import Struct

from lounge.drill.peer import Lost, Refused
from lounge.drill.window import State, state_of
from lounge.sql import load_queries
from lounge.store import Direct

if TYPE_CHECKING:
    from lounge.drill.plan import DrillCase

PAGE: Final = 200
WITHIN: Final = 20.0
TRIES: Final = 30


class Stood(Struct, frozen=True):
    """What stands in one room: messages by number, the head, and, by SQL alone, every event's ref by number."""

    messages: dict[int, State]
    head: int
    events: dict[int, str] | None = None


class Site:
    """An installation over HTTP, by any of its nodes."""

    def __init__(self, urls: list[str]) -> None:
        """Take the nodes' addresses."""
        self._urls = urls

    async def request(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:  # noqa: ANN401  JSON
        """Ask until a node answers; raise Refused where the answer is a refusal, Lost where there is none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        for attempt in range(TRIES):
            url = self._urls[attempt % len(self._urls)]
            try:
                async with httpx.AsyncClient(base_url=url, timeout=WITHIN) as client:
                    answer = await client.request(method, path, headers=headers, **more)
            except httpx.TransportError:
                await asyncio.sleep(0.5)
                continue
            if answer.is_success:
                return answer.json()
            told = _error(answer)
            if not told.get("retry"):
                message = f"{method} {path.partition('?')[0]}: {answer.status_code} {told.get('message', '')}"
                raise Refused(message)
            await asyncio.sleep(min(told.get("retry_after") or 0.5, WITHIN))
        raise Lost

    async def demo_tokens(self) -> list[str]:
        """Sign in as every member of the demo."""
        members = await self.request("GET", "/api/v1/demo/members")
        return [
            (await self.request("POST", "/api/v1/demo/sign-in", json={"handle": one["handle"]}))["token"]
            for one in members["members"]
        ]

    async def open_case(self, token: str, case: DrillCase) -> str:
        """Open a drill case and return its room."""
        key = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
        answer = await self.request("POST", "/api/v1/cases", token, headers=key, content=msgspec.json.encode(case))
        room: str = answer["case"]["room"]
        return room

    async def clean(self, token: str) -> int:
        """Remove the drill cases of this member."""
        removed: int = (await self.request("DELETE", "/api/v1/drills", token))["removed"]
        return removed

    async def head(self, token: str, stream: str) -> int:
        """Return the number of the newest event."""
        head: int = (await self.request("GET", f"/api/v1/rooms/{stream}/messages?limit=1", token))["head"]
        return head

    async def read(self, token: str, stream: str) -> Stood:
        """Read a room from its first message to its last; to be called when nobody writes any more."""
        messages: dict[int, State] = {}
        after, more, head = 0, True, 0
        while more:
            page = await self.request("GET", f"/api/v1/rooms/{stream}/messages?after={after}&limit={PAGE}", token)
            messages |= {one["seq"]: state_of(one) for one in page["messages"]}
            more, head = page["more"], page["head"]
            after = max(messages, default=0)
        return Stood(messages, head)


async def with_events(database_url: str, stood: dict[str, Stood]) -> dict[str, Stood]:
    """Add what the log itself holds, read by SQL."""
    events: dict[str, dict[int, str]] = {stream: {} for stream in stood}
    async with Direct(database_url, load_queries()) as database:
        for row in await database.rows("drill.events", list(stood)):
            events[row["stream"]][row["seq"]] = row["ref"].hex()
        heads = {row["stream"]: row["head"] for row in await database.rows("drill.heads", list(stood))}
    return {
        stream: msgspec.structs.replace(one, head=heads.get(stream, 0), events=events[stream])
        for stream, one in stood.items()
    }


def _error(answer: httpx.Response) -> dict[str, Any]:
    try:
        told: dict[str, Any] = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {"retry": answer.status_code >= 500}  # noqa: PLR2004  a proxy's answer
    return told
