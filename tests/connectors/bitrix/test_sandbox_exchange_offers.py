"""What packages of offers, prices and rests do to the shop."""

import pytest
from shop_exchange_files import MAIN, SHOP, goods, item, offer, offers, prices, rests


@pytest.fixture
async def boots(exchange):
    """One product with one offer, by the exchange itself."""
    await exchange.send(goods(item("boots", "Ботинки")))
    await exchange.send(offers(offer("boots#42", name="Ботинки (42)")), name="offers.xml")


async def amounts(rest, product):
    rows = (await rest.result("catalog.storeproduct.list", {"filter": {"productId": product}}))[
        "storeProducts"
    ]
    return {row["storeId"]: row["amount"] for row in rows}


async def test_an_offer_hangs_on_the_product_before_the_hash(boots, rest):
    parent, child = (
        await rest.get(1001),
        (await rest.result("catalog.product.offer.get", {"id": 1002}))["offer"],
    )

    assert (parent["type"], child["type"], child["parentId"]["value"], child["xmlId"]) == (
        3,
        4,
        "1001",
        "boots#42",
    )


async def test_characteristics_are_kept_as_attributes(exchange, boots, shop, rest):
    inner = "<ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Размер</Наименование><Значение>43</Значение></ХарактеристикаТовара></ХарактеристикиТовара>"
    await exchange.send(offers(offer("boots#43", inner, "Ботинки (43)")), name="offers.xml")
    prop = shop.state.property_of(15, "CML2_ATTRIBUTES").id

    assert [
        (value.description, value.value)
        for value in shop.state.elements.first(xml_id="boots#43").properties[prop]
    ] == [("Размер", "43")]


async def test_without_an_infoblock_of_offers_their_own_ids_are_lost(open_shop, exchange_to):
    shop = await open_shop(use_offers=False)
    await exchange_to(shop).send(goods(item("boots", "Ботинки")))
    await exchange_to(shop).send(
        offers(offer("boots#42", prices(BASE=10), "Ботинки (42)"), offer("boots", prices(BASE=20))),
        name="offers.xml",
    )

    assert [element.xml_id for element in shop.state.elements] == ["boots"]
    assert [price.price for price in shop.state.prices] == [20]


async def test_an_id_without_a_hash_is_price_and_stock_of_the_product(exchange, rest):
    await exchange.send(goods(item("drill", "Дрель")))
    await exchange.send(
        offers(offer("drill", prices(BASE="1 490,50") + "<Количество>3</Количество>", "Дрель")),
        name="offers.xml",
    )

    assert await rest.prices(1001) == {1: 1490.5}
    assert (await rest.get(1001))["quantity"] == 3


async def test_prices_in_a_node_delete_all_others_of_the_product(exchange, boots, rest):
    await exchange.send(offers(offer("boots#42", prices(BASE=100, DISCOUNT=90))), name="prices.xml")
    assert await rest.prices(1002) == {1: 100, 2: 90}
    await exchange.send(offers(offer("boots#42", prices(BASE=110))), name="prices.xml")

    assert await rest.prices(1002) == {1: 110}


async def test_an_unknown_price_type_is_ignored(exchange, boots, rest):
    await exchange.send(offers(offer("boots#42", prices(BASE=100, WHOLESALE=80))), name="prices.xml")

    assert await rest.prices(1002) == {1: 100}


async def test_price_types_match_by_id_then_by_name_else_are_made(exchange, boots, shop):
    head = (
        "<ТипыЦен><ТипЦены><Ид>guid-retail</Ид><Наименование>Розничная цена</Наименование><Валюта>USD</Валюта></ТипЦены>"
        "<ТипЦены><Ид>guid-vip</Ид><Наименование>VIP</Наименование></ТипЦены></ТипыЦен>"
    )
    node = offer(
        "boots#42",
        "<Цены><Цена><ИдТипаЦены>guid-retail</ИдТипаЦены><ЦенаЗаЕдиницу>5</ЦенаЗаЕдиницу></Цена></Цены>",
    )
    await exchange.send(offers(node, head=head), name="prices.xml")

    assert [kind.xml_id for kind in shop.state.price_types] == ["guid-retail", "DISCOUNT", "guid-vip"]
    assert [(price.catalog_group_id, price.currency) for price in shop.state.prices] == [(1, "USD")]


async def test_a_second_price_type_fails_in_a_small_edition(open_shop, exchange_to):
    exchange = exchange_to(await open_shop(edition="small", zip=False))
    head = "<ТипыЦен><ТипЦены><Ид>vip</Ид><Наименование>VIP</Наименование></ТипЦены></ТипыЦен>"
    await exchange.enter()
    await exchange.upload("prices.xml", offers(head=head).encode())

    assert "только один тип цен" in (await exchange.import_all("prices.xml"))[-1]


