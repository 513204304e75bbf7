"""Bring a database's tables up to date."""

from __future__ import annotations

import sqlalchemy as sa

from obmen.ledger.tables import METADATA


def migrate(engine: sa.Engine) -> None:
    """Create or move on the tables."""
    METADATA.create_all(engine)
