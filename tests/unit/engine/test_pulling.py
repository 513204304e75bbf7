"""Pulling: a cursor moves with the page it stands behind, or not at all."""

import pytest
from toy_world import product, record, send, write

from obmen.engine import pulling
from obmen.engine.pulling import pull
from obmen.errors import Transient


def cursor(world, connection="shop", entity="product"):
    with world.begin() as tx:
        return tx.cursor(connection, entity)


async def described(world):
    """A product in the shop whose description a person has written there."""
    drill = product(world)
    await send(world)
    await write(world)
    await pull(world.hub, "shop", "product")
    world.pass_time(60.0)
    (there,) = world.shop.alive("product")
    world.shop.person_types(there, "description", "Сверлит")
    return drill


async def test_an_edit_of_its_owner_is_read_and_settled(world):
    drill = await described(world)
    counted = await pull(world.hub, "shop", "product")

    assert counted["applied"] == 1
    assert record(world, drill.ref).atoms["description"] == "Сверлит"


async def test_a_cursor_stays_where_it_was_when_its_page_could_not_be_settled(world, any_ledger):
    drill = await described(world)
    before = cursor(world)
    codec = world.shop.codecs["product"]
    world.shop.codecs["product"] = None  # settling fails: nothing can be read
    with pytest.raises(AttributeError):
        await pull(world.hub, "shop", "product")
    world.shop.codecs["product"] = codec
    assert cursor(world) == before

    await pull(world.hub, "shop", "product")
    assert cursor(world) != before
    assert record(world, drill.ref).atoms["description"] == "Сверлит"


async def test_an_outage_moves_nothing(world):
    await described(world)
    before = cursor(world)
    world.shop.read_faults.append("down")
    with pytest.raises(Transient):
        await pull(world.hub, "shop", "product")

    assert cursor(world) == before


async def test_more_pages_than_are_asked_for_at_once_are_left_for_the_next_time(world):
    for number in range(5):
        product(world, name=f"Дрель {number}", sku=str(number))
    await send(world)
    await write(world)
    first = await pull(world.hub, "shop", "product", pages=1)
    rest = await pull(world.hub, "shop", "product")

    assert first["received"] == 2
    assert rest["received"] == 3


async def test_a_system_that_cannot_be_asked_is_not(world):
    assert await pulling.pull(world.hub, "erp", "product") == {}
