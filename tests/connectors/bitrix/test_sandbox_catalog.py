"""Products, properties, offers and sections over REST, with the traps of the vendor left in."""

import base64

import pytest

PIXEL = base64.b64encode(b"\x89PNG pixel").decode()
ARTICLE, TRAITS, GALLERY = "property101", "property104", "property108"


async def test_a_new_product_gets_its_id_for_an_external_code(rest):
    product = await rest.get(await rest.product())

    assert str(product["id"]) == product["xmlId"]
    assert product["type"] == 1


async def test_external_codes_are_not_unique(rest, shop):
    first, second = await rest.product(xmlId="guid-1"), await rest.product(xmlId="guid-1")

    assert shop.counts()["duplicates"] == {"guid-1": [first, second]}


async def test_names_are_camel_case_and_others_are_dropped(rest):
    product = await rest.get(await rest.product(XML_ID="upper", xmlid="lower", id=5, timestampX="2020-01-01"))

    assert product["xmlId"] not in ("upper", "lower")
    assert product["timestampX"] == "2026-01-31T10:00:00+03:00"


async def test_obligatory_fields_are_asked_for(rest):
    assert await rest.refusal("catalog.product.add", {"fields": {"iblockId": 14}}) == (
        0,
        "Required fields: name",
    )
    assert await rest.refusal("catalog.product.add") == (100, "Could not find value for parameter {fields}")
    assert (await rest.refusal("catalog.product.add", {"fields": {"iblockId": 99, "name": "x"}}))[
        0
    ] == 200040300000


async def test_a_bare_scalar_on_update_is_dropped_and_the_old_value_is_gone(rest):
    product = await rest.product(property101="ART-1")
    await rest.ask("catalog.product.update", {"id": product, "fields": {ARTICLE: "ART-2"}})

    assert (await rest.get(product))[ARTICLE] is None


async def test_an_object_on_update_replaces_the_value(rest):
    product = await rest.product(property101={"value": "ART-1"})
    before = (await rest.get(product))[ARTICLE]
    await rest.ask("catalog.product.update", {"id": product, "fields": {ARTICLE: {"value": "ART-2"}}})
    after = (await rest.get(product))[ARTICLE]

    assert after["value"] == "ART-2"
    assert before["valueId"] != after["valueId"]


async def test_a_value_named_by_its_id_is_changed_in_place(rest):
    product = await rest.product(property101="ART-1")
    value_id = (await rest.get(product))[ARTICLE]["valueId"]
    await rest.ask(
        "catalog.product.update",
        {"id": product, "fields": {ARTICLE: {"value": "ART-2", "valueId": value_id}}},
    )

    assert (await rest.get(product))[ARTICLE] == {"value": "ART-2", "valueId": value_id}


@pytest.mark.parametrize("given", [["b", "c"], [{"value": "b"}, {"value": "c"}], ["b", {"value": "c"}]])
async def test_a_multiple_property_takes_scalars_and_objects(rest, given):
    product = await rest.product(property104=["a"])
    await rest.ask("catalog.product.update", {"id": product, "fields": {TRAITS: given}})

    assert [value["value"] for value in (await rest.get(product))[TRAITS]] == ["b", "c"]


async def test_properties_not_mentioned_are_kept(rest):
    product = await rest.product(property101="ART-1", property104=["a", "b"])
    await rest.ask("catalog.product.update", {"id": product, "fields": {TRAITS: [{"value": "c"}]}})
    await rest.ask("catalog.product.update", {"id": product, "fields": {"name": "Дрель ударная"}})

    assert (await rest.get(product))[ARTICLE]["value"] == "ART-1"


async def test_a_list_property_understands_only_ids_of_its_choices(rest):
    prop = await rest.property(propertyType="L", code="AKN_COLOR", name="Цвет")
    enum = {"propertyId": prop, "value": "Красный", "xmlId": "red"}
    red = (await rest.result("catalog.productPropertyEnum.add", {"fields": enum}))["productPropertyEnum"][
        "id"
    ]
    by_id, by_text, by_code = [
        await rest.product(**{f"property{prop}": value}) for value in (red, "Красный", "red")
    ]

    shown = (await rest.get(by_id))[f"property{prop}"]
    assert (str(red), "Красный") == (shown["value"], shown["valueEnum"])
    assert (await rest.get(by_text))[f"property{prop}"] is None
    assert (await rest.get(by_code))[f"property{prop}"] is None


async def test_a_choice_needs_an_external_code_unique_in_its_property(rest):
    prop = await rest.property(propertyType="L")
    fields = {"propertyId": prop, "value": "Красный"}
    assert await rest.refusal("catalog.productPropertyEnum.add", {"fields": fields}) == (
        0,
        "Required fields: xmlId",
    )
    await rest.ask("catalog.productPropertyEnum.add", {"fields": fields | {"xmlId": "red"}})

    assert (await rest.refusal("catalog.productPropertyEnum.add", {"fields": fields | {"xmlId": "red"}}))[
        1
    ] == "A value with xmlId 'red' already exists."


