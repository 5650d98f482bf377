"""What a connection may say, and what it is answered: right, wrong, too much, too early (guarantees G1, G3)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from lounge.errors import Unavailable
from lounge.live.messages import BODY_CHARACTERS
from lounge.sql import load_queries
from lounge.store import Direct
from tests.integration.live.parts import Peer, until

if TYPE_CHECKING:
    from lounge.members.accounts import Member
    from tests.integration.conftest import Database
    from tests.integration.live.conftest import NewRoom
    from tests.integration.live.parts import Parts


async def test_nothing_but_hello_is_answered_first(here: Parts, room: str, anna: Member) -> None:
    """Any other command before `hello` is refused; after it, hello is."""
    peer = Peer(here.session(anna))
    assert (await peer.ask("follow", stream=room))["code"] == "sign_in_needed"
    assert (await peer.ask("hello"))["op"] == "welcome"
    assert (await peer.ask("hello"))["code"] == "bad_request"
    assert (await peer.ask("follow", stream=room))["op"] == "followed"


async def test_a_connection_without_hello_is_closed(here: Parts, anna: Member) -> None:
    """After ten seconds on the clock: `bye`, then 4002; one that said hello stays."""
    silent, polite = Peer(here.session(anna)), await here.peer(anna)
    here.pass_time(10)
    assert silent.closed is not None
    assert silent.closed[0] == 4002
    assert silent.inbox[-1]["op"] == "bye"
    assert polite.closed is None


@pytest.mark.parametrize(
    ("payload", "code", "number"),
    [
        (b"{", "bad_request", None),
        (b"[]", "bad_request", None),
        (b"{}", "bad_request", None),
        (b'{"op":"dance","id":7}', "unknown_op", 7),
        (b'{"op":"post","id":8}', "bad_request", 8),
        (b'{"op":"ping"}', "bad_request", None),
        (b'{"op":"ping","id":-1}', "bad_request", None),
        (b'{"op":"ping","id":9007199254740992}', "bad_request", None),
        (b'{"op":"ping","id":true}', "bad_request", None),
        (b'{"op":["ping"],"id":9}', "bad_request", 9),
        (b'{"op":"follow","id":10,"stream":"../../etc"}', "bad_request", 10),
        (b'{"op":"follow","id":11,"stream":"01A206F9-60D1-79B5-A7C9-143194184A21"}', "bad_request", 11),
    ],
)
async def test_what_is_no_command_is_answered_and_the_socket_stays(
    here: Parts, anna: Member, payload: bytes, code: str, number: int | None
) -> None:
    """A broken frame gets an error that repeats its id where it has one; the next command works."""
    peer = await here.peer(anna)
    peer.session.received(payload)
    assert peer.inbox[-1]["op"] == "error"
    assert (peer.inbox[-1]["code"], peer.inbox[-1].get("id")) == (code, number)
    assert (await peer.ask("ping"))["op"] == "pong"


async def test_a_refusal_quotes_no_value(here: Parts, room: str, anna: Member) -> None:
    """What was sent in a wrong place may be a patient's name: the error names the place alone."""
    peer = await here.peer(anna)
    refusal = await peer.ask("react", stream=room, key=peer.key(), target=1, mark="Jane Roe")
    assert refusal["code"] == "bad_request"
    assert "mark" in refusal["message"]
    assert "Roe" not in refusal["message"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"body": "x" * (BODY_CHARACTERS + 1)}, "bad_request"),
        ({"body": ""}, "bad_request"),
        ({"body": " \n\t "}, "invalid"),
        ({"body": "a\x00b"}, "invalid"),
        ({"body": "x", "key": None}, "bad_request"),
        ({"body": "x", "key": "not a key"}, "bad_request"),
        ({"body": "x", "reply_to": 4}, "invalid"),
        ({"body": 5}, "bad_request"),
    ],
)
async def test_a_bad_post_is_refused_and_nothing_stands(
    here: Parts, room: str, anna: Member, fields: dict[str, Any], code: str
) -> None:
    """The error names what is wrong; the log holds no message; a good post passes right after."""
    peer = await here.peer(anna)
    await peer.ask("follow", stream=room)
    given = {"key": peer.key()} | fields
    bad = peer.tell("post", stream=room, **given)
    good = await peer.ask("post", stream=room, key=peer.key(), body="x" * BODY_CHARACTERS)
    await until(lambda: peer.answer(bad), "the refusal")
    refusal = peer.answer(bad)
    assert refusal is not None
    assert (refusal["op"], refusal["code"]) == ("error", code)
    assert good["op"] == "done"
    page = await peer.ask("read", stream=room)
    assert [m["seq"] for m in page["messages"]] == [good["seq"]]