async def test_rests_sum_the_named_active_stores_less_reserves(exchange, boots, rest, shop):
    shop.state.elements.get(1002).quantity_reserved = 2
    await exchange.send(
        offers(offer("boots#42", rests(**{MAIN: 7, SHOP: 4, "nowhere": 100}))), name="rests.xml"
    )
    assert await amounts(rest, 1002) == {1: 7, 2: 4}
    assert (await rest.get(1002))["quantity"] == 9
    shop.state.stores.get(2).active = "N"
    await exchange.send(offers(offer("boots#42", rests(**{MAIN: 7, SHOP: 4}))), name="rests.xml")

    assert (await rest.get(1002))["quantity"] == 5


async def test_a_store_the_node_does_not_name_keeps_its_pieces_but_not_its_share(exchange, boots, rest):
    await exchange.send(offers(offer("boots#42", rests(**{MAIN: 7, SHOP: 4}))), name="rests.xml")
    await exchange.send(offers(offer("boots#42", rests(**{MAIN: 1}))), name="rests.xml")

    assert await amounts(rest, 1002) == {1: 1, 2: 4}
    assert (await rest.get(1002))["quantity"] == 1


async def test_stores_beside_prices_do_not_take_reserves_off(exchange, boots, rest, shop):
    shop.state.elements.get(1002).quantity_reserved = 2
    inner = prices(BASE=10) + f'<Склад ИдСклада="{MAIN}" КоличествоНаСкладе="7"/>'
    await exchange.send(offers(offer("boots#42", inner, "Ботинки (42)")), name="offers.xml")

    assert (await rest.get(1002))["quantity"] == 7


@pytest.mark.parametrize(
    "inner",
    ["<Количество>7</Количество>", "<Остатки><Остаток><Количество>7</Количество></Остаток></Остатки>"],
)
async def test_a_total_takes_reserves_off(exchange, rest, shop, inner):
    await exchange.send(goods(item("drill", "Дрель")))
    shop.state.elements.get(1001).quantity_reserved = 2
    await exchange.send(offers(offer("drill", inner)), name="rests.xml")

    assert (await rest.get(1001))["quantity"] == 5


async def test_rests_work_under_inventory_control_too(open_shop, exchange_to, rest_to):
    shop = await open_shop(inventory_control=True)
    await exchange_to(shop).send(goods(item("drill", "Дрель")))
    await exchange_to(shop).send(offers(offer("drill", rests(**{MAIN: 3}))), name="rests.xml")

    assert (await rest_to(shop).get(1001))["quantity"] == 3


async def test_the_shortcut_wants_exactly_id_and_rests(exchange, boots, rest):
    spoilt = f"<Предложение><Ид>boots#42</Ид>{rests(**{MAIN: 7})}<Штрихкод>1</Штрихкод></Предложение>"
    await exchange.send(offers(spoilt), name="rests.xml")

    assert await amounts(rest, 1002) == {}  # taken for a full offer, which needs a name


async def test_rests_of_an_unknown_offer_are_passed_over_in_silence(exchange, boots, shop):
    told = await exchange.send(offers(offer("boots#99", rests(**{MAIN: 7}))), name="rests.xml")

    assert told[-1].startswith("success")
    assert shop.state.elements.first(xml_id="boots#99") is None


async def test_an_equal_offer_is_skipped_together_with_its_prices(exchange, boots, rest, shop):
    node = offer("boots#42", prices(BASE=100), "Ботинки (42)")
    await exchange.send(offers(node), name="offers.xml")
    shop.act("set_price", element=1002, price="55")
    await exchange.send(offers(node), name="offers.xml")
    assert await rest.prices(1002) == {1: 55}
    await exchange.send(
        offers(offer("boots#42", prices(BASE=100))), name="prices.xml"
    )  # no checksum on price nodes

    assert await rest.prices(1002) == {1: 100}


async def test_a_full_package_deletes_absent_offers_and_a_package_of_changes_never(exchange, boots, shop):
    await exchange.send(offers(tag="ИзмененияПакетаПредложений", changes=False), name="offers.xml")
    assert shop.counts()["offers"] == 1
    await exchange.send(offers(changes=False), name="offers.xml")

    assert shop.counts()["offers"] == 0


async def test_a_package_of_an_unknown_id_makes_a_new_infoblock_of_offers(open_shop, exchange_to):
    shop = await open_shop(offers_xml_id="known#")
    await exchange_to(shop).send(offers(package="other#"), name="offers.xml")

    assert [(iblock.id, iblock.product_iblock_id) for iblock in shop.state.iblocks] == [
        (14, None),
        (15, 14),
        (16, 14),
    ]


async def test_stores_are_made_from_the_package(exchange, boots, shop):
    head = "<Склады><Склад><Ид>third</Ид><Наименование>Третий</Наименование></Склад></Склады>"
    await exchange.send(offers(offer("boots#42", rests(third=5)), head=head), name="rests.xml")

    assert [row.amount for row in shop.state.store_products.where(store_id=3)] == [5]
