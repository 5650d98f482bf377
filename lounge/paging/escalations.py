"""The search for responders as the author of a case sees it, and what they may ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from lounge.clock import milliseconds
from lounge.errors import Invalid, KeyReused, NotFound, PageOver, TooMany
from lounge.live.events import PageState, SearchState
from lounge.paging.plan import OVER, WAITING
from lounge.paging.policies import policy_of
from lounge.paging.telling import moment, next_people

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lounge.members.accounts import Member
    from lounge.paging.telling import Telling
    from lounge.store import Item, Outcome, Record, Store, Transaction

Wish = Literal["call-more", "widen", "stand-down"]

CALLS: Final = 20
"""How often an author may ask for something, for each case."""
ACKNOWLEDGED: Final = ("acknowledged", "answered")


class Asked(Struct, frozen=True):
    """Somebody who was asked, by label alone; `at` in milliseconds, of the last thing that happened to their page."""

    label: str
    state: PageState
    at: int


class Search(Struct, frozen=True):
    """How the search for responders stands. Times in milliseconds; `next_people` null where all are asked, or nobody.

    `may`: what you can ask of it now.
    """

    case: str
    state: SearchState
    paged: int
    open: int
    acknowledged: int
    declined: int
    next_at: int | None
    next_people: int | None
    opened_at: int
    first_paged_at: int | None
    acknowledged_at: int | None
    people: list[Asked]
    may: list[Wish]


class Escalations:
    """Searches, seen with the eyes of one member at a time."""

    def __init__(
        self,
        store: Store,
        telling: Telling,
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        changed: Callable[[], None],
    ) -> None:
        """Take the store; `committed` learns of events, `changed` that a step may be due at once."""
        self._store = store
        self._telling = telling
        self._committed = committed
        self._changed = changed

    async def search(self, member: Member, case_id: str) -> Search:
        """Return the search for a case of one's own; NotFound where there is none, or it is not for `member`, alike."""
        row = await self._store.row(
            "paging.searched", case_id, member.id, member.role == "moderator", list(member.specialties)
        )
        if row is None:
            raise NotFound
        asked = await self._store.rows("paging.asked", case_id)
        stepping = row["due"] == "step"
        return Search(
            case=case_id,
            state=row["state"],
            paged=len(asked),
            open=sum(one["state"] in WAITING for one in asked),
            acknowledged=sum(one["state"] in ACKNOWLEDGED and one["acknowledged"] for one in asked),
            declined=sum(one["state"] == "declined" for one in asked),
            next_at=moment(row["due_at"]) if stepping else None,
            next_people=next_people(policy_of(row["policy"], row["urgency"]), row["step"]) if stepping else None,
            opened_at=milliseconds(row["opened_at"]),
            first_paged_at=moment(row["paged_at"]),
            acknowledged_at=moment(row["acknowledged_at"]),
            people=[Asked(one["label"], one["state"], milliseconds(one["at"])) for one in asked],
            may=_wishes(row["state"]),
        )

    async def call_more(self, member: Member, case_id: str, key: str) -> Search:
        """Ask as many again as the last step did, at once, though somebody may have it already."""
        return await self._wish(member, case_id, key, "call-more")

    async def widen(self, member: Member, case_id: str, key: str) -> Search:
        """Take the next step at once instead of waiting for it."""
        return await self._wish(member, case_id, key, "widen")

    async def stand_down(self, member: Member, case_id: str, key: str) -> Search:
        """Ask nobody else, and let off those who were asked."""
        return await self._wish(member, case_id, key, "stand-down")

    async def end(self, transaction: Transaction, case_id: str) -> list[Item]:
        """End the search for a case that is over, in the transaction that ends it; return what is told of it."""
        search = await transaction.row("paging.hold", case_id)
        if search is None or search["state"] in ("answered", "ended"):
            return []
        return await self._stop(transaction, search, "ended", "ended")

    async def _wish(self, member: Member, case_id: str, key: str, wish: Wish) -> Search:
        await self.search(member, case_id)
        async with self._store.transaction() as transaction:
            search = await transaction.row("paging.hold", case_id)
            if search is None:
                raise NotFound
            known = await transaction.value("paging.called", case_id, key)
            items: list[Item] = []
            if known is None:
                items = await self._grant(transaction, search, key, wish)
            elif known != wish:
                raise KeyReused
            outcomes = await transaction.append(items) if items else []
        self._committed(items, outcomes)
        self._changed()
        return await self.search(member, case_id)

    async def _grant(self, transaction: Transaction, search: Record, key: str, wish: Wish) -> list[Item]:
        case = search["case_id"]
        facts = await transaction.row("paging.facts", [case])
        if facts is None or facts["case_state"] in OVER or wish not in _wishes(search["state"]):
            raise PageOver("the search is over: write in the room, where those who came can read it")
        if await transaction.value("paging.calls", case) >= CALLS:
            raise TooMany(f"a search can be changed {CALLS} times: call colleagues in the room by their names there")
        await transaction.rows("paging.call", case, key, wish)
        if wish == "stand-down":
            return await self._stop(transaction, search, "stood_down", key)
        steps = policy_of(search["policy"], search["urgency"]).steps
        # The last resort is asked when its time comes, or when the author wants it; never again as "more of the same".
        step = search["step"] if wish == "widen" else max(min(search["step"], len(steps) - 1) - 1, 0)
        if step >= len(steps):
            raise Invalid("everybody who can be asked was asked: the search goes no wider")
        # Whoever was let off when the author stood it down is asked again before anybody else.
        due = "reopen" if search["state"] == "stood_down" and wish == "call-more" else "step"
        wanted = max(search["wanted"], search["acks"] + 1)
        # A reply that stands already does not end what is asked for now.
        await transaction.rows("paging.again", case, search["again"] or facts["first_reply_at"] is not None, wanted)
        await transaction.rows(
            "paging.advance",
            [case],
            ["searching"],
            [step],
            [search["turn"]],
            [search["acks"]],
            [due],
            [0.0],
            [False],
        )
        return await self._telling.searches(transaction, [case], key)

    async def _stop(self, transaction: Transaction, search: Record, state: SearchState, name: str) -> list[Item]:
        case, turn = search["case_id"], search["turn"]
        await transaction.rows(
            "paging.advance", [case], [state], [search["step"]], [turn], [0], [None], [None], [False]
        )
        rows = await transaction.rows("paging.settle", case, [*WAITING, "acknowledged"], "superseded", None)
        items = self._telling.settled(rows, case, turn, "superseded", None)
        return items + await self._telling.searches(transaction, [case], name)


def _wishes(state: SearchState) -> list[Wish]:
    """Return what the author may ask of a search in this state."""
    if state == "ended":
        return []
    if state == "exhausted":
        return ["call-more", "stand-down"]
    if state in ("searching", "held"):
        return ["call-more", "widen", "stand-down"]
    return ["call-more", "widen"]