async def test_an_acknowledged_post_stands_in_the_database(
    here: Parts, room: str, anna: Member, database: Database
) -> None:
    """When `done` is read, another connection to Postgres sees the event."""
    peer = await here.peer(anna)
    done = await peer.ask("post", stream=room, key=peer.key(), body="stands")
    async with Direct(database.owner_url, load_queries()) as other:
        body = await other.execute_value("select body from messages where stream = $1 and seq = $2", room, done["seq"])
    assert body == "stands"


async def test_a_resend_gets_the_original_answer_on_any_connection_and_node(
    here: Parts, there: Parts, room: str, anna: Member
) -> None:
    """Same key and content: the number and time of the first; other content: an error; the key is free in another room."""
    one, two = await here.peer(anna), await there.peer(anna)
    key = one.key()
    first = await one.ask("post", stream=room, key=key, body="once")
    again = await two.ask("post", stream=room, key=key, body="once")
    assert (again["seq"], again["at"], again["status"]) == (first["seq"], first["at"], "known")
    assert (await two.ask("post", stream=room, key=key, body="twice"))["code"] == "key_reused"


async def test_in_a_closed_room_what_stands_is_answered_and_nothing_new_is_written(
    here: Parts, room: str, anna: Member, bert: Member, database: Database
) -> None:
    """A resend after the room closed is `known`; a new post, an edit and a first post are `room_closed`."""
    author, other = await here.peer(anna), await here.peer(bert)
    key = author.key()
    first = await author.ask("post", stream=room, key=key, body="in time")
    async with Direct(database.owner_url, load_queries()) as owner:
        await owner.execute_value("update streams set state = 'closed' where id = $1", room)
    again = await (await here.peer(anna)).ask("post", stream=room, key=key, body="in time")
    assert (again["seq"], again["status"]) == (first["seq"], "known")
    for peer in (author, other):
        assert (await peer.ask("post", stream=room, key=peer.key(), body="late"))["code"] == "room_closed"
    edit = {"stream": room, "target": first["seq"], "rev": first["seq"], "body": "changed"}
    assert (await author.ask("edit", key=author.key(), **edit))["code"] == "room_closed"
    page = await other.ask("read", stream=room)
    assert [m["body"] for m in page["messages"]] == ["in time"]


async def test_the_same_key_in_two_rooms_at_once(here: Parts, there: Parts, new_room: NewRoom, anna: Member) -> None:
    """On two connections to two nodes: both stand, each in its room."""
    rooms = [await new_room(), await new_room()]
    one, two = await here.peer(anna), await there.peer(anna)
    key = one.key()
    answers = await asyncio.gather(
        one.ask("post", stream=rooms[0], key=key, body="a"), two.ask("post", stream=rooms[1], key=key, body="b")
    )
    assert [a["op"] for a in answers] == ["done", "done"]


async def test_first_posts_on_many_connections_at_once_enter_once(
    here: Parts, there: Parts, room: str, anna: Member
) -> None:
    """A member has one participant number in a room, however many devices write first at the same moment."""
    peers = [await (here if n % 2 else there).peer(anna) for n in range(8)]
    await asyncio.gather(*(p.ask("post", stream=room, key=p.key(), body="x") for p in peers))
    page = await peers[0].ask("read", stream=room)
    assert {m["by"] for m in page["messages"]} == {1}
    assert len(page["messages"]) == 8
    assert page["people"][0]["n"] == 1


