import pytest
from open_shop import GUID, ScriptedFaults, make_step, opened

from obmen.connectors.bitrix.sandbox import Setup
from obmen.connectors.contract import Done, Refused, Unknown

RED = [["Цвет", "Красный"], ["Размер", "42"]]
STORES = {"main": "5f0c7a10-1d1e-11ee-9a01-00155d0a0001", "lenina": "5f0c7a11-1d1e-11ee-9a01-00155d0a0001"}
DOOR = {
    "exchange_login": "exchange",
    "exchange_password": "exchange-password",
    "catalog_xml_id": "FUTURE-1C-CATALOG",
    "offers_xml_id": "FUTURE-1C-CATALOG#",
}


@pytest.fixture
async def world(tmp_path):
    async with opened(tmp_path) as world:
        yield world


@pytest.fixture
async def product(world):
    return await world.create("product", record=100, xml_id=GUID, name="Ботинки")


async def test_an_offer_with_characteristics_hangs_on_its_product_and_makes_it_a_parent(world, product):
    ref = await world.create(
        "offer", product=product, name="Ботинки 42", characteristics=RED, prices__retail="4990.00 RUB"
    )

    look = await world.look("offer", ref)
    assert (product, RED, "4990.00 RUB") == (look["product"], look["characteristics"], look["prices.retail"])
    assert world.shop.state.elements.get(int(product)).type == 3


async def test_an_offer_without_characteristics_is_the_product_itself(world, product):
    (done,) = await world.connection.push(
        [
            make_step(
                "offer",
                product=product,
                name="Ботинки",
                characteristics=[],
                prices__retail="4990.50 RUB",
                available="7",
            )
        ]
    )

    assert product == done.ref
    assert (done.returned["prices.retail"], done.returned["available"]) == ("4990.50 RUB", "7")
    assert len(world.shop.state.elements) == 1


@pytest.mark.parametrize("characteristics", [[], RED])
async def test_a_look_after_a_write_is_an_echo(world, product, characteristics):
    (done,) = await world.connection.push(
        [
            make_step(
                "offer",
                product=product,
                name="Ботинки",
                characteristics=characteristics,
                prices__retail="4990.50 RUB",
                prices__sale=None,
                available="7",
            )
        ]
    )

    assert await world.look("offer", done.ref) == done.returned
    assert done.returned["characteristics"] == characteristics


async def test_a_bare_offer_never_renames_its_product(world, product):
    await world.create("offer", product=product, name="Другое имя", active=False, prices__retail="1.00 RUB")

    element = world.shop.state.elements.get(int(product))
    assert (element.name, element.active) == ("Ботинки", "Y")


async def test_one_price_is_written_and_the_others_stay(world, product):
    ref = await world.create("offer", product=product, prices__retail="100.00 RUB", prices__sale="90.00 RUB")
    foreign = world.shop.act("set_price", element=int(ref), price="80", kind="Цена со скидкой")
    await world.connection.push([make_step("offer", ref=ref, prices__retail="110.00 RUB")])

    look = await world.look("offer", ref)
    assert (look["prices.retail"], look["prices.sale"]) == ("110.00 RUB", "80.00 RUB")
    assert foreign in {price.id for price in world.shop.state.prices}


async def test_price_types_nobody_mapped_are_never_touched(tmp_path):
    async with opened(tmp_path, prices={"retail": 1}) as world:
        product = await world.create("product", record=100, name="Пила")
        world.shop.act("set_price", element=int(product), price="80", kind="Цена со скидкой")
        await world.create("offer", product=product, prices__retail="100.00 RUB")
        await world.connection.push([make_step("offer", ref=product, prices__retail=None)])

        assert [price.catalog_group_id for price in world.shop.state.prices] == [2]


async def test_an_empty_price_removes_its_row_only(world, product):
    ref = await world.create("offer", product=product, prices__retail="100.00 RUB", prices__sale="90.00 RUB")
    await world.connection.push([make_step("offer", ref=ref, prices__sale=None)])

    look = await world.look("offer", ref)
    assert (look["prices.retail"], look["prices.sale"]) == ("100.00 RUB", None)


