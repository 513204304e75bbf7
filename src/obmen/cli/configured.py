"""Opening what a configuration names, for commands that need a hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from obmen.cli.app import errors, speaks
from obmen.cli.assemble import facts, open_hub
from obmen.config import Config, load_config
from obmen.connectors import connectors
from obmen.engine.hub import Hub
from obmen.errors import BadInput, ConfigError

__all__ = ["configured", "facts", "hub_of", "known", "opened"]


def configured(path: Path) -> Config:
    """Read the configuration; what should be mended is said on the way."""
    config = load_config(path, connectors=connectors(), env=os.environ)
    for finding in config.findings:
        errors.print(finding.ru if speaks() == "ru" else finding.en, style="yellow", markup=False)
    return config


@contextmanager
def hub_of(path: Path) -> Iterator[Hub]:
    """Open the hub of a configuration: as its only process, or beside the one that runs it."""
    with opened(configured(path)) as (hub, _):
        yield hub


@contextmanager
def opened(config: Config) -> Iterator[tuple[Hub, bool]]:
    """Do what `hub_of` does, and tell whether this is the only process: then nobody else delivers."""
    with ExitStack() as stack:
        alone = True
        try:
            hub = stack.enter_context(open_hub(config, exclusive=True))
        except ConfigError as error:
            if error.code != "ledger.in_use":
                raise
            alone = False
            hub = stack.enter_context(open_hub(config, exclusive=False))
        yield hub, alone


def known(hub: Hub, connection: str) -> str:
    """Return the name of a connection, or say which there are."""
    if connection in hub.connections:
        return connection
    names = ", ".join(hub.connections)
    raise BadInput(
        "cli.no_such_connection",
        f"There is no connection «{connection}»; there are: {names}.",
        f"Подключения «{connection}» нет; есть: {names}.",
    )
