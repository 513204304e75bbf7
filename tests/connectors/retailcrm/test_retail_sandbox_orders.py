"""Orders of the simulated account: made, changed, uploaded, found, combined."""

import pytest

from obmen.sandbox.faults import Dials

LINE = {"offer": {"externalId": "201"}, "quantity": 2}


def _line(offer, value="", **fields):
    named = {"externalIds": [{"code": "bitrix", "value": value}]} if value else {}
    return {"offer": {"externalId": offer}, "quantity": 1} | named | fields


@pytest.fixture(autouse=True)
def _stocked(goods):
    """Every test has goods to order."""


async def test_an_order_is_shown_in_full_and_only_its_creation_lists_payments(api):
    made = await api.order(
        externalId="10512",
        number="BX-10512",
        items=[_line("201", "10512-3391", quantity=2)],
        delivery={"code": "courier", "cost": 300, "address": {"street": "ул. Ивовая", "building": "23"}},
        payments=[{"type": "bank-card", "externalId": "10512-1"}],
        source={"source": "yandex", "medium": "cpc"},
    )
    read = await api.read(made["id"])

    assert [made["payments"][0]] == list(read["payments"].values())
    assert [str(made["payments"][0]["id"])] == list(read["payments"])
    assert ("BX-10512", "new", "RUB", True) == tuple(
        read[name] for name in ("number", "status", "currency", "fromApi")
    )
    assert (9981, 10281) == (read["summ"], read["totalSumm"])
    assert "ул. Ивовая, д. 23" == read["delivery"]["address"]["text"]
    assert {"source": "yandex", "medium": "cpc"} == read["source"]


async def test_an_empty_map_is_a_list_and_a_full_one_a_map(api):
    bare = await api.order(externalId="1", items=[_line("201")])
    line = _line("201", properties=[{"code": "size", "name": "Size", "value": "42"}])
    read = await api.read((await api.order(externalId="2", items=[line]))["id"])

    assert ([], [], []) == (bare["customFields"], bare["items"][0]["properties"], bare["payments"])
    assert {"size": {"code": "size", "name": "Size", "value": "42"}} == read["items"][0]["properties"]
    assert [] == (await api.read(bare["id"]))["payments"]


async def test_numbers_are_made_where_none_is_given(api, crm):
    made = await api.order(externalId="1")
    by_phone = crm.act("new_order", lines=[{"offer": "201"}])

    assert f"{made['id']}A" == made["number"]
    assert f"{by_phone}C" == (await api.read(by_phone))["number"]


async def test_an_external_id_is_unique_in_its_shop_only(api):
    await api.order(externalId="17")
    twice = await api.post("orders/create", expect=400, site="main", order={"externalId": "17"})
    other = await api.post("orders/create", expect=201, site="kz", order={"externalId": "17"})
    vague = await api.get("orders/17", expect=400)
    found = await api.get("orders/17", site="kz")

    assert "Order already exists." == twice["errorMsg"]
    assert ["site"] == list(vague["errors"])
    assert other["id"] == found["order"]["id"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"status": "paid-and-gone"}, "status"),
        ({"orderType": "robot"}, "orderType"),
        ({"createdAt": "31.01.2026"}, "createdAt"),
        ({"managerId": 404}, "managerId"),
        ({"shipmentStore": "moon"}, "shipmentStore"),
        ({"delivery": {"code": "pigeon"}}, "delivery.code"),
        ({"delivery": {"time": {"from": "25:00"}}}, "delivery.time"),
        ({"payments": [{"type": "shells"}]}, "payments[0].type"),
        ({"payments": [{"type": "cash", "status": "sure"}]}, "payments[0].status"),
        ({"payments": [{"status": "paid"}]}, "payments[0].type"),
        ({"customer": {"externalId": "2106"}}, "customer.externalId"),
        ({"items": [{"offer": {"id": 123123}, "quantity": 1}]}, "items[0].offer.id"),
        ({"items": [{"offer": {"externalId": "999"}, "quantity": 1}]}, "items[0].offer.externalId"),
        ({"items": [LINE | {"quantity": 0}]}, "items[0].quantity"),
        ({"items": [LINE | {"initialPrice": "dear"}]}, "items[0].initialPrice"),
        ({"items": [{"quantity": 1}]}, "items[0].productName"),
        ({"items": [LINE | {"vatRate": "a lot"}]}, "items[0].vatRate"),
        ({"contragent": {"contragentType": "entrepreneur"}}, "contragent.contragentType"),
        ({"customFields": {"unknown": 1}}, "customFields.unknown"),
    ],
)
async def test_what_the_account_does_not_know_is_refused_with_its_path(api, crm, fields, path):
    body = await api.post("orders/create", expect=400, site="main", order={"externalId": "1"} | fields)

    assert "Order is not loaded" == body["errorMsg"]
    assert [path] == list(body["errors"])
    assert (0, 0, 0) == (crm.counts()["orders"], crm.counts()["customers"], crm.counts()["history"])


