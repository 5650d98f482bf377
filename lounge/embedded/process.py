"""Child processes that end with us, and are ended with deadlines; processes of a killed predecessor, ended likewise."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import os
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lounge.embedded.errors import EmbeddedError, StartFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lounge.clock import Clock
    from lounge.embedded.account import Account
    from lounge.embedded.arguments import Identity

POLL_SECONDS = 0.02
PR_SET_PDEATHSIG = 1

# What to send in turn, and how many seconds to wait for the end before the next.
Steps: TypeAlias = "Sequence[tuple[signal.Signals, float]]"


class Process:
    """A child of ours. It ends with us, even if we are killed."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        account: Account,
        log: Path,
        dies_by: signal.Signals,
        clock: Clock,
        reads: bytes | None = None,
    ) -> None:
        """Start a program by its full path, with `log` as its output and an environment that holds nothing of ours.

        `dies_by` is the signal it gets when we die; `reads` is what it finds on standard input. Blocks for a few
        milliseconds; call it from the main thread, since Linux sends that signal when the *thread* that forked ends.
        Raises StartFailed where the program cannot be run.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a server must be started from the main thread, whose end it is tied to")
        self.name = Path(arguments[0]).name
        self._clock = clock
        self._watchdog: subprocess.Popen[bytes] | None = None
        tie = _tie_to(os.getpid(), dies_by) if sys.platform == "linux" else None
        with open(log, "ab", opener=_private) as output, warnings.catch_warnings():
            # Python 3.12 warns of a fork beside threads. What runs between fork and exec is two system calls.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                self._popen = subprocess.Popen(  # noqa: S603 (programs of the wheels, by full path)
                    list(arguments),
                    stdin=subprocess.DEVNULL if reads is None else subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                    env=_environment(),
                    cwd="/",
                    # A Ctrl-C on the terminal is for us; the servers are then stopped in order.
                    start_new_session=True,
                    preexec_fn=tie,  # noqa: PLW1509
                    **account.drop_to,
                )
            except (OSError, subprocess.SubprocessError) as error:
                reason = getattr(error, "strerror", None) or type(error).__name__
                raise StartFailed(f"{arguments[0]} cannot be run: {reason}") from error
        if self._popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._popen.stdin as pipe:
                pipe.write(reads or b"")
        if sys.platform != "linux":
            self._watchdog = watchdog(self._popen.pid, dies_by)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """Its exit code (minus the signal that killed it), or None while it runs."""
        code = self._popen.poll()
        if code is not None and self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.wait()
            self._watchdog = None
        return code

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        # Polled: no system call that both Linux and macOS have tells an event loop of a child's end.
        while (code := self.exit_code) is None:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        return code

    async def finish(self, seconds: float) -> None:
        """Wait for a program that does one thing. Raises StartFailed if it fails or takes longer; it is gone then."""
        try:
            in_time = await until(lambda: self.exit_code is not None, seconds, self._clock)
        except BaseException:
            await self.kill()
            raise
        if not in_time:
            await self.kill()
            raise StartFailed(f"{self.name} was not done within {seconds:.0f} seconds")
        if self.exit_code != 0:
            raise StartFailed(f"{self.name} failed (exit code {self.exit_code})")

    async def kill(self) -> None:
        """End it and what it started, at once."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        await self.wait()

    async def end(self, steps: Steps) -> None:
        """Send the signals in turn until it has ended, each with its own deadline in seconds."""
        for number, seconds in steps:
            if self.exit_code is not None:
                return
            self._popen.send_signal(number)
            # A stopped process heeds nothing but SIGKILL.
            self._popen.send_signal(signal.SIGCONT)
            if await until(lambda: self.exit_code is not None, seconds, self._clock):
                return
        if self.exit_code is None:
            raise EmbeddedError(f"{self.name} (process {self.pid}) does not end, even killed")


async def until(condition: Callable[[], bool], seconds: float, clock: Clock) -> bool:
    """Wait for a condition; False if it did not hold within that many seconds of the clock."""
    deadline = clock.monotonic() + seconds
    while not condition():
        if clock.monotonic() >= deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


def die_with(parent: int, number: signal.Signals) -> None:
    """Have the kernel send us a signal when the thread that forked us ends (Linux; elsewhere nothing happens).

    For a worker process: call it first thing with the pid of the process that forked it. That one may have died in
    between; then no signal would ever come, so this process ends at once.
    """
    if sys.platform == "linux":
        _tie_to(parent, number)()


def watchdog(pid: int, number: signal.Signals) -> subprocess.Popen[bytes]:
    """Start a helper that signals `pid` when we are gone, for systems without PR_SET_PDEATHSIG.

    Its standard input is a pipe that only we hold, so our end, however it comes, is an end of file for it. The caller
    kills the helper as soon as `pid` has ended. UNTESTED on macOS, for which it is meant; tried on Linux only.
    """
    script = 'cat >/dev/null; kill "-$1" "$2"'
    return subprocess.Popen(  # noqa: S603 (numbers are all that is handed in)
        ["/bin/sh", "-c", script, "watchdog", str(int(number)), str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd="/",
        start_new_session=True,
    )


async def end_predecessors(identity: Identity, pid_file: Path, steps: Steps, clock: Clock) -> None:
    """End what a killed predecessor left running, and remove a pid file that names a living process of somebody else.

    The caller holds the folder's lock, so whatever still serves the folder is an orphan. Only a process with the exact
    option and value is ever signalled. Raises EmbeddedError if one will not end, or is not ours to end.
    """
    noted = _noted_pid(pid_file)
    for pid in identity.found(*noted):
        for number, seconds in steps:
            _signal(pid, number, identity)
            if await until(functools.partial(identity.is_gone, pid), seconds, clock):
                break
        else:
            raise EmbeddedError(f"process {pid} serves {identity.value} and does not end: end it by hand")
    # PostgreSQL takes any living process under that number for a running server, and would refuse to start.
    if any(_is_alive(pid) for pid in noted):
        _remove(pid_file)


def _signal(pid: int, number: signal.Signals, identity: Identity) -> None:
    try:
        if sys.platform == "linux":
            # The handle pins the process: checked after it was opened, it cannot come to mean another one.
            handle = os.pidfd_open(pid)
            try:
                if identity.matches(pid):
                    signal.pidfd_send_signal(handle, number)
                    signal.pidfd_send_signal(handle, signal.SIGCONT)
            finally:
                os.close(handle)
        elif identity.matches(pid):
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return
    except PermissionError:
        message = f"process {pid} of another user serves {identity.value}: end it, or name another data folder"
        raise EmbeddedError(message) from None


def _noted_pid(pid_file: Path) -> list[int]:
    try:
        first = pid_file.read_bytes()[:32].split(b"\n")[0].strip()
    except OSError:
        return []
    return [int(first)] if first.isdigit() and 1 < int(first) < 1 << 31 else []


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tie_to(parent: int, number: signal.Signals) -> Callable[[], None]:
    """Return what a fork of `parent` has to do first. All look-ups are done now: after a fork, locks may be held."""
    prctl, getppid, leave, wanted = ctypes.CDLL(None).prctl, os.getppid, os._exit, int(number)

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, wanted)
        # The parent may have died before the line above took hold.
        if getppid() != parent:
            leave(1)

    return tie


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _environment() -> dict[str, str]:
    """Return the servers' environment: PG*, LC_*, LANG and TZ would steer them, and secrets are not for them."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}
