"""How long the router takes to choose people, over 350,000 members and over 1.6 million.

Run `python -m bench.router [--quick]`: a table, then JSON; `--quick` leaves out the 1.6 million. Members are made by SQL: 15%
are general practitioners, the other specialties are ever rarer; 40 countries with their zones; 5% switched on call, 10% with
weekly hours, 30% to be asked when awake, 3% undisturbed. The baseline of the same run is the plain way: one query that looks
at all who have the specialty and sorts them. Processor time (of this process and of PostgreSQL's) stands beside the time
that passed: on a machine that others use as well the latter says more of them. "Nobody" asks on a Sunday noon, UTC, when no
hours hold and no switch is set: the most that is looked at in vain.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from bench.installation import percentile, servers
from lounge.clock import SystemClock
from lounge.data import load_countries, load_specialties
from lounge.paging.asking import Ask
from lounge.paging.hours import Span, week_of
from lounge.paging.policy import FARTHEST, Reach
from lounge.paging.router import Router, Weights
from lounge.paging.zones import load_zones
from lounge.sql import load_queries
from lounge.store import SCHEMA, Pool, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lounge.clock import Clock

MEMBERS: Final = (350_000, 1_600_000)
QUICK: Final = (350_000,)
ASKS: Final = 500
TABLES: Final = ("callable", "duties", "members", "places")
WARM: Final = 60
LARGEST: Final = 0.15
COUNTRIES: Final = (
    "US IN CN BR DE RU JP FR GB IT ES MX EG PK KR AR TR PL CA AU "
    "ID NG ZA NL SE CH AT GR PT BE NO DK FI IE CZ HU KE CL NZ NP"
)
"""The most populous first."""
REACHES: Final = {
    "on call, country": Reach("on_call", 0, "country"),
    "on call, world": Reach("on_call", 0, "world"),
    "on call, neighbours, region": Reach("on_call", 2, "region"),
    "awake, country": Reach("awake", 0, "country"),
    "awake, neighbours, world": Reach("awake", 2, "world"),
    "awake, all related, world": Reach("awake", FARTHEST, "world"),
}

NOBODY: Final = {
    "nobody, neighbours, region": Reach("on_call", 2, "region"),
    "nobody, neighbours, world": Reach("on_call", 2, "world"),
    "nobody, all related, world": Reach("on_call", FARTHEST, "world"),
}

PLAIN: Final = """select m.id from members m join duties d on d.member = m.id
    where m.specialties @> array[$1] and (d.on_call_until > now() or get_bit(d.hours, $2) = 1)
    order by d.spent, d.asked limit 50"""

MAKE: Final = """
create temp table made as
select gen_random_uuid() as id, i, $2::text[] as names,
       width_bucket(random(), $3::float8[]) as main, width_bucket(random(), $3::float8[]) as other,
       random() < 0.3 as two, width_bucket(random(), $4::float8[]) as place
