"""The main job on two nodes: real clinical text, posted through both, followed through both, stored once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lounge.drill.peer import connected
from lounge.sql import load_queries
from lounge.store import Direct
from tests.acceptance.follower import Follower
from tests.acceptance.node import FAR, Node

if TYPE_CHECKING:
    from tests.integration.conftest import Database

NOTES = Path(os.environ.get("LOUNGE_CLINICAL_NOTES", "../shared/data/clinical_notes.jsonl"))
CASES, REPLIES = 10, 50


def clinical_notes() -> tuple[list[str], list[str]]:
    """Return long texts for cases and short ones for replies."""
    if not NOTES.is_file():
        pytest.skip(f"no clinical notes at {NOTES}: name the file in LOUNGE_CLINICAL_NOTES")
    texts = [json.loads(line)["text"] for line in NOTES.read_text("utf-8").splitlines()]
    return [t for t in texts if len(t) > 400][:CASES], [t for t in texts if 20 < len(t) < 400][:REPLIES]


async def open_case(url: str, token: str, text: str) -> dict[str, Any]:
    """Open a case over HTTP, twice with the same key, as a careful client would after a timeout."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid.uuid4())}
    draft = {
        "title": text[:80].splitlines()[0],
        "specialty": "internal-medicine",
        "urgency": "urgent",
        "presentation": text,
        "question": "What would you do next?",
    }
    async with httpx.AsyncClient(base_url=url) as client:
        first = await client.post("/api/v1/cases", headers=headers, json=draft)
        again = await client.post("/api/v1/cases", headers=headers, json=draft)
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.json()["case"]["id"] == again.json()["case"]["id"]
    case: dict[str, Any] = first.json()["case"]
    return case


async def test_two_followers_hold_what_the_database_holds(database: Database, tokens: list[str]) -> None:
    """Ten cases and fifty replies by five members over two nodes, while one follower drops and resumes every second."""
    long, short = clinical_notes()
    async with Node(database) as one, Node(database) as two:
        urls = [one.url, two.url]
        cases = [await open_case(urls[n % 2], tokens[n % 5], text) for n, text in enumerate(long)]
        rooms = [case["room"] for case in cases]
        steady, restless = Follower([one.url], tokens[5]), Follower([two.url, one.url], tokens[6])
        for follower in (steady, restless):
            await follower.come()
            for room in rooms:
                await follower.follow(room)

        refs = await asyncio.gather(drop_and_come(restless), reply_all(urls, tokens[:5], rooms, short))
        await settle(steady, restless, rooms, refs[1])
        async with Direct(database.owner_url, load_queries()) as owner:
            stored = {
                room: [
                    (row["seq"], row["ref"].hex(), row["kind"])
                    for row in await owner.rows("log.events", room, 0, 1000, 10**9)
                ]
                for room in rooms
            }
        for follower in (steady, restless):
            held = {room: [(e["seq"], e["ref"], e["kind"]) for e in follower.events[room]] for room in rooms}
            assert held == stored
            await follower.drop()
    assert restless.resumes > 3 * CASES
    assert sum(kind == "posted" for events in stored.values() for _, _, kind in events) == REPLIES
    assert {ref for events in stored.values() for _, ref, kind in events if kind == "posted"} == refs[1]


async def drop_and_come(follower: Follower, times: int = 5) -> None:
    """Lose the connection every second, and resume on the other node."""
    for _ in range(times):
        await asyncio.sleep(1)
        await follower.drop()
        await follower.come()


async def reply_all(urls: list[str], tokens: list[str], rooms: list[str], texts: list[str]) -> set[str]:
    """Post every text into some room, through either node, some of them twice with the same key; return their refs."""
    chance = random.Random(7)
    peers, others = [
        [await connected(urls[(n + shift) % 2], token, lambda _push: None) for n, token in enumerate(tokens)]
        for shift in (0, 1)
    ]
    refs = set()
    for n, text in enumerate(texts):
        key, room, author = str(uuid.uuid4()), rooms[n % len(rooms)], chance.randrange(len(tokens))
        done = await peers[author].ask("post", stream=room, key=key, body=text)
        if chance.random() < 0.3:
            again = await others[author].ask("post", stream=room, key=key, body=text)
            assert (again["seq"], again["status"]) == (done["seq"], "known")
        refs.add(hashlib.sha256(key.encode()).hexdigest()[:16])
        await asyncio.sleep(0.1)
    for peer in peers + others:
        await peer.close()
    return refs


async def settle(steady: Follower, restless: Follower, rooms: list[str], refs: set[str]) -> None:
    """Wait until both have been told of every post."""
    async with asyncio.timeout(FAR):
        for follower in (steady, restless):
            while refs - {event["ref"] for room in rooms for event in follower.events[room]}:
                await asyncio.sleep(0.05)