async def test_what_stands_there_already_is_not_written_again(world, product):
    fields = {
        "prices__retail": "1990.10 RUB",
        "available": "7.5",
        "characteristics": RED,
        "name": "Ботинки 42",
    }
    ref = await world.create("offer", product=product, **fields)
    before = world.writes()
    (done,) = await world.connection.push([make_step("offer", ref=ref, product=product, **fields)])

    assert (before, Done) == (world.writes(), type(done))


async def test_a_refused_price_of_a_known_offer_is_refused_by_name(world, product):
    ref = await world.create("offer", product=product, prices__retail="100.00 RUB")
    (outcome,) = await world.connection.push(
        [make_step("offer", ref=ref, prices__retail="1.00 XXX", prices__sale="90.00 RUB")]
    )

    assert isinstance(outcome, Refused)
    assert "prices.retail" in outcome.en
    assert "prices.sale" not in outcome.en
    assert (await world.look("offer", ref))["prices.sale"] == "90.00 RUB"


async def test_a_new_offer_refused_in_part_is_left_to_be_found(world, product):
    step = make_step(
        "offer",
        xml_id=f"{GUID}#1",
        product=product,
        name="42",
        characteristics=RED,
        prices__retail="1.00 XXX",
    )
    (outcome,) = await world.connection.push([step])

    found = await world.connection.find("offer", [step])
    assert isinstance(outcome, Unknown)
    assert len(found[1]) == 1


async def test_a_bare_offer_is_found_on_its_product(world, product):
    step = make_step("offer", xml_id=GUID, product=product, prices__retail="1.00 RUB")

    assert {1: [product]} == await world.connection.find("offer", [step])


async def test_a_product_sold_by_its_offers_has_no_bare_offer(world, product):
    await world.create("offer", record=2, product=product, name="42", characteristics=RED)
    (outcome,) = await world.connection.push(
        [make_step("offer", record=3, product=product, prices__retail="1.00 RUB")]
    )
    (look,) = await world.connection.look("offer", [product])

    assert isinstance(outcome, Refused)
    assert look.gone


async def test_an_offer_moves_to_another_product(world, product):
    other = await world.create("product", record=101, name="Сапоги")
    ref = await world.create("offer", product=product, name="42", characteristics=RED)
    await world.connection.push([make_step("offer", ref=ref, product=other)])

    assert other == (await world.look("offer", ref))["product"]


async def test_sizes_of_a_parent_are_not_sent_and_do_not_hinder_the_rest(world, product):
    await world.create("offer", product=product, name="42", characteristics=RED)
    (done,) = await world.connection.push(
        [make_step("product", ref=product, name="Ботинки зимние", weight="900")]
    )

    assert done.returned["name"] == "Ботинки зимние"


async def test_stock_by_warehouse_goes_by_the_exchange_door_with_every_store_named(tmp_path):
    async with opened(tmp_path, stores=STORES, **DOOR) as world:
        product = await world.create("product", record=100, xml_id=GUID, name="Кабель")
        ref = await world.create("offer", product=product, stock__main="5", stock__lenina="2.5")
        (done,) = await world.connection.push([make_step("offer", ref=ref, stock__main="4")])

        assert tuple(done.returned[a] for a in ("stock.main", "stock.lenina", "available")) == (
            "4",
            "2.5",
            "6.5",
        )


async def test_the_quantity_for_sale_is_ours_and_not_the_sum_of_the_stores(tmp_path):
    async with opened(tmp_path, stores=STORES, **DOOR) as world:
        product = await world.create("product", record=100, xml_id=GUID, name="Кабель")
        ref = await world.create("offer", product=product, stock__main="5", available="3")
        world.shop.act("sell", element=int(ref))
        (done,) = await world.connection.push(
            [make_step("offer", ref=ref, stock__main="6", held={"available": "3"})]
        )

        assert (done.returned["stock.main"], done.returned["available"]) == ("6", "2")


async def test_with_inventory_control_stock_of_variants_still_arrives(tmp_path):
    setup = Setup(inventory_control=True)
    async with opened(tmp_path, setup, stores=STORES, **DOOR) as world:
        product = await world.create("product", record=100, xml_id=GUID, name="Ботинки")
        step = make_step(
            "offer", xml_id=f"{GUID}#1", product=product, name="42", characteristics=RED, stock__main="5"
        )
        (done,) = await world.connection.push([step])

        assert done.returned["stock.main"] == "5"
        assert not world.connection.codec("offer").carries("available")


