"""Fixtures every suite may use."""

import os

os.environ["COLUMNS"] = (
    "200"  # a terminal is as wide as that everywhere; it is asked when `obmen.cli` is imported
)

from hypothesis import HealthCheck, settings

from ledgers import any_ledger, postgres_url, sql_ledger

__all__ = ["any_ledger", "postgres_url", "sql_ledger"]

# The same examples at every desk and in CI: what fails for one fails for all. OBMEN_SEARCH=1 looks for new ones.
settings.register_profile("steady", derandomize=True, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("OBMEN_SEARCH"):
    settings.load_profile("steady")
