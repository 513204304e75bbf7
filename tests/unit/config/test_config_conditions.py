import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.config.conditions import parse_condition
from obmen.config.faults import Complaint
from obmen.model import ORDER, PRODUCT, Record

CONNECTIONS = ("erp", "shop", "ali")
STAGES = ("new", "confirmed", "supply", "assembling", "delivery", "done")


def order(origin="shop", **atoms):
    return Record(
        id=1, entity="order", origin=origin, atoms={name.replace("__", "."): v for name, v in atoms.items()}
    )


def ask(text, record, entity=ORDER):
    return parse_condition(text, entity=entity, connections=CONNECTIONS)(record)


def paying(*, paid, prepaid=True, total="100.00 RUB", amount="100.00 RUB"):
    return {"money": {"total": total}, "payments__1": {"sum": amount, "paid": paid, "prepaid": prepaid}}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_reached_by_every_later_one(stage):
    reached = [name for name in STAGES if ask(name, order(stage=stage))]

    assert list(STAGES[: STAGES.index(stage) + 1]) == reached


def test_a_record_without_a_stage_has_reached_none():
    assert [name for name in STAGES if ask(name, order())] == []


def test_an_order_with_a_deposit_waits_for_the_deposit_and_not_for_the_rest():
    rest = {"payments__2": {"sum": "60.00 RUB", "paid": False, "prepaid": False}}
    for text in ("confirmed and (prepaid implies paid)", "confirmed and (paid or not prepaid)"):
        assert not ask(text, order(stage="confirmed", **paying(paid=False, amount="40.00 RUB"), **rest))
        assert ask(text, order(stage="confirmed", **paying(paid=True, amount="40.00 RUB"), **rest))
        both = {"payments__2": {"sum": "60.00 RUB", "paid": False, "prepaid": True}}
        assert not ask(text, order(stage="confirmed", **paying(paid=True, amount="40.00 RUB"), **both))


def test_an_order_goes_to_accounting_when_confirmed_and_paid_if_prepaid():
    text = "confirmed and (prepaid implies paid)"

    assert ask(text, order(stage="confirmed", **paying(paid=True)))
    assert not ask(text, order(stage="confirmed", **paying(paid=False)))
    assert ask(text, order(stage="confirmed", **paying(paid=False, prepaid=False)))
    assert not ask(text, order(stage="new", **paying(paid=True)))


def test_paid_means_the_total_is_covered():
    two = {"payments__2": {"sum": "40.00 RUB", "paid": True, "prepaid": True}}

    assert not ask("paid", order(**paying(paid=True, amount="60.00 RUB")))
    assert ask("paid", order(**paying(paid=True, amount="60.00 RUB"), **two))
    assert not ask("paid", order(**paying(paid=True, amount="100.00 USD")))
    assert not ask("paid", order(**paying(paid=True, amount="сто")))


def test_paid_without_a_known_total_means_every_payment_is_made():
    made = {"payments__1": {"sum": "1.00 RUB", "paid": True}}

    assert ask("paid", order(**made))
    assert not ask("paid", order(**made, payments__2={"sum": "1.00 RUB", "paid": False}))
    assert not ask("paid", order())


def test_the_origin_is_compared_with_a_connection():
    assert ask("origin = ali", order(origin="ali"))
    assert not ask("origin = ali", order(origin="shop"))
    assert ask("origin != ali", order(origin="shop"))


def test_an_atom_by_itself_asks_whether_it_is_said():
    assert ask("cancelled", order(cancelled="нет в наличии"))
    assert not ask("cancelled", order(cancelled=None))
    assert not ask("cancelled", order())
    assert ask("payments", order(payments__1={"sum": "1.00 RUB"}))


def test_atoms_are_compared_by_their_text():
    record = Record(id=1, entity="product", origin="erp", atoms={"kind": "service", "active": False})

    assert ask("kind = service and active = false", record, PRODUCT)
    assert ask('brand != "Без бренда"', record, PRODUCT)
    assert not ask("brand = x", record, PRODUCT)