async def test_with_inventory_control_and_no_stores_the_total_goes_by_the_door(tmp_path):
    async with opened(tmp_path, Setup(inventory_control=True, zip=False), **DOOR) as world:
        product = await world.create("product", record=100, xml_id=GUID, name="Кабель")
        (done,) = await world.connection.push([make_step("offer", product=product, available="7")])

        assert done.returned["available"] == "7"


async def test_stock_the_door_passed_over_is_refused_and_not_believed(tmp_path):
    async with opened(tmp_path, Setup(use_offers=False), stores=STORES, **DOOR) as world:
        product = await world.create("product", record=100, xml_id=GUID, name="Ботинки")
        ref = await world.create("offer", xml_id=f"{GUID}#1", product=product, name="42", characteristics=RED)
        (outcome,) = await world.connection.push([make_step("offer", ref=ref, stock__main="5")])

        assert isinstance(outcome, Refused)
        assert "stock.main" in outcome.ru


async def test_large_rests_go_in_portions(tmp_path):
    async with opened(tmp_path, Setup(zip=False, file_limit=1024), stores=STORES, **DOOR) as world:
        steps = [make_step("product", record=n, xml_id=f"g-{n}", name=f"Болт М{n}") for n in range(1, 21)]
        products = [done.ref for done in await world.connection.push(steps)]
        steps = [
            make_step("offer", record=n, product=ref, stock__main=str(n)) for n, ref in enumerate(products, 1)
        ]
        outcomes = await world.connection.push(steps)

        assert [str(n) for n in range(1, 21)] == [outcome.returned["stock.main"] for outcome in outcomes]


async def test_fifty_new_prices_take_few_requests(world):
    products = [
        done.ref
        for done in await world.connection.push(
            [make_step("product", record=n, name=f"Болт М{n}") for n in range(50)]
        )
    ]
    before = world.budget.calls
    steps = [
        make_step("offer", record=n, product=ref, prices__retail=f"{n}.90 RUB", available="1")
        for n, ref in enumerate(products)
    ]
    outcomes = await world.connection.push(steps)

    assert {Done} == {type(outcome) for outcome in outcomes}
    assert world.budget.calls - before <= 4


def rates(world):
    """The VAT of every element of the shop, by its id."""
    known = {vat.id: vat.rate for vat in world.shop.state.vats}
    return {element.id: known.get(element.vat_id) for element in world.shop.state.elements.where()}


async def test_a_product_whose_vat_changes_carries_it_to_the_variants_already_there(world, product):
    await world.connection.push([make_step("product", ref=product, vat="22")])
    boots = [
        await world.create("offer", record=n, product=product, characteristics=[["Размер", str(n)]])
        for n in (42, 43)
    ]
    alone = await world.create("product", record=200, xml_id="guid-200", name="Кабель", vat="22")
    (done,) = await world.connection.push([make_step("product", ref=product, vat="10")])

    assert isinstance(done, Done), done
    assert rates(world) == {int(product): 10, int(boots[0]): 10, int(boots[1]): 10, int(alone): 22}
    before = world.writes()
    await world.connection.push([make_step("product", ref=product, vat="10")])
    assert world.writes() == before


@pytest.mark.parametrize("broken", range(7))
async def test_a_rate_that_broke_off_on_its_way_is_carried_on_by_the_next_write(world, product, broken):
    await world.connection.push([make_step("product", ref=product, vat="22")])
    boots = await world.create("offer", record=42, product=product, characteristics=[["Размер", "42"]])
    world.shop.faults = ScriptedFaults([*[""] * broken, "lost_answer"])
    await world.connection.push([make_step("product", ref=product, vat="10")])
    world.shop.faults = ScriptedFaults([])
    (done,) = await world.connection.push([make_step("product", ref=product, vat="10")])

    assert isinstance(done, Done)
    assert rates(world) == {int(product): 10, int(boots): 10}
