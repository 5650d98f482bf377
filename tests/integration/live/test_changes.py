"""What changes in a room: earlier texts, pins, threads, mentions; and that what is taken away is gone (guarantees G5, G10)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
import pytest

from lounge.store import SCHEMA
from tests.integration.folding import fold, read_messages
from tests.integration.live.parts import until

if TYPE_CHECKING:
    from lounge.members.accounts import Member
    from tests.integration.conftest import Database
    from tests.integration.live.conftest import NewRoom
    from tests.integration.live.parts import Parts, Peer


async def posted(peer: Peer, room: str, body: str = "Words.", **more: Any) -> int:
    """Post and return the message's number."""
    seq: int = (await peer.ask("post", stream=room, key=peer.key(), body=body, **more))["seq"]
    return seq


async def everything(database: Database) -> str:
    """Return all that stands in the database's tables, as text."""
    connection = await asyncpg.connect(database.owner_url, server_settings={"search_path": SCHEMA})
    try:
        tables = [
            row[0] for row in await connection.fetch("select tablename from pg_tables where schemaname = $1", SCHEMA)
        ]
        rows = [row[0] for table in tables for row in await connection.fetch(f"select t::text from {table} t")]
    finally:
        await connection.close()
    return "\n".join(rows)


async def test_the_log_folds_into_what_stands(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """The events, as they are now told, applied to nothing, are the projection: every kind among them."""
    a, b = await here.peer(anna), await here.peer(bert)
    first, second = await posted(a, room, "one"), await posted(b, room, "two")
    answer = await posted(b, room, "three", reply_to=first, mentions=[1])
    await a.ask("edit", stream=room, key=a.key(), target=first, rev=first, body="one, better")
    await b.ask("react", stream=room, key=b.key(), target=first, mark="agree")
    await a.ask("redact", stream=room, key=a.key(), target=first)
    moderator = await here.peer(await here.member(f"mod-{here.ids.secret()[:8]}", role="moderator"))
    for target in (second, answer):
        await moderator.ask("pin", stream=room, key=moderator.key(), target=target)
    await moderator.ask("pin", stream=room, key=moderator.key(), target=second, set=False)
    await b.ask("edit", stream=room, key=b.key(), target=second, rev=12, body="two, better")
    events = await here.store.rows("log.events", room, 0, 1000, 10**9)
    assert {event["kind"] for event in events} == {"joined", "posted", "edited", "reacted", "redacted", "pinned"}
    assert fold([dict(event) for event in events]) == await read_messages(here.store, room)


async def test_what_was_edited_away_is_told_to_nobody_who_comes_later(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Not from the log, nor from a node's memory: the event of the edit brings the text that stands."""
    a, watching = await here.peer(anna), await there.peer(bert)
    for peer in (a, watching):
        await peer.ask("follow", stream=room)
    target = await posted(a, room, "aardvark")
    await a.ask("edit", stream=room, key=a.key(), target=target, rev=target, body="badger")
    await until(lambda: len(watching.events(room)) == 3)
    for parts in (here, there):
        held = parts.hub._streams[room].tail.since(0)
        assert held is not None
        assert b"aardvark" not in b"".join(entry.payload for entry in held)
        late = await parts.peer(bert)
        followed = await late.ask("follow", stream=room, since=0)
        assert "aardvark" not in json.dumps(followed)
        assert [e["data"].get("body") for e in followed["events"] if e["kind"] != "joined"] == ["", "badger"]


async def test_earlier_texts_are_for_the_author_and_moderators(
    here: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Oldest first, each since when it stood; others are refused; a message that was redacted has none."""
    a, b = await here.peer(anna), await here.peer(bert)
    moderator = await here.peer(await here.member(f"mod-{here.ids.secret()[:8]}", role="moderator"))
    target = await posted(a, room, "first")
    second = await a.ask("edit", stream=room, key=a.key(), target=target, rev=target, body="second")
    await a.ask("edit", stream=room, key=a.key(), target=target, rev=second["seq"], body="third")
    for peer in (a, moderator):
        versions = (await peer.ask("versions", stream=room, target=target))["versions"]
        assert [one["body"] for one in versions] == ["first", "second"]
        assert versions[1]["at"] == second["at"]
    assert (await b.ask("versions", stream=room, target=target))["code"] == "forbidden"
    assert (await a.ask("versions", stream=room, target=target + 99))["code"] == "not_found"
    await a.ask("redact", stream=room, key=a.key(), target=target)
    assert (await a.ask("versions", stream=room, target=target))["versions"] == []


async def test_no_byte_of_a_redacted_text_is_left(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member, database: Database
) -> None:
    """In no table, no tail, no page, no thread, no resume: of the post, its edits, what it said before, its mentions."""
    a, b, away = await here.peer(anna), await there.peer(bert), await there.peer(bert)
    for peer in (a, b):
        await peer.ask("follow", stream=room)
    position = (await away.ask("follow", stream=room))["head"]
    away.drop()
    await posted(b, room, "Before.")
    target = await posted(a, room, "zebrafish one", mentions=[1])
    rev = target
    for word in ("zebrafish two", "zebrafish three"):
        rev = (await a.ask("edit", stream=room, key=a.key(), target=target, rev=rev, body=word))["seq"]
    answer = await posted(b, room, "An answer.", reply_to=target)
    assert "zebrafish" in await everything(database)
    done = await a.ask("redact", stream=room, key=a.key(), target=target)
    await until(lambda: any(event["seq"] == done["seq"] for event in b.events(room)))
    assert "zebrafish" not in await everything(database)
    for parts in (here, there):
        held = parts.hub._streams[room].tail.since(0)
        assert held is not None
        assert b"zebrafish" not in b"".join(entry.payload for entry in held)
        late = await parts.peer(bert)
        await late.ask("follow", stream=room, since=position)
        await late.ask("follow", stream=room)
        await late.ask("read", stream=room)
        await late.ask("read", stream=room, after=0)
        thread = await late.ask("read", stream=room, thread=target)
        assert [one["seq"] for one in thread["messages"]] == [target, answer]
        assert "zebrafish" not in json.dumps(late.inbox)


async def test_what_became_of_a_patient_is_no_follow_up_any_more_once_its_words_are_gone(
    here: Parts, room: str, anna: Member
) -> None:
    """The message as it stands says what its event says to those who come later."""
    a = await here.peer(anna)
    await a.ask("follow", stream=room)
    await posted(a, room)
    post = here.rooms.post_item(await here.rooms.access(anna, room), _post(room, a.key(), "Well after six weeks."))
    noted = msgspec.structs.replace(
        post, data=json.dumps({"body": "Well after six weeks.", "note": "follow-up"}).encode()
    )
    (outcome,) = await here.store.append([noted])
    await a.ask("redact", stream=room, key=a.key(), target=outcome.seq)
    events = await here.store.rows("log.events", room, 0, 1000, 10**9)
    standing = await read_messages(here.store, room)
    assert fold([dict(event) for event in events]) == standing
    assert (standing[-1]["seq"], standing[-1]["note"]) == (outcome.seq, None)


async def test_frames_that_wait_lose_a_redacted_text_as_well(
    here: Parts, room: str, anna: Member, bert: Member
) -> None:
    """A post and its redaction that leave in one flush: nobody is sent the words."""
    a, b = await here.peer(anna), await here.peer(bert)
    await b.ask("follow", stream=room)
    target = await posted(a, room, "Something first.")
    await until(lambda: len(b.events(room)) == 2)
    post = here.rooms.post_item(await here.rooms.access(anna, room), _post(room, a.key(), "quagga"))
    (outcome,) = await here.store.append([post])
    redact = post.__class__(
        stream=room, author=post.author, key=a.key(), kind="redacted", digest=b"", target=outcome.seq,
        data=json.dumps({"target": outcome.seq}).encode(),
    )  # fmt: skip
    (gone,) = await here.store.append([redact])
    here.hub.committed([post, redact], [outcome, gone])
    await until(lambda: len(b.events(room)) == 4)
    assert [event["kind"] for event in b.events(room)] == ["joined", "posted", "posted", "redacted"]
    assert b.events(room)[2]["data"]["redacted"] is True
    assert "quagga" not in json.dumps(b.inbox)
    assert target < (outcome.seq or 0)


def _post(room: str, key: str, body: str) -> Any:
    from lounge.live.messages import Post  # noqa: PLC0415  needed here alone

    return Post(id=0, stream=room, key=key, body=body)


async def test_what_must_go_goes_from_a_closed_room_as_well(
    here: Parts, room: str, anna: Member, database: Database
) -> None:
    """Its author and a moderator take text away where nothing new can be written."""
    a = await here.peer(anna)
    moderator = await here.peer(await here.member(f"mod-{here.ids.secret()[:8]}", role="moderator"))
    mine, other = await posted(a, room, "okapi"), await posted(a, room, "okapi too")
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute("update lounge.streams set state = 'closed' where id = $1", room)
    await connection.close()
    assert (await a.ask("post", stream=room, key=a.key(), body="x"))["code"] == "room_closed"
    assert (await a.ask("redact", stream=room, key=a.key(), target=mine))["op"] == "done"
    assert (await moderator.ask("redact", stream=room, key=moderator.key(), target=other))["op"] == "done"
    assert "okapi" not in await everything(database)


async def test_a_thread_is_a_message_and_all_that_answers_it(here: Parts, room: str, anna: Member) -> None:
    """Directly or not, in pages, oldest first; nothing else of the room."""
    a = await here.peer(anna)
    root = await posted(a, room)
    await posted(a, room, "Beside it.")
    one = await posted(a, room, reply_to=root)
    two = await posted(a, room, reply_to=one)
    await posted(a, room, "Beside it as well.")
    three = await posted(a, room, reply_to=root)
    first = await a.ask("read", stream=room, thread=root, limit=2)
    assert ([m["seq"] for m in first["messages"]], first["more"]) == ([root, one], True)
    second = await a.ask("read", stream=room, thread=root, after=one, limit=2)
    assert ([m["seq"] for m in second["messages"]], second["more"]) == ([two, three], False)
    assert [m["seq"] for m in (await a.ask("read", stream=room, thread=one))["messages"]] == [one, two]
    assert (await a.ask("read", stream=room, thread=root, before=9))["code"] == "bad_request"


async def test_pins_are_set_by_who_may_and_told_to_all(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """In a lounge by moderators; who enters is told all pins, who is there each event; a redacted message has none."""
    a, b = await here.peer(anna), await here.peer(bert)
    moderator = await here.peer(await here.member(f"mod-{here.ids.secret()[:8]}", role="moderator"))
    one, two = await posted(a, room, "one"), await posted(a, room, "two")
    assert (await a.ask("pin", stream=room, key=a.key(), target=one))["code"] == "forbidden"
    for target in (one, two):
        await moderator.ask("pin", stream=room, key=moderator.key(), target=target)
    followed = await b.ask("follow", stream=room)
    assert followed["pins"] == [one, two]
    assert {m["seq"] for m in followed["messages"] if m.get("pinned")} == {one, two}
    await moderator.ask("redact", stream=room, key=moderator.key(), target=one)
    await moderator.ask("pin", stream=room, key=moderator.key(), target=two, set=False)
    await until(lambda: len(b.events(room)) == 2)
    assert (await moderator.ask("pin", stream=room, key=moderator.key(), target=one))["code"] == "stale"
    assert "pins" not in await b.ask("follow", stream=room)


@pytest.mark.parametrize("mentions", [[1] * 11, [0], ["1"], [2**53]])
async def test_mentions_are_bounded(here: Parts, room: str, anna: Member, mentions: list[Any]) -> None:
    """At most ten participant numbers."""
    a = await here.peer(anna)
    answer = await a.ask("post", stream=room, key=a.key(), body="x", mentions=mentions)
    assert answer["code"] == "bad_request"


async def test_another_set_of_mentions_under_the_same_key_is_another_content(
    here: Parts, new_room: NewRoom, anna: Member
) -> None:
    """The order in which they are named is not."""
    room = await new_room()
    a = await here.peer(anna)
    key = a.key()
    first = await a.ask("post", stream=room, key=key, body="x", mentions=[3, 2])
    assert (await a.ask("post", stream=room, key=key, body="x", mentions=[2, 3]))["seq"] == first["seq"]
    assert (await a.ask("post", stream=room, key=key, body="x", mentions=[2]))["code"] == "key_reused"
