"""Waiting, issues, dangers, the journal and the state of connections, the same over every ledger."""

from __future__ import annotations

from ledgers import taken_back
from obmen.ledger.contract import READY, WAITING, Danger, Delivery, Issue, JournalLine, Waiter
from obmen.sync.settle import Entry


def issue(key: str, **changes) -> Issue:
    values = {"key": key, "code": "double", "connection": "shop", "en": "Two found", "ru": "Найдено два"}
    return Issue(**{**values, **changes})


def waiting(record: int, connection: str = "shop") -> Delivery:
    return Delivery(
        record=record,
        connection=connection,
        entity="offer",
        lane=record,
        rank=30,
        state=WAITING,
        reason="waiting_partner",
        wakes_on=("bound:shop:3",),
    )


# --- waiting


def test_waiters_are_woken_once_by_any_of_their_keys(any_ledger):
    look, write = Waiter(1, "erp", "look"), Waiter(2, "shop", "write")
    with any_ledger.begin() as tx:
        tx.wait([("a", look), ("b", look), ("a", write), ("a", write), ("c", Waiter(3, "shop", "write"))])
    with any_ledger.begin() as tx:
        assert [look, write] == sorted(tx.woken(["a", "b", "z"]))
        assert tx.woken(["a", "b"]) == []
        assert tx.woken([]) == []


def test_waiting_for_a_key_twice_is_waiting_once(any_ledger):
    waiter = Waiter(1, "erp", "look")
    with any_ledger.begin() as tx:
        tx.wait([("a", waiter)])
    with any_ledger.begin() as tx:
        tx.wait([("a", waiter)])
        assert [waiter] == tx.woken(["a"])


def test_waiting_writes_become_ready(any_ledger):
    with any_ledger.begin() as tx:
        tx.put_deliveries([waiting(1), waiting(2), waiting(1, "crm")])
        tx.wait([("a", Waiter(1, "shop", "write")), ("a", Waiter(2, "shop", "look"))])
        tx.woken(["a"])
        rows = tx.deliveries("shop", [1, 2])

        assert (rows[1].state, rows[1].reason, rows[1].wakes_on) == (READY, "", ())
        assert waiting(2) == rows[2]
        assert waiting(1, "crm") == tx.deliveries("crm", [1])[1]


def test_a_wake_taken_back_wakes_again(any_ledger):
    waiter = Waiter(1, "shop", "write")
    with any_ledger.begin() as tx:
        tx.put_deliveries([waiting(1)])
        tx.wait([("a", waiter)])
    with taken_back(any_ledger) as tx:
        tx.woken(["a"])
    with any_ledger.begin() as tx:
        assert waiting(1) == tx.deliveries("shop", [1])[1]
        assert [waiter] == tx.woken(["a"])


# --- issues


def test_the_same_issue_is_counted_and_tells_its_newest_words(any_ledger):
    with any_ledger.begin() as tx:
        tx.open_issues([issue("k", record=5, ref="r", entity="offer"), issue("k", en="Three found")], at=10.0)
    with any_ledger.begin() as tx:
        tx.open_issues([issue("k", en="Four found", ru="Найдено четыре")], at=20.0)
        (found,) = tx.issues()

    assert (found.count, found.opened_at, found.seen_at) == (3, 10.0, 20.0)
    assert issue("k", en="Four found", ru="Найдено четыре", record=5, ref="r", entity="offer") == found.issue


def test_a_closed_issue_opens_anew(any_ledger):
    with any_ledger.begin() as tx:
        tx.open_issues([issue("k"), issue("other")], at=10.0)
        tx.close_issues(["k", "unknown"], at=11.0)
        assert [found.issue.key for found in tx.issues()] == ["other"]
        tx.open_issues([issue("k")], at=12.0)
        found = tx.issues()

    assert [(each.issue.key, each.count) for each in found] == [("other", 1), ("k", 1)]
    assert found[1].opened_at == 12.0


def test_issues_are_listed_oldest_first_for_one_system_or_all(any_ledger):
    with any_ledger.begin() as tx:
        for key, connection in (("c", "shop"), ("a", "crm"), ("b", "shop")):
            tx.open_issues([issue(key, connection=connection)], at=10.0)

        assert [found.issue.key for found in tx.issues()] == ["c", "a", "b"]
        assert [found.issue.key for found in tx.issues(connection="shop")] == ["c", "b"]
        assert [found.issue.key for found in tx.issues(limit=2)] == ["c", "a"]


def test_an_issue_taken_back_was_never_open(any_ledger):
    with any_ledger.begin() as tx:
        tx.open_issues([issue("k")], at=10.0)
    with taken_back(any_ledger) as tx:
        tx.close_issues(["k"], at=11.0)
        tx.open_issues([issue("new")], at=11.0)
    with any_ledger.begin() as tx:
        assert [(found.issue.key, found.count) for found in tx.issues()] == [("k", 1)]


