"""When an invented member can be paged."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

Day = Annotated[int, Meta(ge=0, le=6)]
Time = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):(00|15|30|45)\Z|^24:00\Z")]


class DemoHours(Struct, frozen=True, forbid_unknown_fields=True):
    """The same hours on some days, 0 for Monday; where `to` is not after `from` they end on the next day."""

    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7)]
    start: Time = field(name="from")
    end: Time = field(name="to")


class DemoDuty(Struct, frozen=True, forbid_unknown_fields=True):
    """The duty of an invented member, as `lounge.paging.duties` has it; `stand_in` is a handle."""

    zone: str
    hours: tuple[DemoHours, ...] = ()
    quiet: tuple[DemoHours, ...] = ()
    awake_too: bool = False
    stand_in: str | None = None
    stands_in: bool = False
    budget: Annotated[int, Meta(ge=0, le=100)] = 4
