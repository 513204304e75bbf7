"""Dictionaries and custom fields of the simulated account."""

import pytest

MAPS = {
    "statuses": "statuses",
    "status-groups": "statusGroups",
    "product-statuses": "productStatuses",
    "delivery-types": "deliveryTypes",
    "payment-types": "paymentTypes",
    "payment-statuses": "paymentStatuses",
    "order-types": "orderTypes",
    "order-methods": "orderMethods",
    "sites": "sites",
    "units": "units",
}
LISTS = {
    "stores": "stores",
    "price-types": "priceTypes",
    "legal-entities": "legalEntities",
    "cost-items": "costItems",
    "couriers": "couriers",
    "currencies": "currencies",
    "countries": "countriesIso",
}


@pytest.mark.parametrize(("book", "key"), MAPS.items())
async def test_most_dictionaries_are_maps_by_code(api, book, key):
    entries = (await api.get(f"reference/{book}"))[key]

    assert entries
    assert all(code == entry["code"] for code, entry in entries.items())


@pytest.mark.parametrize(("book", "key"), LISTS.items())
async def test_some_dictionaries_are_lists(api, book, key):
    assert isinstance((await api.get(f"reference/{book}"))[key], list)


async def test_an_empty_dictionary_that_would_be_a_map_is_a_list(api):
    assert [] == (await api.get("reference/delivery-services"))["deliveryServices"]


async def test_factory_statuses_keep_the_vendors_spelling_and_their_groups(api):
    statuses = (await api.get("reference/statuses"))["statuses"]
    groups = (await api.get("reference/status-groups"))["statusGroups"]

    assert {"prepayed", "delyvery-did-not-suit", "already-buyed", "cancel-other"} < set(statuses)
    assert list(groups["delivery"]["statuses"]) == ["send-to-delivery", "delivering", "redirect"]
    assert [False, True, True, True, False, False] == [group["process"] for group in groups.values()]


async def test_an_entry_is_added_changed_and_switched_off(api):
    added = {"name": "Ждёт на складе", "group": "assembling"}
    await api.post("reference/statuses/waiting/edit", status=added)
    await api.post("reference/statuses/waiting/edit", status={"active": False})
    statuses = (await api.get("reference/statuses"))["statuses"]
    groups = (await api.get("reference/status-groups"))["statusGroups"]

    assert ("Ждёт на складе", False, "waiting") == tuple(
        statuses["waiting"][name] for name in ("name", "active", "code")
    )
    assert "waiting" in groups["assembling"]["statuses"]


@pytest.mark.parametrize(
    ("path", "form", "wrong"),
    [
        ("statuses/waiting", {"status": {"name": "Ждёт"}}, "group"),
        ("statuses/waiting", {"status": {"name": "Ждёт", "group": "limbo"}}, "group"),
        ("stores/far", {"store": {}}, "name"),
        (
            "delivery-services/pvz",
            {"deliveryService": {"name": "ПВЗ", "deliveryType": "pigeon"}},
            "deliveryType",
        ),
    ],
)
async def test_an_entry_that_makes_no_sense_is_refused(api, path, form, wrong):
    body = await api.post(f"reference/{path}/edit", expect=400, **form)

    assert ("Errors in the entity format", [wrong]) == (body["errorMsg"], list(body["errors"]))


async def test_numbered_dictionaries_have_ids(api):
    made = await api.post("reference/couriers/create", expect=201, courier={"firstName": "Анна"})
    await api.post(f"reference/couriers/{made['id']}/edit", courier={"active": False})
    await api.post("reference/couriers/404/edit", expect=404, courier={})
    couriers = (await api.get("reference/couriers"))["couriers"]

    assert ("Анна", False) == (couriers[-1]["firstName"], couriers[-1]["active"])


async def test_what_the_api_does_not_write_and_what_is_no_dictionary(api):
    await api.post("reference/status-groups/new/edit", expect=405, statusGroup={})
    await api.get("reference/planets", expect=404)


async def test_the_address_of_a_feed_is_set_through_the_dictionary_of_shops(api):
    await api.post(
        "reference/sites/main/edit", site={"ymlUrl": "https://hub.test/f.xml", "loadFromYml": True}
    )
    site = (await api.get("reference/sites"))["sites"]["main"]

    assert ("https://hub.test/f.xml", True, "RUB") == (site["ymlUrl"], site["loadFromYml"], site["currency"])


async def test_a_custom_field_takes_values_of_its_type(api, crm):
    crm.act("add_custom_field", entity="order", code="size", type="dictionary", elements={"s": "S", "m": "M"})
    await api.post(
        "custom-fields/order/create", expect=201, customField={"code": "n", "name": "N", "type": "integer"}
    )
    made = await api.order(externalId="1", customFields={"size": "m", "n": "5"})
    refused = await api.edit(made["id"], expect=400, customFields={"size": "xxl", "n": "five"})
    cleared = await api.edit(made["id"], customFields={"n": None})

    assert {"size": "m", "n": 5} == made["customFields"]
    assert {"customFields.size", "customFields.n"} == set(refused["errors"])
    assert {"size": "m"} == cleared["order"]["customFields"]


async def test_custom_fields_and_their_dictionaries_are_listed(api, crm):
    crm.act("add_custom_field", entity="order", code="size", type="dictionary", elements={"s": "S"})
    crm.act("add_custom_field", entity="customer", code="shoe")
    of_orders = (await api.get("custom-fields", **{"filter[entity]": "order"}))["customFields"]
    one = (await api.get("custom-fields/customer/shoe"))["customField"]
    books = (await api.get("custom-fields/dictionaries"))["customDictionaries"]
    await api.post(
        "custom-fields/order/create", expect=400, customField={"code": "size", "name": "S", "type": "x"}
    )

    assert ["size"] == [field["code"] for field in of_orders]
    assert ("string", "customer") == (one["type"], one["entity"])
    assert [["s"]] == [[row["code"] for row in book["elements"]] for book in books]
    await api.get("custom-fields/order/none", expect=404)
