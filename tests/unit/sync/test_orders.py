"""The merge of an order: partners inside its lines, payments that stay paid, values that must not be told."""

from __future__ import annotations

from typing import Any

from obmen.model import ENTITIES, Record, Said
from obmen.sync.behind import need
from obmen.sync.rules import Each, Origin, Reader, Review, Rule, Topology
from obmen.sync.settle import Moment, Settled, settle
from obmen.sync.shadow import Blocked, Decoded, Encoded, Look, Shadow, View, Wire, Withheld, partners_in

ORDER = ENTITIES["order"]


class Codec:
    """Holds canonical values; knows no names of lines, and must not be told of payments where `silent`."""

    form = 1

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent

    def carries(self, atom: str) -> bool:
        return True

    def decode(self, atom: str, wire: Wire) -> Decoded:
        return wire  # type: ignore[return-value]

    def encode(self, atom: str, value: Any) -> Encoded:
        if self.silent and atom.startswith("payments."):
            return Withheld("receipt_elsewhere")
        if atom == "money":
            lines = [{key: item for key, item in line.items() if key != "name"} for line in value["lines"]]
            return {**value, "lines": lines}
        return value  # type: ignore[no-any-return]


class Bound:
    """Offer 7 is `boots` here, and nothing else is known."""

    def record_of(self, entity: str, ref: str) -> int | None:
        return {("offer", "boots"): 7}.get((entity, ref))

    def ref_of(self, entity: str, record_id: int) -> str | None:
        return {("offer", 7): "boots"}.get((entity, record_id))


def view(**codec: bool) -> View:
    return View("erp", Codec(**codec), Bound())


def wire_money(*lines: tuple[str, str, str], total: str) -> dict[str, Any]:
    return {
        "currency": "RUB",
        "lines": [
            {"offer": ref, "quantity": quantity, "sum": f"{sum_} RUB"} for ref, quantity, sum_ in lines
        ],
        "total": f"{total} RUB",
    }


MONEY = {
    "currency": "RUB",
    "lines": [{"offer": 7, "quantity": "3", "sum": "100.00 RUB", "name": "Сапоги"}],
    "total": "100.00 RUB",
}
PAID = {"sum": "100.00 RUB", "paid": True, "prepaid": True}


def order(by: str = "shop", **atoms: Any) -> Record:
    named = {name.replace("__", "."): value for name, value in atoms.items()}
    return Record(id=1, entity="order", origin="shop", atoms=named, said=(Said(by, "", "", tuple(named)),))


def settled(of: Record, shown: dict[str, Any], held: Shadow | None, **owners: Rule) -> Settled:
    topology = Topology("order", ("shop",), Origin(), dict(owners), (Reader(to="erp"),))
    return settle(
        record=of,
        shadow=held,
        look=Look(ref="17", fields=shown),
        read_at=9,
        view=view(),
        topology=topology,
        moment=Moment(0.0, "2026-11-21T00:00:00Z", "test"),
    )


def test_a_line_of_an_unknown_offer_blocks_the_money_and_names_the_goods():
    shown = wire_money(("scarf", "1", "5.00"), total="5.00")
    shown["lines"][0]["name"] = "Шарф"

    value = view().decode(ORDER.atom("money"), "money", shown)

    assert value == Blocked("bind:erp:offer:scarf", "Шарф")


def test_offers_inside_lines_are_translated_both_ways():
    atom = ORDER.atom("money")
    wire = view().encode(atom, "money", MONEY)

    assert wire == wire_money(("boots", "3", "100.00"), total="100.00")
    assert view().decode(atom, "money", wire) == {  # type: ignore[arg-type]
        **MONEY,
        "lines": [{"offer": 7, "quantity": "3", "sum": "100.00 RUB"}],
    }


def test_pieces_of_a_line_shown_by_the_reader_agree_with_the_record():
    cut = wire_money(("boots", "1", "33.34"), ("boots", "2", "66.66"), total="100.00")

    outcome = settled(order(money=MONEY), {"money": cut}, None, money=Review())

    assert outcome.record.atoms["money"] == MONEY
    assert [entry.reason for entry in outcome.entries] == ["agreed"]


def test_a_quantity_changed_in_a_system_without_names_keeps_the_name():
    before = Shadow(held={"money": wire_money(("boots", "3", "100.00"), total="100.00")})
    after = wire_money(("boots", "2", "66.66"), total="66.66")

    outcome = settled(order(money=MONEY), {"money": after}, before, money=Review())

    [line] = outcome.record.atoms["money"]["lines"]  # type: ignore[call-overload, index]
    assert line == {"offer": 7, "quantity": "2", "sum": "66.66 RUB", "name": "Сапоги"}


def test_money_that_contradicts_itself_is_not_taken_and_says_how():
    before = Shadow(held={"money": wire_money(("boots", "3", "100.00"), total="100.00")})

    outcome = settled(
        order(money=MONEY),
        {"money": wire_money(("boots", "3", "100.00"), total="99.00")},
        before,
        money=Review(),
    )

    assert outcome.record.atoms["money"] == MONEY
    assert outcome.shadow.blocked == {"money": "value:erp:money:100 ≠ 99 RUB"}


def test_a_payment_made_is_never_silently_unmade():
    before = Shadow(held={"payments.erp-1": PAID})
    record = order(by="erp", payments__erp_1=PAID)
    record = Record(
        id=1,
        entity="order",
        origin="shop",
        atoms={"payments.erp-1": PAID},
        said=(Said("erp", "", "", ("payments.erp-1",)),),
    )

    for shown in ({**PAID, "paid": False}, None):
        outcome = settled(record, {"payments.erp-1": shown}, before, payments=Each())

        assert outcome.record.atoms["payments.erp-1"] == PAID
        assert outcome.shadow.frozen == {"payments.erp-1": "facts_clash"}


def test_what_a_system_must_not_be_told_is_not_behind_and_says_why():
    topology = Topology("order", ("shop",), Origin(), {}, (Reader(to="erp"),))

    result = need(
        record=order(**{"payments.shop-1": PAID}),
        shadow=Shadow(held={}),
        view=view(silent=True),
        topology=topology,
        reader=Reader(to="erp"),
    )

    assert not result.is_behind
    assert result.reasons["payments.shop-1"].code == "receipt_elsewhere"


def test_partners_are_found_inside_every_member_of_a_family():
    fields = {
        "money": wire_money(("boots", "3", "100.00"), total="100.00"),
        "shipments.erp-1": {"lines": [{"offer": "scarf", "quantity": "1"}, {"offer": None, "quantity": "1"}]},
        "buyer": "c1",
    }

    assert sorted(partners_in(ORDER, fields)) == [("customer", "c1"), ("offer", "boots"), ("offer", "scarf")]


def test_while_a_cancellation_and_a_shipment_wait_for_a_person_neither_is_written():
    here = order(stage="new", cancelled="передумал")
    outcome = settled(
        here,
        {"stage": "delivery", "cancelled": None},
        Shadow(held={"stage": "new", "cancelled": None}),
        stage=Review(),
        cancelled=Review(),
    )
    topology = Topology(
        "order", ("shop",), Origin(), {"stage": Review(), "cancelled": Review()}, (Reader(to="erp"),)
    )
    wanted = need(
        record=outcome.record,
        shadow=outcome.shadow,
        view=view(),
        topology=topology,
        reader=topology.readers[0],
    )

    assert outcome.shadow.frozen == {"stage": "facts_clash"}
    assert wanted.fields == {}
    assert wanted.reasons["cancelled"].code == "facts_clash"
