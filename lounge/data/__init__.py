"""What ships with the program: specialties, countries, alias words, the demo network and what is said in it, as typed JSON.

Each loader reads its file anew, so the composition root calls it once and hands the result in.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from lounge.data.catalogue import CatalogueError as CatalogueError
from lounge.data.catalogue import Slug, catalogue_of
from lounge.data.catalogue import Specialties as Specialties
from lounge.data.duty import DemoDuty
from lounge.data.stock import Stock
from lounge.live.messages import Mark
from lounge.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Region = Literal["Africa", "Americas", "Asia", "Europe", "Oceania"]
Urgency = Literal["emergency", "urgent", "today", "routine"]
Role = Literal["member", "moderator", "operator"]
AudienceKind = Literal["all", "specialties", "members"]

LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")]
CountryCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Handle = Annotated[str, Meta(pattern=r"^[a-z0-9-]{3,32}\Z")]
Minutes = Annotated[int, Meta(ge=0)]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Presentation = Annotated[str, Meta(min_length=1, max_length=20_000)]
Question = Annotated[str, Meta(min_length=1, max_length=2_000)]
Body = Annotated[str, Meta(min_length=1, max_length=20_000)]

FileType = TypeVar("FileType", bound=Struct)

_SPECIALTY_BYTES: Final = 1024 * 1024


class Country(Struct, frozen=True, forbid_unknown_fields=True):
    """One country or territory by its ISO 3166-1 alpha-2 code, with its English name and UN M49 region."""

    code: CountryCode
    name: str
    region: Region


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """One language by its ISO 639-1 code, with its English name."""

    code: LanguageCode
    name: str


class AliasWords(Struct, frozen=True, forbid_unknown_fields=True):
    """What two-word aliases are drawn from: one of `first`, then one of `second`."""

    first: tuple[str, ...]
    second: tuple[str, ...]


class DemoMember(Struct, frozen=True, forbid_unknown_fields=True):
    """An invented member; `specialties` by id, the main one first."""

    handle: Handle
    specialties: tuple[Slug, ...]
    country: CountryCode
    role: Role
    duty: DemoDuty
    languages: tuple[LanguageCode, ...] = ("en",)


class DemoAudience(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may see a room: `specialties` or `members` (handles) is filled where `kind` says so, and nothing else is."""

    kind: AudienceKind = "all"
    specialties: tuple[Slug, ...] = ()
    members: tuple[Handle, ...] = ()


class DemoMark(Struct, frozen=True, forbid_unknown_fields=True):
    """A mark that the member `by` set on a post."""

    by: Handle
    mark: Mark


class DemoPost(Struct, frozen=True, forbid_unknown_fields=True):
    """A post by the member `by`; `reply_to` is the index, from 0, of an earlier post of the same discussion."""

    by: Handle
    minutes_ago: Minutes
    body: Body
    reply_to: Annotated[int, Meta(ge=0)] | None = None
    marks: tuple[DemoMark, ...] = ()


class DemoResolution(Struct, frozen=True, forbid_unknown_fields=True):
    """How an invented case ended; `accepted` is the index, from 0, of the post that answered it."""

    outcome: Literal["confirmed", "probable", "unresolved", "referred"]
    diagnosis: str
    learned: str
    accepted: Annotated[int, Meta(ge=0)]
    minutes_ago: Minutes


class DemoFollowUp(Struct, frozen=True, forbid_unknown_fields=True):
    """What the author of a resolved case told later of the patient."""

    minutes_ago: Minutes
    body: Body


class DemoCase(Struct, frozen=True, forbid_unknown_fields=True):
    """An invented case, opened `minutes_ago` by the member `author`, and its discussion, oldest post first.

    What happened to it fell between the posts of those times: `resolution`, then perhaps `reopened_minutes_ago` or
    `follow_up`; or `withdrawn_minutes_ago`.
    """

    title: Title
    specialty: Slug
    urgency: Urgency
    author: Handle
    minutes_ago: Minutes
    audience: DemoAudience
    presentation: Presentation
    summary: Summary
    question: Question
    posts: tuple[DemoPost, ...]
    language: LanguageCode = "en"
    resolution: DemoResolution | None = None
    reopened_minutes_ago: Minutes | None = None
    withdrawn_minutes_ago: Minutes | None = None
    follow_up: DemoFollowUp | None = None


