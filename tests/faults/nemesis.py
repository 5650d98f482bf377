"""The faults: each does one kind of harm to an installation, and undoes it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, Final

import redis.asyncio

from lounge.drill.plan import derived
from lounge.drill.truth import Site
from tests.faults.place import run_command
from tests.faults.texts import texts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from random import Random

    from tests.acceptance.node import Node
    from tests.faults.place import Place
    from tests.faults.proxy import Proxy

    Fault = Callable[[Place, Random], Awaitable[None]]

LONG_STOP: Final = 20.0
"""Seconds: longer than the deadlines of whoever waits for a stopped process."""


async def node_killed(place: Place, chance: Random) -> None:
    """A node dies without a word, and is started again."""
    node = chance.choice(place.nodes)
    node.process.kill()
    await node.process.wait()
    await asyncio.sleep(chance.uniform(0, 2))
    await node.restart()


async def node_stopped(place: Place, chance: Random) -> None:
    """A node hangs in the middle of transactions, with the rows that it has locked; others must not wait for it for long."""
    node = chance.choice(place.nodes)
    site = Site([node.url])
    opening = [
        asyncio.create_task(site.open_case(place.tokens[n], case))
        for n, case in enumerate(derived(texts(), chance.randrange(1000)).cases)
    ]
    # Each of them is a transaction of several statements, of some milliseconds.
    await asyncio.sleep(chance.uniform(0.01, 0.03))
    await _stopped([node.process.pid], LONG_STOP)
    await asyncio.wait(opening)


async def node_ended(place: Place, chance: Random) -> None:
    """A node is restarted in order, as in an upgrade."""
    await _restarted(chance.choice(place.nodes))


async def clock_off(place: Place, chance: Random) -> None:
    """A node comes back with its clock a minute off, and stays so for a while."""
    node = chance.choice(place.nodes)
    node.module = ("tests.faults.skewed", chance.choice(["60", "-60"]))
    await _restarted(node)
    await asyncio.sleep(5)
    node.module = ("lounge",)
    await _restarted(node)


async def valkey_killed(place: Place, _chance: Random) -> None:
    """Valkey dies; it comes back by itself."""
    _signal([place.servers.valkey], signal.SIGKILL)
    await asyncio.sleep(3)


async def valkey_stopped(place: Place, _chance: Random) -> None:
    """Valkey hangs: it takes connections and answers nothing."""
    await _stopped([place.servers.valkey], 6)


async def valkey_flushed(place: Place, _chance: Random) -> None:
    """Everything in Valkey is deleted, and every subscription is ended."""
    async with redis.asyncio.Redis.from_url(place.direct.redis_url) as valkey:
        await valkey.flushall()
        await valkey.client_kill_filter(_type="pubsub")
    await asyncio.sleep(1)


async def valkey_foreign(place: Place, chance: Random) -> None:
    """Somebody else writes into our channels: noise, parcels of ours again, and parcels of other channels."""
    async with redis.asyncio.Redis.from_url(place.direct.redis_url) as valkey:
        channels = await valkey.pubsub_shardchannels()
        listening = valkey.pubsub()
        for channel in channels:
            await listening.ssubscribe(channel)
        end = asyncio.get_running_loop().time() + 5
        heard: list[bytes] = []
        while (left := end - asyncio.get_running_loop().time()) > 0:
            message = await listening.get_message(ignore_subscribe_messages=True, timeout=min(left, 0.02))
            if message is not None:
                heard.append(message["data"])
            for parcel in [chance.randbytes(chance.randrange(200)), *chance.sample(heard, min(len(heard), 3))]:
                await valkey.spublish(chance.choice(channels), parcel)
                harmed = bytearray(parcel or b"x")
                harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
                await valkey.spublish(chance.choice(channels), bytes(harmed))
            del heard[:-100]
        await listening.aclose()  # type: ignore[no-untyped-call]


async def valkey_parted(place: Place, _chance: Random) -> None:
    """No node reaches Valkey, and connections that stood are broken."""
    await _parted(place.valkey_proxy, 5)


async def valkey_dead_at_the_end(place: Place, _chance: Random) -> None:
    """Valkey is away until after the last post: what was posted meanwhile is found by comparing with the log."""
    place.valkey_proxy.refuse = True
    place.valkey_proxy.cut()
    asyncio.get_running_loop().call_later(8, place.valkey_proxy.heal)
    await asyncio.sleep(2)


async def valkey_slow(place: Place, _chance: Random) -> None:
    """Hints come late, so that what is read from the log overtakes them."""
    place.valkey_proxy.delay = 0.5
    await asyncio.sleep(5)
    place.valkey_proxy.heal()


async def postgres_killed(place: Place, _chance: Random) -> None:
    """PostgreSQL dies, recovers, and comes back by itself."""
    _signal([place.servers.postmaster], signal.SIGKILL)
    await asyncio.sleep(4)


async def backend_killed(place: Place, chance: Random) -> None:
    """A process of PostgreSQL dies, upon which all of them begin anew."""
    if backends := place.servers.backends:
        _signal([chance.choice(backends)], signal.SIGKILL)
    await asyncio.sleep(3)


async def postgres_stopped(place: Place, _chance: Random) -> None:
    """PostgreSQL hangs whole, in the middle of whatever it is doing."""
    await _stopped(place.servers.postgres, 8)


async def postgres_parted(place: Place, _chance: Random) -> None:
    """No node reaches PostgreSQL, and connections that stood are broken."""
    await _parted(place.database_proxy, 5)


async def postgres_slow(place: Place, _chance: Random) -> None:
    """Every answer of PostgreSQL takes a while."""
    place.database_proxy.delay = 0.1
    await asyncio.sleep(5)
    place.database_proxy.heal()


async def commit_cut(place: Place, chance: Random) -> None:
    """The answer to a commit is swallowed, with the connection: whether it was done is unknown."""
    for _ in range(5):
        place.database_proxy.deaf = True
        await asyncio.sleep(chance.uniform(0.05, 0.5))
        place.database_proxy.heal()
        await asyncio.sleep(chance.uniform(0.2, 0.8))


async def database_halved(place: Place, chance: Random) -> None:
    """Half a question or half an answer arrives, and then nothing."""
    for _ in range(5):
        place.database_proxy.halve = True
        await asyncio.sleep(chance.uniform(0.05, 0.5))
        place.database_proxy.heal()
        await asyncio.sleep(chance.uniform(0.2, 0.8))


async def clients_harmed(place: Place, chance: Random) -> None:
    """Members' connections are late, halved and cut."""
    for _ in range(6):
        proxy = chance.choice(place.node_proxies)
        proxy.delay, proxy.halve = chance.choice([(0.2, False), (0.0, True), (0.0, False)])
        if chance.random() < 0.3:
            proxy.cut()
        await asyncio.sleep(chance.uniform(0.2, 1))
        proxy.heal()


