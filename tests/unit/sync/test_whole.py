"""What a system that takes whole objects is shown: the record's word, and its own where the record has no say."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from obmen.model import Record, Said
from obmen.sync.behind import need, whole
from obmen.sync.rules import Each, Origin, Reader, Review, Topology
from obmen.sync.shadow import Blocked, Shadow, View, Withheld

ATOMS = ("number", "stage", "comment", "note", "payments.shop-1", "payments.erp-1")


class Codec:
    """Spells values as they are, except what it is told to refuse."""

    form = 1

    def __init__(self, **told: Any) -> None:
        self.told = told

    def carries(self, atom: str) -> bool:
        return atom != "responsible"

    def decode(self, atom, wire):
        return wire

    def encode(self, atom, value):
        return self.told.get(atom.partition(".")[0], value)


class Nobody:
    def record_of(self, entity, ref):
        return None

    def ref_of(self, entity, record_id):
        return None


def topology(*readers: Reader) -> Topology:
    return Topology("order", ("shop",), Origin(), {"payments": Each(), "comment": Review()}, readers)


def order(**atoms: Any) -> Record:
    said = (
        Said("erp", "", "", tuple(name for name in atoms if ".erp" in name)),
        Said("shop", "", "", tuple(name for name in atoms if ".erp" not in name)),
    )
    return Record(id=1, entity="order", origin="shop", atoms=atoms, said=said)


def shown(record: Record, shadow: Shadow | None, *, but=(), reader=Reader(to="erp"), **told: Any) -> dict:  # noqa: B008
    view = View("erp", Codec(**told), Nobody())
    return whole(record=record, shadow=shadow, view=view, topology=topology(reader), reader=reader, but=but)


def test_without_a_shadow_everything_that_is_carried_and_received_is_shown():
    record = order(number="17", stage="new", responsible="Иванова", note="тайна")

    assert {"number": "17", "stage": "new"} == shown(
        record, None, reader=Reader(to="erp", only=("number", "stage"))
    )


def test_what_a_person_has_to_settle_is_shown_as_it_stands_there():
    shadow = Shadow(held={"comment": "их слово", "stage": "new"}, frozen={"comment": "review"})

    assert {"comment": "их слово", "stage": "done"} == shown(
        order(comment="наше слово", stage="done"), shadow
    )


def test_what_waits_for_a_mapping_is_shown_as_it_stands_there_and_left_out_where_nothing_does():
    record = order(number="17", stage="done")
    unmapped = Blocked("map:erp:stage:done")

    assert {"number": "17", "stage": "new"} == shown(record, Shadow(held={"stage": "new"}), stage=unmapped)
    assert {"number": "17"} == shown(record, None, stage=unmapped)


def test_what_must_not_be_told_is_not_told():
    paid = order(**{"number": "17", "payments.shop-1": {"paid": True}})

    assert {"number": "17"} == shown(paid, None, payments=Withheld("receipt_elsewhere"))


def test_its_own_payment_comes_back_in_its_own_words():
    shadow = Shadow(held={"payments.erp-1": {"paid": True, "как": "у них"}})
    record = order(**{"payments.erp-1": {"paid": True}})

    assert {"payments.erp-1": {"paid": True, "как": "у них"}} == shown(record, shadow)


def test_what_a_window_keeps_is_shown_as_it_stands_there():
    assert {"number": "17", "note": "старое"} == shown(
        order(number="17", note="новое"), Shadow(held={"note": "старое"}), but=["note"]
    )


@given(
    values=st.dictionaries(st.sampled_from(ATOMS), st.text(max_size=3), min_size=1),
    held=st.none() | st.dictionaries(st.sampled_from(ATOMS), st.text(max_size=3)),
    frozen=st.sets(st.sampled_from(ATOMS)),
)
def test_everything_needed_is_shown_as_needed_and_the_rest_is_either_ours_or_theirs(values, held, frozen):
    record = order(**values)
    shadow = None if held is None else Shadow(held=held, frozen=dict.fromkeys(frozen, "review"))
    reader = Reader(to="erp")
    wanted = need(
        record=record,
        shadow=shadow,
        view=View("erp", Codec(), Nobody()),
        topology=topology(reader),
        reader=reader,
    )
    result = shown(record, shadow)

    assert wanted.fields.items() <= result.items()
    for name, wire in result.items():
        assert wire == values[name] or wire == (held or {})[name]
