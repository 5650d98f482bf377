"""Arbitrary bytes at the two places where a peer's bytes are parsed: frames, and the commands in them."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lounge.live.inbound import Inbound
from lounge.live.messages import Command, decode_command
from lounge.live.terms import Terms
from lounge.reason import reason
from tests.integration.gateway.house import frame

TERMS = Terms(later=lambda *_: None, random=random.Random(0), message_bytes=512, fragments=4)  # type: ignore[arg-type]
CODES = {None, 1000, 1002, 1003, 1007, 1008, 1009}

keys = st.sampled_from(
    ["op", "id", "stream", "key", "body", "since", "epoch", "target", "rev", "mark", "set", "before", "after", "limit"]
)
ops = st.sampled_from(
    ["hello", "follow", "unfollow", "post", "edit", "redact", "react", "read", "people", "seen", "ping"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=40)
    | ops
    | st.uuids().map(str)
    | st.sampled_from(["01a206ef-c2ff-7977-aca1-845dad60ee5f", 1, 0, "agree"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=8
)


@given(st.binary(max_size=300))
def test_bytes_are_a_command_or_refused(payload: bytes) -> None:
    """Nothing else is raised, whatever they are."""
    check(payload)


@given(st.dictionaries(keys, values, max_size=10), ops, values)
def test_anything_like_a_command_is_one_or_refused(fields: dict[str, Any], op: str, number: object) -> None:
    """Known fields with any values; what is refused is said in words that quote nothing."""
    check(json.dumps(fields | {"op": op, "id": number}).encode())


def check(payload: bytes) -> None:
    """Decode; a refusal has words."""
    refused: msgspec.MsgspecError | None = None
    try:
        command = decode_command(payload)
    except msgspec.MsgspecError as error:
        refused = error
    if refused is not None:
        assert reason(refused)
    else:
        assert isinstance(command, Command)
        assert 0 <= command.id < 2**53


frames = st.builds(
    frame,
    st.binary(max_size=130) | st.text(max_size=60).map(str.encode),
    st.sampled_from([1, 1, 0, 9, 10, 8, 2, 3]),
    fin=st.booleans(),
)
streams = st.lists(frames, max_size=8).map(b"".join) | st.binary(max_size=400)


def taken(chunks: list[bytes]) -> tuple[list[bytes], int | None]:
    """Return the messages in these chunks, and with which code the connection was failed, if it was."""
    inbound, messages = Inbound(TERMS), []
    for chunk in chunks:
        if inbound.parser_exc is None:
            inbound.receive_data(chunk)
            messages += inbound.taken()
    code = inbound.close_sent.code if inbound.close_sent is not None and inbound.parser_exc is not None else None
    return messages, code


@given(streams, st.lists(st.integers(1, 60), max_size=30))
def test_frames_mean_the_same_however_they_are_cut(data: bytes, sizes: list[int]) -> None:
    """Messages and the close code do not depend on what arrives with what; each message is whole UTF-8, within its bound."""
    chunks, at = [], 0
    for size in sizes:
        chunks.append(data[at : at + size])
        at += size
    messages, code = taken(
        [*[one for one in chunks if one], data[at:]] if data[at:] else [one for one in chunks if one]
    )
    assert (messages, code) == taken([data] if data else [])
    assert code in CODES
    for message in messages:
        message.decode()
        assert len(message) <= TERMS.message_bytes


@pytest.mark.parametrize("count", [4, 5])
def test_fragments_have_a_bound(count: int) -> None:
    """Four make a message here, five are too many."""
    data = b"".join(frame(b"x", 1 if n == 0 else 0, fin=n == count - 1) for n in range(count))
    assert taken([data]) == (([b"xxxx"], None) if count == 4 else ([], 1008))
