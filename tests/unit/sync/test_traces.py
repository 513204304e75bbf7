"""Traces: what is remembered of the bytes a shadow was last brought up to date from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.model import ENTITIES
from obmen.sync.rules import family
from obmen.sync.shadow import Look, Shadow
from obmen.sync.traces import DIGEST, added, families_of, remembered, spelling, trace_of, waits

A, B = "a" * DIGEST, "b" * DIGEST
OFFER_ATOMS = sorted({name.replace("*", "x") for name in (atom.name for atom in ENTITIES["offer"].atoms)})


def look(fields, digest=A, **changes):
    return Look(ref="1", fields=fields, digest=digest, **changes)


@given(st.sets(st.sampled_from(OFFER_ATOMS), min_size=1))
def test_a_trace_tells_which_families_were_asserted(names):
    fields = dict.fromkeys(names, "1")
    trace = trace_of("offer", look(fields), Shadow(held=fields))
    assert families_of("offer", trace) == set(map(family, names))


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_every_family_of_an_entity_has_a_letter_of_its_own(entity):
    assert len(set(spelling(entity))) == len(spelling(entity))


def test_a_trace_is_found_by_its_digest_among_those_of_other_files():
    goods, prices = {"name": "Лампа"}, {"prices.base": "10 RUB"}
    held = Shadow(held={**goods, **prices})
    first = trace_of("offer", look(goods), held)
    both = added("offer", first, trace_of("offer", look(prices, B), held), held, held)
    assert remembered(both, A) == first
    assert families_of("offer", remembered(both, B)) == {"prices"}
    assert remembered(both, "c" * DIGEST) == ""


def test_what_spoke_of_a_family_that_has_changed_since_is_forgotten():
    goods, prices = {"name": "Лампа"}, {"prices.base": "10 RUB"}
    before = Shadow(held={**goods, **prices})
    told = ";".join([trace_of("offer", look(goods), before), trace_of("offer", look(prices, B), before)])
    dearer = {"prices.base": "11 RUB"}
    after = Shadow(held={**goods, **dearer})
    now = added("offer", told, trace_of("offer", look(dearer, "c" * DIGEST), after), before, after)
    assert remembered(now, A)
    assert not remembered(now, B)
    assert remembered(now, "c" * DIGEST)


def test_a_look_that_was_not_taken_in_whole_leaves_no_trace():
    assert trace_of("offer", look({"name": "Лампа"}), Shadow(held={"name": "Люстра"})) == ""


def test_what_waits_for_a_partner_is_remembered_as_waiting_and_what_waits_for_a_mapping_is_not():
    fields = {"product": "7", "unit": "796"}
    partner = Shadow(held=fields, blocked={"product": "bind:erp:product:7"})
    assert waits(trace_of("offer", look(fields), partner))
    assert trace_of("offer", look(fields), Shadow(held=fields, blocked={"unit": "map:unit:796"})) == ""
