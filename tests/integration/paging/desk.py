"""Paging over a module's own database: members who are on call, cases that search, and time that passes when told to."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from lounge.data import load_countries
from lounge.endings import Endings
from lounge.members.accounts import NewMember
from lounge.metrics import Metrics
from lounge.paging.engine import Engine
from lounge.paging.pages import Pages
from lounge.paging.router import Router
from lounge.paging.stopwatch import Stopwatch
from lounge.paging.taking import Taking
from lounge.paging.weights import Weights

if TYPE_CHECKING:
    from lounge.cases import Case
    from lounge.members.accounts import Member, Role
    from lounge.store import Store
    from tests.integration.cases.conftest import Ask, Node


class Desk:
    """What one node does for paging; `store` may be one that breaks."""

    def __init__(self, node: Node, owner: Ask, store: Store | None = None) -> None:
        """Build it around a node's rules."""
        self.node = node
        self.owner = owner
        store = store or node.store
        stopwatch = Stopwatch(Metrics())
        router = Router(node.specialties, load_countries(), Weights(), node.clock)
        self.taking = Taking(store, node.ids, node.aliases, router, node.telling, node.committed, stopwatch)
        self.engine = Engine(store, self.taking)
        self.endings = Endings(
            node.store,
            node.ids,
            node.clock,
            enter=node.rooms.participate,
            committed=node.committed,
            end_search=node.escalations.end,
        )
        self.pages = Pages(store, node.ids, node.aliases, node.telling, node.committed, lambda: None, stopwatch)

    async def member(
        self, *specialties: str, country: str = "DE", role: Role = "member", on_call: bool = True
    ) -> Member:
        """Make a member, who is on call for the next eight hours unless told otherwise."""
        handle = f"m-{uuid.uuid4().hex[:12]}"
        new = NewMember(handle, specialties or ("cardiology",), country, role)
        (member,) = await self.node.accounts.create([new])
        if on_call:
            await self.owner(
                "update duties set on_call_until = clock_timestamp() + interval '8 hours' where member = $1", member.id
            )
        return member

    async def members(self, count: int, *specialties: str, **about: Any) -> list[Member]:
        """Make several."""
        return [await self.member(*specialties, **about) for _ in range(count)]

    async def alone(self) -> None:
        """Let nobody of before be asked: what other tests made is of no account."""
        await self.owner("update members set state = 'locked'")
        await self.owner("update escalations set due = null, due_at = null")

    async def rest(self) -> None:
        """Let a day begin: nobody has borne a page yet."""
        await self.owner("update duties set spent = 0, budget = 100")

    async def pass_time(self, seconds: float, case: Case | None = None) -> None:
        """Let time pass for one search, or for all: what is due in so many seconds is due now."""
        await self.owner(
            "update escalations set due_at = due_at - make_interval(secs => $1::float8) where $2::uuid is null or case_id = $2",
            seconds,
            None if case is None else case.id,
        )

    async def search(self, case: Case) -> Any:
        """Return a search as it is stored."""
        (row,) = await self.owner(
            "select *, extract(epoch from due_at - clock_timestamp())::float8 as wait from escalations where case_id = $1",
            case.id,
        )
        return row

    async def paged(self, case: Case) -> dict[str, str]:
        """Return the states of all pages of a case, by handle."""
        rows = await self.owner(
            "select m.handle, p.state from pages p join members m on m.id = p.member where p.case_id = $1", case.id
        )
        return {row["handle"]: row["state"] for row in rows}

    async def page(self, case: Case, member: Member) -> str:
        """Return the id of a member's page for a case."""
        (row,) = await self.owner("select id from pages where case_id = $1 and member = $2", case.id, member.id)
        return str(row["id"])

    async def told(self, member: Member, *kinds: str) -> list[Any]:
        """Return what a member's feed told of these kinds, oldest first."""
        rows = await self.owner(
            "select kind, data from events where stream = $1 and kind = any($2::text[]) order by seq",
            member.feed,
            list(kinds or ("paged", "page.changed", "page.reminded", "search.changed", "pager.alarm")),
        )
        return [{"kind": row["kind"], **msgspec.json.decode(row["data"])} for row in rows]

    async def turns(self, case: Case) -> list[tuple[str, int, int]]:
        """Return what was taken for a case: kind, step and how many were asked."""
        rows = await self.owner("select kind, step, people from turns where case_id = $1 order by turn", case.id)
        return [(row["kind"], row["step"], row["people"]) for row in rows]
