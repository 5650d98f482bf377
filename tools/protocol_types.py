"""Writes the client's types of the wire from the server's: `python -m tools.protocol_types` (with --check: only compare)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import msgspec
from msgspec import inspect

from lounge.cases import Audience, Case, Draft, OwnLine
from lounge.endings import Correction, FollowUp, Resolution
from lounge.live import events, messages
from lounge.paging import duties, escalations, hours, pages, pulse
from lounge.rooms import Begin, Room, Whom
from lounge.summary import Investigation, Patient, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parents[1] / "client/src/protocol"
HEAD: Final = "// Written by `python -m tools.protocol_types` from {}: change it there.\n"

COMMANDS: Final = get_args(messages.AnyCommand)
REPLIES: Final = get_args(messages.AnyReply)
PUSHES: Final = get_args(messages.AnyPush)
DATA: Final = (
    events.Opened,
    events.Joined,
    events.Posted,
    events.Edited,
    events.Redacted,
    events.Reacted,
    events.Pinned,
    events.Expired,
    events.Resolved,
    events.Reopened,
    events.Withdrawn,
    events.Corrected,
    events.Mentioned,
    events.Invited,
    events.FollowUpAsked,
    events.CaseLine,
    events.CaseChanged,
    events.CaseRetitled,
    events.Paged,
    events.PageChanged,
    events.PageReminded,
    events.SearchChanged,
    events.PagerAlarm,
)
PARTS: Final = (
    messages.Person,
    messages.Message,
    messages.Version,
    messages.Present,
    messages.Limits,
    messages.Account,
)
HTTP: Final = (OwnLine, Case, Room, Summary, Patient, Investigation)
HTTP_SENT: Final = (Draft, Audience, Resolution, Correction, FollowUp, Begin, Whom)
PAGING: Final = (
    pages.Page,
    escalations.Asked,
    escalations.Search,
    hours.Span,
    duties.Now,
    duties.Duty,
    pulse.Spread,
    pulse.Stages,
    pulse.Group,
    pulse.Objective,
    pulse.Load,
    pulse.Figures,
)
PAGING_SENT: Final = (duties.DutyChange,)
NAMES: Final[dict[type, str]] = {messages.Event: "LiveEvent", messages.PeopleReply: "PeopleReply"}
"""Names that would hide one of the browser's own."""


def name_of(kind: type) -> str:
    """Return the name of a struct in TypeScript."""
    return NAMES.get(kind, kind.__name__)


def written(kind: inspect.Type) -> str:  # noqa: C901, PLR0911  one line for each kind of type
    """Return a type in TypeScript."""
    match kind:
        case inspect.StrType():
            return "string"
        case inspect.BoolType():
            return "boolean"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.NoneType():
            return "null"
        case inspect.RawType() | inspect.AnyType():
            return "unknown"
        case inspect.LiteralType():
            return " | ".join(f'"{value}"' for value in kind.values)
        case inspect.ListType():
            inner = written(kind.item_type)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case inspect.DictType():
            return f"Record<string, {written(kind.value_type)}>"
        case inspect.UnionType():
            return " | ".join(written(one) for one in kind.types)
        case inspect.StructType():
            return name_of(kind.cls)
        case _:
            raise TypeError(type(kind).__name__)


def interface(struct: type[msgspec.Struct], *, sent: bool) -> Iterator[str]:
    """Return the lines of one struct; `sent` by us, or omitted where it has its default: such fields may be absent."""
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    omitted = sent or struct.__struct_config__.omit_defaults
    yield f"export interface {name_of(struct)} {{"
    if kind.tag_field is not None:
        yield f'  {kind.tag_field}: "{kind.tag}";'
    for field in kind.fields:
        optional = "?" if omitted and not field.required else ""
        yield f"  {field.encode_name}{optional}: {written(field.type)};"
    yield "}"
    yield ""


def frames() -> str:
    """Return the file of what travels over the socket."""
    lines = [HEAD.format("lounge/live/messages.py"), 'export * from "./resources";', ""]
    for group, sent in ((COMMANDS, True), (PARTS, False), (REPLIES, False), (PUSHES, False)):
        for struct in group:
            lines += interface(struct, sent=sent)
    for name, group in (("Command", COMMANDS), ("Reply", REPLIES), ("Push", PUSHES)):
        lines.append(f"export type {name} = {' | '.join(name_of(struct) for struct in group)};")
    return "\n".join(lines) + "\n"


def resources() -> str:
    """Return the file of what events carry, and of what HTTP takes and answers."""
    lines = [HEAD.format("lounge/live/events.py, lounge/rooms.py, lounge/cases.py and lounge/endings.py")]
    for group, sent in ((DATA, False), (HTTP, False), (HTTP_SENT, True)):
        for struct in group:
            lines += interface(struct, sent=sent)
    return "\n".join(lines)


def paging() -> str:
    """Return the file of what the pager takes and answers over HTTP."""
    lines = [HEAD.format("lounge/paging")]
    for group, sent in ((PAGING, False), (PAGING_SENT, True)):
        for struct in group:
            lines += interface(struct, sent=sent)
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Return the text of each file."""
    return {
        FOLDER / "messages.ts": frames(),
        FOLDER / "resources.ts": resources(),
        FOLDER / "paging.ts": paging(),
    }


def main() -> int:
    """Write the files, or say that one is out of date."""
    if "--check" in sys.argv[1:]:
        return 0 if all(path.is_file() and path.read_text("utf-8") == text for path, text in files().items()) else 1
    for path, text in files().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
