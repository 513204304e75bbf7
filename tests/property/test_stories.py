"""Stories that once went wrong: each was found by the random walk or by reading, and must not come back."""

from __future__ import annotations

import pytest
from law_story import Story

from obmen.engine.receiving import receive
from obmen.engine.waking import remember
from obmen.ledger.contract import HELD, WAITING
from obmen.sync.shadow import Look


@pytest.fixture
def story() -> Story:
    return Story()


def rows(story: Story, toy) -> list:
    with story.world.begin() as tx:
        return tx.outbox(toy.name)


# --- wake-ups


def test_an_edit_shown_during_a_write_is_looked_at_again_after_it(story):
    product = story.product()
    story.file()
    story.deliver()
    story.erp.person_types(product, "name", "n10")
    story.file()
    story.send(story.claim(story.shop))
    story.shop.person_types(story.of(story.shop), "description", "n11")
    story.settle(story.page(story.shop))
    story.answer()
    story.follow(story.shop)

    assert "n11" == story.value("description")


def test_a_wake_up_waits_in_the_inbox_as_long_as_the_write_is_open(story):
    product = story.product()
    story.file()
    story.deliver()
    story.erp.person_types(product, "name", "n10")
    story.file()
    story.send(story.claim(story.shop))
    story.settle(story.page(story.shop))
    story.follow(story.shop)
    with story.world.begin() as tx:
        assert ["hook"] == [stored.kind for stored in tx.waiting_envelopes("shop")]
    story.answer()
    story.follow(story.shop)
    with story.world.begin() as tx:
        assert [] == tx.waiting_envelopes("shop")


# --- who is who


def test_two_records_never_adopt_the_same_object(story):
    story.crm.person_creates("product", {"name": "by hand", "sku": "S1"})
    story.product(sku="S1")
    story.product(sku="S1")
    story.file()
    story.deliver(story.crm)
    with story.world.begin() as tx:
        assert 1 == len(tx.bound_in_scope("crm", "product", ""))

    assert "double" in story.issues()


def test_an_object_marked_as_anothers_is_not_adopted_while_its_answer_is_on_the_way(story):
    story.product(sku="S1")
    story.file()
    story.send(story.claim(story.crm))
    story.product(sku="S1")
    story.file()
    story.send(story.claim(story.crm))
    story.answer()
    with story.world.begin() as tx:
        (number,) = tx.bound_in_scope("crm", "product", "")

    assert story.record(number=0).id == number


def test_whoever_waits_for_a_partner_goes_on_when_it_is_adopted():
    story = Story(retail=True)
    story.world.retail.person_creates("product", {"name": "by hand", "sku": "S1"})
    story.offer(story.product())
    story.file()
    story.deliver(story.world.retail)

    assert story.of(story.world.retail).ref == story.of(story.world.retail, "offer").fields["product"]


def test_an_object_merged_into_a_stranger_lives_on_in_it(story):
    story.product()
    story.file()
    story.deliver()
    old = story.of(story.crm)
    survivor = story.crm.person_creates("product", {"name": "survivor", "sku": "S2"})
    story.crm.person_merges(old, survivor)
    with story.world.begin() as tx:
        remember(tx, story.world.hub, "crm", "product", [Look(ref=old.ref, fields={})], read_at=0, why="hook")
    story.follow(story.crm)
    story.follow(story.crm)
    story.deliver(story.crm)

    assert "n1 nameofit" == survivor.fields["name"]


def test_a_deleted_object_that_is_back_is_the_same_record_again(story):
    story.product()
    story.file()
    story.deliver()
    thing = story.of(story.shop)
    story.shop.person_deletes(thing)
    story.read(story.shop)
    thing.gone = False
    story.shop.person_types(thing, "name", "n10")
    story.read(story.shop)
    story.deliver()

    assert "n1 name-of-it" == thing.fields["name"]


def test_when_a_product_is_deleted_there_its_offers_wait_for_it(story):
    story.offer(story.product())
    story.file()
    story.deliver()
    story.shop.person_deletes(story.of(story.shop))
    story.read(story.shop)
    story.deliver(story.shop)

    assert [(WAITING, "waiting_partner")] == [(row.state, row.reason) for row in rows(story, story.shop)]


def test_after_a_restore_an_old_mark_names_nobody(story):
    backup = story.world.ledger.backup()
    story.product()
    story.file()
    story.deliver()
    story.world.ledger.restore(backup)
    story.driver.oracles.forget()
    story.product(sku="S2", name="n20 another")
    story.file()
    story.read(story.crm)

    assert {"S1", "S2"} == {story.record(number=number).atoms["sku"] for number in (0, 1)}
    with story.world.begin() as tx:
        bound = tx.bound_in_scope("crm", "product", "")
        records = tx.records(bound)
    assert ["S1"] == [record.atoms["sku"] for record in records.values()]


# --- answers


