"""One who writes: at a random pace, into random rooms, and sends again what was not answered, and much of what was."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Final

from lounge.drill.history import ref_of
from lounge.drill.peer import Lost, Peer, persistent

if TYPE_CHECKING:
    from random import Random

    from lounge.drill.history import History
    from lounge.drill.peer import Frame

AGAIN: Final = 0.2
"""Share of the answered changes that are sent once more, on another connection."""
CUT: Final = 0.05
"""Share of the changes before whose answer the connection is cut."""
KINDS: Final = ("post", "reply", "edit", "react", "redact")
WEIGHTS: Final = (70, 10, 8, 9, 3)
GIVEN: Final = 0.8
"""Share of the marks that are given; the rest are taken back."""
MARKS: Final = ("agree", "disagree", "thanks", "important", "question")
EXPECTED: Final = frozenset({"stale", "not_found", "forbidden", "invalid", "too_fast"})
"""Refusals that two who write at once may meet; nothing was done then, and nothing is owed."""


class Own:
    """A message of one's own that still stands: its number, and the last `rev` known of it."""

    def __init__(self, stream: str, seq: int) -> None:
        """Take where it stands."""
        self.stream = stream
        self.seq = seq
        self.rev = seq


class Board:
    """What all posters know of each other's messages: what can be answered and marked."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.posted: dict[str, list[int]] = {}


class Poster:
    """One member who writes."""

    def __init__(
        self,
        urls: list[str],
        token: str,
        rooms: list[str],
        texts: list[str],
        *,
        pause: float,
        chance: Random,
        history: History,
        board: Board,
    ) -> None:
        """Take the nodes, the rooms, what to write, and the mean pause between two changes in seconds."""
        self._urls = urls
        self._token = token
        self._rooms = rooms
        self._texts = texts
        self._pause = pause
        self._chance = chance
        self._history = history
        self._board = board
        self._own: list[Own] = []
        self._peer: Peer | None = None

    async def run(self, over: asyncio.Event) -> None:
        """Write until told to end; what was begun is brought to its answer first."""
        try:
            while not over.is_set():
                await asyncio.sleep(self._chance.expovariate(1 / self._pause))
                if not over.is_set():
                    await self._change()
        finally:
            await self._leave()

    async def _change(self) -> None:
        command = self._drawn()
        ref = ref_of(command["key"])
        self._history.sent(ref)
        answer, epoch = await self._answered(command, cut=self._chance.random() < CUT)
        if answer["op"] != "done":
            self._refused(command, answer)
            return
        stream, seq = command["stream"], answer["seq"]
        self._history.done(stream, ref, seq, post=command["op"] == "post", epoch=epoch)
        self._learnt(command, seq)
        if self._chance.random() < AGAIN:
            await self._send_again(command, seq, epoch)

    def _drawn(self) -> Frame:
        """Draw the next change; one that needs a message, where there is none, becomes a post."""
        kind = self._chance.choices(KINDS, WEIGHTS)[0]
        key, text = str(uuid.UUID(int=self._chance.getrandbits(128), version=4)), self._chance.choice(self._texts)
        if kind in ("edit", "redact") and self._own:
            own = self._chance.choice(self._own)
            command: Frame = {"op": kind, "stream": own.stream, "key": key, "target": own.seq}
            return command | ({"rev": own.rev, "body": text} if kind == "edit" else {})
        stream = self._chance.choice(self._rooms)
        known = self._board.posted.get(stream)
        if kind == "react" and known:
            mark, given = self._chance.choice(MARKS), self._chance.random() < GIVEN
            return {
                "op": "react",
                "stream": stream,
                "key": key,
                "target": self._chance.choice(known[-50:]),
                "mark": mark,
                "set": given,
            }
        post = {"op": "post", "stream": stream, "key": key, "body": text}
        return post | ({"reply_to": self._chance.choice(known[-50:])} if kind == "reply" and known else {})

    async def _answered(self, command: Frame, *, cut: bool) -> tuple[Frame, str]:
        """Send until there is an answer: the same key each time. Return it, and in which epoch it was given."""
        fields = {name: value for name, value in command.items() if name != "op"}
        while True:
            peer = await self._connected()
            try:
                answer = await (
                    self._cut_off(peer, command["op"], fields) if cut else peer.ask(command["op"], **fields)
                )
            except Lost:
                cut = False
                await self._leave()
                self._history.reconnects += 1
                self._history.resends += 1
                continue
            if answer["op"] == "error" and answer["retry"]:
                await asyncio.sleep(answer.get("retry_after") or self._chance.uniform(0, 1))
                self._history.resends += answer["code"] != "too_fast"
                continue
            return answer, peer.epoch

    async def _cut_off(self, peer: Peer, op: str, fields: Frame) -> Frame:
        """Ask, and cut the connection at a random moment: before, while or after it is done, who knows."""
        asking = asyncio.create_task(peer.ask(op, **fields))
        await asyncio.sleep(self._chance.uniform(0, 0.01))
        await peer.abort()
        return await asking

    async def _send_again(self, command: Frame, seq: int, epoch: str) -> None:
        """Send an answered change once more, on a connection to any node: the answer must be the same."""
        fields = {name: value for name, value in command.items() if name != "op"}
        while True:
            other = await persistent(self._urls, self._token, _deaf, self._chance)
            try:
                answer = await other.ask(command["op"], **fields)
                await other.close()
            except Lost:
                await other.abort()
                continue
            if answer["op"] == "error" and answer["retry"]:
                await asyncio.sleep(answer.get("retry_after") or self._chance.uniform(0, 1))
                continue
            break
        self._history.resends += 1
        if other.epoch != epoch:
            return
        if answer["op"] == "error" and answer["code"] == "not_found" and command["op"] != "post":
            return
        if (answer.get("seq"), answer.get("status")) != (seq, "known"):
            told = answer.get("seq"), answer.get("status"), answer.get("code")
            self._history.found(
                "doubled", f"{command['op']} in {command['stream']}, event {seq}: a resend was answered {told}"
            )

    def _learnt(self, command: Frame, seq: int) -> None:
        stream = command["stream"]
        if command["op"] == "post":
            self._own.append(Own(stream, seq))
            self._board.posted.setdefault(stream, []).append(seq)
        for own in [own for own in self._own if own.stream == stream and own.seq == command.get("target")]:
            own.rev = seq
            if command["op"] == "redact":
                self._own.remove(own)

    def _refused(self, command: Frame, answer: Frame) -> None:
        self._history.refused[answer["code"]] += 1
        if answer["code"] not in EXPECTED or (command["op"] == "post" and "reply_to" not in command):
            self._history.found("refused", f"{command['op']} in {command['stream']}: {answer['code']}")
        # Somebody marked the message meanwhile: what we knew of it is old.
        self._own = [own for own in self._own if own.seq != command.get("target")]

    async def _connected(self) -> Peer:
        if self._peer is None or self._peer.over.is_set():
            self._peer = await persistent(self._urls, self._token, _deaf, self._chance)
        return self._peer

    async def _leave(self) -> None:
        if self._peer is not None:
            await self._peer.abort()
            self._peer = None


def _deaf(_push: Frame) -> None:
    """Hear nothing: who writes follows nothing."""
