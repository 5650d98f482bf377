"""docs/protocol.md says what lounge/live/messages.py holds: a client is written from that page alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from msgspec.structs import fields

from lounge import errors
from lounge.history import MISSED, NEWEST
from lounge.live import events, following, messages, registry, session
from lounge.live.terms import Terms

if TYPE_CHECKING:
    from msgspec import Struct

PAGE = (Path(__file__).parents[2] / "docs/protocol.md").read_text("utf-8")
COMMANDS = get_args(messages.AnyCommand)
REPLIES = (*get_args(messages.AnyReply), *get_args(messages.AnyPush))
DATA: dict[str, Any] = {
    "opened": events.Opened,
    "joined": events.Joined,
    "posted": events.Posted,
    "edited": events.Edited,
    "redacted": events.Redacted,
    "reacted": events.Reacted,
    "pinned": events.Pinned,
    "expired": events.Expired,
    "resolved": events.Resolved,
    "reopened": events.Reopened,
    "withdrawn": events.Withdrawn,
    "corrected": events.Corrected,
    "mentioned": events.Mentioned,
    "invited": events.Invited,
    "followup.asked": events.FollowUpAsked,
    "case.opened": events.CaseLine,
    "case.changed": events.CaseChanged,
    "case.retitled": events.CaseRetitled,
    "paged": events.Paged,
    "page.changed": events.PageChanged,
    "page.reminded": events.PageReminded,
    "search.changed": events.SearchChanged,
    "pager.alarm": events.PagerAlarm,
}


def rows(first: str) -> list[str]:
    """Return the rows of all tables whose first cell is this code."""
    return [line for line in PAGE.splitlines() if line.startswith(f"| `{first}` |")]


def tag(kind: type[Struct]) -> str:
    return str(kind.__struct_config__.tag)


def wire_names(kind: type[Struct]) -> list[str]:
    return [field.encode_name for field in fields(kind) if field.encode_name != "id"]


@pytest.mark.parametrize("kind", [*COMMANDS, *REPLIES], ids=lambda kind: kind.__name__)
def test_every_frame_and_its_fields_are_told(kind: type[Struct]) -> None:
    """Each op has a row, and the row names each of its fields."""
    told = rows(tag(kind))
    assert told
    for name in wire_names(kind):
        assert any(f"`{name}`" in row for row in told), name


@pytest.mark.parametrize("kind", DATA)
def test_every_kind_of_event_and_its_data_are_told(kind: str) -> None:
    """Each kind has a row that names each field of its data."""
    (row,) = [row for row in rows(kind) if "→" not in row][:1]
    for field in fields(DATA[kind]):
        assert f"`{field.encode_name}`" in row, field.name


@pytest.mark.parametrize("kind", [messages.Message, messages.Person, messages.Account, messages.Limits])
def test_what_frames_are_made_of_is_told(kind: type[Struct]) -> None:
    """Every field of messages, people, the account and the limits is named."""
    for field in fields(kind):
        assert f"`{field.encode_name}`" in PAGE, field.name


def test_every_error_code_is_told_with_its_retry() -> None:
    """Each code of the tree that a socket may see has a row that says whether to try again."""

    def tree(kind: type[errors.LoungeError]) -> list[type[errors.LoungeError]]:
        return [kind, *(one for child in kind.__subclasses__() for one in tree(child))]

    for kind in tree(errors.LoungeError):
        if kind.__module__ == errors.__name__ and kind is not errors.LoungeError:
            (row,) = rows(kind.code)
            assert row.split("|")[2].strip() == ("yes" if kind.retry else "no"), kind.code


def test_every_close_code_is_told() -> None:
    """What the server closes with stands in the table."""
    for code in (
        1003,
        1007,
        1008,
        1009,
        1012,
        1013,
        registry.CLOSE_SIGNED_OUT,
        session.CLOSE_NO_HELLO,
        registry.CLOSE_NEW_EPOCH,
    ):
        assert re.search(rf"^\| {code} \|", PAGE, re.MULTILINE), code


def test_the_limits_told_are_the_limits_held() -> None:
    """The numbers on the page are the constants of the code."""
    terms = Terms(later=lambda *_: None, random=None)  # type: ignore[arg-type]
    for phrase in (
        f"1 to {messages.BODY_CHARACTERS:,} characters",
        f"over {following.FOLLOWS} follows, or over {registry.PER_MEMBER} connections",
        f"over {session.COMMANDS_PER_SECOND} commands a second (bursts of {session.BURST})",
        f"you missed more than {MISSED}",
        f"`messages` are the newest {NEWEST}",
        f"within {session.HELLO_WITHIN:.0f} seconds",
        f"more than {terms.fragments} fragments",
        f"over {terms.message_bytes // 1024} KiB",
        f"every {terms.ping_seconds:.0f} seconds of silence",
    ):
        assert phrase in PAGE, phrase
    assert terms.message_bytes == session.FRAME_BYTES


def test_every_mark_is_told() -> None:
    """And the type knows just those."""
    marks = get_args(messages.Mark)
    assert marks == messages.MARKS
    for mark in messages.MARKS:
        assert f"`{mark}`" in PAGE
