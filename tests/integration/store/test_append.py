"""The log's append (migrations/0002_append), against the real Postgres: one answer for each item, and the projections."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lounge.clock import SystemClock
from lounge.errors import Busy, Internal
from lounge.ids import Ids, SystemRandomness
from lounge.sql import load_queries
from lounge.store import Direct, Item, Outcome, Pool, PoolLimits, Store, digest
from tests.integration.folding import fold, read_messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.conftest import Database

IDS = Ids(SystemClock(), SystemRandomness())


async def new_stream(database: Database, state: str = "open", asker: int | None = None) -> str:
    stream = IDS.stream()
    async with Direct(database.owner_url, load_queries()) as owner:
        await owner.execute_value(
            "insert into streams (id, kind, state, asker) values ($1, 'room', $2, $3)", stream, state, asker
        )
    return stream


def post(stream: str, key: str, body: str = "words", author: int = 1, **more: Any) -> Item:
    data = json.dumps({"body": body} | ({"reply_to": more["target"]} if more.get("target") else {})).encode()
    return Item(
        stream=stream,
        author=author,
        key=key,
        kind="posted",
        data=data,
        digest=digest("posted", body),
        open=True,
        **more,
    )


def change(kind: str, stream: str, target: int, key: str | None = None, rev: int | None = None, **data: Any) -> Item:
    raw = json.dumps({"target": target, **data}).encode()
    return Item(
        stream=stream,
        author=data.pop("author", 1),
        key=key or IDS.secret(),
        kind=kind,
        data=raw,
        digest=digest(kind, raw.decode()),
        target=target,
        rev=rev,
        open=True,
    )


def answers(outcomes: Sequence[Outcome]) -> list[tuple[str, int | None]]:
    return [(o.status, o.seq) for o in outcomes]


async def test_numbers_run_from_one_without_gaps_in_each_stream(store: Store, database: Database) -> None:
    """Items of one batch and of many get 1, 2, 3 … in the order of the batch, each stream on its own."""
    one, two = await new_stream(database), await new_stream(database)
    first = await store.append([post(one, IDS.secret()), post(two, IDS.secret()), post(one, IDS.secret())])
    second = await store.append([post(one, IDS.secret()), post(two, IDS.secret())])
    assert answers(first) == [("new", 1), ("new", 1), ("new", 2)]
    assert answers(second) == [("new", 3), ("new", 2)]


async def test_the_same_key_twice_is_answered_twice_and_stored_once(store: Store, database: Database) -> None:
    """A resend, in the same batch or later, gets the number and time of the original."""
    stream, key = await new_stream(database), IDS.secret()
    first, twin = await store.append([post(stream, key), post(stream, key)])
    (later,) = await store.append([post(stream, key)])
    assert (first.status, twin.status, later.status) == ("new", "known", "known")
    assert (twin.seq, twin.at) == (later.seq, later.at) == (first.seq, first.at) == (1, first.at)
    assert await store.value("log.head", stream) == 1


async def test_a_key_used_for_another_content_is_a_conflict(store: Store, database: Database) -> None:
    """Within a batch and after it; the original stands unchanged."""
    stream, key = await new_stream(database), IDS.secret()
    outcomes = await store.append([post(stream, key, "one"), post(stream, key, "two")])
    outcomes += await store.append([post(stream, key, "three")])
    assert [o.status for o in outcomes] == ["new", "conflict", "conflict"]
    assert [m["body"] for m in await read_messages(store, stream)] == ["one"]


async def test_the_same_key_in_two_streams_or_of_two_authors_is_two_keys(store: Store, database: Database) -> None:
    """A key is unique for its stream and author, not beyond."""
    one, two, key = await new_stream(database), await new_stream(database), IDS.secret()
    outcomes = await store.append([post(one, key), post(two, key), post(one, key, author=2)])
    assert answers(outcomes) == [("new", 1), ("new", 1), ("new", 2)]


async def test_bad_items_do_not_fail_their_batch_mates(store: Store, database: Database) -> None:
    """No such stream, a closed room, a missing target: each says so, the others stand."""
    here, closed = await new_stream(database), await new_stream(database, "closed")
    outcomes = await store.append(
        [
            post(IDS.stream(), IDS.secret()),
            post(closed, IDS.secret()),
            post(here, IDS.secret(), target=99),
            post(here, IDS.secret()),
        ]
    )
    assert answers(outcomes) == [("no_stream", None), ("stale", None), ("stale", None), ("new", 1)]


async def test_four_connections_resending_at_once_store_each_key_once(store: Store, database: Database) -> None:
    """However often and in whatever order keys are resent, each has one number, and the numbers have no gap."""
    streams = [await new_stream(database) for _ in range(5)]
    keys = [(streams[n % 5], IDS.secret()) for n in range(200)]
    stores = [Store(database.url, load_queries(), limits={Pool.COMMITS: PoolLimits(2, 5.0, 3.0)}) for _ in range(4)]
    for other in stores:
        await other.open()
    try:

        async def resend(other: Store, seed: int) -> list[Outcome]:
            order = random.Random(seed).sample(keys, len(keys))
            found: list[Outcome] = []
            for n in range(0, len(order), 7):
                found += await other.append([post(stream, key, key) for stream, key in order[n : n + 7]])
            return found

        outcomes = await asyncio.gather(*(resend(other, seed) for seed, other in enumerate(stores)))
    finally:
        for other in stores:
            await other.close()
    assert sum(o.status == "new" for batch in outcomes for o in batch) == 200
    for stream in streams:
        assert [m["seq"] for m in await read_messages(store, stream)] == list(range(1, 41))


async def test_times_never_run_against_the_numbers(store: Store, database: Database) -> None:
    """Though the clock of a stream was set ahead, the next event is not earlier than the last."""
    stream = await new_stream(database)
    async with Direct(database.owner_url, load_queries()) as owner:
        await owner.execute_value("update streams set last_at = '2100-01-01' where id = $1", stream)
    outcomes = [(await store.append([post(stream, IDS.secret())]))[0] for _ in range(3)]
    assert outcomes[0].at == outcomes[2].at == 4102444800000


async def test_an_edit_of_what_changed_meanwhile_is_stale(store: Store, database: Database) -> None:
    """Of two edits that saw the same rev the first stands; so it is within one batch and over two."""
    stream = await new_stream(database)
    await store.append([post(stream, IDS.secret())])
    both = await store.append(
        [change("edited", stream, 1, rev=1, body="a"), change("edited", stream, 1, rev=1, body="b")]
    )
    late = await store.append([change("edited", stream, 1, rev=1, body="c")])
    assert [o.status for o in both + late] == ["new", "stale", "stale"]
    assert [m["body"] for m in await read_messages(store, stream)] == ["a"]


async def test_words_that_come_with_the_redaction_of_their_message_are_not_taken(
    store: Store, database: Database
) -> None:
    """In one batch, a change after the redaction is stale, whether it names the rev that it saw or not."""
    stream = await new_stream(database)
    await store.append([post(stream, IDS.secret())])
    outcomes = await store.append(
        [
            change("redacted", stream, 1),
            change("edited", stream, 1, body="late"),
            change("reacted", stream, 1, mark="agree", set=True),
        ]
    )
    assert [o.status for o in outcomes] == ["new", "stale", "stale"]
    assert [m["body"] for m in await read_messages(store, stream)] == [""]


async def test_redaction_leaves_no_word_in_any_table(store: Store, database: Database) -> None:
    """Of the message and of every edit of it: event data, digest and projection; the numbers stay."""
    stream, key = await new_stream(database), IDS.secret()
    await store.append([post(stream, key, "zanzibar one")])
    await store.append([change("edited", stream, 1, rev=1, body="zanzibar two")])
    await store.append([change("redacted", stream, 1)])
    async with Direct(database.owner_url, load_queries()) as owner:
        found = await owner.execute_value(
            "select count(*) from events e, messages m where e.stream = $1 and m.stream = $1"
            " and (e::text ~ 'zanzibar' or m::text ~ 'zanzibar' or (e.seq < 3 and e.digest is not null))",
            stream,
        )
        assert found == 0
        assert await owner.execute_value("select count(*) from events where stream = $1", stream) == 3
    assert answers(await store.append([post(stream, key, "zanzibar one")])) == [("known", 1)]


async def test_nothing_changes_what_was_redacted(store: Store, database: Database) -> None:
    """An edit or a mark after the redaction is stale; an answer to it may be written."""
    stream = await new_stream(database)
    await store.append([post(stream, IDS.secret())])
    await store.append([change("redacted", stream, 1)])
    outcomes = await store.append(
        [
            change("edited", stream, 1, rev=2, body="back"),
            change("reacted", stream, 1, mark="agree", set=True),
            change("redacted", stream, 1),
            post(stream, IDS.secret(), target=1),
        ]
    )
    assert [o.status for o in outcomes] == ["stale", "stale", "stale", "new"]


async def test_the_first_post_by_somebody_else_stops_the_clock(store: Store, database: Database) -> None:
    """Neither the asker's own posts nor the system's do; the first reply's time stays."""
    stream = await new_stream(database, asker=1)

    async def clock() -> Any:
        async with Direct(database.owner_url, load_queries()) as owner:
            return await owner.execute_value("select first_reply_at from streams where id = $1", stream)

    await store.append([post(stream, IDS.secret(), author=1), post(stream, IDS.secret(), author=0)])
    assert await clock() is None
    await store.append([post(stream, IDS.secret(), author=2)])
    first = await clock()
    await store.append([post(stream, IDS.secret(), author=3)])
    assert first is not None
    assert await clock() == first


