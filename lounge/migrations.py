"""Bringing a database to the schema that this release needs: forward only, one transaction each, one migrator at a time."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final

from lounge.errors import LoungeError
from lounge.ids import CONTROL
from lounge.sql import load_migrations, load_queries
from lounge.store import APPLICATION_ROLE, SCHEMA, Direct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lounge.ids import Ids
    from lounge.sql import Migration

LOCK: Final = 0x6C6F756E6765
"""The advisory lock of the migrator ("lounge" in ASCII)."""
PATIENCE: Final = 120
"""Seconds to wait for another migrator."""

_PREPARE: Final = f"""
create schema if not exists {SCHEMA};
create table if not exists {SCHEMA}.migrations (
  name text primary key, digest text not null, at timestamptz not null default clock_timestamp()
);
"""
_ROLE_EXISTS: Final = "select exists (select from pg_roles where rolname = $1)"
_MAY_CREATE_ROLES: Final = "select rolcreaterole or rolsuper from pg_roles where rolname = current_user"
_IS_MEMBER: Final = "select pg_has_role(current_user, $1, 'member')"


class MigrationFailed(LoungeError):
    """The database could not be brought to this release's schema."""

    code = "migration_failed"


async def migrate(owner_url: str, ids: Ids, *, phases: Sequence[str] = ("pre",)) -> list[str]:
    """Apply what is missing, as the owner, and return the names applied.

    Waits for another migrator by asking again: a session that waits inside `pg_advisory_lock` holds a snapshot, and
    an index being built concurrently would wait for it for ever.
    """
    queries = load_queries()
    async with Direct(owner_url, queries) as owner:
        for _ in range(PATIENCE):
            if await owner.value("installation.lock", LOCK):
                break
            await asyncio.sleep(1)
        else:
            raise MigrationFailed("another `lounge migrate` has been running for two minutes")
        await _ensure_role(owner)
        await owner.execute(_PREPARE)
        applied = {row["name"] for row in await owner.rows("installation.applied")}
        done = []
        for migration in load_migrations():
            if migration.name in applied or migration.phase not in phases:
                continue
            await _apply(owner, migration)
            done.append(migration.name)
        await owner.execute(
            f"insert into streams (id, kind) values ('{CONTROL}', 'control') on conflict do nothing"  # noqa: S608  a constant
        )
        await owner.value("installation.begin", ids.secret())
        await owner.value("installation.unlock", LOCK)
        return done


async def pending(url: str) -> list[str]:
    """Return the names of the migrations that must run before this release can serve."""
    async with Direct(url, load_queries()) as connection:
        if not await connection.execute_value(f"select to_regclass('{SCHEMA}.migrations') is not null"):
            applied: set[str] = set()
        else:
            applied = {row["name"] for row in await connection.rows("installation.applied")}
    return [m.name for m in load_migrations() if m.phase == "pre" and m.name not in applied]


async def renew_epoch(owner_url: str, ids: Ids) -> None:
    """Begin a new epoch: after this database was restored from a snapshot of the same cluster."""
    async with Direct(owner_url, load_queries()) as owner:
        await owner.value("installation.renew", ids.secret())


async def durability(url: str) -> list[str]:
    """Return the names of the settings that would let Postgres forget what it acknowledged."""
    async with Direct(url, load_queries()) as connection:
        rows = await connection.rows("installation.durable")
    return sorted(row["name"] for row in rows if row["setting"] == "off")


async def _ensure_role(owner: Direct) -> None:
    if not await owner.execute_value(_ROLE_EXISTS, APPLICATION_ROLE):
        if not await owner.execute_value(_MAY_CREATE_ROLES):
            raise MigrationFailed(
                f"the role {APPLICATION_ROLE} is missing and this login may not create it: "
                f"let an administrator run `create role {APPLICATION_ROLE}` and grant it to the login of DATABASE_URL"
            )
        await owner.execute(f"create role {APPLICATION_ROLE} nologin")
    if not await owner.execute_value(_IS_MEMBER, APPLICATION_ROLE):
        await owner.execute(f"grant {APPLICATION_ROLE} to current_user")


async def _apply(owner: Direct, migration: Migration) -> None:
    async with owner.transaction():
        await owner.execute(migration.text)
        await owner.value("installation.record", migration.name, hashlib.sha256(migration.text.encode()).hexdigest())