async def test_one_refusal_names_everything_that_is_wrong(api):
    order = {"status": "gone", "customer": {"externalId": "2106"}, "items": [{"offer": {"id": 5}}]}
    body = await api.post("orders/create", expect=400, site="main", order=order)

    assert {
        "status": '"Status" with "code"="gone" does not exist.',
        "items[0].offer.id": "Offer with id 5 not found.",
        "customer.externalId": "Customer with externalId=2106 not found.",
    } == body["errors"]


async def test_absent_fields_stay_empty_ones_are_cleared_and_payments_are_not_looked_at(api):
    made = await api.order(
        externalId="1", firstName="Иван", managerComment="позвонить", payments=[{"type": "cash"}]
    )
    await api.edit(made["id"], managerComment=None, payments=[])
    read = await api.read(made["id"])

    assert "Иван" == read["firstName"]
    assert "managerComment" not in read
    assert 1 == len(read["payments"])


async def test_lines_of_an_edit_replace_the_lines_that_were(api):
    made = await api.order(externalId="1", items=[_line("201", "a"), _line("202", "b"), _line("203", "c")])
    ids = {row["externalIds"][0]["value"]: row["id"] for row in made["items"]}
    edited = await api.edit(
        made["id"], items=[_line("202", "b", quantity=5), {"id": ids["c"], "quantity": 3}, _line("201", "d")]
    )
    kept = {row["id"]: row["quantity"] for row in edited["order"]["items"]}

    assert {ids["b"]: 5, ids["c"]: 3} == {line: kept[line] for line in (ids["b"], ids["c"])}
    assert ids["a"] not in kept
    assert 3 == len(kept)


async def test_equal_offers_without_an_identity_collapse_to_the_last(api):
    lines = [LINE, LINE | {"quantity": 7}]
    named = [_line("201", "a"), _line("201", "b")]

    assert [7] == [row["quantity"] for row in (await api.order(externalId="1", items=lines))["items"]]
    assert 2 == len((await api.order(externalId="2", items=named))["items"])


async def test_a_line_without_an_offer_is_free_text(api):
    made = await api.order(externalId="1", items=[{"productName": "Заточка", "initialPrice": 50}])

    assert ("Заточка", 50) == (made["items"][0]["productName"], made["totalSumm"])
    assert "offer" not in made["items"][0]


async def test_a_batch_answers_460_and_says_nothing_of_whose_error_it_was(api, crm):
    await api.order(externalId="1")
    sent = [
        {"externalId": "2", "items": [LINE]},
        {"externalId": "1"},
        {"externalId": "3", "items": [{"offer": {"id": 123123}}]},
    ]
    body = await api.post("orders/upload", expect=460, site="main", orders=sent)

    assert ["2"] == [row["externalId"] for row in body["uploadedOrders"]]
    assert [{"externalId": "1"}, {"externalId": "3"}] == body["failedOrders"]
    assert ["Order already exists.", "items[0].offer.id: Offer with id 123123 not found."] == body["errors"]
    assert ("Orders are loaded with errors", False) == (body["errorMsg"], body["success"])
    assert 2 == crm.counts()["orders"]


async def test_a_batch_without_errors_is_a_success_and_fifty_is_the_most(api):
    fifty = [{"externalId": str(number)} for number in range(50)]
    body = await api.post("orders/upload", site="main", orders=fifty)
    more = await api.post("orders/upload", expect=400, site="main", orders=[*fifty, {}])

    assert (50, []) == (len(body["uploadedOrders"]), body["failedOrders"])
    assert ["orders"] == list(more["errors"])


async def test_a_list_pages_from_the_newest_and_refuses_odd_limits(api):
    for number in range(1, 26):
        await api.order(externalId=str(number))
    second = await api.get("orders", page="2")
    odd = await api.get("orders", expect=400, limit="30")

    assert {"limit": 20, "totalCount": 25, "currentPage": 2, "totalPageCount": 2} == second["pagination"]
    assert ["5", "4", "3", "2", "1"] == [order["externalId"] for order in second["orders"]]
    assert ["limit"] == list(odd["errors"])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"filter[externalIds][]": "1"}, {"1"}),
        ({"filter[externalIds][0]": "1", "filter[externalIds][1]": "2"}, {"1", "2"}),
        ({"filter[extendedStatus][]": "approval"}, {"2"}),
        ({"filter[extendedStatus][]": "prepayed"}, {"2"}),
        ({"filter[paymentStatuses][]": "paid"}, {"1"}),
        ({"filter[minPrice]": "200", "filter[maxPrice]": "6000"}, {"1"}),
        ({"filter[customer]": "петр"}, {"2"}),
        ({"filter[customer]": "8 900 123-45-67"}, {"1"}),
        ({"filter[createdAtFrom]": "2026-01-15", "filter[createdAtTo]": "2026-01-20"}, {"2"}),
        ({"filter[deliveryTypes][]": "courier"}, {"1"}),
        ({"filter[sites][]": "kz"}, set()),
        ({}, {"1", "2"}),
    ],
)
async def test_a_filter_lets_through_what_it_names(api, asked, expected):
    await api.order(
        externalId="1",
        phone="+79001234567",
        items=[LINE | {"quantity": 1}],
        delivery={"code": "courier"},
        payments=[{"type": "cash", "status": "paid"}],
    )
    await api.order(externalId="2", lastName="Петров", status="prepayed", createdAt="2026-01-20 10:00:00")

    assert expected == {order["externalId"] for order in (await api.get("orders", **asked))["orders"]}


