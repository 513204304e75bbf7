"""Prices, stock, documents, and what an operator does by hand."""

import pytest


async def test_modify_deletes_the_prices_it_does_not_name(rest):
    product = await rest.product()
    base, discount = await rest.price(product, 1, 100), await rest.price(product, 2, 90)
    item = {"id": base, "catalogGroupId": 1, "price": 110, "currency": "RUB"}
    await rest.ask("catalog.price.modify", {"fields": {"product": {"id": product, "prices": [item]}}})

    assert await rest.prices(product) == {1: 110}
    assert (await rest.refusal("catalog.price.get", {"id": discount}))[1] == "Price does not exist."


async def test_modify_with_all_ids_keeps_all(rest):
    product = await rest.product()
    ids = {group: await rest.price(product, group) for group in (1, 2)}
    items = [
        {"id": ids[group], "catalogGroupId": group, "price": 10 * group, "currency": "RUB"} for group in ids
    ]
    await rest.ask("catalog.price.modify", {"fields": {"product": {"id": product, "prices": items}}})

    assert await rest.prices(product) == {1: 10, 2: 20}


async def test_a_second_price_of_a_type_is_refused(rest):
    product = await rest.product()
    await rest.price(product)
    fields = {"productId": product, "catalogGroupId": 1, "price": 5, "currency": "RUB"}
    code, text = await rest.refusal("catalog.price.add", {"fields": fields})

    assert code == 0
    assert "only single price" in text


async def test_a_price_is_updated_in_its_row_alone(rest):
    product = await rest.product()
    base = await rest.price(product, 1, 100)
    await rest.price(product, 2, 90)
    await rest.ask("catalog.price.update", {"id": base, "fields": {"price": 1234.56}})

    assert await rest.prices(product) == {1: 1234.56, 2: 90}


@pytest.mark.parametrize(
    "fields", [{"catalogGroupId": 9}, {"price": -1}, {"currency": "XXX"}, {"price": None}, {"productId": 777}]
)
async def test_a_price_that_makes_no_sense_is_refused(rest, fields):
    whole = {"productId": await rest.product(), "catalogGroupId": 1, "price": 5, "currency": "RUB"}

    assert (await rest.refusal("catalog.price.add", {"fields": whole | fields}))[0] == 0


async def test_the_dial_round_keeps_fewer_decimals(open_shop, rest_to):
    rest = rest_to(await open_shop(faults="round=0"))
    product = await rest.product()
    await rest.price(product, 1, 99.6)

    assert await rest.prices(product) == {1: 100}


async def test_prices_are_filtered_by_lists_of_products(rest):
    products = [await rest.product() for _ in range(3)]
    for product in products:
        await rest.price(product)
    found = await rest.result(
        "catalog.price.list", {"filter": {"productId": products[:2], "catalogGroupId": 1}}
    )

    assert products[:2] == [row["productId"] for row in found["prices"]]


async def test_a_small_edition_has_one_price_type_and_one_store(open_shop, rest_to):
    rest = rest_to(await open_shop(edition="small"))

    assert (await rest.ask("catalog.priceType.list"))["total"] == 1
    assert (await rest.refusal("catalog.store.add", {"fields": {"address": "Тобольск"}}))[0] == 0


async def test_without_inventory_control_the_quantity_is_written_and_stores_are_not(rest):
    product = await rest.product()
    await rest.ask("catalog.product.update", {"id": product, "fields": {"quantity": 7}})
    shown = await rest.get(product)

    assert (shown["quantity"], shown["available"]) == (7, "Y")
    assert (await rest.ask("catalog.storeproduct.list", {"filter": {"productId": product}}))["total"] == 0


async def test_with_inventory_control_quantities_are_dropped_without_a_word(open_shop, rest_to):
    rest = rest_to(await open_shop(inventory_control=True))
    product = await rest.product(quantity=7, quantityTrace="N", name="Кабель")
    shown = await rest.get(product)

    assert (shown["quantity"], shown["quantityTrace"], shown["name"]) == (0, "D", "Кабель")


@pytest.mark.parametrize(
    ("options", "code"),
    [({}, 200040400010), ({"one_c_mode": True}, 200040400010), ({"inventory_control": True}, 200040400020)],
)
async def test_bulk_save_has_two_preconditions(open_shop, rest_to, options, code):
    rest = rest_to(await open_shop(**options))

    assert (await rest.refusal("catalog.storeproduct.bulkSave", {"items": []}))[0] == code


async def test_bulk_save_upserts_and_a_reserve_not_sent_becomes_nought(open_shop, rest_to):
    rest = rest_to(await open_shop(inventory_control=True, one_c_mode=True))
    product = await rest.product()
    item = {"productId": product, "storeId": 1, "value": {"amount": 5, "quantityReserved": 2}}
    await rest.ask("catalog.storeproduct.bulkSave", {"items": [item]})
    assert (await rest.get(product))["quantity"] == 3
    await rest.ask("catalog.storeproduct.bulkSave", {"items": [item | {"value": {"amount": 5}}]})

    assert (await rest.get(product))["quantity"] == 5
    rows = (await rest.result("catalog.storeproduct.list", {"filter": {"productId": product}}))[
        "storeProducts"
    ]
    assert [(row["storeId"], row["amount"], row["quantityReserved"]) for row in rows] == [(1, 5, 0)]


