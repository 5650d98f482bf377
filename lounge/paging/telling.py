"""What feeds are told of paging: the events that pages and searches become, in the transaction that changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from lounge.clock import milliseconds
from lounge.live.events import PageChanged, Paged, PageReminded, SearchChanged
from lounge.paging.policies import policy_of
from lounge.store import Item, digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lounge.ids import Ids
    from lounge.live.events import PageState
    from lounge.paging.policy import Policy
    from lounge.store import Record, Transaction

_encode = msgspec.json.Encoder().encode


def moment(at: datetime | None) -> int | None:
    """Return a time as the wire carries it."""
    return None if at is None else milliseconds(at)


def next_people(policy: Policy, step: int) -> int | None:
    """Return how many the next step asks at the most; None where it is all of them, or nobody."""
    following = policy.step(step)
    return following.people or None if following is not None else None


class Telling:
    """Makes the events; each has a key that follows from what it tells, so that it is told once."""

    def __init__(self, ids: Ids) -> None:
        """Take what derives keys."""
        self._ids = ids

    def paged(self, page: str, turn: int, feed: str, told: Paged) -> Item:
        """`paged`: asked, or asked again in a later turn."""
        return self._item(feed, "paged", told, page, str(turn))

    def changed(self, page: str, feed: str, turn: int, told: PageChanged) -> Item:
        """`page.changed`."""
        return self._item(feed, "page.changed", told, page, told.state, str(turn))

    def settled(self, rows: Sequence[Record], case: str, turn: int, state: PageState, holder: str | None) -> list[Item]:
        """`page.changed`, for each page that was settled together."""
        return [self.changed(row["id"], row["feed"], turn, PageChanged(row["id"], case, state, holder)) for row in rows]

    def reminded(self, page: str, feed: str, turn: int, told: PageReminded) -> Item:
        """`page.reminded`."""
        return self._item(feed, "page.reminded", told, page, str(turn))

    async def searches(self, transaction: Transaction, cases: Sequence[str], *names: str) -> list[Item]:
        """`search.changed`, on their authors' feeds, as these searches stand after the change called `names`."""
        return [
            self._item(
                row["feed"],
                "search.changed",
                SearchChanged(
                    case=row["case_id"],
                    state=row["state"],
                    paged=row["paged"],
                    open=row["open"],
                    acknowledged=row["acknowledged"],
                    declined=row["declined"],
                    next_at=moment(row["due_at"]) if row["due"] == "step" else None,
                    next_people=next_people(policy_of(row["policy"], row["urgency"]), row["step"])
                    if row["due"] == "step"
                    else None,
                ),
                row["case_id"],
                str(row["turn"]),
                *names,
            )
            for row in await transaction.rows("paging.counts", list(cases))
        ]

    def _item(self, stream: str, kind: str, told: Struct, *names: str) -> Item:
        data = _encode(told)
        key = self._ids.derived(kind, *names)
        return Item(stream=stream, author=0, key=key, kind=kind, data=data, digest=digest(kind, data.decode()))
