"""1C:Enterprise."""

from obmen.connectors.onec.connector import OnecConnector

connector = OnecConnector()

__all__ = ["connector"]
