"""Settling a page: the counters add up, and records, shadows, journal and outbox change together."""

from toy_world import history, issue_keys, offer, product, record, rows, send

from ledgers import taken_back
from obmen.connectors.contract import Traits
from obmen.engine.pulling import pull
from obmen.engine.settling import Arrival, settle_page
from obmen.sync.shadow import Look


def page(world, *looks, connection="erp", entity="product", order="000900"):
    """Settle looks as they stand in a file."""
    given = [Look(ref=ref, fields=fields, order=order) for ref, fields in looks]
    with world.begin() as tx:
        arrival = Arrival(
            connection=connection, entity=entity, looks=given, read_at=tx.tick(), evidence="test"
        )
        return settle_page(tx, world.hub, arrival)


async def test_a_new_object_becomes_a_record_that_every_reader_is_behind_on(world):
    counted = page(world, ("a", {"name": "Дрель", "sku": "D-1"})).counted
    made = record(world, "a")

    assert dict(+counted) == {"received": 1, "applied": 1}
    assert ("Дрель", "erp") == (made.atoms["name"], made.by("name"))
    assert {made.id: ("ready", "")} == rows(world, "shop") == rows(world, "crm")
    assert history(world, made.id)[0] == "created"


async def test_the_same_again_changes_nothing_and_leaves_no_trace(world):
    page(world, ("a", {"name": "Дрель"}))
    made, told = record(world, "a"), history(world, record(world, "a").id)
    counted = page(world, ("a", {"name": "Дрель"}), order="000901").counted

    assert dict(+counted) == {"received": 1, "echoed": 1}
    assert made == record(world, "a")
    assert told == history(world, made.id)


async def test_an_older_file_does_not_take_a_newer_value_back(world):
    page(world, ("a", {"name": "новое"}), order="000902")
    counted = page(world, ("a", {"name": "старое"}), order="000901").counted

    assert dict(+counted) == {"received": 1, "superseded": 1}
    assert record(world, "a").atoms["name"] == "новое"


async def test_an_object_shown_twice_in_a_page_is_one_record_with_the_last_word(world):
    counted = page(world, ("a", {"name": "раз"}), ("a", {"name": "два"})).counted

    assert counted["received"] == counted["applied"] == 2
    assert record(world, "a").atoms["name"] == "два"
    assert len(rows(world)) == 1


async def test_an_offer_before_its_product_waits_and_continues_when_the_product_comes(world):
    counted = page(world, ("o", {"product": "p", "prices.retail": "10.00 RUB"}), entity="offer").counted
    orphan = record(world, "o", "offer")
    assert counted["received"] == 1
    assert orphan.atoms.get("product") is None
    with world.begin() as tx:
        assert [key for key, _ in tx.waited_for("bind:erp:", "look")] == ["bind:erp:product:p"]

    page(world, ("p", {"name": "Дрель"}))
    assert record(world, "o", "offer").atoms["product"] == record(world, "p").id
    assert issue_keys(world) == []


async def test_who_may_not_decide_is_refused_and_gets_the_owners_value_back(world):
    drill = product(world)
    await send(world)
    made = record(world, drill.ref)
    with world.begin() as tx:
        tx.drop_deliveries("shop", [made.id])
    counted = page(world, ("s-1", {"name": "Моя дрель", "sku": "D-1"}), connection="shop", order="").counted
    assert counted["received"] == 1
    with world.begin() as tx:
        assert tx.bound("shop", "product", ["s-1"]) == {}  # the shop is no creator and knows no key
    assert issue_keys(world) == ["not_a_creator:shop:product:s-1"]


async def test_a_page_that_fails_leaves_nothing(world):
    drill = product(world)
    offer(world, drill)
    await send(world)
    before = rows(world)
    with taken_back(world.ledger.ledger) as tx:
        looks = [Look(ref="z", fields={"name": "Пила"}, order="000950")]
        arrival = Arrival(connection="erp", entity="product", looks=looks, read_at=tx.tick(), evidence="test")
        settle_page(tx, world.hub, arrival)

    assert before == rows(world)
    with world.begin() as tx:
        assert tx.bound("erp", "product", ["z"]) == {}


async def test_a_stranger_of_what_is_only_recognised_is_nobodys_business(world, monkeypatch):
    recognised = Traits(recognised=True)
    monkeypatch.setattr(world.shop, "traits", lambda entity: recognised)
    world.shop.new("product", {"name": "Чужой"})
    counted = await pull(world.hub, "shop", "product")

    assert counted["refused"] == 1
    assert issue_keys(world) == []


def test_what_bears_the_code_of_another_system_is_no_new_record(world):
    look = Look(ref="77", fields={"name": "Дрель"}, keys={"xml_id": "1c-9"}, elsewhere=True, title="Дрель")
    with world.begin() as tx:
        arrival = Arrival(
            connection="erp", entity="product", looks=[look], read_at=tx.tick(), evidence="test"
        )
        outcome = settle_page(tx, world.hub, arrival)
        (opened,) = tx.issues()
        assert tx.bound("erp", "product", ["77"]) == {}

    assert outcome.counted["refused"] == 1
    assert "bears the code «1c-9» of another system" in opened.issue.en