async def _document(rest, kind, product, amount, **stores):
    made = await rest.result(
        "catalog.document.add", {"fields": {"docType": kind, "currency": "RUB", "responsibleId": 1}}
    )
    document = made["document"]["id"]
    await rest.ask(
        "catalog.document.element.add",
        {"fields": {"docId": document, "elementId": product, "amount": amount, **stores}},
    )
    return document


async def test_documents_are_deltas(open_shop, rest_to):
    rest = rest_to(await open_shop(inventory_control=True))
    product = await rest.product()
    arrival = await _document(rest, "S", product, 10, storeTo=1)
    await rest.ask("catalog.document.conduct", {"id": arrival})
    moved = await _document(rest, "M", product, 4, storeFrom=1, storeTo=2)
    written_off = await _document(rest, "D", product, 1, storeFrom=2)
    await rest.ask("catalog.document.conductList", {"documentIds": [moved, written_off]})
    rows = (await rest.result("catalog.storeproduct.list", {"filter": {"productId": product}}))[
        "storeProducts"
    ]

    assert {row["storeId"]: row["amount"] for row in rows} == {1: 6, 2: 3}
    assert (await rest.get(product))["quantity"] == 9
    await rest.ask("catalog.document.cancel", {"id": written_off})
    assert (await rest.get(product))["quantity"] == 10


async def test_a_document_is_conducted_once_and_only_under_inventory_control(open_shop, rest_to, rest):
    controlled = rest_to(await open_shop(inventory_control=True))
    document = await _document(controlled, "A", await controlled.product(), 1, storeTo=1)
    await controlled.ask("catalog.document.conduct", {"id": document})
    again = await controlled.refusal("catalog.document.conduct", {"id": document})
    free = await rest.refusal(
        "catalog.document.conduct", {"id": await _document(rest, "A", await rest.product(), 1, storeTo=1)}
    )

    assert again[0] == "0"
    assert "must be enabled" in free[1]


async def test_a_write_off_beyond_the_store_changes_nothing(open_shop, rest_to):
    rest = rest_to(await open_shop(inventory_control=True))
    product = await rest.product()

    assert (
        await rest.refusal(
            "catalog.document.conduct", {"id": await _document(rest, "D", product, 1, storeFrom=1)}
        )
    )[0] == "0"
    assert (await rest.ask("catalog.storeproduct.list"))["total"] == 0


async def test_pieces_in_a_store_have_no_time_of_change(rest, shop):
    product = await rest.product()
    shop.act("set_stock", element=product, store=1, amount="4")
    rows = (await rest.result("catalog.storeproduct.list"))["storeProducts"]

    assert {"id", "productId", "storeId", "amount", "quantityReserved"} == set(rows[0])


async def test_an_operator_edits_by_hand(rest, shop):
    product = await rest.product(xmlId="guid-1", quantity=5)
    price = shop.act("set_price", element=product, price="199.90")
    shop.act("rename", element=product, name="Дрель ударная")
    shop.act("describe", element=product, text="<p>Мощная</p>", kind="html")
    shop.act("set_active", element=product, active=False)
    left = shop.act("sell", element=product, quantity="2")
    twin = shop.act("copy", element=product)
    shown = await rest.get(product)

    assert left == "3"
    assert (shown["name"], shown["detailText"], shown["active"], shown["quantity"]) == (
        "Дрель ударная",
        "<p>Мощная</p>",
        "N",
        3,
    )
    assert await rest.prices(product) == {1: 199.9}
    assert [product, twin] == shop.act("find", xml_id="guid-1")
    assert price == 1
    assert shop.ledger.writes(by="operator", entity="product", action="update") == 4


async def test_an_operator_acts_over_the_control_route(rest, shop, http):
    product = await rest.product()
    async with http.post(
        f"{shop.url}/sandbox/act/set_price",
        json={"element": product, "price": "5", "kind": "Цена со скидкой"},
    ) as answer:
        assert answer.status == 200
    async with http.post(
        f"{shop.url}/sandbox/act/set_price", json={"element": product, "price": "5", "kind": "Оптовая"}
    ) as answer:
        assert "known: Розничная цена, Цена со скидкой" in (await answer.json())["error"]
    shop.act("edit_section", section=1, name="Всё")
    shop.act("delete", element=product)

    assert shop.counts()["writes"] == {"rest": 1, "exchange": 0, "operator": 4}
    assert shop.counts()["prices"] == 0


async def test_counts_tell_live_goods_and_prices_by_type(rest, shop, http):
    product = await rest.product()
    await rest.product(active="N")
    offer = await rest.offer(product)
    await rest.price(offer, 1)
    await rest.price(offer, 2)
    async with http.get(f"{shop.url}/sandbox/counts") as answer:
        counts = await answer.json()

    assert (counts["products"], counts["products_live"], counts["offers"], counts["offers_live"]) == (
        2,
        1,
        1,
        1,
    )
    assert counts["prices_by_type"] == {"Розничная цена": 1, "Цена со скидкой": 1}


async def test_an_administrator_turns_inventory_control_on_while_the_shop_runs(rest, shop, http):
    async with http.post(f"{shop.url}/sandbox/act/configure", json={"inventory_control": True}) as answer:
        assert await answer.json() == {"result": ["inventory_control"]}
    async with http.post(f"{shop.url}/sandbox/act/configure", json={"inventory_controll": True}) as answer:
        assert "inventory_controll" in (await answer.json())["error"]

    assert await rest.result("catalog.document.mode.status") == "Y"
