"""The duties of the demo's members, put in through the rules by which members change their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lounge.paging.duties import DutyChange
from lounge.paging.hours import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lounge.data import DemoMember
    from lounge.data.duty import DemoHours
    from lounge.members.accounts import Accounts
    from lounge.paging.duties import Duties


async def give_duties(duties: Duties, accounts: Accounts, members: Sequence[DemoMember]) -> None:
    """Give each of these members the duty of the story, unless they have changed theirs already."""
    # Who stands in for somebody agrees to before they are named.
    for one in sorted(members, key=lambda each: not each.duty.stands_in):
        member = await accounts.by_handle(one.handle)
        duty = await duties.of(member)
        if duty.version > 1:
            continue
        change = DutyChange(
            version=duty.version,
            zone=one.duty.zone,
            hours=spans(one.duty.hours),
            quiet=spans(one.duty.quiet),
            awake_too=one.duty.awake_too,
            stand_in=one.duty.stand_in,
            stands_in=one.duty.stands_in,
            budget=one.duty.budget,
        )
        await duties.change(member, change)


def spans(hours: Iterable[DemoHours]) -> list[Span]:
    """Return these hours day by day."""
    return [Span(day, one.start, one.end) for one in hours for day in one.days]
