"""Pages: one case asked of one person, and what that person makes of it.

An acknowledgement is compare-and-set under the lock of the search: whoever else was asked is let off in the same
transaction, and no step that commits later asks anybody. Asked again, everything here is answered as the first time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from lounge.clock import milliseconds
from lounge.errors import Invalid, NotFound, PageOver
from lounge.live.events import PageChanged, Paged, PageState, Urgency
from lounge.members.accounts import member_of
from lounge.paging import duties
from lounge.paging.asking import Choice
from lounge.paging.plan import WAITING
from lounge.paging.policies import policy_of
from lounge.paging.telling import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lounge.aliases import Aliases
    from lounge.ids import Ids
    from lounge.members.accounts import Member
    from lounge.paging.policy import Policy
    from lounge.paging.stopwatch import Stopwatch
    from lounge.paging.telling import Telling
    from lounge.store import Item, Outcome, Record, Store, Transaction

Reason = Literal["busy", "resting", "not_my_field", "conflict_of_interest", "other"]

STOPPED: Final = ("answered", "stood_down", "ended")
HANDED_OVER_WAIT: Final = 60.0
"""Seconds that a colleague named by the one before has, until others are asked."""


class Page(Struct, frozen=True):
    """A page as the person asked sees it. Times in milliseconds.

    `label` is the author's, `others` are those of who else is asked, `holder` that of who has acknowledged it. `next_at`: when
    others are asked, while nobody has it; `reopens_at`: when they are, where you have it and do not reply.
    """

    id: str
    case: str
    room: str
    specialty: str
    urgency: Urgency
    language: str
    label: str
    state: PageState
    why: list[str]
    others: list[str]
    holder: str | None
    reason: Reason | None
    opened_at: int
    paged_at: int
    next_at: int | None
    reopens_at: int | None
    ended_at: int | None


class Pages:
    """The pages of one member at a time."""

    def __init__(
        self,
        store: Store,
        ids: Ids,
        aliases: Aliases,
        telling: Telling,
        committed: Callable[[Sequence[Item], Sequence[Outcome]], None],
        changed: Callable[[], None],
        stopwatch: Stopwatch,
    ) -> None:
        """Take the store; `committed` learns of events, `changed` that a step may be due at once, `stopwatch` how soon."""
        self._store = store
        self._ids = ids
        self._aliases = aliases
        self._telling = telling
        self._committed = committed
        self._changed = changed
        self._stopwatch = stopwatch

    async def of(self, member: Member, *, open: bool | None, before: str | None, limit: int) -> list[Page]:  # noqa: A002
        """Return pages of `member`, newest first: those that wait for them or are theirs, the others, or all."""
        rows = await self._store.rows("paging.pages", member.id, open, before, None, limit)
        return [_page(row) for row in rows]

    async def one(self, member: Member, page: str) -> Page:
        """Return a page; NotFound where there is none, or it is somebody else's, alike."""
        row = await self._store.row("paging.pages", member.id, None, None, page, 1)
        if row is None:
            raise NotFound
        return _page(row)

    async def received(self, member: Member, page: str, state: Literal["delivered", "seen"]) -> Page:
        """Note that the page has come, or that it was looked at."""
        await self._store.rows("paging.received", page, member.id, state)
        return await self.one(member, page)

    async def acknowledge(self, member: Member, page: str) -> Page:
        """Take the case on: once enough have, nobody else is asked. Raises PageOver where it needs nobody any more."""
        case = await self._case(member, page)
        async with self._store.transaction() as transaction:
            search, state = await self._hold(transaction, member, page, case)
            items: list[Item] = []
            taken = None
            if state != "acknowledged":
                if state not in WAITING or search["state"] in STOPPED:
                    raise PageOver
                taken = await transaction.row("paging.acknowledged", case, member.id)
                items = await self._take_on(transaction, member, page, search)
            outcomes = await transaction.append(items) if items else []
        self._committed(items, outcomes)
        if taken is not None and search["acknowledged_at"] is None:
            self._stopwatch.stop("acknowledged", taken["urgency"], search["opened_at"], taken["acknowledged_at"])
        return await self.one(member, page)

    async def decline(self, member: Member, page: str, reason: Reason) -> Page:
        """Say no: where nobody is left who could say yes, the next step is taken at once."""
        case = await self._case(member, page)
        async with self._store.transaction() as transaction:
            search, state = await self._hold(transaction, member, page, case)
            items: list[Item] = []
            if state != "declined":
                if state not in WAITING:
                    raise PageOver
                await transaction.rows("paging.mark", page, "declined", reason)
                items = await self._left(transaction, member, page, search, "declined")
            outcomes = await transaction.append(items) if items else []
        self._committed(items, outcomes)
        self._changed()
        return await self.one(member, page)

    async def hand_over(self, member: Member, page: str, handle: str | None) -> Page:
        """Give the page away, to a colleague by handle or to whoever is next; also after it was acknowledged.

        Raises Invalid where nobody of that handle may see the case. A colleague who cannot be asked now is passed over, and
        not told of: why would be told with it.
        """
        case = await self._case(member, page)
        async with self._store.transaction() as transaction:
            search, state = await self._hold(transaction, member, page, case)
            items: list[Item] = []
            if state != "handed_over":
                if state not in (*WAITING, "acknowledged") or search["state"] in STOPPED:
                    raise PageOver
                await transaction.rows("paging.mark", page, "handed_over", None)
                items = await self._pass_on(transaction, search, had=state == "acknowledged", handle=handle)
                items += await self._left(transaction, member, page, search, "handed_over")
            outcomes = await transaction.append(items) if items else []
        self._committed(items, outcomes)
        self._changed()
        return await self.one(member, page)

    async def _case(self, member: Member, page: str) -> str:
        row = await self._store.row("paging.mine", page, member.id)
        if row is None:
            raise NotFound
        case: str = row["case_id"]
        return case

    @staticmethod
    async def _hold(transaction: Transaction, member: Member, page: str, case: str) -> tuple[Record, PageState]:
        """Lock the search, then read the page as it stands under that lock."""
        search = await transaction.row("paging.hold", case)
        mine = await transaction.row("paging.mine", page, member.id)
        if search is None or mine is None:
            raise NotFound
        return search, mine["state"]

    async def _take_on(self, transaction: Transaction, member: Member, page: str, search: Record) -> list[Item]:
        case, turn, acks = search["case_id"], search["turn"], search["acks"] + 1
        label = await transaction.value("paging.mark", page, "acknowledged", None)
        told = PageChanged(page, case, "acknowledged", label)
        items = [self._telling.changed(page, member.feed, turn, told)]
        if acks >= search["wanted"] or search["state"] == "exhausted":
            let_off = await transaction.rows("paging.settle", case, list(WAITING), "superseded", page)
            items += self._telling.settled(let_off, case, turn, "superseded", label)
            await _stand(transaction, search, state="held", acks=acks, due="remind", wait=_policy(search).remind)
        else:
            await transaction.rows("paging.count", case, acks)
        return items + await self._telling.searches(transaction, [case], page, "acknowledged")

    async def _left(
        self, transaction: Transaction, member: Member, page: str, search: Record, state: PageState
    ) -> list[Item]:
        """Tell that somebody is out; where a search waits for nobody any more, its next step is due."""
        case = search["case_id"]
        await transaction.rows("paging.hasten", case)
        told = PageChanged(page, case, state, None)
        items = [self._telling.changed(page, member.feed, search["turn"], told)]
        return items + await self._telling.searches(transaction, [case], page, state)

    async def _pass_on(self, transaction: Transaction, search: Record, *, had: bool, handle: str | None) -> list[Item]:
        """Search on after a page was given away: with the colleague who was named, or with whoever is next."""
        acks = search["acks"] - had
        items = [] if handle is None else await self._page_colleague(transaction, search, handle)
        policy = _policy(search)
        following = policy.step(search["step"]) is not None
        if acks >= search["wanted"]:
            await transaction.rows("paging.count", search["case_id"], acks)
        elif had and acks == 0 and not items:
            # Whoever was let off because this one had it is asked again, as where an acknowledgement stays without a reply.
            await _stand(transaction, search, state="searching", acks=0, due="reopen", wait=0.0)
        elif following:
            wait = min(search["remaining"], HANDED_OVER_WAIT) if search["due"] == "step" else HANDED_OVER_WAIT
            await _stand(transaction, search, state="searching", acks=acks, due="step", wait=wait if items else 0.0)
        elif acks > 0:
            await _stand(transaction, search, state="held", acks=acks, due="remind", wait=policy.remind)
        else:
            await _stand(transaction, search, state="exhausted", acks=0, due=None, wait=0.0)
        return items

    async def _page_colleague(self, transaction: Transaction, search: Record, handle: str) -> list[Item]:
        case = search["case_id"]
        row = await transaction.row("paging.pageable", case, handle)
        if row is None:
            raise Invalid("handle: nobody of this handle may see this case: name another, or nobody")
        if not row["pageable"]:
            # Its author, somebody asked before, or somebody undisturbed: which of them is nobody's to find out. Whoever is next.
            return []
        colleague = member_of(row)
        choice = Choice(colleague, 0.0, ("handed_over",), row["version"])
        facts = await transaction.row("paging.facts", [case])
        assert facts is not None
        await duties.spend(transaction, [choice], urgency="emergency", take=1)
        page, label = self._ids.stream(), await self._aliases.label(colleague)
        columns = [page], [case], [colleague.id], [search["turn"]], ["handed_over"], [row["version"]], [label]
        await transaction.rows("paging.page", *columns)
        others = await transaction.rows("paging.others", [case])
        told = Paged(
            page=page,
            case=case,
            room=facts["room"],
            specialty=facts["specialty"],
            urgency=facts["urgency"],
            language=facts["language"],
            label=facts["label"],
            opened_at=milliseconds(facts["opened_at"]),
            why=["handed_over"],
            others=[one["label"] for one in others if one["id"] != page],
            next_at=None,
        )
        return [self._telling.paged(page, search["turn"], colleague.feed, told)]