# --- dangers


def test_a_danger_replaces_the_same_record_and_atom(any_ledger):
    def danger(record: int, atom: str, after: str, state: str = "pending") -> Danger:
        return Danger(
            connection="erp",
            entity="offer",
            kind="price_jump",
            record=record,
            atom=atom,
            before="10.00 RUB",
            after=after,
            state=state,
        )

    with any_ledger.begin() as tx:
        tx.put_dangers([danger(2, "prices.b2b", "1.00 RUB"), danger(1, "prices.retail", "1.00 RUB")])
        tx.put_dangers([danger(1, "prices.retail", "2.00 RUB", "asked")])

        assert [
            danger(1, "prices.retail", "2.00 RUB", "asked"),
            danger(2, "prices.b2b", "1.00 RUB"),
        ] == tx.dangers("erp")
        tx.drop_dangers("erp", [(2, "prices.b2b"), (1, "other")])
        assert [held.record for held in tx.dangers("erp")] == [1]
        assert tx.dangers("shop") == []


# --- the journal and connections


def test_a_record_tells_its_history_newest_first(any_ledger):
    entries = (Entry("prices.retail", "taken", "1.00 RUB", ["a", {"b": None}], "erp"), Entry("", "created"))
    first = JournalLine(record=1, connection="erp", kind="create", entries=entries, evidence="import.xml#1")
    second = JournalLine(record=1, connection="shop", kind="write", entries=())
    with any_ledger.begin() as tx:
        tx.journal([first, JournalLine(record=2, connection="erp", kind="look", entries=())], at=10.0, tick=5)
        tx.journal([second], at=11.0, tick=6)
    with any_ledger.begin() as tx:
        assert [(second, 11.0, 6), (first, 10.0, 5)] == [
            (told.line, told.at, told.tick) for told in tx.history(1)
        ]
        assert [second] == [told.line for told in tx.history(1, limit=1)]


def test_the_history_of_each_record_ends_with_its_birth(any_ledger):
    def born(record: int) -> tuple[Entry, ...]:
        return (
            Entry("", "created", None, f"№ {record}"),
            Entry("product", "blocked", detail="p") if record % 2 else Entry("sku", "not_owner"),
        )

    later = JournalLine(record=4, connection="shop", kind="look", entries=())
    with any_ledger.begin() as tx:
        # Of a page that made 3, 4 and 7; what lies between them another page made.
        page = {number: born(number) for number in (7, 3, 4)}
        tx.journal_births("erp", page, evidence="import.xml#1", at=10.0, tick=5)
        tx.journal_births("crm", {5: born(5)}, evidence="list", at=11.0, tick=6)
        tx.journal([later], at=12.0, tick=7)
    with any_ledger.begin() as tx:
        assert [tx.history(number) for number in (2, 6, 8)] == [[], [], []]
        for number in (3, 4, 7):
            birth = tx.history(number)[-1]
            assert birth.line == JournalLine(
                record=number, connection="erp", kind="create", entries=born(number), evidence="import.xml#1"
            )
            assert (birth.at, birth.tick) == (10.0, 5)
        assert [told.line.connection for told in tx.history(5)] == ["crm"]
        assert [told.line.kind for told in tx.history(4)] == ["look", "create"]
        assert [told.line.kind for told in tx.history(4, limit=1)] == ["look"]


def test_a_connection_is_active_until_somebody_pauses_it(any_ledger):
    with any_ledger.begin() as tx:
        assert tx.state_of("shop") == ("active", "")
        tx.put_state("shop", "paused", "maintenance")
        tx.put_state("shop", "hold", "held_plan")
    with any_ledger.begin() as tx:
        assert tx.state_of("shop") == ("hold", "held_plan")


def test_keys_waited_for_are_found_by_their_beginning(any_ledger):
    look, write = Waiter(7, "erp", "look"), Waiter(3, "erp", "write")
    with any_ledger.begin() as tx:
        tx.wait([("map:erp:vat:22", look), ("map:erp:vat:22", Waiter(9, "erp", "look"))])
        tx.wait([("map:erp:picture:ю", look), ("map:erp:vat:22", write), ("map:erp2:vat:22", look)])
        tx.wait([("map:erp", look), ("map:", look), ("bind:erp:product:1", look)])

        assert [("map:erp:picture:ю", look), ("map:erp:vat:22", look)] == tx.waited_for("map:erp:", "look")
        assert [("map:erp:vat:22", look)] == tx.waited_for("map:erp:", "look", after="map:erp:picture:ю")
        assert [("map:erp:vat:22", write)] == tx.waited_for("map:erp:", "write")
        assert len(tx.waited_for("map:erp:", "look", limit=1)) == 1
        assert tx.waited_for("map:shop:", "look") == []
