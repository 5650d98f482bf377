"""What can go wrong with the embedded servers, as the operator reads it.

EmbeddedError               a server cannot be made, started or stopped; the message says why and what to do
├── FolderInUse             another process holds the data folder
├── FolderUnreachable       the servers' account cannot reach a folder; the message names it
└── StartFailed             a program ended, or was not ready in time; its log says more
"""

from __future__ import annotations


class EmbeddedError(Exception):
    """An embedded server cannot be made, started or stopped. The text is one line, written for the operator."""


class FolderInUse(EmbeddedError):
    """Another process holds the data folder."""


class FolderUnreachable(EmbeddedError):
    """The account that the servers run under cannot reach or use a folder."""


class StartFailed(EmbeddedError):
    """A program ended before it was ready, or was not ready in time."""