async def both_killed(place: Place, chance: Random) -> None:
    """Valkey and PostgreSQL die at once, and a node with them."""
    _signal([place.servers.postmaster, place.servers.valkey], signal.SIGKILL)
    node = chance.choice(place.nodes)
    node.process.kill()
    await node.process.wait()
    await asyncio.sleep(6)
    await node.restart()


async def restored(place: Place, chance: Random) -> None:
    """The database goes back to a copy of a while ago, as the how-to says: with the nodes stopped, and a new epoch."""
    await _gone_back(place, chance, stop_nodes=True)


async def restored_under_the_nodes(place: Place, chance: Random) -> None:
    """The same, but the nodes are forgotten: they meet the new epoch on their first new connection."""
    await _gone_back(place, chance, stop_nodes=False)


async def _gone_back(place: Place, chance: Random, *, stop_nodes: bool) -> None:
    data = place.servers.data / "postgres" / "data"
    copy = data.with_name("copy")
    await place.servers.stop()
    await _command("cp", "-a", str(data), str(copy))
    await place.servers.start()
    await asyncio.sleep(chance.uniform(3, 5))
    if stop_nodes:
        for node in place.nodes:
            node.process.send_signal(signal.SIGTERM)
            await node.process.wait()
    place.database_proxy.refuse = True
    place.database_proxy.cut()
    await place.servers.stop()
    await asyncio.to_thread(shutil.rmtree, data)
    await _command("mv", str(copy), str(data))
    await place.servers.start()
    await run_command(place.direct, "restore-epoch")
    place.database_proxy.heal()
    if stop_nodes:
        for node in place.nodes:
            await node.restart()
    await asyncio.sleep(3)


FAULTS: Final[dict[str, Fault]] = {
    fault.__name__: fault
    for fault in (
        node_killed,
        node_stopped,
        node_ended,
        clock_off,
        valkey_killed,
        valkey_stopped,
        valkey_flushed,
        valkey_foreign,
        valkey_parted,
        valkey_slow,
        valkey_dead_at_the_end,
        postgres_killed,
        backend_killed,
        postgres_stopped,
        postgres_parted,
        postgres_slow,
        commit_cut,
        database_halved,
        clients_harmed,
        both_killed,
        restored,
        restored_under_the_nodes,
    )
}


async def _restarted(node: Node) -> None:
    node.process.send_signal(signal.SIGTERM)
    await node.process.wait()
    await node.restart()


async def _stopped(pids: list[int], seconds: float) -> None:
    _signal(pids, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        _signal(pids, signal.SIGCONT)


async def _parted(proxy: Proxy, seconds: float) -> None:
    proxy.refuse = True
    proxy.cut()
    await asyncio.sleep(seconds)
    proxy.heal()


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


async def _command(*command: str) -> None:
    await asyncio.to_thread(subprocess.run, command, check=True)