async def _stand(
    transaction: Transaction, search: Record, *, state: str, acks: int, due: str | None, wait: float
) -> None:
    """Write where a search stands now; no step was taken, so its turn stays."""
    await transaction.rows(
        "paging.advance",
        [search["case_id"]],
        [state],
        [search["step"]],
        [search["turn"]],
        [acks],
        [due],
        [wait],
        [False],
    )


def _policy(row: Record) -> Policy:
    return policy_of(row["policy"], row["urgency"])


def _page(row: Record) -> Page:
    searching = row["search"] == "searching" and row["due"] == "step" and row["state"] in WAITING
    reopens = None
    if row["state"] == "acknowledged" and row["due"] in ("remind", "reopen"):
        later = _policy(row).remind * 1_000 if row["due"] == "remind" else 0
        reopens = milliseconds(row["due_at"]) + later
    return Page(
        id=row["id"],
        case=row["case_id"],
        room=row["room"],
        specialty=row["specialty"],
        urgency=row["urgency"],
        language=row["language"],
        label=row["label"],
        state=row["state"],
        why=list(row["why"]),
        others=list(row["others"]),
        holder=row["holder"],
        reason=row["reason"],
        opened_at=milliseconds(row["opened_at"]),
        paged_at=milliseconds(row["paged_at"]),
        next_at=moment(row["due_at"]) if searching else None,
        reopens_at=reopens,
        ended_at=moment(row["ended_at"]),
    )
