"""SQL as files: `queries/*.sql` hold named blocks, `migrations/*.sql` the steps of the schema."""

from __future__ import annotations

import re
from importlib import resources
from typing import Literal

from msgspec import Struct

_NAME = re.compile(r"^-- name: ([a-z_]+\.[a-z_]+)$", re.MULTILINE)


class Migration(Struct, frozen=True):
    """One step of the schema: `pre` is safe before the new release runs, `post` after the old one is gone."""

    name: str
    phase: Literal["pre", "post"]
    text: str


def load_queries() -> dict[str, str]:
    """Return all queries by name, such as `cases.one`."""
    queries: dict[str, str] = {}
    for file in sorted(resources.files(__name__).joinpath("queries").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            if name in queries:
                message = f"two queries are named {name}"
                raise ValueError(message)
            queries[name] = text.strip()
    return queries


def load_migrations() -> list[Migration]:
    """Return all migrations in the order in which they run."""
    files = resources.files(__name__).joinpath("migrations").iterdir()
    migrations = []
    for file in sorted((f for f in files if f.name.endswith(".sql")), key=lambda f: f.name):
        name, phase, _ = file.name.split(".")
        if phase == "pre":
            migrations.append(Migration(name, "pre", file.read_text(encoding="utf-8")))
        elif phase == "post":
            migrations.append(Migration(name, "post", file.read_text(encoding="utf-8")))
        else:
            message = f"{file.name} is neither pre nor post"
            raise ValueError(message)
    return migrations