async def test_commands_are_answered_in_order_where_one_waits_for_the_database(
    here: Parts, room: str, anna: Member
) -> None:
    """Posts sent before their room was followed, and after, stand in the order in which they were sent."""
    peer = await here.peer(anna)
    sent = [peer.tell("post", stream=room, key=peer.key(), body=f"{n}") for n in range(10)]
    peer.tell("follow", stream=room)
    sent += [peer.tell("post", stream=room, key=peer.key(), body=f"{n}") for n in range(10, 20)]
    await until(lambda: all(peer.answer(n) for n in sent))
    page = await peer.ask("read", stream=room)
    assert [m["body"] for m in page["messages"]] == [f"{n}" for n in range(20)]


async def test_too_many_commands_a_second_are_refused_with_the_time_to_wait(here: Parts, anna: Member) -> None:
    """A burst of 100, then 50 a second on the clock; a refused command did nothing."""
    peer = await here.peer(anna)
    last = [peer.tell("ping") for _ in range(100)][-1]
    refusal = peer.answer(last)
    assert refusal is not None
    assert (refusal["code"], refusal["retry"]) == ("too_fast", True)
    assert refusal["retry_after"] > 0
    assert peer.paused
    here.pass_time(1)
    await until(lambda: not peer.paused, "reading again")
    answers = [peer.answer(peer.tell("ping")) for _ in range(50)]
    assert all(a is not None and a["op"] == "pong" for a in answers)


async def test_frames_that_are_no_commands_count_as_well(here: Parts, anna: Member) -> None:
    """Nonsense is answered, and read no faster than commands are."""
    peer = await here.peer(anna)
    for _ in range(100):
        peer.session.received(b"nonsense")
    assert peer.paused
    refusal = peer.answer(peer.tell("ping"))
    assert refusal is not None
    assert refusal["code"] == "too_fast"


