"""A stream's position and tail through everything that can happen to it: a state machine (lounge.live.stream)."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lounge.live.stream import Entry, Tail

LIMIT = 400
"""Bytes: a tail of a few events, so that they often leave memory."""
WORDS, GONE = b"words", b"gone"


def tombstone(entry: Entry) -> Entry:
    """Return an entry without its words."""
    return Entry(entry.seq, entry.payload.replace(WORDS, GONE), entry.kind, entry.target)


def without_words(target: int, entry: Entry) -> Entry:
    """Return an entry as it stands once message `target` was redacted."""
    return tombstone(entry) if target in (entry.seq, entry.target) and entry.kind in ("posted", "edited") else entry


class Streams(RuleBasedStateMachine):
    """A log that grows, a node that is told of it by unreliable ways, and followers that come, go and come back."""

    @initialize()
    def begin(self) -> None:
        """Begin with a new history."""
        self.log: list[Entry] = []
        self.redacted: set[int] = set()
        self.tail = Tail(0, limit=LIMIT)
        self.told: list[int] = []
        self.followers: dict[int, list[int]] = {}

    def take(self, entry: Entry) -> None:
        """Tell the node of an event; what passes reaches every follower."""
        for passed in self.tail.offer(entry):
            if passed.kind == "redacted" and passed.target is not None:
                self.tail.rewrite(partial(without_words, passed.target))
            self.told.append(passed.seq)
            for told in self.followers.values():
                told.append(passed.seq)

    @rule(size=st.integers(0, 120), count=st.integers(1, 8))
    def post(self, size: int, count: int) -> None:
        """Commit some posts; nobody is told."""
        for _ in range(count):
            self.log.append(Entry(len(self.log) + 1, WORDS + b"x" * size, "posted", None))

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def edit_or_redact(self, data: st.DataObject) -> None:
        """Commit a change of a message."""
        target = data.draw(st.integers(1, len(self.log)))
        kind = data.draw(st.sampled_from(["edited", "redacted"]))
        if self.log[target - 1].kind != "posted" or target in self.redacted:
            return
        self.log.append(Entry(len(self.log) + 1, WORDS if kind == "edited" else b"", kind, target))
        if kind == "redacted":
            self.redacted.add(target)
            self.log = [without_words(target, one) for one in self.log]

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def hint(self, data: st.DataObject) -> None:
        """Let the bus tell of any event: early, late or again."""
        self.take(self.log[data.draw(st.integers(0, len(self.log) - 1))])

    @rule(count=st.integers(1, 6))
    def read_on(self, count: int) -> None:
        """Read what follows from the log."""
        for entry in self.log[self.tail.position : self.tail.position + count]:
            self.take(entry)

    @rule(name=st.integers(0, 3))
    def follow(self, name: int) -> None:
        """Begin at the node's position."""
        self.followers[name] = [self.tail.position]

    @rule(name=st.integers(0, 3), data=st.data())
    def resume(self, name: int, data: st.DataObject) -> None:
        """Drop, and come back with an earlier number: the tail tells the rest, or says that it cannot."""
        if name not in self.followers:
            return
        since = data.draw(st.integers(0, self.followers[name][-1]))
        entries = self.tail.since(since)
        if entries is None:
            entries = self.log[since : self.tail.position]
        self.followers[name] = [since, *(entry.seq for entry in entries)]

    @rule(name=st.integers(0, 3))
    def leave(self, name: int) -> None:
        """Go away."""
        self.followers.pop(name, None)

    @rule(limit=st.integers(0, LIMIT))
    def trim(self, limit: int) -> None:
        """Take memory away."""
        self.tail.trim(limit)

    @rule()
    def new_epoch(self) -> None:
        """Begin anew: the tail goes with its history."""
        self.begin()

    @invariant()
    def each_number_passed_once_and_in_order(self) -> None:
        """Up to the position, without a gap."""
        assert self.told == list(range(1, self.tail.position + 1))

    @invariant()
    def every_follower_was_told_each_number_after_its_own(self) -> None:
        """Whenever it came, and wherever it came back."""
        for told in self.followers.values():
            assert told == list(range(told[0], self.tail.position + 1))

    @invariant()
    def what_is_in_memory_is_what_the_log_says(self) -> None:
        """But for redactions that this node was not told of yet."""
        known = {entry.target for entry in self.log[: self.tail.position] if entry.kind == "redacted"}
        oldest: Any = next((n for n in range(self.tail.position + 1) if self.tail.since(n) is not None), 0)
        for entry in self.tail.since(oldest) or []:
            if entry.seq in known or (entry.target in known and entry.kind == "edited"):
                assert WORDS not in entry.payload
        assert self.tail.size <= max(LIMIT, 200)


TestStreams = Streams.TestCase