class DemoLounge(Struct, frozen=True, forbid_unknown_fields=True):
    """A standing room, and its discussion, oldest post first."""

    title: Title
    description: Question
    audience: DemoAudience
    posts: tuple[DemoPost, ...]


class DemoTalk(Struct, frozen=True, forbid_unknown_fields=True):
    """A discussion in one of the lounges that every installation has: of a `group`, and `of` which one in it."""

    group: Literal["general", "specialty", "country", "language", "off-topic"]
    posts: tuple[DemoPost, ...]
    of: str = ""


class Demo(Struct, frozen=True, forbid_unknown_fields=True):
    """The demo network: all of it is made up."""

    members: tuple[DemoMember, ...]
    cases: tuple[DemoCase, ...]
    lounges: tuple[DemoLounge, ...]
    talks: tuple[DemoTalk, ...]


class Countries:
    """All countries, by code and in the order of their names; `code in countries` tells whether there is one."""

    def __init__(self, source: str, regions: tuple[Region, ...], countries: tuple[Country, ...]) -> None:
        """Take the source's name, the regions, and the countries as they are listed."""
        self.source = source
        self.regions = regions
        self.all = countries
        self._by_code = {one.code: one for one in countries}

    def __contains__(self, code: object) -> bool:
        """Tell whether there is a country with this code."""
        return code in self._by_code

    def __iter__(self) -> Iterator[Country]:
        """Iterate over the countries as they are listed."""
        return iter(self.all)

    def __len__(self) -> int:
        """Count the countries."""
        return len(self.all)

    def __getitem__(self, code: str) -> Country:
        """Return the country with this code, or raise KeyError."""
        return self._by_code[code]

    def get(self, code: str) -> Country | None:
        """Return the country with this code, or None."""
        return self._by_code.get(code)


class _LanguageFile(Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    languages: tuple[Language, ...]


class _CountryFile(Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    regions: tuple[Region, ...]
    countries: tuple[Country, ...]


def load_specialties(path: Path | None = None) -> Specialties:
    """Read the specialties, their groups and distances: ours, or those of an operator's file; raise CatalogueError."""
    if path is None:
        return catalogue_of(resources.files(__name__).joinpath("specialties.json").read_bytes())
    try:
        with path.open("rb") as file:
            content = file.read(_SPECIALTY_BYTES + 1)
    except OSError as error:
        message = f"the file cannot be read ({error.strerror})"
        raise CatalogueError(message) from None
    if len(content) > _SPECIALTY_BYTES:
        message = f"the file has more than {_SPECIALTY_BYTES} bytes"
        raise CatalogueError(message)
    return catalogue_of(content)


def load_countries() -> Countries:
    """Read the countries and their regions."""
    file = _read("countries.json", _CountryFile)
    return Countries(file.source, file.regions, file.countries)


def load_languages() -> dict[str, Language]:
    """Read the languages, by code and in the order of their codes."""
    return {one.code: one for one in _read("languages.json", _LanguageFile).languages}


def load_alias_words() -> AliasWords:
    """Read the words of which aliases are made."""
    return _read("aliases.json", AliasWords)


def load_demo() -> Demo:
    """Read the demo network."""
    return _read("demo.json", Demo)


def load_stock() -> Stock:
    """Read what simulated colleagues say."""
    return _read("colleagues.json", Stock)


def _read(name: str, kind: type[FileType]) -> FileType:
    """Decode a file of this package; raise msgspec.ValidationError where it breaks the types above."""
    return msgspec.json.decode(resources.files(__name__).joinpath(name).read_bytes(), type=kind)