async def test_changes_of_a_message_reach_all_and_fold(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """Edit, mark and redact: rights are checked, each is an event, and a fresh read shows what they amount to."""
    a, b = await here.peer(anna), await there.peer(bert)
    await b.ask("follow", stream=room)
    post = await a.ask("post", stream=room, key=a.key(), body="first words")
    target = post["seq"]
    assert (await b.ask("edit", stream=room, key=b.key(), target=target, rev=target, body="mine"))[
        "code"
    ] == "forbidden"
    assert (await b.ask("redact", stream=room, key=b.key(), target=target))["code"] == "forbidden"
    mark = await b.ask("react", stream=room, key=b.key(), target=target, mark="agree")
    assert (await b.ask("react", stream=room, key=b.key(), target=target, mark="fnord"))["code"] == "bad_request"
    assert (await a.ask("edit", stream=room, key=a.key(), target=target, rev=target, body="late"))["code"] == "stale"
    await a.ask("edit", stream=room, key=a.key(), target=target, rev=mark["seq"], body="second words")
    (message,) = (await b.ask("read", stream=room))["messages"]
    assert (message["body"], message["reactions"]) == ("second words", {"agree": [2]})
    key = a.key()
    gone = await a.ask("redact", stream=room, key=key, target=target)
    assert (await a.ask("redact", stream=room, key=key, target=target))["seq"] == gone["seq"]
    await until(lambda: b.events(room) and b.events(room)[-1]["kind"] == "redacted")
    again = await there.peer(bert)
    reply = await again.ask("follow", stream=room, since=0)
    assert "words" not in json.dumps(reply)


async def test_redaction_empties_the_tails_in_memory(
    here: Parts, there: Parts, room: str, anna: Member, bert: Member
) -> None:
    """On both nodes: what is held for catching up has the tombstone the log has."""
    a, b = await here.peer(anna), await there.peer(bert)
    for peer in (a, b):
        await peer.ask("follow", stream=room)
    post = await a.ask("post", stream=room, key=a.key(), body="zanzibar")
    await a.ask("redact", stream=room, key=a.key(), target=post["seq"])
    await until(lambda: len(b.events(room)) == 3)
    for parts in (here, there):
        held = parts.hub._streams[room].tail.since(0)
        assert held is not None
        assert b"zanzibar" not in b"".join(entry.payload for entry in held)
        logged = await parts.store.rows("log.events", room, 0, 10, 10**6)
        assert [json.loads(entry.payload)["data"] for entry in held] == [json.loads(row["data"]) for row in logged]


async def test_seen_never_runs_backwards_nor_past_the_head(here: Parts, there: Parts, room: str, anna: Member) -> None:
    """Marks of two devices agree on the furthest."""
    one, two = await here.peer(anna), await there.peer(anna)
    for _ in range(3):
        await one.ask("post", stream=room, key=one.key(), body="x")
    await one.ask("seen", stream=room, seq=3)
    await two.ask("seen", stream=room, seq=2)
    assert (await two.ask("follow", stream=room))["seen"] == 3
    await two.ask("seen", stream=room, seq=10**9)
    assert (await one.ask("follow", stream=room))["seen"] == 4


async def test_postgres_away_is_unavailable_and_heals(here: Parts, room: str, anna: Member) -> None:
    """The commit fails with its outcome unknown: the same key, sent again, stands once."""
    peer = await here.peer(anna)
    await peer.ask("follow", stream=room)
    await peer.ask("post", stream=room, key=peer.key(), body="before")
    real = here.store.append

    async def cut(items: Any) -> Any:
        await real(items)
        raise Unavailable

    for lane in here.commit._lanes:
        lane._append = cut
    key = peer.key()
    failed = await peer.ask("post", stream=room, key=key, body="cut off")
    assert (failed["code"], failed["retry"]) == ("unavailable", True)
    for lane in here.commit._lanes:
        lane._append = real
    again = await peer.ask("post", stream=room, key=key, body="cut off")
    assert (again["status"], again["seq"]) == ("known", 3)
    await here.hub.sweep()
    await until(lambda: [e["seq"] for e in peer.events(room)] == [1, 2, 3])


async def test_a_new_epoch_closes_every_session(here: Parts, anna: Member) -> None:
    """Their numbers belong to another history: 4003, come back."""
    peer = await here.peer(anna)
    here.registry.begin_anew()
    assert peer.closed == (4003, "new epoch")


async def test_a_draining_node_refuses_and_finishes_what_it_took(here: Parts, room: str, anna: Member) -> None:
    """New commands are refused; commits under way are answered before `bye`."""
    peer = await here.peer(anna)
    await peer.ask("post", stream=room, key=peer.key(), body="enter")
    await peer.ask("follow", stream=room)
    taken = peer.tell("post", stream=room, key=peer.key(), body="taken")
    draining = asyncio.create_task(peer.session.drain())
    await asyncio.sleep(0)
    refused = peer.tell("post", stream=room, key=peer.key(), body="refused")
    await draining
    done, refusal = peer.answer(taken), peer.answer(refused)
    assert done is not None
    assert done["op"] == "done"
    assert refusal is not None
    assert (refusal["code"], refusal["retry"]) == ("unavailable", True)
    assert peer.inbox.index(done) < peer.inbox.index(next(f for f in peer.inbox if f["op"] == "bye"))


async def test_evicted_from_a_stream_hears_no_more_of_it(here: Parts, room: str, anna: Member, bert: Member) -> None:
    """`evicted` is the last frame of that stream."""
    a, b = await here.peer(anna), await here.peer(bert)
    await b.ask("follow", stream=room)
    b.session.evict(room)
    await a.ask("post", stream=room, key=a.key(), body="unheard")
    await b.ask("ping")
    assert b.inbox[-2]["op"] == "evicted"
    assert b.events(room) == []