def test_and_binds_closer_than_or_and_both_closer_than_implies():
    assert ask("done or confirmed and cancelled", order(stage="done"))
    assert not ask("(done or confirmed) and cancelled", order(stage="done"))
    assert ask("cancelled implies done or new", order(stage="new"))
    assert ask("done implies cancelled implies done", order(stage="done"))


@pytest.mark.parametrize(
    ("text", "en"),
    [
        (
            "confirmetd and paid",
            "column 1, «confirmetd»: this word is not known; known: origin, new, confirmed",
        ),
        ("confirmetd", "did you mean «confirmed»?"),
        ("paid and", "at the end: expected: origin, new"),
        ("(paid", "at the end: expected: `)`"),
        ("paid paid", "column 6, «paid»: expected: `and`, `or`, `implies`"),
        ("origin", "column 1, «origin»: compare it"),
        (
            "origin = alli",
            "column 10, «alli»: no such connection; known: erp, shop, ali; did you mean «ali»?",
        ),
        ("stage = paidd", "column 9, «paidd»: no such stage; known: new"),
        ("paid & new", "column 6, «&»: this sign has no place here"),
        ("stage = and", "column 9, «and»: expected: a word"),
        ("", "at the end: expected"),
        ("(" * 30 + "paid" + ")" * 30, "too deep"),
    ],
)
def test_a_slip_is_named_with_its_column_and_the_words_known(text, en):
    with pytest.raises(Complaint) as caught:
        parse_condition(text, entity=ORDER, connections=CONNECTIONS)

    assert en in caught.value.en
    assert caught.value.ru != caught.value.en


def test_facts_of_orders_are_not_known_of_products():
    with pytest.raises(Complaint, match="«paid»: this word is not known"):
        parse_condition("paid", entity=PRODUCT, connections=CONNECTIONS)


facts = st.sampled_from(["confirmed", "done", "cancelled", "origin = ali", "origin != shop", "responsible"])
trees = st.recursive(
    facts,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(inner, st.sampled_from(["and", "or", "implies"]), inner),
    ),
    max_leaves=12,
)
records = st.builds(
    order,
    origin=st.sampled_from(CONNECTIONS),
    stage=st.sampled_from(STAGES),
    cancelled=st.sampled_from([None, "передумал"]),
    responsible=st.sampled_from([None, "Ирина"]),
)


def spelled(tree):
    return (
        tree
        if isinstance(tree, str)
        else f"({' '.join(part if part in {'not', 'and', 'or', 'implies'} else spelled(part) for part in tree)})"
    )


def meant(tree, record):
    match tree:
        case "confirmed" | "done":
            return STAGES.index(record.atoms["stage"]) >= STAGES.index(tree)
        case "cancelled" | "responsible":
            return record.atoms[tree] is not None
        case "origin = ali":
            return record.origin == "ali"
        case "origin != shop":
            return record.origin != "shop"
        case ("not", inner):
            return not meant(inner, record)
        case (left, "and", right):
            return meant(left, record) and meant(right, record)
        case (left, "or", right):
            return meant(left, record) or meant(right, record)
        case (left, "implies", right):
            return not meant(left, record) or meant(right, record)


@given(tree=trees, record=records)
def test_a_condition_means_what_its_tree_means(tree, record):
    assert meant(tree, record) == ask(spelled(tree), record)


@given(text=st.text(alphabet='ab ()=!"&.1_' + "".join("andorotimpleconfirmed"), max_size=80))
def test_any_text_is_either_a_condition_or_a_complaint(text):
    try:
        answer = ask(text, order(stage="new"))
    except Complaint:
        return
    assert answer in {True, False}


@given(depth=st.integers(21, 500), opener=st.sampled_from(["(", "not "]))
def test_nesting_beyond_reason_is_refused_and_not_a_crash(depth, opener):
    with pytest.raises(Complaint):
        parse_condition(opener * (depth + 1), entity=ORDER, connections=CONNECTIONS)


@given(depth=st.integers(100, 3000))
def test_a_long_row_of_implications_is_refused_and_not_a_crash(depth):
    with pytest.raises(Complaint, match="too deep"):
        parse_condition("new implies " * depth + "new", entity=ORDER, connections=CONNECTIONS)
