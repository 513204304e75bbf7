"""What is old is forgotten, what is needed stays."""

from __future__ import annotations

from obmen.ledger.contract import Issue, JournalLine, Sighting, StoredEnvelope
from obmen.ledger.journal import LoggedExchange
from obmen.ledger.retention import Keep, kept_files, prune

DAY = 86_400.0
NOW = 1_000 * DAY


def test_a_keep_has_a_term_for_everything_that_is_pruned():
    assert set(Keep.__struct_fields__) == {
        "journal",
        "exchanges",
        "sightings",
        "envelopes",
        "issues",
        "alerts",
        "alert_tries",
        "plans",
    }


def _envelope(key: str, days: float, state: str, path: str = "") -> StoredEnvelope:
    return StoredEnvelope(
        id=0,
        connection="erp",
        kind="file",
        name=key,
        key=key,
        path=path,
        body=b"",
        session="",
        since=0.0,
        scope="",
        state=state,
        position=0,
        received=0,
        counters={},
        received_at=NOW - days * DAY,
    )


def _exchange(days: float) -> LoggedExchange:
    return LoggedExchange(
        connection="erp",
        at=NOW - days * DAY,
        direction="in",
        what="checkauth",
        request="",
        answer="success",
        status=200,
        took_s=0.1,
    )


async def test_old_lines_of_the_journal_go_and_young_ones_stay(sql_ledger):
    with sql_ledger.begin() as tx:
        for days in (400, 300, 1):
            line = JournalLine(record=1, connection="erp", kind="look", entries=(), evidence=f"{days}")
            tx.journal([line] * 3, at=NOW - days * DAY, tick=1)

    assert (await prune(sql_ledger, now=NOW, keep=Keep(journal=350)))["journal"] == 3
    with sql_ledger.begin() as tx:
        assert {told.line.evidence for told in tx.history(1)} == {"300", "1"}


async def test_births_go_with_the_journal(sql_ledger):
    with sql_ledger.begin() as tx:
        for first, days in ((1, 400), (3, 300)):
            tx.journal_births(
                "erp", {first: (), first + 1: ()}, evidence=f"{days}", at=NOW - days * DAY, tick=1
            )

    assert (await prune(sql_ledger, now=NOW, keep=Keep(journal=350)))["journal"] == 1
    with sql_ledger.begin() as tx:
        assert [len(tx.history(record)) for record in (1, 2, 3, 4)] == [0, 0, 1, 1]


async def test_more_than_one_portion_is_pruned(sql_ledger):
    line = JournalLine(record=1, connection="erp", kind="look", entries=())
    with sql_ledger.begin() as tx:
        tx.journal([line] * 4_321, at=0.0, tick=1)

    assert (await prune(sql_ledger, now=NOW, keep=Keep()))["journal"] == 4_321


async def test_old_exchanges_go(sql_ledger):
    with sql_ledger.begin() as tx:
        tx.log_exchanges([_exchange(8), _exchange(6)])

    assert (await prune(sql_ledger, now=NOW, keep=Keep(exchanges=7)))["exchanges"] == 1
    with sql_ledger.begin() as tx:
        assert tx.exchanges("erp") == [_exchange(6)]


async def test_the_newest_page_of_each_entity_stays_whatever_its_age(sql_ledger):
    with sql_ledger.begin() as tx:
        for entity, read_at, days in (
            ("product", 1, 90),
            ("product", 2, 80),
            ("offer", 1, 90),
            ("category", 1, 2),
        ):
            tx.sight(
                Sighting(
                    connection="erp", entity=entity, read_at=read_at, at=NOW - days * DAY, records=(read_at,)
                )
            )

    assert (await prune(sql_ledger, now=NOW, keep=Keep()))["sightings"] == 1
    with sql_ledger.begin() as tx:
        shown = {
            entity: set(tx.sighted_later("erp", entity, read_at=0))
            for entity in ("product", "offer", "category")
        }
    assert shown == {"product": {2}, "offer": {1}, "category": {1}}


async def test_finished_envelopes_go_and_their_files_are_not_touched(sql_ledger, tmp_path):
    old, young, waiting = (tmp_path / name for name in ("old", "young", "waiting"))
    for path in (old, young, waiting):
        path.write_text("x")
    with sql_ledger.begin() as tx:
        tx.accept(_envelope("old", 31, "done", str(old)))
        tx.accept(_envelope("lost", 31, "failed", str(tmp_path / "never there")))
        tx.accept(_envelope("young", 29, "done", str(young)))
        tx.accept(_envelope("waiting", 99, "waiting", str(waiting)))

    assert (await prune(sql_ledger, now=NOW, keep=Keep()))["envelopes"] == 2
    assert all(path.exists() for path in (old, young, waiting))
    with sql_ledger.begin() as tx:
        assert {str(young), str(waiting)} == kept_files(tx)


async def test_closed_issues_and_old_plans_go_open_issues_stay(sql_ledger):
    def issue(key: str) -> Issue:
        return Issue(key=key, code="double", connection="shop", en="", ru="")

    with sql_ledger.begin() as tx:
        tx.open_issues([issue("closed"), issue("open")], at=0.0)
        tx.close_issues(["closed"], at=1.0)
        tx.put_plan("old", b"", at=0.0)
        tx.put_plan("new", b"", at=NOW)
    counts = await prune(sql_ledger, now=NOW, keep=Keep())

    assert (counts["issues"], counts["plans"]) == (1, 1)
    with sql_ledger.begin() as tx:
        assert [found.issue.key for found in tx.issues()] == ["open"]
        assert (tx.plan("old"), tx.plan("new")) == (None, b"")
