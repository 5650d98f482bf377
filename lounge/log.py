"""The log: one line an event on standard error, for people on a terminal, as JSON objects otherwise.

What may stand in a line is decided here, not by whoever logs: no exception's text (driver errors quote values, a KeyError
its key), and of other libraries' messages the fixed part alone (uvicorn puts addresses and paths into theirs, asyncio the
arguments of callbacks).
"""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from structlog.typing import EventDict, Processor, WrappedLogger

Format = Literal["auto", "json", "text"]

FRAMES: Final = 12
"""How many frames of a traceback are told, the innermost ones."""
CAUSES: Final = 5
"""How many links of a chain of exceptions are told."""

_QUIET: Final = ("uvicorn.access", "websockets", "httpx", "httpcore", "watchfiles")
"""Loggers whose ordinary lines name addresses, paths or headers: only their warnings pass."""
_PLAIN_START: Final = re.compile(r"[A-Za-z ,']*")
_DETAILS: Final = ("sqlstate", "constraint_name", "errno")


def configure(form: Format = "auto", stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Set up the process's logging; `stream` defaults to standard error. Called once, by the command."""
    target = sys.stderr if stream is None else stream
    pretty = form == "text" or (form == "auto" and target.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        tell_exception,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=target.isatty()) if pretty else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[fixed_part, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            # The exception is in the fields already; else the formatter would add the whole text of it again.
            pass_foreign_args=True,
        )
    )
    # A line that cannot be written must not be printed with all its values instead.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def tell_exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace an exception by its class, its numbers and where it came from; never its text."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exceptions"] = [_described(one) for one in _chain(error)]
        event["frames"] = _frames(error.__traceback__)
    return event


def fixed_part(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Keep of another library's message what was written in its source, not what was put into it."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        plain = _PLAIN_START.match(str(record.msg).strip())
        event["event"] = plain[0].strip() if plain is not None else ""
        if record.exc_info:
            event["exc_info"] = record.exc_info
            # The formatter of the standard library would otherwise append the text of the exception by itself.
            record.exc_info = None
            record.exc_text = None
        event.pop("positional_args", None)
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    for _ in range(CAUSES):
        if one is None:
            return
        yield one
        if isinstance(one, BaseExceptionGroup):
            yield from one.exceptions[:CAUSES]
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _described(error: BaseException) -> dict[str, str]:
    kind = type(error)
    told = {"class": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")}
    for name in _DETAILS:
        value = getattr(error, name, None)
        if isinstance(value, str | int):
            told[name.removesuffix("_name")] = str(value)
    return told


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-FRAMES:]