@pytest.mark.parametrize("name", ["createdAtFrom", "minPrice", "colour"])
async def test_a_filter_that_makes_no_sense_is_refused_by_name(api, name):
    body = await api.get("orders", expect=400, **{f"filter[{name}]": "soon"})

    assert ("Errors in the input parameters", [f"children[{name}]"]) == (
        body["errorMsg"],
        list(body["errors"]),
    )


async def test_statuses_are_told_by_either_id(api):
    first = await api.order(externalId="1", status="delivering")
    await api.order(externalId="2")
    body = await api.get(
        "orders/statuses", **{"ids[]": str(first["id"]), "externalIds[0]": "2", "externalIds[1]": "1"}
    )

    assert [("1", "delivering", "delivery"), ("2", "new", "new")] == [
        (row["externalId"], row["status"], row["group"]) for row in body["orders"]
    ]


async def test_orders_born_here_are_given_the_ids_of_another_system_all_or_none(api, crm):
    first, second = (crm.act("new_order", lines=[{"offer": "201"}]) for _ in range(2))
    refused = await api.post(
        "orders/fix-external-ids",
        expect=400,
        orders=[{"id": first, "externalId": "A"}, {"id": 404, "externalId": "B"}],
    )
    assert 2 == crm.counts()["orders_unnamed"]
    await api.post("orders/fix-external-ids", orders=[{"id": first, "externalId": "A"}])
    taken = await api.post("orders/fix-external-ids", expect=400, orders=[{"id": second, "externalId": "A"}])

    assert (["[1]"], ["[0].externalId"]) == (list(refused["errors"]), list(taken["errors"]))
    assert first == (await api.get("orders/A", site="main"))["order"]["id"]


@pytest.mark.parametrize(
    ("technique", "lines"),
    [("ours", {"201": 1}), ("theirs", {"201": 2, "202": 1}), ("summ", {"201": 3, "202": 1})],
)
async def test_two_orders_become_one(api, crm, technique, lines):
    result = await api.order(externalId="1", items=[_line("201", "a")], payments=[{"type": "cash"}])
    source = await api.order(
        externalId="2", items=[_line("201", "b", quantity=2), _line("202", "c")], payments=[{"type": "cash"}]
    )
    body = await api.post(
        "orders/combine", technique=technique, order={"id": source["id"]}, resultOrder={"id": result["id"]}
    )
    read = await api.read(result["id"])

    assert [] == body["errors"]
    assert lines == {row["offer"]["externalId"]: row["quantity"] for row in read["items"]}
    assert 2 == len(read["payments"])
    await api.get(f"orders/{source['id']}", expect=404, by="id")
    assert 1 == crm.counts()["orders"]


async def test_an_order_a_carrier_has_cannot_be_changed_in_what_the_carrier_holds(api, crm):
    crm.act("add_reference", book="delivery-types", code="sdek", name="СДЭК", integrationCode="sdek-1")
    made = await api.order(externalId="1", items=[LINE], delivery={"code": "sdek"}, phone="+79001234567")
    await api.edit(made["id"], phone="+79001234568")
    crm.act("ship", order=made["id"], tracking="10045678901")
    refused = await api.edit(made["id"], expect=400, phone="+7", delivery={"cost": 5})
    await api.edit(made["id"], customerComment="домофон", phone="+79001234568")

    assert {"phone", "delivery.cost"} == set(refused["errors"])
    assert "10045678901" == (await api.read(made["id"]))["delivery"]["data"]["trackNumber"]


async def test_texts_are_trimmed_and_prices_rounded_by_the_dials(api, crm):
    crm.faults.dials = Dials(trim=4, round=0)
    made = await api.order(externalId="1", firstName="Константин", items=[LINE | {"initialPrice": "9.50"}])

    assert ("Конс", 10) == (made["firstName"], made["items"][0]["initialPrice"])


async def test_a_number_may_repeat_unless_the_account_forbids_it(api_to, open_crm):
    lenient, strict = await open_crm(), await open_crm(unique_numbers=True)
    for crm, status in ((lenient, 201), (strict, 400)):
        api = api_to(crm)
        await api.order(externalId="1", number="17")
        await api.post("orders/create", expect=status, site="main", order={"externalId": "2", "number": "17"})

    assert {"main 17": [1001, 1002]} == lenient.counts()["number_doubles"]
    assert {} == strict.counts()["number_doubles"]


async def test_links_tie_two_orders_both_ways(api):
    first, second = await api.order(externalId="1"), await api.order(externalId="2")
    orders = [{"id": first["id"]}, {"id": second["id"]}]
    await api.post("orders/links/create", link={"comment": "дозаказ", "orders": orders})

    assert second["id"] == (await api.read(first["id"]))["links"][0]["order"]["id"]
    assert first["id"] == (await api.read(second["id"]))["links"][0]["order"]["id"]