def test_the_late_answer_of_an_old_attempt_does_not_end_a_new_one(story):
    story.product()
    story.file()
    story.shop.faults.append("lost request")
    story.send(story.claim(story.shop))
    story.driver.answers.clear()
    story.resolve(story.shop)
    story.send(story.claim(story.shop))
    (answer,) = story.driver.answers
    with story.world.begin() as tx:
        receive(tx, story.world.hub, "shop", "product", answer.outcomes, attempt=answer.attempt - 1)
        assert {} != tx.attempts("shop", [outcome.record for outcome in answer.outcomes])
    story.answer()

    assert [] == story.claim(story.shop)


def test_what_is_filled_at_creation_is_the_readers_as_it_was_created(story):
    product = story.product(slug="n5")
    story.file()
    story.send(story.claim(story.shop))
    story.erp.person_types(product, "slug", "n10")
    story.file()
    story.answer()
    story.deliver()

    assert ("n5", "n5") == (story.of(story.shop).fields["slug"], story.value("slug"))


def test_stock_sold_while_our_own_write_had_no_answer_is_not_put_back(story):
    offer = story.offer(story.product())
    story.file()
    story.deliver()
    story.erp.person_types(offer, "stock.main", "8")
    story.file()
    story.deliver(story.shop, fault="lost answer")
    story.shop.sells(story.of(story.shop, "offer"), "7")
    story.resolve(story.shop)
    story.deliver(story.shop)

    assert "7" == story.of(story.shop, "offer").fields["available"]


# --- guards


def held(story: Story) -> list[str]:
    return [row.reason for row in rows(story, story.shop) if row.state == HELD]


def test_a_small_edit_after_a_ruinous_one_does_not_let_it_through(story):
    offer = story.offer(story.product())
    story.file()
    story.deliver()
    story.erp.person_types(offer, "prices.retail", "1000.25 RUB")
    story.file()
    story.erp.person_types(offer, "prices.retail", "1001.25 RUB")
    story.file()
    story.deliver(story.shop)

    assert ["held_guard"] == held(story)
    assert "100.25 RUB" == story.of(story.shop, "offer").fields["prices.retail"]


def test_a_hold_that_comes_while_a_write_is_under_way_stays_after_it(story):
    offer = story.offer(story.product())
    story.file()
    story.deliver()
    story.erp.person_types(offer, "prices.retail", "101.25 RUB")
    story.file()
    story.send(story.claim(story.shop))
    story.erp.person_types(offer, "prices.retail", "1000.25 RUB")
    story.file()
    story.answer()

    assert ["held_guard"] == held(story)


def test_a_hold_stops_whoever_has_claimed_the_row_before(story):
    offer = story.offer(story.product())
    story.file()
    story.deliver()
    story.erp.person_types(offer, "prices.retail", "101.25 RUB")
    story.file()
    claimed = story.claim(story.shop)
    story.erp.person_types(offer, "prices.retail", "1000.25 RUB")
    story.file()
    story.send(claimed)

    assert "100.25 RUB" == story.of(story.shop, "offer").fields["prices.retail"]


def test_a_price_that_is_ordinary_again_is_let_go(story):
    offer = story.offer(story.product())
    story.file()
    story.deliver()
    story.erp.person_types(offer, "prices.retail", "0.00 RUB")
    story.file()
    story.erp.person_types(offer, "prices.retail", "102.25 RUB")
    story.file()
    story.deliver(story.shop)

    assert [] == held(story)
    assert "102.25 RUB" == story.of(story.shop, "offer").fields["prices.retail"]


# --- mappings


def test_a_code_that_waited_is_taken_when_the_operator_maps_it(story):
    story.order()
    story.read(story.shop)
    story.deliver()
    story.crm.person_types(story.of(story.crm, "order"), "stage", "Z")
    story.read(story.crm)
    story.world.edit_table("crm", "stage", {**story.world.tables["crm"]["stage"], "Z": ("delivery",)})
    story.look()

    assert "delivery" == story.value("stage", "order")
    assert "waiting_mapping" not in story.issues()


def test_a_code_that_gets_another_sense_is_said_again_by_whoever_said_it(story):
    product = story.product(kind="S")
    story.file()
    story.world.edit_table("erp", "kind", {"G": ("goods",), "S": ("set",)})
    story.look()

    assert "S" == product.fields["kind"]
    assert "set" == story.value("kind")


def test_a_forgotten_code_that_a_person_chose_waits_and_is_not_overwritten(story):
    story.order()
    story.read(story.shop)
    story.deliver()
    in_crm = story.of(story.crm, "order")
    story.crm.person_types(in_crm, "stage", "EXEC")
    story.read(story.crm)
    table = {code: senses for code, senses in story.world.tables["crm"]["stage"].items() if code != "EXEC"}
    story.world.edit_table("crm", "stage", table)
    story.deliver()

    assert "EXEC" == in_crm.fields["stage"]
    assert "waiting_mapping" in story.issues()