async def test_changing_a_propertys_type_destroys_its_values(rest):
    product = await rest.product(property101="ART-1")
    await rest.ask("catalog.productProperty.update", {"id": 101, "fields": {"propertyType": "N"}})

    assert (await rest.get(product))[ARTICLE] is None


async def test_files_are_appended_and_ids_of_the_rest_change_after_a_removal(rest):
    upload = {"value": {"fileData": ["a.png", PIXEL]}}
    product = await rest.product(**{GALLERY: [upload, upload]})
    await rest.ask("catalog.product.update", {"id": product, "fields": {GALLERY: [upload]}})
    three = (await rest.get(product))[GALLERY]
    assert len(three) == 3
    removal = {"valueId": three[0]["valueId"], "value": {"remove": "Y"}}
    await rest.ask("catalog.product.update", {"id": product, "fields": {GALLERY: [removal]}})
    two = (await rest.get(product))[GALLERY]

    assert [value["value"]["id"] for value in three[1:]] == [value["value"]["id"] for value in two]
    assert not {value["valueId"] for value in three} & {value["valueId"] for value in two}


async def test_a_malformed_file_is_a_wrong_file_date(rest):
    assert await rest.refusal(
        "catalog.product.add", {"fields": {"iblockId": 14, "name": "x", GALLERY: [{"value": "a.png"}]}}
    ) == (0, "Wrong file date")


async def test_a_stored_picture_is_downloaded_with_the_webhooks_authority(rest, shop, http):
    product = await rest.product(detailPicture={"fileData": ["a.png", PIXEL]})
    shown = (await rest.get(product))["detailPicture"]
    ask = {"fields": {"fieldName": "DETAIL_PICTURE", "fileId": shown["id"], "productId": product}}
    async with http.post(shop.webhook + "catalog.product.download", json=ask) as answer:
        assert base64.b64decode(PIXEL) == await answer.read()
    await rest.ask("catalog.product.update", {"id": product, "fields": {"detailPicture": {"remove": "Y"}}})

    assert (await rest.get(product))["detailPicture"] is None


async def test_a_repeated_picture_is_a_second_picture(rest, shop):
    product = await rest.product()
    upload = {"fields": {"productId": product, "type": "MORE_PHOTO"}, "fileContent": ["a.png", PIXEL]}
    for _ in range(2):
        await rest.ask("catalog.productImage.add", upload)
    images = (await rest.result("catalog.productImage.list", {"productId": product}))["productImages"]

    assert [(image["name"], image["type"]) for image in images] == [("a.png", "MORE_PHOTO")] * 2
    await rest.ask("catalog.productImage.delete", {"productId": product, "id": images[0]["id"]})
    assert (await rest.ask("catalog.productImage.list", {"productId": product}))["total"] == 1
    assert shop.counts()["pictures"] == 1


async def test_a_picture_inside_fields_is_not_found(rest):
    fields = {"productId": await rest.product(), "fileContent": ["a.png", PIXEL]}

    assert await rest.refusal("catalog.productImage.add", {"fields": fields}) == (
        100,
        "Could not find value for parameter {fileContent}",
    )


async def test_the_first_offer_makes_a_parent(rest):
    product = await rest.product()
    offer = await rest.offer(product)
    shown = (await rest.result("catalog.product.offer.get", {"id": offer}))["offer"]

    assert str(product) == shown["parentId"]["value"]
    assert shown["type"] == 4
    assert (await rest.get(product))["type"] == 3
    listed = (
        await rest.result(
            "catalog.product.sku.list", {"select": ["id", "iblockId"], "filter": {"iblockId": 14}}
        )
    )["units"]
    assert [{"id": product, "iblockId": 14}] == listed


async def test_the_last_offer_leaves_an_empty_parent(rest):
    product = await rest.product()
    await rest.ask("catalog.product.offer.delete", {"id": await rest.offer(product)})

    assert (await rest.get(product))["type"] == 6


async def test_an_offer_without_a_parent_is_free_and_nobody_says_so(rest):
    shown = (await rest.result("catalog.product.offer.get", {"id": await rest.offer()}))["offer"]

    assert (shown["type"], shown["parentId"]) == (5, None)


async def test_wrong_parents_have_codes_of_their_own(rest):
    offer = await rest.offer()
    fields = {"iblockId": 15, "name": "Ботинки"}
    absent = await rest.refusal("catalog.product.offer.add", {"fields": fields | {"parentId": 999999}})
    wrong = await rest.refusal("catalog.product.offer.add", {"fields": fields | {"parentId": offer}})

    assert [absent[0], wrong[0]] == [200040500010, 200040500020]


