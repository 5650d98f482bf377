"""The demo over HTTP, as any program asks it: signing in without proof, cases and rooms, and the own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

from lounge.drill.peer import Lost, Refused

if TYPE_CHECKING:
    from types import TracebackType

WITHIN: Final = 10.0
PAGE: Final = 100


class Site:
    """One demo; open it with `async with`."""

    def __init__(self, url: str) -> None:
        """Take its address."""
        self.url = url
        # Changes come from a page of the demo's own, as far as the server can tell.
        self._client = httpx.AsyncClient(base_url=url, timeout=WITHIN, headers={"Origin": url})

    async def __aenter__(self) -> Site:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def sign_in(self, handle: str) -> str:
        """Sign in as a member of the demo and return the session's token."""
        token: str = (await self._ask("POST", "/api/v1/demo/sign-in", json={"handle": handle}))["token"]
        # The cookie of the last who signed in would speak for all of them.
        self._client.cookies.clear()
        return token

    async def me(self, token: str) -> dict[str, Any]:
        """Return who it is, with the boards to follow."""
        me: dict[str, Any] = await self._ask("GET", "/api/v1/me", token)
        return me

    async def rooms(self, token: str) -> list[dict[str, Any]]:
        """Return the first page of lounges open to a member and rooms they write in."""
        rooms: list[dict[str, Any]] = (await self._ask("GET", f"/api/v1/rooms?limit={PAGE}", token))["rooms"]
        return rooms

    async def cases(self, token: str) -> list[dict[str, Any]]:
        """Return the newest cases that are not over."""
        states = "&".join(f"state={one}" for one in ("open", "answered", "reopened"))
        cases: list[dict[str, Any]] = (await self._ask("GET", f"/api/v1/cases?{states}&limit={PAGE}", token))["cases"]
        return cases

    async def case(self, token: str, case_id: str) -> dict[str, Any]:
        """Return one case."""
        case: dict[str, Any] = (await self._ask("GET", f"/api/v1/cases/{case_id}", token))["case"]
        return case

    async def view(self, token: str, case_id: str) -> None:
        """Say that one has looked at a case."""
        await self._ask("POST", f"/api/v1/cases/{case_id}/views", token)

    async def own_cases(self, token: str) -> list[dict[str, Any]]:
        """Return the newest cases that a member has opened, over or not."""
        cases: list[dict[str, Any]] = (await self._ask("GET", f"/api/v1/cases?mine=true&limit={PAGE}", token))["cases"]
        return cases

    async def open_case(self, token: str, key: str, draft: dict[str, Any]) -> dict[str, Any]:
        """Open a case, once for each key."""
        case: dict[str, Any] = (await self._change(token, "/api/v1/cases", key, draft))["case"]
        return case

    async def resolve(self, token: str, case_id: str, key: str, resolution: dict[str, Any]) -> None:
        """Close a case of one's own with its outcome."""
        await self._change(token, f"/api/v1/cases/{case_id}/resolve", key, resolution)

    async def withdraw(self, token: str, case_id: str, key: str) -> None:
        """Take a case of one's own back."""
        await self._change(token, f"/api/v1/cases/{case_id}/withdraw", key, None)

    async def messages(self, token: str, stream: str) -> list[dict[str, Any]]:
        """Return the newest messages of a room, in their order."""
        path = f"/api/v1/rooms/{stream}/messages?limit={PAGE}"
        messages: list[dict[str, Any]] = (await self._ask("GET", path, token))["messages"]
        return messages

    async def duty(self, token: str) -> dict[str, Any]:
        """Return when and for what a member is paged."""
        duty: dict[str, Any] = await self._ask("GET", "/api/v1/pager/duty", token)
        return duty

    async def open_pages(self, token: str) -> list[dict[str, Any]]:
        """Return the pages that wait for a member, or that are theirs."""
        path = f"/api/v1/pager/pages?open=true&limit={PAGE}"
        pages: list[dict[str, Any]] = (await self._ask("GET", path, token))["pages"]
        return pages

    async def received(self, token: str, page: str, state: str) -> str:
        """Say that a page has come, or was looked at; return its state."""
        return await self._answer(token, page, "received", {"state": state})

    async def acknowledge(self, token: str, page: str) -> str:
        """Take the case of a page on; return the state of the page."""
        return await self._answer(token, page, "acknowledge", None)

    async def decline(self, token: str, page: str, reason: str) -> str:
        """Say no to a page; return its state."""
        return await self._answer(token, page, "decline", {"reason": reason})

    async def _answer(self, token: str, page: str, how: str, body: dict[str, Any] | None) -> str:
        more = {} if body is None else {"json": body}
        state: str = (await self._ask("POST", f"/api/v1/pager/pages/{page}/{how}", token, **more))["page"]["state"]
        return state

    async def _change(self, token: str, path: str, key: str, body: dict[str, Any] | None) -> Any:  # noqa: ANN401  JSON
        more = {} if body is None else {"json": body}
        return await self._ask("POST", path, token, {"Idempotency-Key": key}, **more)

    async def _ask(
        self,
        method: str,
        path: str,
        token: str | None = None,
        extra: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401  JSON
    ) -> Any:  # noqa: ANN401  JSON
        """Ask once; raise Refused where the answer is a refusal, Lost where there is none."""
        headers = (extra or {}) | ({} if token is None else {"Authorization": f"Bearer {token}"})
        try:
            answer = await self._client.request(method, path, headers=headers, **more)
        except httpx.HTTPError as error:
            raise Lost from error
        if answer.is_server_error:
            raise Lost
        if answer.is_error:
            raise Refused(path)
        return answer.json() if answer.content else None
