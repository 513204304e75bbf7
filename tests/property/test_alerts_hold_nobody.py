"""Nobody's name, phone, address or mail gets into an alert, wherever in the ledger it stands."""

from __future__ import annotations

import re
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledgers import sqlite_ledger
from obmen.engine.alerting import Watched, Words, situations
from obmen.engine.hub import Hub
from obmen.ledger.alerts import Alert
from obmen.ledger.contract import Delivery, Issue, StoredEnvelope
from obmen.ledger.journal import LoggedExchange
from obmen.model import ENTITIES, Record
from obmen.sandbox.world.buyers import BUYERS
from obmen.sync.alerting import Notice, Rules, Series, decide
from obmen.sync.reasons import Reason
from obmen.sync.rules import Origin, Reader, Topology
from obmen.testkit.soak import wipe

NOW = 1_800_000_000.0
PERSONAL = sorted(
    {
        value
        for buyer in BUYERS
        for value in (
            buyer.last_name,
            buyer.first_name,
            buyer.middle_name,
            buyer.full_name,
            buyer.email,
            buyer.email.partition("@")[0],
            buyer.phone,
            "".join(filter(str.isdigit, buyer.phone)),
            buyer.address,
            buyer.company,
            buyer.tin,
            buyer.legal_address,
        )
        if value
    }
)
TOPOLOGY = Topology(
    entity="order",
    creators=("shop",),
    default=Origin(),
    owners={},
    readers=(Reader(to="shop"), Reader(to="erp")),
)
somebody = st.sampled_from(PERSONAL)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    with sqlite_ledger(tmp_path_factory.mktemp("nobody")) as opened:
        yield opened


def order(number, text):
    return Record(
        id=number,
        entity="order",
        origin="shop",
        lane=number,
        title=f"№ {text}",
        atoms={"number": text, "contact": {"name": text, "phone": text}, "comment": text},
    )


def fill(tx, draw):
    """Put people into every place of the ledger that alerts are gathered from."""
    orders = [order(number, draw(somebody)) for number in range(1, 4)]
    tx.put_records(orders, new=True, keys={})
    for one in orders:
        reason = draw(st.sampled_from(["", Reason.REJECTED.code, Reason.HELD_PLAN.code]))
        row = Delivery(
            record=one.id,
            connection="erp",
            entity="order",
            lane=one.id,
            rank=ENTITIES["order"].rank,
            reason=reason,
            since=NOW - 9_000,
        )
        tx.reschedule([row])
    for reason in Reason:
        text = draw(somebody)
        tx.open_issues(
            [
                Issue(
                    key=f"{reason.code}:{text}",
                    code=reason.code,
                    connection="erp",
                    en=text,
                    ru=text,
                    ref=text,
                )
            ],
            at=NOW - 9_000,
        )
    state = draw(st.sampled_from(["paused", "hold", "active"]))
    tx.put_state("erp", state, draw(somebody))
    tx.log_exchanges(
        [
            LoggedExchange(
                connection="shop",
                at=NOW - number,
                direction="out",
                what=draw(somebody),
                request=draw(somebody),
                answer=draw(somebody),
                status=draw(st.sampled_from([0, 200, 400, 503])),
                took_s=0.1,
                error=draw(somebody),
            )
            for number in range(12, 0, -1)
        ]
    )
    text = draw(somebody)
    tx.accept(
        StoredEnvelope(
            id=0,
            connection="shop",
            kind="file",
            name=text,
            key=text,
            path=text,
            body=text.encode(),
            session=text,
            since=0.0,
            scope=text,
            state="waiting",
            position=0,
            received=0,
            counters={},
            received_at=NOW - 9_000,
        )
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_message_names_anybody(ledger, data):
    wipe(ledger)
    hub = Hub(
        ledger=ledger,
        connections={"shop": object(), "erp": object()},
        topologies={"order": TOPOLOGY},
        now=lambda: NOW,
        rng=Random(1),
    )
    with ledger.begin() as tx:
        fill(tx, data.draw)
        found = situations(tx, hub, Watched(series=Series(errors=10)), now=NOW)
    begun = decide(
        [msgspec.structs.replace(one, patience_s=0.0) for one in found], {}, now=NOW, rules=Rules()
    )
    over = tuple(Notice(phase="settled", situation=one, at=NOW) for one in found)
    said = [
        f"{letter.subject}\n{letter.text}"
        for language in ("ru", "en")
        for notices in (begun.notices, over)
        for letter in [
            Words(language=language, zone=ZoneInfo("UTC")).letter(
                Alert(id=1, at=NOW, since=NOW, notices=notices)
            )
        ]
    ]
    said.append(msgspec.json.encode(found).decode())  # what a webhook carries

    assert {"attention", "unpaired", "errors", "lag"} <= {one.kind for one in found}
    for text in said:
        words = text.casefold()
        digits = re.sub(r"[^\d\n]", "", text)
        for one in PERSONAL:
            assert one.casefold() not in words
            if len(one) > 9 and one.isdigit():
                assert one not in digits