async def test_a_parent_takes_neither_price_nor_pieces(rest):
    product = await rest.product(quantity=3)
    await rest.offer(product)
    await rest.ask("catalog.product.sku.update", {"id": product, "fields": {"quantity": 9}})
    fields = {"productId": product, "catalogGroupId": 1, "price": 10, "currency": "RUB"}

    assert (await rest.get(product))["quantity"] is None
    assert (await rest.refusal("catalog.price.add", {"fields": fields}))[0] == 0


async def test_deleting_a_parent_deletes_what_hangs_on_it(rest, shop):
    product = await rest.product()
    await rest.price(await rest.offer(product))
    await rest.ask("catalog.product.delete", {"id": product})

    counts = shop.counts()
    assert (counts["products"], counts["offers"], counts["prices"]) == (0, 0, 0)


async def test_a_save_moves_the_time_of_the_element_and_prices_do_not(rest, clock):
    product = await rest.product()
    clock.advance(60)
    price = await rest.price(product)
    shown = (await rest.result("catalog.price.get", {"id": price}))["price"]
    assert shown["timestampX"] == "2026-01-31T10:01:00+03:00"
    assert (await rest.get(product))["timestampX"] == "2026-01-31T10:00:00+03:00"
    await rest.ask("catalog.product.update", {"id": product, "fields": {"name": "Дрель"}})

    assert (await rest.get(product))["timestampX"] == "2026-01-31T10:01:00+03:00"


async def test_the_main_section_is_always_in_the_list(rest):
    inner = (
        await rest.result(
            "catalog.section.add", {"fields": {"iblockId": 14, "name": "Дрели", "iblockSectionId": 1}}
        )
    )["section"]["id"]
    product = await rest.get(await rest.product(iblockSectionId=inner, iblockSection=[1]))

    assert (inner, {1, inner}) == (product["iblockSectionId"], {*product["iblockSection"]})


async def test_deleting_a_section_deletes_what_is_in_no_other(rest, shop):
    section = (
        await rest.result(
            "catalog.section.add", {"fields": {"iblockId": 14, "name": "Дрели", "xmlId": "drills"}}
        )
    )["section"]["id"]
    await rest.product(iblockSectionId=section)
    both = await rest.product(iblockSection=[section, 1])
    await rest.ask("catalog.section.delete", {"id": section})

    assert [both] == [element.id for element in shop.state.elements]


async def test_a_section_cannot_become_its_own_ancestor(rest):
    inner = (
        await rest.result(
            "catalog.section.add", {"fields": {"iblockId": 14, "name": "Дрели", "iblockSectionId": 1}}
        )
    )["section"]["id"]

    assert (await rest.refusal("catalog.section.update", {"id": 1, "fields": {"iblockSectionId": inner}}))[
        0
    ] == 0


async def test_the_dial_trim_cuts_what_is_stored(open_shop, rest_to):
    rest = rest_to(await open_shop(faults="trim=5"))

    assert (await rest.get(await rest.product(name="Перфоратор")))["name"] == "Перфо"


async def test_codes_are_unique_where_the_infoblock_says_so(open_shop, rest_to):
    rest = rest_to(await open_shop(unique_codes=True))
    await rest.product(code="drel")

    assert (
        await rest.refusal("catalog.product.add", {"fields": {"iblockId": 14, "name": "x", "code": "drel"}})
    )[0] == 0


async def test_offers_are_found_by_their_parent_and_by_codes_among_many(rest):
    product = await rest.product()
    mine = await rest.offer(product, xmlId="p#1")
    await rest.offer(await rest.product(), xmlId="q#1")
    ask = {"select": ["id", "iblockId"]}
    by_parent = await rest.result(
        "catalog.product.offer.list", ask | {"filter": {"iblockId": 15, "parentId": product}}
    )
    by_code = await rest.result(
        "catalog.product.offer.list", ask | {"filter": {"iblockId": "15", "xmlId": ["p#1", "z"]}}
    )

    assert [mine] == [row["id"] for row in by_parent["offers"]]
    assert [mine] == [row["id"] for row in by_code["offers"]]


async def test_empty_pieces_are_no_pieces_and_an_empty_name_is_refused(rest):
    product = await rest.product(quantity=3, quantityTrace="maybe")
    fields = {"quantity": None, "quantityReserved": "", "xmlId": None}
    await rest.ask("catalog.product.update", {"id": product, "fields": fields})
    card = await rest.get(product)

    assert (card["quantity"], card["quantityReserved"], card["xmlId"], card["quantityTrace"]) == (
        3,
        0,
        "",
        "D",
    )
    assert (await rest.refusal("catalog.product.update", {"id": product, "fields": {"name": ""}}))[0] == 0
