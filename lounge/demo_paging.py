"""The demo's pager: who is on call when, and what became of the searches for its cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lounge.demo_duties import give_duties
from lounge.demo_searches import Teller

if TYPE_CHECKING:
    from datetime import datetime

    from lounge.aliases import Aliases
    from lounge.data import Demo, Specialties
    from lounge.demo_searches import Searched
    from lounge.ids import Ids
    from lounge.members.accounts import Accounts, Member
    from lounge.paging.duties import Duties
    from lounge.store import Direct

_encode = msgspec.json.Encoder().encode


class DemoPaging:
    """Puts it in: searches as the owner of the schema, since the application lets none begin that is over."""

    def __init__(
        self, owner: Direct, ids: Ids, accounts: Accounts, aliases: Aliases, duties: Duties, specialties: Specialties
    ) -> None:
        """Take the rules of duties, who people are to others, and a connection as the owner."""
        self._owner = owner
        self._ids = ids
        self._accounts = accounts
        self._aliases = aliases
        self._duties = duties
        self._specialties = specialties

    async def put_in(self, demo: Demo) -> None:
        """Give members their duties, and the cases that stand already their searches; whatever stands is left alone."""
        await give_duties(self._duties, self._accounts, demo.members)
        members = {one.handle: await self._accounts.by_handle(one.handle) for one in demo.members}
        teller = Teller(demo.members, members, self._specialties)
        for case in demo.cases:
            key = self._ids.derived("demo case", case.title)
            for row in await self._owner.rows("demo.case", members[case.author].id, key):
                await self._write(row["id"], teller.told(case, row["opened_at"], row["first_reply_at"]), members)
        await self._owner.rows("demo.borne")

    async def _write(self, case: str, told: Searched, members: dict[str, Member]) -> None:
        """Write one search with its pages and steps: in one statement, so all of it or nothing."""
        pages, turns = told.pages, told.turns
        times: list[list[datetime | None]] = [
            [getattr(one, name) for one in pages]
            for name in ("paged_at", "delivered_at", "seen_at", "acknowledged_at", "ended_at")
        ]
        await self._owner.rows(
            "demo.search",
            case,
            told.state,
            _encode(told.policy).decode(),
            told.step,
            told.wanted,
            told.acks,
            told.paged_at,
            told.acknowledged_at,
            told.ended_at,
            list(told.raised),
            [self._ids.stream(one.paged_at) for one in pages],
            [members[one.handle].id for one in pages],
            [one.turn for one in pages],
            [one.state for one in pages],
            [one.reason for one in pages],
            ["\x1f".join(one.why) for one in pages],
            [await self._aliases.label(members[one.handle]) for one in pages],
            *times,
            [one.turn for one in turns],
            [one.step for one in turns],
            [one.kind for one in turns],
            [one.at for one in turns],
            [one.people for one in turns],
        )
