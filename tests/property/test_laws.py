"""Each law of the merge by the shortest trace that needs it: it holds with the law, and breaks without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from law_story import Story

from obmen.sync.laws import ALL, Law

Trace = Callable[[Story], None]
TRACES: list[tuple[Law, Trace]] = []


def needs(law: Law) -> Callable[[Trace], Trace]:
    def keep(trace: Trace) -> Trace:
        TRACES.append((law, trace))
        return trace

    return keep


# --- what is out of date


@needs(Law.READ_FENCE)
def a_page_that_was_read_earlier_and_comes_later_replaces_nothing(story: Story):
    story.product()
    story.file()
    story.deliver()
    thing = story.of(story.shop)
    story.shop.person_types(thing, "description", "n10")
    old = story.page(story.shop)
    story.shop.person_types(thing, "description", "n11")
    story.settle(story.page(story.shop))
    story.settle(old)

    assert story.value("description") == "n11"


@needs(Law.WRITE_FENCE)
def a_page_read_before_our_write_is_not_an_answer_to_it(story: Story):
    product = story.product()
    story.file()
    story.deliver()
    old = story.page(story.shop)
    story.erp.person_types(product, "name", "n11")
    story.file()
    story.deliver()
    written = story.shop.writes
    story.settle(old)
    story.deliver()

    assert story.shop.writes == written


@needs(Law.SOURCE_ORDER)
def a_file_formed_earlier_and_brought_later_replaces_nothing(story: Story):
    offer = story.offer(story.product())
    story.file()
    story.erp.person_types(offer, "prices.retail", "110.25 RUB")
    old = story.export()
    story.erp.person_types(offer, "prices.retail", "120.25 RUB")
    story.file()
    story.take(old)

    assert story.value("prices.retail", "offer") == "120.25 RUB"


# --- writes


@needs(Law.ONE_CONVERSATION)
def what_a_write_without_an_answer_has_left_there_is_not_their_edit(story: Story):
    story.product()
    story.file()
    story.deliver()
    in_shop = story.of(story.shop)
    story.shop.person_types(in_shop, "brand", "n10")
    story.read(story.shop)
    story.send(story.claim(story.crm))
    story.shop.person_types(in_shop, "brand", "n11")
    story.read(story.shop)
    story.read(story.crm)
    story.answer()
    story.deliver()

    assert story.value("brand") == "n11"
    assert story.of(story.crm).fields["brand"] == "n11"


@needs(Law.LOOK_BEFORE_WRITE)
def a_managers_edit_is_seen_before_anything_is_written_over_it(story: Story):
    product = story.product(brand="n10")
    story.file()
    story.deliver()
    story.erp.person_types(product, "brand", "n11")
    story.file()
    story.shop.person_types(story.of(story.shop), "brand", "n12")
    story.deliver(story.shop)

    assert story.of(story.shop).fields["brand"] == "n11"


@needs(Law.FIND_BEFORE_CREATE)
def what_people_have_made_there_by_hand_is_adopted_and_not_made_again(story: Story):
    story.crm.person_creates("product", {"name": "by hand", "sku": "S1"})
    story.product()
    story.file()
    story.deliver(story.crm)

    assert len(story.crm.alive("product")) == 1


@needs(Law.LEASE)
def a_create_that_may_still_land_is_not_repeated(story: Story):
    story.product()
    story.file()
    story.deliver(story.shop, fault="late")
    story.resolve(story.shop, wait=1)
    story.deliver(story.shop)
    story.resolve(story.shop)
    story.deliver(story.shop)

    assert len(story.shop.alive("product")) == 1


@needs(Law.SENT)
def what_a_system_cuts_in_silence_is_not_written_again_and_again(story: Story):
    story.product()
    story.file()
    story.send(story.claim(story.crm))
    story.answer()

    assert story.of(story.crm).fields["name"] == "n1 nameofit"
    assert story.claim(story.crm) == []


@needs(Law.BASELINE)
def what_a_form_fills_in_by_itself_is_nobodys_word(story: Story):
    story.product()
    story.file()
    story.deliver(story.crm)
    story.read(story.crm)

    assert "country" not in story.record().atoms


@needs(Law.DECLARED_DEFAULT)
def after_a_lost_answer_what_a_form_fills_in_is_still_nobodys_word(story: Story):
    story.product()
    story.file()
    story.deliver(story.crm, fault="lost answer")
    story.resolve(story.crm)

    assert "country" not in story.record().atoms


@needs(Law.OWN_ECHO_ON_RESOLVE)
def our_own_value_found_after_a_lost_answer_is_not_their_edit(story: Story):
    story.product()
    story.file()
    story.deliver()
    in_shop = story.of(story.shop)
    story.shop.person_types(in_shop, "brand", "n10")
    story.read(story.shop)
    story.deliver(story.crm, fault="lost answer")
    story.shop.person_types(in_shop, "brand", "n11")
    story.read(story.shop)
    story.resolve(story.crm)

    assert story.value("brand") == "n11"


@needs(Law.RECOMPUTE)
def whoever_departs_from_its_owner_is_behind_at_once(story: Story):
    story.product()
    story.file()
    story.deliver()
    story.shop.person_types(story.of(story.shop), "name", "n10")
    story.settle(story.page(story.shop))
    story.deliver(story.shop)

    assert story.of(story.shop).fields["name"] == "n1 name-of-it"


@needs(Law.GATE_BIRTH_ONLY)
def a_cancel_reaches_whoever_has_the_order_though_it_would_not_get_it_now(story: Story):
    story.world.open_retail()
    order = story.order(stage="confirmed")
    story.read(story.shop)
    story.deliver()
    story.shop.person_types(order, "cancelled", "n10 refused")
    story.read(story.shop)
    story.deliver()

    assert story.of(story.world.retail, "order").fields.get("cancelled") == "n10 refused"


@needs(Law.RECREATE_NEVER)
def what_was_deleted_there_is_not_made_again(story: Story):
    product = story.product()
    story.file()
    story.deliver()
    story.shop.person_deletes(story.of(story.shop))
    story.read(story.shop)
    story.erp.person_types(product, "name", "n10")
    story.file()
    story.deliver(story.shop)

    assert story.shop.alive("product") == []
    assert "gone" in story.issues()


# --- codes and spellings


@needs(Law.BLOCK_UNREADABLE)
def a_code_nobody_knows_is_neither_taken_nor_overwritten(story: Story):
    story.order()
    story.read(story.shop)
    story.deliver()
    story.crm.person_types(story.of(story.crm, "order"), "stage", "Z")
    story.read(story.crm)
    story.deliver()

    assert story.of(story.crm, "order").fields["stage"] == "Z"
    assert story.value("stage", "order") == "new"


@needs(Law.OWN_UNREADABLE)
def a_forgotten_code_of_our_own_is_ours_to_replace(story: Story):
    story.order()
    story.read(story.shop)
    story.deliver()
    story.world.edit_table("crm", "stage", {"FRESH": ("new",)})
    story.deliver()

    assert story.of(story.crm, "order").fields["stage"] == "FRESH"


@needs(Law.ECHO_BY_MEANING)
def another_spelling_of_an_old_value_is_not_an_edit_on_top_of_a_new_one(story: Story):
    story.product()
    story.file()
    story.deliver()
    in_crm = story.of(story.crm)
    story.crm.person_types(in_crm, "country", "n10")
    story.read(story.crm)
    story.deliver()
    story.shop.person_types(story.of(story.shop), "country", "n11")
    story.read(story.shop)
    in_crm.fields["country"] = "N10"
    story.read(story.crm)
    story.deliver()

    assert in_crm.fields["country"] == "n11"


@needs(Law.ECHO_MOVES_SENT)
def a_system_that_spelled_our_value_its_own_way_is_read_by_its_own_spelling(story: Story):
    order = story.order(stage="delivery")
    story.read(story.shop)
    story.deliver()
    in_crm = story.of(story.crm, "order")
    in_crm.fields["stage"] = "X1"
    story.read(story.crm)
    story.world.edit_table("crm", "stage", {"EXEC": ("delivery",), "X1": ("confirmed",)})
    story.deliver()

    assert order.fields["stage"] == "delivery"
    assert in_crm.fields["stage"] == "EXEC"


@needs(Law.AGREE_FIRST)
def the_record_never_takes_the_form_a_system_has_cut(story: Story):
    story.product()
    story.file()
    story.deliver()
    story.shop.person_types(story.of(story.shop), "brand", "n10 is longer than twenty")
    story.read(story.shop)
    story.crm.person_types(story.of(story.crm), "brand", "n10 is longer than twenty"[:20])
    story.read(story.crm)

    assert story.value("brand") == "n10 is longer than twenty"


@needs(Law.CODE_SET)
def a_code_with_several_senses_means_the_one_that_is_possible(story: Story):
    story.order(stage="confirmed")
    story.read(story.shop)
    story.deliver()
    story.world.edit_table("crm", "stage", {"PREP": ("confirmed",), "MIX": ("new", "delivery")})
    story.crm.person_types(story.of(story.crm, "order"), "stage", "MIX")
    story.read(story.crm)

    assert story.value("stage", "order") == "delivery"


# --- who decides


@needs(Law.OWNERS)
def whoever_may_not_decide_gets_the_owners_value_back(story: Story):
    story.product()
    story.file()
    story.deliver()
    story.shop.person_types(story.of(story.shop), "name", "n10")
    story.read(story.shop)
    story.deliver()

    assert story.value("name") == "n1 name-of-it"
    assert story.of(story.shop).fields["name"] == "n1 name-of-it"


@needs(Law.FIRST_CONTACT)
def at_the_first_meeting_the_record_stands(story: Story):
    story.crm.person_creates("product", {"name": "by hand", "sku": "S1", "brand": "n10"})
    story.product(brand="n5")
    story.file()
    story.deliver(story.crm)

    assert story.value("brand") == "n5"


@needs(Law.BOTH_CHANGED)
def where_two_have_changed_the_higher_one_wins(story: Story):
    product = story.product(brand="n5")
    story.file()
    story.deliver()
    story.erp.person_types(product, "brand", "n10")
    story.file()
    story.crm.person_types(story.of(story.crm), "brand", "n11")
    story.read(story.crm)

    assert story.value("brand") == "n10"


@needs(Law.FORWARD)
def a_stage_never_goes_back(story: Story):
    story.order(stage="delivery")
    story.read(story.shop)
    story.deliver()
    story.crm.person_types(story.of(story.crm, "order"), "stage", "NEW")
    story.read(story.crm)

    assert story.value("stage", "order") == "delivery"


@needs(Law.CLASH)
def cancelled_and_shipped_at_once_is_for_a_person(story: Story):
    order = story.order(stage="confirmed")
    story.read(story.shop)
    story.deliver()
    story.shop.person_types(order, "cancelled", "n10 refused")
    story.read(story.shop)
    story.crm.person_types(story.of(story.crm, "order"), "stage", "EXEC")
    story.read(story.crm)

    assert story.value("stage", "order") == "confirmed"
    assert "facts_clash" in story.issues()


@needs(Law.ONCE)
def an_address_made_at_creation_is_never_changed_from_outside(story: Story):
    product = story.product(slug="n5")
    story.file()
    story.deliver()
    story.erp.person_types(product, "slug", "n10")
    story.file()
    story.deliver()

    assert story.of(story.shop).fields["slug"] == "n5"


@needs(Law.VOLATILE)
def what_the_shop_has_sold_is_not_put_back(story: Story):
    story.offer(story.product())
    story.file()
    story.deliver()
    story.shop.sells(story.of(story.shop, "offer"), "4")
    story.read(story.shop)
    story.deliver()

    assert story.of(story.shop, "offer").fields["available"] == "4"


@needs(Law.TUG_OF_WAR)
def a_robot_that_keeps_putting_its_value_back_is_asked_about(story: Story):
    story.product()
    story.file()
    story.deliver()
    for _ in range(5):
        story.shop.person_types(story.of(story.shop), "name", "n10 robot")
        story.read(story.shop)
        story.deliver()

    assert story.of(story.shop).fields["name"] == "n10 robot"
    assert "tug_of_war" in story.issues()


# --- who is who


@needs(Law.TWO_IS_AN_ISSUE)
def of_two_that_could_be_it_none_is_chosen(story: Story):
    story.crm.person_creates("product", {"name": "one", "sku": "S1"})
    story.crm.person_creates("product", {"name": "another", "sku": "S1"})
    story.product()
    story.file()
    story.deliver(story.crm)

    assert "double" in story.issues()
    assert {"one", "another"} == {thing.fields["name"] for thing in story.crm.alive("product")}


@needs(Law.CREATORS)
def a_system_that_may_not_create_brings_no_records(story: Story):
    story.crm.person_creates("product", {"name": "ours only", "sku": "S9"})
    story.read(story.crm)

    assert story.count() == 0
    assert "not_a_creator" in story.issues()


@needs(Law.PARTNER_WAKES)
def an_offer_that_came_before_its_product_continues_when_it_comes(story: Story):
    story.offer(story.product())
    offers, products = story.export("offer"), story.export("product")
    story.take(offers)
    story.take(products)

    assert story.value("product", "offer") == story.record().id


# --- too much at once


@needs(Law.COMPLETE_ONLY)
def a_file_of_some_withdraws_none_of_the_others(story: Story):
    first, second = story.product(sku="S1"), story.product(sku="S2")
    story.file()
    story.file("product", refs=[first.ref])
    story.confirm()

    assert story.erp.things[second.ref].fields["active"] is True
    assert [True, True] == [story.record(number=number).atoms["active"] for number in (0, 1)]


@needs(Law.GUARDS)
def a_price_ten_times_higher_is_asked_about_before_it_is_written(story: Story):
    offer = story.offer(story.product())
    story.file()
    story.deliver()
    story.erp.person_types(offer, "prices.retail", "1002.50 RUB")
    story.file()
    story.deliver(story.shop)
    held = story.of(story.shop, "offer").fields["prices.retail"]
    story.confirm()
    story.deliver(story.shop)

    assert held == "100.25 RUB"
    assert story.of(story.shop, "offer").fields["prices.retail"] == "1002.50 RUB"


# --- the referee is refereed

NAMES = [trace.__name__ for _, trace in TRACES]


@pytest.mark.parametrize(("law", "trace"), TRACES, ids=NAMES)
def test_the_trace_holds_with_all_laws(law: Law, trace: Trace):
    trace(Story())


@pytest.mark.parametrize(("law", "trace"), TRACES, ids=NAMES)
def test_the_trace_breaks_without_its_law(law: Law, trace: Trace):
    with pytest.raises(AssertionError):
        trace(Story(ALL - {law}))


def test_every_law_has_a_trace():
    assert set(Law) == {law for law, _ in TRACES}
