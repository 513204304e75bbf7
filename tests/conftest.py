"""Fixtures every suite may use."""

from ledgers import any_ledger, postgres_url, sql_ledger

__all__ = ["any_ledger", "postgres_url", "sql_ledger"]
