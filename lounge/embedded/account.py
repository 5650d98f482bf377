"""The operating system account that the servers run under, and who may log in to PostgreSQL."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from lounge.embedded.errors import EmbeddedError

if TYPE_CHECKING:
    from pathlib import Path


class DropTo(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that change the account; empty: the caller's own account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the servers run as.

    `logins` are the names that peer authentication lets in: the caller's own, and that of the servers' account.
    `drops` is true where the caller is root and the servers run as somebody else.
    """

    uid: int
    gid: int
    logins: tuple[str, ...]
    drops: bool

    @property
    def drop_to(self) -> DropTo:
        """Arguments for `subprocess.Popen`."""
        return DropTo(user=self.uid, group=self.gid, extra_groups=[]) if self.drops else DropTo()

    @property
    def folder_mode(self) -> int:
        """Mode of a folder that the servers must pass through: nobody else may list it."""
        return 0o711 if self.drops else 0o700

    def can_use(self, path: Path) -> bool:
        """Whether this account may pass through a folder, or run a program: asked of the kernel, not of mode bits."""
        if not self.drops:
            return os.access(path, os.X_OK)
        # By name alone: systems keep `test` in different folders.
        asked = subprocess.run(["test", "-x", path], cwd="/", check=False, timeout=10, **self.drop_to)  # noqa: S603, S607
        return asked.returncode == 0

    def barrier(self, path: Path) -> Path | None:
        """Return the topmost folder on the way to `path` (or `path`) that this account cannot pass, or None."""
        if self.can_use(path):
            return None
        return next((folder for folder in (*reversed(path.parents), path) if not self.can_use(folder)), path)


def servers_account() -> Account:
    """Return the account for the servers: the caller's own, or `nobody` for root, since PostgreSQL refuses uid 0.

    Raises EmbeddedError where the user database lacks a name that PostgreSQL's peer authentication needs.
    """
    uid = os.geteuid()
    own = _login_name(uid)
    if uid != 0:
        return Account(uid=uid, gid=os.getegid(), logins=(own,), drops=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        message = (
            "the embedded servers run as the user nobody when started by root, and this machine has no such user: "
            "add it, start lounge as another user, or set DATABASE_URL and REDIS_URL"
        )
        raise EmbeddedError(message) from None
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid, logins=(own, nobody.pw_name), drops=True)


def _login_name(uid: int) -> str:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        message = (
            f"user id {uid} has no name in the user database (/etc/passwd), which PostgreSQL's peer authentication "
            "needs: add an entry for it, start lounge as another user, or set DATABASE_URL and REDIS_URL"
        )
        raise EmbeddedError(message) from None
    # pg_ident.conf reads a leading slash as a regular expression, and a quote or line break ends the field.
    if name.startswith("/") or any(mark in name for mark in '"\r\n'):
        message = f"the name of user id {uid} holds characters that PostgreSQL cannot map: start lounge as another user"
        raise EmbeddedError(message)
    return name