from generate_series(1, $1::int) i
"""
FILL: Final = (
    """insert into members (id, handle, role, specialties, country, languages, feed)
       select id, 'm-' || i, 'member', case when two and main <> other then names[main + 1:main + 1] || names[other + 1]
         else names[main + 1:main + 1] end, ($1::text[])[place + 1], '{en}', gen_random_uuid() from made""",
    """insert into duties (member, zone, paged_for, hours, on_call_until, awake_too, undisturbed_until)
       select id, ($1::text[])[place + 1], case when two and main <> other then names[main + 1:main + 1] || names[other + 1]
         else names[main + 1:main + 1] end,
         case when random() < 0.1 then (($2::text[])[1 + floor(random() * cardinality($2::text[]))::int])::bit(672)
           else repeat('0', 672)::bit(672) end,
         case when random() < 0.05 then now() + interval '8 hours' end, random() < 0.3,
         case when random() < 0.03 then now() + interval '2 days' end from made""",
    """insert into places (country, zone) select distinct c, z from unnest($1::text[], $2::text[]) as t(c, z)""",
    """insert into callable (specialty, member, country, zone, on_call_until, hours, awake_too)
       select s, m.id, m.country, d.zone, d.on_call_until, nullif(d.hours, repeat('0', 672)::bit(672)), d.awake_too
       from members m join duties d on d.member = m.id, unnest(d.paged_for || '{""}'::text[]) s""",
)


def cumulative(weights: list[float]) -> list[float]:
    """Return where each share ends, between 0 and 1, but for the last."""
    total, sums = 0.0, []
    for weight in weights[:-1]:
        total += weight / sum(weights)
        sums.append(total)
    return sums


def patterns() -> Iterator[str]:
    """Yield weeks on call: a few days from a morning hour on, or three nights."""
    for first in range(6, 14):
        for day in range(3):
            yield week_of([Span(day + n, f"{first:02}:00", f"{first + 9:02}:00") for n in range(4)])
    yield week_of([Span(day, "20:00", "08:00") for day in (0, 2, 4)])


async def fill(admin_url: str, members: int) -> None:
    """Make the members, as a superuser: what hangs on the rows is written by the same statements instead of by triggers."""
    names = [one.id for one in load_specialties() if one.id != "general-practice"]
    shares = [
        LARGEST,
        *((1 - LARGEST) * 1 / (n + 3) / sum(1 / (k + 3) for k in range(len(names))) for n in range(len(names))),
    ]
    zones = load_zones()
    places = [
        (code, zone, 1 / (n + 2) / (k + 1))
        for n, code in enumerate(COUNTRIES.split())
        for k, zone in enumerate(zones.countries[code][:6])
    ]
    countries, of = [place[0] for place in places], [place[1] for place in places]
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": SCHEMA, "jit": "off"})
    await connection.execute(
        "set session_replication_role = replica; set synchronous_commit = off; select setseed(0.5)"
    )
    for table in TABLES:
        await connection.execute(f"truncate {table} cascade")
    indexes = await connection.fetch(
        "select indexname, indexdef from pg_indexes where schemaname = $1 and tablename = any($2::text[])"
        " and indexname not in (select conname from pg_constraint)",
        SCHEMA,
        list(TABLES),
    )
    for index in indexes:
        await connection.execute(f"drop index {index['indexname']}")
    await connection.execute("drop table if exists made")
    await connection.execute("set maintenance_work_mem = '256MB'")
    await connection.fetch(
        MAKE, members, ["general-practice", *names], cumulative(shares), cumulative([p[2] for p in places])
    )
    for statement, args in zip(FILL, ([countries], [of, list(patterns())], [countries, of], []), strict=True):
        await connection.execute(statement, *args)
    for index in indexes:
        await connection.execute(index["indexdef"])
    for table in TABLES:
        await connection.execute(f"vacuum (analyze) {table}")
    await connection.close()


async def switch_off(admin_url: str) -> None:
    """Clear all switches, as they are cleared once they have run out."""
    connection = await asyncpg.connect(admin_url, server_settings={"search_path": SCHEMA})
    await connection.execute("set session_replication_role = replica; set synchronous_commit = off")
    for table in ("callable", "duties"):
        await connection.execute(f"update {table} set on_call_until = null where on_call_until is not null")
        await connection.execute(f"vacuum {table}")
    await connection.close()


def asks(reach: Reach, count: int) -> Iterator[Ask]:
    """Yield asks of all specialties, the largest among them, by authors of all countries."""
    chance = random.Random(7)
    names = [one.id for one in load_specialties()]
    for number in range(count):
        yield Ask(
            case=str(uuid.UUID(int=chance.getrandbits(128))),
            room=str(uuid.UUID(int=chance.getrandbits(128))),
            specialty="general-practice" if number % 5 == 0 else names[number % len(names)],
            urgency="urgent",
            language="en",
            licence=None,
            author=str(uuid.UUID(int=chance.getrandbits(128))),
            country=chance.choice(COUNTRIES.split()),
            audience="all",
            specialties=(),
            reach=reach,
            people=3 if number % 10 else 100,
            asked=frozenset(),
        )


class SundayNoon(SystemClock):
    """A clock that shows the noon (UTC) of a Sunday, a week or more ahead."""

    def now(self) -> datetime:
        """Return that moment."""
        today = super().now().replace(hour=12, minute=0, second=0, microsecond=0)
        return today + timedelta(days=7 + (6 - today.weekday()) % 7)


def processor_time(backends: list[int]) -> float:
    """Return the seconds that this process and those of PostgreSQL have run."""
    return time.process_time() + sum(
        int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9 for pid in backends
    )


async def timed(store: Store, owner: asyncpg.Connection[Any], reach: Reach, clock: Clock) -> dict[str, float]:
    """Choose for many asks, one by one; return milliseconds, and how many people were chosen on average."""
    router = Router(load_specialties(), load_countries(), Weights(), clock, load_zones())
    times, worked, chosen = [], [], 0
    rows = await owner.fetch("select pid from pg_stat_activity where application_name = 'lounge paging'")
    backends = [row["pid"] for row in rows]
    for number, ask in enumerate(asks(reach, WARM + ASKS // (len(REACHES) + len(NOBODY)) + 1)):
        async with store.transaction(Pool.PAGING) as transaction:
            before, began = processor_time(backends), time.perf_counter()
            (choices,) = await router.choose(transaction, [ask])
            took, work = time.perf_counter() - began, processor_time(backends) - before
        if number >= WARM:
            times.append(took)
            worked.append(work)
            chosen += len(choices)
    return {**spread(times), "cpu_p95_ms": spread(worked)["p95_ms"], "chosen": round(chosen / len(times), 1)}


def spread(times: list[float]) -> dict[str, float]:
    """Return the percentiles, in milliseconds."""
    return {f"p{round(share * 100)}_ms": round(percentile(times, share) * 1000, 1) for share in (0.5, 0.95, 0.99)}


async def plain(owner: asyncpg.Connection[Any]) -> dict[str, float]:
    """Measure the baseline on the largest specialty."""
    times, worked = [], []
    pid = await owner.fetchval("select pg_backend_pid()")
    for number in range(12):
        before, began = processor_time([pid]), time.perf_counter()
        rows = await owner.fetch(PLAIN, "general-practice", number * 50)
        times.append(time.perf_counter() - began)
        worked.append(processor_time([pid]) - before)
    return {**spread(times[2:]), "cpu_p95_ms": spread(worked[2:])["p95_ms"], "chosen": len(rows)}


async def measure(told: dict[str, str], sizes: tuple[int, ...]) -> dict[str, Any]:
    """Fill and measure, size by size."""
    found: dict[str, Any] = {}
    for members in sizes:
        began = time.perf_counter()
        admin_url = told["DATABASE_OWNER_URL"].replace("//lounge_owner@", "//postgres@")
        await fill(admin_url, members)
        print(f"{members:,} members made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        store = Store(told["DATABASE_URL"], load_queries())
        await store.open()
        owner = await asyncpg.connect(told["DATABASE_OWNER_URL"], server_settings={"search_path": SCHEMA, "jit": "off"})
        # One backend alone runs at a time: parallel workers would take the processor time of others.
        await owner.execute("set max_parallel_workers_per_gather = 0")
        rows = {"baseline": await plain(owner)}
        for name, reach in REACHES.items():
            rows[name] = await timed(store, owner, reach, SystemClock())
        await switch_off(admin_url)
        for name, reach in NOBODY.items():
            rows[name] = await timed(store, owner, reach, SundayNoon())
        await owner.close()
        await store.close()
        found[f"{members:,} members"] = rows
    return found


def main() -> None:
    """Print the tables."""
    sizes = QUICK if "--quick" in sys.argv[1:] else MEMBERS
    with servers() as told:
        found = asyncio.run(measure(told, sizes))
    for title, rows in found.items():
        print(f"{title:<32}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'CPU p95':>9}{'people':>9}")
        for name, row in rows.items():
            print(
                f"{name:<32}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['p99_ms']:>9}{row['cpu_p95_ms']:>9}{row['chosen']:>9}"
            )
    print(json.dumps({"bench": "router", "asks": ASKS, "found": found}))


if __name__ == "__main__":
    main()
