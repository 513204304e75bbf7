"""The command line as a whole: what all commands share."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console

from obmen.errors import ObmenError
from obmen.language import Language, language

P = ParamSpec("P")
R = TypeVar("R")

screen = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

ConfigPath = Annotated[
    Path, typer.Option("--config", "-c", envvar="OBMEN_CONFIG", help="Configuration file · файл настроек")
]
DEFAULT_CONFIG = Path("obmen.toml")


def speaks() -> Language:
    """Return the operator's language."""
    return language(os.environ)


def say(ru: str, en: str) -> None:
    """Print a line in the operator's language. The terminal wraps it; a picture has an edge."""
    screen.print(ru if speaks() == "ru" else en, soft_wrap=not screen.record)


def word(ru: str, en: str) -> str:
    """Return a text in the operator's language."""
    return ru if speaks() == "ru" else en


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Print what goes wrong as one sentence instead of a traceback, and exit with 2."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ObmenError as error:
            errors.print(error.text(speaks()), style="red", markup=False, soft_wrap=True)
            if error.detail and os.environ.get("OBMEN_DEBUG"):
                errors.print(error.detail, markup=False)
            sys.exit(2)
        except KeyboardInterrupt:
            sys.exit(130)

    return run
