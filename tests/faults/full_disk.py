"""`python -m tests.faults.full_disk FOLDER`: an installation on a disk that fills up; FOLDER is a small file system of its own.

Run by tests/faults/test_full_disk.py in a namespace where it may mount one. Ends with 0 where all is as it should be.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lounge.drill.peer import Lost, connected
from tests.acceptance.node import Node, issued_tokens
from tests.acceptance.test_two_nodes import open_case
from tests.faults.place import Servers, run_command
from tests.integration.conftest import Database

if TYPE_CHECKING:
    from lounge.drill.peer import Frame, Peer

BODY: Final = random.Random(4).randbytes(9_000).hex()
"""What does not compress."""
LEFT: Final = 4 * 1024 * 1024
PAUSE: Final = 0.03
"""Seconds between posts: a member may not send more."""
TRIES: Final = 20_000
WITHIN: Final = 120.0


def fill(folder: Path, leave: int = 0) -> Path:
    """Take what is left of the disk, but for so many bytes, and return the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(65_536)):
                pass
        except OSError:
            file.truncate(max(file.tell() - leave, 0))
    return ballast


async def answered(url: str, token: str, room: str, key: str, peer: Peer | None = None) -> Frame:
    """Post until the answer is not `retry`, over connections as they come."""
    async with asyncio.timeout(WITHIN):
        while True:
            try:
                peer = peer or await connected(url, token, lambda _push: None)
                answer = await peer.ask("post", stream=room, key=key, body=BODY)
                if answer["op"] == "done" or not answer["retry"]:
                    return answer
            except Lost:
                peer = None
            await asyncio.sleep(0.5)


async def main(folder: Path) -> None:
    """Start, fill the disk, post until that fails, make room, post again; then start on a full disk."""
    data = folder / "data"
    data.mkdir(mode=0o755)
    servers = Servers(data)
    await servers.start()
    database = Database(servers.told["DATABASE_URL"], servers.told["DATABASE_OWNER_URL"], servers.told["REDIS_URL"])
    await run_command(database, "migrate")
    [token] = await issued_tokens(database, 1)
    async with Node(database, log=folder.with_name("node.log")) as node:
        room = (await open_case(node.url, token, "Fever for six days, a rash."))["room"]
        peer = await connected(node.url, token, lambda _push: None)
        ballast = fill(folder, LEFT)
        acknowledged, refused = {}, None
        for _ in range(TRIES):
            key = str(uuid.uuid4())
            answer = await peer.ask("post", stream=room, key=key, body=BODY)
            if answer["op"] == "error":
                refused = answer
                break
            acknowledged[key] = answer["seq"]
            await asyncio.sleep(PAUSE)
        assert refused is not None, "the disk took everything"
        assert refused["retry"], refused
        assert refused["code"] in ("busy", "unavailable"), refused
        await asyncio.to_thread(ballast.unlink)
        again = await answered(node.url, token, room, key)
        assert again["op"] == "done", again
        for known, seq in list(acknowledged.items())[-5:]:
            told = await answered(node.url, token, room, known)
            assert (told["seq"], told["status"]) == (seq, "known"), told
    await servers.stop()
    ballast = fill(folder)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "lounge", "servers", "--data", str(folder / "another"), stderr=asyncio.subprocess.PIPE
    )
    _, complaint = await process.communicate()
    assert process.returncode == 1, process.returncode
    assert b"Traceback" not in complaint, complaint
    print(len(acknowledged), refused["code"], complaint.decode().splitlines()[-1], sep="; ")  # noqa: T201  its report


if __name__ == "__main__":
    os.umask(0o022)
    asyncio.run(main(Path(sys.argv[1])))
