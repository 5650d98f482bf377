"""The folder of one server: who may pass, the lock that makes us its only user, its log, and where its socket lies.

FOLDER/lock          held (flock) as long as we use the folder; holds our process id
FOLDER/server.log    what the server says; FOLDER/server.log.1 is the one before
FOLDER/data          the server's data, of its account alone
FOLDER/run           its socket, of its account alone
FOLDER/sockets       only where FOLDER/run is too long for a socket: the short temporary folder used instead
FOLDER/programs      only where the wheel is out of the account's reach: a copy of its programs
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lounge.embedded.errors import EmbeddedError, FolderInUse, FolderUnreachable

if TYPE_CHECKING:
    from lounge.embedded.account import Account

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero among them (unix(7), sys/un.h).
SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
LOG_BYTES = 8 << 20
TEMPORARY_PREFIX = "lounge-"


def default_data_folder() -> Path:
    """Return /var/lib/lounge for root, else $XDG_DATA_HOME/lounge or ~/.local/share/lounge.

    A relative XDG_DATA_HOME is ignored, as the XDG Base Directory Specification asks.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/lounge")
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    if named.is_absolute():
        return named / "lounge"
    try:
        return Path.home() / ".local" / "share" / "lounge"
    except RuntimeError:
        raise EmbeddedError("this user has no home folder: name the data folder with --data") from None


def make_data_folder(path: Path, account: Account) -> None:
    """Make the folder that holds the servers' folders, and each missing one above it, so that the account can pass.

    Folders that are there already keep their modes, but for an empty data folder of our own: `mktemp -d` makes it so
    that no other account may pass. Raises OSError.
    """
    for folder in reversed([folder for folder in (path, *path.parents) if not folder.exists()]):
        folder.mkdir(exist_ok=True)
        # Said outright, not left to the umask: a folder that the servers cannot pass would be of no use.
        folder.chmod(account.folder_mode)
    if account.drops and path.stat().st_uid == os.geteuid() and not any(path.iterdir()):
        path.chmod(account.folder_mode)


class ServerFolder:
    """One server's folder, from `open` to `close`."""

    def __init__(self, path: Path, account: Account) -> None:
        """Take the folder (made by `open` where absent) and the account that its server runs under."""
        self.path = path.resolve()
        self.account = account
        self.data = self.path / "data"
        self.log = self.path / "server.log"
        self._lock: int | None = None
        self._sockets: Path | None = None

    @property
    def is_open(self) -> bool:
        """Whether we hold the folder's lock."""
        return self._lock is not None

    def open(self) -> None:
        """Make the folder, see that the account can reach it, and lock it.

        Raises FolderInUse where another process holds it, FolderUnreachable where a folder is in the way.
        """
        if any(ord(mark) < ord(" ") for mark in str(self.path)):
            raise EmbeddedError("the path of the data folder holds control characters: choose another")
        try:
            self._make()
            self._take_lock()
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._remove_temporary_sockets()
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the socket folder and give the lock back. The server has ended."""
        if self._lock is None:
            return
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            (self.path / "sockets").unlink(missing_ok=True)
            self._sockets = None
        # The lock file stays: removing it would let two processes lock two files of the same name.
        os.close(self._lock)
        self._lock = None

    def own_folder(self, path: Path) -> Path:
        """Make a folder of the server's account alone, or see that it is one. Raises FolderUnreachable if not."""
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            owner = path.stat().st_uid
            if owner != self.account.uid:
                message = (
                    f"{path} belongs to user id {owner}, and the server would run as user id {self.account.uid}: "
                    "start lounge as the user who made the folder, or change the owner of everything in it"
                )
                raise FolderUnreachable(message) from None
        else:
            path.chmod(0o700)
            os.chown(path, self.account.uid, self.account.gid)
        return path

    def sockets(self, name: str) -> Path:
        """Return the folder for a socket called `name`: the same until `close`.

        It is FOLDER/run, or a short temporary folder where a socket's path or its URL could not hold that.
        """
        if not self.is_open:
            raise RuntimeError("a server has no address before it was started, nor after it was stopped")
        if self._sockets is None:
            usual = self.path / "run"
            if _holds_socket(usual, name):
                self._sockets = self.own_folder(usual)
            else:
                self._sockets = self._temporary_sockets(name)
        return self._sockets

    def _make(self) -> None:
        make_data_folder(self.path.parent, self.account)
        make_data_folder(self.path, self.account)
        barrier = self.account.barrier(self.path)
        if barrier is not None:
            raise self._barred(barrier)

    def _take_lock(self) -> None:
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            os.close(lock)
            by = f"by process {holder}" if holder.isdecimal() else "by another process"
            message = f"the data folder {self.path} is in use {by}: stop that one, or name another folder with --data"
            raise FolderInUse(message) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def _unusable(self, error: OSError) -> FolderUnreachable:
        barrier = next((folder for folder in reversed(self.path.parents) if not os.access(folder, os.X_OK)), None)
        if isinstance(error, PermissionError) and barrier is not None and barrier.exists():
            return self._barred(barrier)
        where = error.filename or self.path
        return FolderUnreachable(f"the data folder {self.path} cannot be used: {where}: {error.strerror}")

    def _barred(self, barrier: Path) -> FolderUnreachable:
        who = self.account.logins[-1]
        owner = f" (of user id {barrier.stat().st_uid})" if barrier.stat().st_uid != os.geteuid() else ""
        message = (
            f"the user {who}, whom the embedded servers run as, cannot pass through the folder {barrier}{owner}: "
            f"allow it (chmod o+x {barrier}), or name another data folder with --data"
        )
        return FolderUnreachable(message)

    def _temporary_sockets(self, name: str) -> Path:
        # What the system names may itself be too long; a folder made by mkdtemp is safe in a folder open to all.
        for parent in dict.fromkeys((Path(tempfile.gettempdir()), Path("/tmp"))):  # noqa: S108
            if not _holds_socket(parent / (TEMPORARY_PREFIX + "12345678"), name) or not self.account.can_use(parent):
                continue
            made = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=parent))
            # Recorded before use, so that a killed process leaves a trace for the next start to tidy by.
            (self.path / "sockets").write_bytes(os.fsencode(made))
            os.chown(made, self.account.uid, self.account.gid)
            return made
        message = f"no temporary folder has a path short enough for a socket, and neither has {self.path}: set TMPDIR"
        raise FolderUnreachable(message)

    def _remove_temporary_sockets(self) -> None:
        record = self.path / "sockets"
        if not record.exists():
            return
        left = Path(os.fsdecode(record.read_bytes()))
        # The temporary folder is open to all: what bears this name by now may be somebody else's.
        with contextlib.suppress(OSError):
            found = left.lstat()
            ours = found.st_uid in {self.account.uid, os.geteuid()} and stat.S_ISDIR(found.st_mode)
            if ours and left.name.startswith(TEMPORARY_PREFIX):
                shutil.rmtree(left, ignore_errors=True)
        record.unlink()


def _holds_socket(folder: Path, name: str) -> bool:
    """Whether a socket in this folder has a path the kernel takes, and one that a URL and a list can carry."""
    path = os.fsencode(folder / name)
    try:
        text = path.decode()
    except UnicodeDecodeError:
        return False
    # libpq and asyncpg split hosts at commas.
    return len(path) <= SOCKET_PATH_BYTES and "," not in text
