"""What simulated colleagues say: sentences with places to fill in, and small conversations."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lounge.summary import Summary

Text = Annotated[str, Meta(min_length=1, max_length=600)]


class Fragment(Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence; `{result}` and its like are filled in from the case, and without them it is not said.

    `when`: words of which the case must hold one, or signs such as `↑sodium` (`Facts.words`). `groups` and `urgencies`:
    of which the case's must be one.
    Empty: any.
    """

    text: Text
    when: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()


class Phrases(Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences of one language: `first` opens the first reply to a case, `join` a later one, `answer` an answer.

    `ask`, `think` and `do` follow: a question back, what to consider, a next step in general terms. `thanks` is
    said by the author of a case, and `chat` answers in a lounge.
    """

    first: tuple[Fragment, ...]
    join: tuple[Fragment, ...]
    answer: tuple[Fragment, ...]
    ask: tuple[Fragment, ...]
    think: tuple[Fragment, ...]
    do: tuple[Fragment, ...]
    thanks: tuple[Fragment, ...]
    chat: tuple[Fragment, ...] = ()


class Line(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What speaker number `who` of a conversation says."""

    who: Annotated[int, Meta(ge=0, le=5)]
    say: Text


class Talk(Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation for the lounges of these titles, said line by line."""

    rooms: tuple[str, ...]
    lines: tuple[Line, ...]


class Remark(Struct, frozen=True, forbid_unknown_fields=True):
    """What the member `by` says in the room of an invented case."""

    by: str
    say: Text


class Thread(Struct, frozen=True, forbid_unknown_fields=True):
    """How the discussion of the invented case whose title begins with `case` goes on."""

    case: str
    remarks: tuple[Remark, ...]


class Plea(Struct, frozen=True, forbid_unknown_fields=True):
    """A case that the member `by` opens where a visitor is on call for it, and how it ends once somebody has helped.

    It is for members of the `specialties`, that of the case among them.
    """

    by: str
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    specialty: str
    specialties: tuple[str, ...]
    presentation: Text
    question: Text
    summary: Summary
    outcome: Literal["confirmed", "probable", "referred"]
    diagnosis: Text
    learned: Text


class Stock(Struct, frozen=True, forbid_unknown_fields=True):
    """All of it; `phrases` by language."""

    phrases: dict[str, Phrases]
    talks: tuple[Talk, ...]
    threads: tuple[Thread, ...]
    pleas: tuple[Plea, ...]
