"""What the simulation takes for granted: `constants.json`, each number with its source or marked assumed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from lounge.errors import Invalid
from lounge.live.events import Urgency
from lounge.reason import reason

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

MEMBERS: Final = 5_000_000
"""In a world, at the most."""
FILE_BYTES: Final = 1024 * 1024

Code = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Share = Annotated[float, Meta(ge=0, le=1)]
Minutes = Annotated[float, Meta(gt=0, le=10_000)]
Spread = Annotated[float, Meta(ge=0, le=5)]
Weight = Annotated[float, Meta(ge=0)]
Turns = Annotated[int, Meta(ge=0, le=7)]
Text = Annotated[str, Meta(max_length=1_000)]


class Behaviour(Struct, frozen=True, forbid_unknown_fields=True):
    """How members behave; what each number means and where it comes from stands beside it in `constants.json`."""

    on_call_share: Share
    weekly_turns: Turns
    night_turns: Share
    awake_share: Share
    moderators_share: Share
    on_call_reacts: Share
    on_call_median: Minutes
    on_call_spread: Spread
    on_call_acknowledges: Share
    woken_reacts: Share
    woken_median: Minutes
    awake_reacts: Share
    awake_median: Minutes
    awake_spread: Spread
    awake_acknowledges: Share
    asleep_reacts: Share
    declines: Share
    stranger_factor: Share
    reply_median: Minutes
    reply_spread: Spread
    replies: Share
    reminded_replies: Share
    speaks_english: Share
    asks_in_english: Share


class Constant(Struct, frozen=True, forbid_unknown_fields=True):
    """One number, what it is, and where it comes from."""

    value: float
    what: Text
    source: Text

    @property
    def assumed(self) -> bool:
        """Whether nothing but our guess stands behind it."""
        return self.source.startswith("Assumed")


class Weights(Struct, frozen=True, forbid_unknown_fields=True):
    """A share for each of several things; they need not add up to one."""

    source: Text
    weights: dict[str, Weight]


class Hours(Struct, frozen=True, forbid_unknown_fields=True):
    """How many cases are opened in each hour of the author's day, from midnight on, in any unit."""

    source: Text
    weights: Annotated[list[Weight], Meta(min_length=24, max_length=24)]


class Place(Struct, frozen=True, forbid_unknown_fields=True):
    """A country: its one language, and the share of its members in each zone."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]
    zones: Annotated[dict[str, Share], Meta(min_length=1, max_length=12)]


class Places(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of countries."""

    source: Text
    countries: dict[Code, Place]


class Setting(Struct, frozen=True, forbid_unknown_fields=True):
    """A world: how many members there are in each country, and how many cases a year."""

    source: Text
    cases_a_year: Annotated[int, Meta(ge=1, le=100_000_000)]
    members: Annotated[dict[Code, Annotated[int, Meta(ge=1)]], Meta(min_length=1, max_length=250)]

    @property
    def size(self) -> int:
        """Members in all."""
        return sum(self.members.values())


class Constants(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it."""

    start: date
    behaviour: dict[str, Constant]
    urgencies: Weights
    hours: Hours
    specialties: Weights
    places: Places
    worlds: dict[str, Setting]

    @property
    def begins(self) -> datetime:
        """When the simulation begins: midnight UTC."""
        return datetime.combine(self.start, time(), UTC)

    @property
    def usual(self) -> Behaviour:
        """The behaviour as the file has it."""
        return self.behaving({})

    def behaving(self, changed: dict[str, float]) -> Behaviour:
        """Return the behaviour with some numbers changed; raises msgspec.ValidationError where one is out of bounds."""
        values = {name: one.value for name, one in self.behaviour.items()} | changed
        return msgspec.convert(values, Behaviour, strict=False)

    def urgency_shares(self) -> dict[Urgency, float]:
        """Return the share of each urgency."""
        return msgspec.convert(self.urgencies.weights, dict[Urgency, float])


def load_constants() -> Constants:
    """Read the file; raises msgspec.ValidationError where it breaks the types above."""
    content = resources.files(__package__).joinpath("constants.json").read_bytes()
    return msgspec.json.decode(content, type=Constants)


def read_setting(path: Path, constants: Constants, countries: Container[str]) -> Setting:
    """Read a world from a file of the form of one in `worlds`; raise Invalid."""
    with path.open("rb") as file:
        content = file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        message = f"the world has more than {FILE_BYTES} bytes"
        raise Invalid(message)
    try:
        setting = msgspec.json.decode(content, type=Setting)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = (
            f"the world cannot be read: {reason(error) if isinstance(error, msgspec.MsgspecError) else 'not UTF-8'}"
        )
        raise Invalid(message) from None
    if setting.size > MEMBERS:
        message = f"the world has more than {MEMBERS:,} members"
        raise Invalid(message)
    unknown = [code for code in setting.members if code not in countries or code not in constants.places.countries]
    if unknown:
        message = f"the world has members in {unknown[0]}, of which constants.json knows neither zone nor language"
        raise Invalid(message)
    return setting
