"""Guards: what is ordinary goes when the exchange is quiet, what is too much is asked about, by its digest."""

from toy_world import history, issue_keys, offer, product, record, rows, send, write

from obmen.engine import guarding
from obmen.engine.unpacking import quiet


async def goods(world, count=10):
    """Offers that stand in the shop."""
    skus = [offer(world, product(world, name=f"Дрель {n}", sku=str(n))) for n in range(count)]
    await send(world)
    await write(world)
    return skus


async def change(world, skus, **fields):
    for sku in skus:
        for atom, wire in fields.items():
            world.erp.person_types(sku, atom.replace("__", "."), wire)
    await send(world)


def confirm(world, digest):
    with world.begin() as tx:
        return guarding.confirm(tx, world.hub, digest)


def held(world):
    return {number for number, row in rows(world).items() if row == ("held", "held_guard")}


def stocks(world):
    return sorted(thing.fields["available"] for thing in world.shop.alive("offer"))


async def test_what_is_dangerous_is_held_until_the_exchange_is_quiet_and_goes_when_it_is_little(world):
    skus = await goods(world)
    await change(world, skus[:1], stock__main="0")
    assert held(world) == {record(world, skus[0].ref, "offer").id}

    assert await quiet(world.hub, "erp") == []
    await write(world)
    assert stocks(world) == ["0", *["5"] * 9]
    assert rows(world) == {}


async def test_zeros_for_a_fifth_of_the_goods_are_asked_about_once_and_nothing_is_sent(world):
    skus = await goods(world)
    await change(world, skus[:2], stock__main="0")
    (asked,) = await quiet(world.hub, "erp")
    assert [asked] == await quiet(world.hub, "erp")
    await write(world)

    assert stocks(world) == ["5"] * 10
    assert issue_keys(world) == ["guard:erp:zero_stock"]
    assert (
        record(world, skus[0].ref, "offer").atoms["stock.main"] == "0"
    )  # the fact is stored, its way is held
    with world.begin() as tx:
        (opened,) = tx.issues()
    assert (opened.count, opened.issue.ref) == (1, asked)
    assert "held_guard" in history(world, record(world, skus[0].ref, "offer").id)


async def test_what_is_confirmed_goes_and_the_question_is_closed(world):
    skus = await goods(world)
    await change(world, skus, stock__main="0")
    (asked,) = await quiet(world.hub, "erp")
    assert confirm(world, asked) > 0
    await write(world)

    assert stocks(world) == ["0"] * 10
    assert issue_keys(world) == []
    assert confirm(world, asked) == 0


async def test_a_confirmation_of_another_set_lets_nothing_go(world):
    skus = await goods(world)
    await change(world, skus[:2], stock__main="0")
    (asked,) = await quiet(world.hub, "erp")
    await change(world, skus[2:4], stock__main="0")
    (again,) = await quiet(world.hub, "erp")

    assert asked != again
    assert confirm(world, asked) == 0
    assert len(held(world)) == 4


async def test_what_is_ordinary_again_is_let_go_by_itself(world):
    skus = await goods(world)
    await change(world, skus, stock__main="0")
    assert await quiet(world.hub, "erp")
    await change(world, skus, stock__main="7")
    assert await quiet(world.hub, "erp") == []
    await write(world)

    assert stocks(world) == ["7"] * 10
    assert issue_keys(world) == []


async def test_a_single_price_that_jumps_threefold_is_asked_about(world):
    skus = await goods(world)
    await change(world, skus[:1], prices__retail="300.00 RUB")
    await quiet(world.hub, "erp")
    await write(world)

    assert issue_keys(world) == ["guard:erp:price_jump"]
    assert {thing.fields["prices.retail"] for thing in world.shop.alive("offer")} == {"100.00 RUB"}
