"""`obmen example-config`: a complete commented configuration for the sandbox."""

from __future__ import annotations

import sys

from obmen import config
from obmen.cli.app import speaks, told
from obmen.connectors import bitrix, onec


@told
def example_config() -> None:
    """Print a complete commented configuration for the sandbox: obmen example-config > obmen.toml."""
    sys.stdout.write(config.example_config(speaks(), erp=onec.connector, shop=bitrix.connector))
