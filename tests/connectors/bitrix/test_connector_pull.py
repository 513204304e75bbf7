import pytest
from open_shop import make_step, opened

from obmen.connectors.bitrix.sandbox import Setup
from obmen.errors import BadInput


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


async def pull_all(world, entity, cursor=""):
    refs = []
    while True:
        page = await world.connection.pull(entity, cursor)
        refs += [look.ref for look in page.looks]
        cursor = page.cursor
        if page.last:
            return refs, cursor


async def fill(world, count, **fields):
    refs = []
    for start in range(0, count, 50):
        numbers = range(start, min(start + 50, count))
        steps = [make_step("product", record=n, name=f"Болт М{n}", **fields) for n in numbers]
        refs += [done.ref for done in await world.connection.push(steps)]
    return refs


async def test_a_first_pull_brings_everything_once(world):
    refs = await fill(world, 120)

    assert refs == (await pull_all(world, "product"))[0]


async def test_pages_hold_up_to_five_hundred(world):
    await fill(world, 510)
    first = await world.connection.pull("product", "")
    second = await world.connection.pull("product", first.cursor)

    assert (len(first.looks), first.last, len(second.looks), second.last) == (500, False, 10, True)


async def test_the_next_pull_brings_only_what_changed_since_the_last_run_began(world):
    refs = await fill(world, 3)
    world.shop.clock.advance(3600)
    _, cursor = await pull_all(world, "product")
    world.shop.clock.advance(60)
    world.shop.act("rename", element=int(refs[1]), name="Гайка")

    assert [refs[1]] == (await pull_all(world, "product", cursor))[0]


async def test_the_overlap_reaches_back_once_and_not_further_with_every_run(world):
    await fill(world, 1)
    world.shop.clock.advance(200)
    _, cursor = await pull_all(world, "product")
    again, cursor = await pull_all(world, "product", cursor)
    world.shop.clock.advance(200)
    _, cursor = await pull_all(world, "product", cursor)
    later, _ = await pull_all(world, "product", cursor)

    assert (len(again), len(later)) == (1, 0)


async def test_a_change_behind_the_walking_id_belongs_to_the_next_run(world):
    refs = await fill(world, 510)
    world.shop.clock.advance(3600)
    first = await world.connection.pull("product", "")
    world.shop.clock.advance(3600)
    world.shop.act("rename", element=int(refs[0]), name="Гайка")
    last = await world.connection.pull("product", first.cursor)

    assert last.last
    assert refs[0] in (await pull_all(world, "product", last.cursor))[0]


async def test_a_price_changed_by_hand_is_seen_though_its_element_did_not_move(world):
    refs = await fill(world, 3)
    await world.create("offer", record=50, product=refs[2], prices__retail="10.00 RUB")
    world.shop.clock.advance(3600)
    _, cursor = await pull_all(world, "offer")
    world.shop.clock.advance(3600)
    world.shop.act("set_price", element=int(refs[2]), price="12.5")
    page_refs, _ = await pull_all(world, "offer", cursor)

    assert [refs[2]] == page_refs
    assert (await world.look("offer", refs[2]))["prices.retail"] == "12.50 RUB"


async def test_offers_are_those_of_variants_and_products_sold_as_they_are(world):
    simple, parent = await fill(world, 2)
    variant = await world.create(
        "offer", product=parent, name="М1 чёрный", characteristics=[["Цвет", "Чёрный"]]
    )

    assert {simple, variant} == set((await pull_all(world, "offer"))[0])


async def test_a_walk_shows_stock_that_no_change_time_tells_of(world):
    (ref,) = await fill(world, 1)
    world.shop.act("set_stock", element=int(ref), store=1, amount="9")
    pages = [page async for page in world.connection.walk("offer")]

    assert {ref: "9"} == {look.ref: look.fields["available"] for page in pages for look in page.looks}
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


async def test_an_empty_shop_is_one_last_page(world):
    page = await world.connection.pull("product", "")

    assert (page.looks, page.last) == ((), True)


async def test_sections_are_pulled_with_their_change_time(world):
    refs, _ = await pull_all(world, "category")
    (look,) = await world.connection.look("category", refs[:1])

    assert (look.at, look.fields["slug"]) == ("2026-01-31T07:00:00Z", "katalog")


async def test_a_shop_without_offers_iblock_still_has_bare_offers(tmp_path):
    async with opened(tmp_path) as world:
        world.shop.state.iblocks.remove(world.shop.state.iblocks.get(15))
        refs = await fill(world, 2)

        assert refs == (await pull_all(world, "offer"))[0]


async def test_what_is_not_there_is_gone(world):
    looks = await world.connection.look("product", ["77", "guid"])

    assert [(look.ref, look.gone) for look in looks] == [("77", True), ("guid", True)]


async def test_a_foreign_cursor_is_refused_with_the_way_out(world):
    with pytest.raises(BadInput, match="clear it"):
        await world.connection.pull("product", "page=7")


async def test_a_small_edition_is_named_by_the_check(tmp_path):
    async with opened(tmp_path, Setup(edition="small"), prices={"retail": 1, "b2b": 7}) as world:
        findings = {finding.code: finding for finding in await world.connection.check()}

    assert "Малый бизнес" in findings["bitrix.edition"].ru
    assert not findings["bitrix.price_type"].ok


async def test_a_shop_in_order_passes_its_check_and_nothing_is_written(world):
    before = len(world.shop.ledger.effects)
    findings = await world.connection.check()

    assert {"bitrix.https"} == {finding.code for finding in findings if not finding.ok}
    assert before == len(world.shop.ledger.effects)


async def test_the_check_names_missing_scope_and_methods(tmp_path):
    async with opened(tmp_path, Setup(scopes=("sale",))) as world:
        failed = {finding.code for finding in await world.connection.check() if not finding.ok}

    assert {"bitrix.scope", "bitrix.catalogue"} <= failed


async def test_the_check_tells_that_rest_cannot_write_stock_under_inventory_control(tmp_path):
    async with opened(tmp_path, Setup(inventory_control=True)) as world:
        failed = {finding.code for finding in await world.connection.check() if not finding.ok}

    assert "bitrix.inventory" in failed


async def test_the_check_tries_the_exchange_door(tmp_path):
    door = {"exchange_login": "exchange", "exchange_password": "wrong", "catalog_xml_id": "x"}
    async with opened(tmp_path, **door) as world:
        findings = {finding.code: finding for finding in await world.connection.check()}

    assert "Ошибка авторизации" in findings["bitrix.door"].ru
