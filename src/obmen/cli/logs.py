"""The log of a running hub: a line for people, its keys for machines, secrets masked."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Final, TypeAlias

from rich.console import Console
from rich.highlighter import NullHighlighter
from rich.logging import RichHandler

from obmen.errors import redact

KEYS: Final = ("connection", "entity", "ref", "change_id", "attempt", "code", "status")
"""What a line may carry beside its text, in this order."""

_ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class KeyedFormatter(logging.Formatter):
    """Writes `text  key=value …`; a value with a space stands in quotes."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - named by logging
        """Return the line with its keys behind it."""
        keys = ((key, str(getattr(record, key, ""))) for key in KEYS)
        told = " ".join(
            f'{key}="{value}"' if " " in value else f"{key}={value}" for key, value in keys if value
        )
        line = super().formatMessage(record)
        return redact(f"{line}  {told}" if told else line)

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - named by logging
        """Return a traceback without secrets."""
        return redact(super().formatException(ei))


def start_log(console: Console, *, verbose: bool) -> None:
    """Send the log to the console."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler(console)])
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def handler(console: Console) -> logging.Handler:
    """Return what writes to a terminal in colours, to anything else plain lines with date and zone."""
    if console.is_terminal:
        coloured = RichHandler(console=console, show_path=False, markup=False, highlighter=NullHighlighter())
        coloured.setFormatter(KeyedFormatter("%(message)s"))
        return coloured
    plain = logging.StreamHandler(console.file)
    line = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    plain.setFormatter(KeyedFormatter(line, datefmt="%Y-%m-%dT%H:%M:%S%z"))
    return plain
