"""The zones of the world (IANA's tz database), which of them a country keeps, and what their clocks show."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta, Struct

from lounge.data import CountryCode
from lounge.paging.hours import MINUTES, date_at, quarter_at

if TYPE_CHECKING:
    from datetime import date, datetime

UTC: Final = "UTC"
ZONE_CHARACTERS: Final = 64

_NO_ZONES: Final = frozenset({"localtime", "Factory"})
"""Names in the database that stand for no place."""
_SECONDS: Final = MINUTES * 60


class CountryZones(Struct, frozen=True, forbid_unknown_fields=True):
    """The zones of one country, first that in which most people live."""

    country: CountryCode
    zones: Annotated[tuple[str, ...], Meta(min_length=1)]


class Here(Struct, frozen=True):
    """What clocks show, zone by zone: the quarter of the week and the date, in the order of `zones`."""

    zones: tuple[str, ...]
    quarters: tuple[int, ...]
    dates: tuple[date, ...]
    at: dict[str, int]
    """The place of each zone in the others."""

    def quarter(self, zone: str) -> int:
        """Return the quarter of the week in a zone; in one that this machine does not know, that of UTC."""
        return self.quarters[self.at.get(zone, self.at[UTC])]

    def date(self, zone: str) -> date:
        """Return the date in a zone, likewise."""
        return self.dates[self.at.get(zone, self.at[UTC])]


class Zones:
    """All zones that this machine knows; `name in zones` tells whether there is one."""

    def __init__(self, source: str, countries: tuple[CountryZones, ...], names: frozenset[str]) -> None:
        """Take the source's name, the zones of each country, and the names of all zones."""
        self.source = source
        self.countries = {one.country: one.zones for one in countries}
        self._names = tuple(sorted(names | {UTC}))
        self._at = {name: number for number, name in enumerate(self._names)}
        self._loaded = [ZoneInfo(name) for name in self._names]  # zoneinfo forgets what nobody holds, and reads it anew
        self._here: tuple[int, Here] | None = None

    def __contains__(self, name: object) -> bool:
        """Tell whether this machine knows the zone."""
        return name in self._at

    def __len__(self) -> int:
        """Count the zones."""
        return len(self._names)

    def of(self, country: str) -> str:
        """Return the zone in which most people of a country live; UTC where it has none, or this machine does not know it."""
        zone = self.countries.get(country, (UTC,))[0]
        return zone if zone in self else UTC

    def here(self, moment: datetime) -> Here:
        """Return what clocks show at a moment in all zones.

        All zones are ahead of UTC by whole quarters and change by whole quarters, at one: within a quarter nothing changes.
        """
        quarter = int(moment.timestamp() // _SECONDS)
        if self._here is None or self._here[0] != quarter:
            quarters = tuple(quarter_at(moment, name) for name in self._names)
            dates = tuple(date_at(moment, name) for name in self._names)
            self._here = (quarter, Here(self._names, quarters, dates, self._at))
        return self._here[1]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    countries: tuple[CountryZones, ...]


def load_zones() -> Zones:
    """Read which zones the countries keep, and which zones this machine knows."""
    file = msgspec.json.decode(resources.files("lounge.data").joinpath("zones.json").read_bytes(), type=_File)
    return Zones(file.source, file.countries, frozenset(available_timezones()) - _NO_ZONES)