async def test_the_application_can_neither_remove_nor_renumber_an_event(store: Store, database: Database) -> None:
    """Its role lacks the right, whatever statement it runs."""
    stream = await new_stream(database)
    await store.append([post(stream, IDS.secret())])
    queries = {
        "x.remove": f"delete from events where stream = '{stream}'",
        "x.renumber": f"update events set seq = 7 where stream = '{stream}'",
        "x.forge": f"update events set author = 7 where stream = '{stream}'",
        "x.drop": "drop table events",
    }
    other = Store(database.url, queries | load_queries())
    await other.open()
    try:
        for name in queries:
            with pytest.raises(Internal):
                await other.rows(name)
    finally:
        await other.close()
    assert [m["seq"] for m in await read_messages(store, stream)] == [1]


async def test_a_lock_held_for_too_long_is_busy_and_nothing_was_done(store: Store, database: Database) -> None:
    """A commit waits for a stream's lock only so long, then says so."""
    stream = await new_stream(database)
    hasty = Store(database.url, load_queries(), limits={Pool.COMMITS: PoolLimits(1, 5.0, 0.05)})
    await hasty.open()
    try:
        async with store.transaction() as transaction:
            await transaction.append([post(stream, IDS.secret())])
            with pytest.raises(Busy):
                await hasty.append([post(stream, IDS.secret())])
    finally:
        await hasty.close()
    assert await store.value("log.head", stream) == 1


changes = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["post", "post", "edit", "redact", "react", "unreact"]),
            st.integers(1, 6),
            st.integers(1, 3),
            st.sampled_from(["agree", "thanks"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
    max_size=6,
)


@given(changes)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_projection_is_the_fold_of_the_events(
    store: Store, database: Database, batches: list[list[tuple[str, int, int, str, bool]]]
) -> None:
    """Whatever batches of posts, edits, redactions and marks are appended, `messages` is what their events amount to."""
    stream = await new_stream(database)
    for batch in batches:
        items = []
        for kind, target, author, mark, guarded in batch:
            if kind == "post":
                items.append(
                    post(stream, IDS.secret(), f"by {author}", author, **({"target": target} if guarded else {}))
                )
            elif kind == "edit":
                items.append(
                    change("edited", stream, target, rev=target if guarded else None, body="edited", author=author)
                )
            elif kind == "redact":
                items.append(change("redacted", stream, target, author=author))
            else:
                items.append(change("reacted", stream, target, mark=mark, set=kind == "react", author=author))
        await store.append(items)
    events = [dict(row) for row in await store.rows("log.events", stream, 0, 1000, 10**9)]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert await read_messages(store, stream) == fold(events)
