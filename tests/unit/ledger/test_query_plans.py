"""How SQLite finds what is asked for. It has no statistics here, and must find the right index all the same."""

from __future__ import annotations

import pytest

from ledgers import sqlite_ledger
from obmen.ledger import alerts, attempts, bindings, inbox, issues, journal, outbox, records, troubles
from obmen.ledger.statement import Statement
from obmen.ledger.tables import METADATA

_LISTS = {
    "issues_ISSUES",
    "issues_ISSUES_OF",
    "journal_NEWEST",
    "journal_NEWEST_WRONG",
    "outbox_ALL",
    "outbox_ONE_CLAIM",
    "troubles_ISSUES",
    *(f"alerts_{name}" for name in ("NEWEST", "STANDINGS", "LAST_TRIES")),
}
"""Lists for people read everything, tables of alerts are small, and one statement is PostgreSQL's alone."""

_QUERIES = {
    name: statement.sqlite
    for module in (alerts, attempts, bindings, inbox, issues, journal, outbox, records, troubles)
    for attribute, statement in vars(module).items()
    if isinstance(statement, Statement)
    and (name := module.__name__.rpartition(".")[2] + attribute) not in _LISTS
    and not statement.sqlite.text.startswith("INSERT")
}
_BIG = {"bindings", "outbox", "records", "shadows", "journal", "births", "keys", "waits"}


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    with sqlite_ledger(tmp_path_factory.mktemp("plans")) as ledger, ledger._engine.begin() as opened:
        yield opened


@pytest.mark.parametrize("name", sorted(_QUERIES))
def test_no_query_walks_a_whole_table_or_a_whole_connection(name, connection):
    query = _QUERIES[name]
    values = tuple("[]" for _ in query.names)
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query.text}", values).all()
    for detail in (step.detail for step in plan):
        words = detail.split()
        assert words[0] != "SCAN" or words[1] not in METADATA.tables, detail
        if words[0] == "SEARCH" and words[1] in _BIG:
            assert not detail.endswith("(connection=?)"), detail
