"""The REST door: who is let in, how lists page, how a batch runs, how refusals look."""

import pytest

PRODUCTS = {"select": ["id", "iblockId", "name"], "filter": {"iblockId": 14}}


async def test_a_wrong_secret_is_invalid_credentials(rest, shop, http):
    async with http.post(f"{shop.url}/rest/7/wrong/methods") as answer:
        body = await answer.json()

    assert answer.status == 401
    assert body["error"] == "INVALID_CREDENTIALS"


async def test_a_path_without_a_webhook_has_no_auth(shop, http):
    async with http.post(f"{shop.url}/rest/catalog.product.list") as answer:
        body = await answer.json()

    assert answer.status == 401
    assert body["error"] == "NO_AUTH_FOUND"


async def test_plain_http_is_refused_where_the_site_demands_https(open_shop, rest_to):
    rest = rest_to(await open_shop(https_required=True))

    assert await rest.refusal("methods") == ("INVALID_REQUEST", "Https required.")


async def test_an_unticked_scope_is_refused(open_shop, rest_to):
    rest = rest_to(await open_shop(scopes=("sale",)))

    assert (await rest.refusal("catalog.store.list", status=403))[0] == "insufficient_scope"


async def test_a_reading_owner_may_not_write(open_shop, rest_to):
    rest = rest_to(await open_shop(catalog_right="R"))
    await rest.ask("catalog.store.list")

    assert await rest.refusal("catalog.price.delete", {"id": 1}) == (200040300020, "Access Denied")


async def test_a_denied_owner_may_not_even_read(open_shop, rest_to):
    rest = rest_to(await open_shop(catalog_right="D"))

    assert await rest.refusal("catalog.store.list") == (200040300010, "Access Denied")


@pytest.mark.parametrize("method", ["catalog.storeproduct.update", "user.get", "catalog.nothing"])
async def test_an_absent_method_is_not_found(rest, method):
    assert await rest.refusal(method, status=404) == ("ERROR_METHOD_NOT_FOUND", "Method not found!")


async def test_the_frame_carries_the_sites_own_time(rest):
    body = await rest.ask("catalog.store.list.json")

    assert body["time"]["date_start"] == "2026-01-31T10:00:00+03:00"
    assert body["total"] == 2


async def test_probe_methods_describe_a_stock_shop(rest):
    catalogs = (await rest.result("catalog.catalog.list"))["catalogs"]
    types = (await rest.result("catalog.priceType.list"))["priceTypes"]
    vats = (await rest.result("catalog.vat.list"))["vats"]
    measures = (await rest.result("catalog.measure.list"))["measures"]
    statuses = (await rest.result("sale.status.list"))["statuses"]

    assert [(row["id"], row["productIblockId"]) for row in catalogs] == [(14, None), (15, 14)]
    assert "xmlId" not in catalogs[0]
    assert [(row["name"], row["base"]) for row in types] == [
        ("Розничная цена", "Y"),
        ("Цена со скидкой", "N"),
    ]
    assert {row["rate"] for row in vats} == {None, 22, 20, 10, 7, 5, 0}
    assert {796, 166, 112, 6} <= {row["code"] for row in measures}
    assert [row["id"] for row in statuses if row["type"] == "O"] == ["N", "P", "F"]
    assert await rest.result("catalog.document.mode.status") == "N"
    assert "catalog" in await rest.result("scope")
    assert "catalog.price.modify" in await rest.result("methods")


async def test_pages_have_fifty_rows_a_total_and_a_next(rest):
    for number in range(120):
        await rest.product(name=f"Товар {number}")
    first = await rest.ask("catalog.product.list", PRODUCTS)
    last = await rest.ask("catalog.product.list", {**PRODUCTS, "start": 100})

    assert (len(first["result"]["products"]), first["total"], first["next"]) == (50, 120, 50)
    assert (len(last["result"]["products"]), last["total"], last.get("next")) == (20, 120, None)


async def test_without_counting_pages_follow_the_greatest_id(rest):
    ids = [await rest.product() for _ in range(70)]
    walked, last = [], 0
    while True:
        ask = {
            "select": ["id", "iblockId"],
            "filter": {"iblockId": 14, ">id": last},
            "order": {"id": "asc"},
            "start": -1,
        }
        page = await rest.ask("catalog.product.list", ask)
        assert not {"total", "next"} & page.keys()
        if not page["result"]["products"]:
            break
        walked += [row["id"] for row in page["result"]["products"]]
        last = walked[-1]

    assert ids == walked


async def test_a_product_list_wants_its_infoblock_in_filter_and_select(rest):
    assert await rest.refusal("catalog.product.list", {"select": ["id", "iblockId"]}) == (
        0,
        "Required fields: iblockId",
    )
    assert (await rest.refusal("catalog.product.list", {"filter": {"iblockId": 14}}))[0] == 0


@pytest.mark.parametrize(
    ("ask", "names"),
    [
        ({"xmlId": ["a", "c"]}, "ac"),
        ({"@xmlId": ["a", "c"]}, "ac"),
        ({"!xmlId": "a"}, "bc"),
        ({"!@xmlId": ["a", "b"]}, "c"),
        ({"%name": "АЗ"}, "ab"),
        ({"name": "аз а"}, "a"),
        ({">=sort": 200}, "bc"),
        ({"<sort": "200"}, "a"),
        ({">timestampX": "2026-01-31T09:59:59+03:00"}, "abc"),
        ({">timestampX": "2026-01-31T10:00:00+03:00"}, ""),
        ({"property101": "ART-2"}, "b"),
        ({"noSuchField": "x"}, "abc"),
    ],
)
async def test_filters_take_prefixes_and_lists(rest, ask, names):
    for number, (code, name) in enumerate((("a", "аз а"), ("b", "аз б"), ("c", "буки")), 1):
        await rest.product(xmlId=code, name=name, sort=100 * number, property101=f"ART-{number}")
    found = await rest.result(
        "catalog.product.list", {"select": ["id", "iblockId", "xmlId"], "filter": {"iblockId": 14, **ask}}
    )

    assert names == "".join(row["xmlId"] for row in found["products"])


async def test_rows_are_ordered_and_cut_to_the_selection(rest):
    for sort in (300, 100, 200):
        await rest.product(sort=sort)
    found = await rest.result(
        "catalog.product.list", {**PRODUCTS, "select": ["id", "iblockId", "sort"], "order": {"sort": "desc"}}
    )

    assert [row["sort"] for row in found["products"]] == [300, 200, 100]
    assert {"id", "iblockId", "sort"} == set(found["products"][0])


async def test_a_form_says_the_same_as_json(rest, shop, http):
    form = {"fields[iblockId]": "14", "fields[name]": "Кабель", "fields[property104][]": "ВидНоменклатуры"}
    async with http.post(shop.webhook + "catalog.product.add", data=form) as answer:
        made = (await answer.json())["result"]["element"]
    async with http.get(
        shop.webhook
        + "catalog.product.list?select[]=id&select[]=iblockId&filter[iblockId]=14&filter[%3E%3Did]=1"
    ) as answer:
        found = (await answer.json())["result"]["products"]

    assert made["name"] == "Кабель"
    assert made["property104"][0]["value"] == "ВидНоменклатуры"
    assert [{"id": made["id"], "iblockId": 14}] == found


async def test_a_batch_uses_earlier_results(rest):
    commands = {
        "made": "catalog.product.add?fields[iblockId]=14&fields[name]=%D0%9A%D0%B0%D0%B1%D0%B5%D0%BB%D1%8C",
        "priced": "catalog.price.add?fields[productId]=$result[made][element][id]&fields[catalogGroupId]=1&fields[price]=99.9&fields[currency]=RUB",
        "read": "catalog.price.list?filter[productId]=$result[made][element][id]",
    }
    answer = await rest.result("batch", {"halt": 0, "cmd": commands})

    assert answer["result_error"] == []
    assert answer["result"]["read"]["prices"][0]["price"] == 99.9
    assert answer["result_total"] == {"read": 1}


async def test_an_empty_batch_answers_in_lists(rest):
    answer = await rest.result("batch", {"cmd": {}})

    assert answer == {
        "result": [],
        "result_error": [],
        "result_total": [],
        "result_next": [],
        "result_time": [],
    }


@pytest.mark.parametrize(("halt", "done"), [(0, ["first", "last"]), (1, ["first"])])
async def test_a_batch_stops_at_an_error_only_when_told(rest, halt, done):
    commands = {"first": "scope", "wrong": "catalog.price.delete?id=999", "last": "scope"}
    answer = await rest.result("batch", {"halt": halt, "cmd": commands})

    assert done == list(answer["result"])
    assert answer["result_error"]["wrong"] == {"error": 0, "error_description": "Price does not exist."}


async def test_a_batch_beyond_fifty_fails_from_the_fifty_first_on(rest):
    answer = await rest.result("batch", {"cmd": {f"c{number}": "scope" for number in range(52)}})

    assert len(answer["result"]) == 50
    assert {"c50", "c51"} == set(answer["result_error"])
    assert answer["result_error"]["c50"]["error"] == "ERROR_BATCH_LENGTH_EXCEEDED"


async def test_a_batch_in_a_batch_is_refused(rest):
    answer = await rest.result("batch", {"cmd": {"inner": "batch?cmd[a]=scope"}})

    assert answer["result_error"]["inner"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


async def test_the_leaky_bucket_refuses_what_overflows(open_shop, rest_to, clock):
    rest = rest_to(await open_shop(rate_limit=(3, 2.0)))
    for _ in range(3):
        await rest.ask("scope")

    assert await rest.refusal("scope", status=503) == ("QUERY_LIMIT_EXCEEDED", "Too many requests")
    clock.advance(0.5)
    await rest.ask("scope")


async def test_a_methods_time_budget_runs_out_and_comes_back(open_shop, rest_to, clock):
    rest = rest_to(await open_shop(operating_limit_s=0.1, operating_cost_s=0.05))
    await rest.ask("catalog.store.list")
    assert (await rest.ask("catalog.store.list"))["time"]["operating"] == 0.1

    assert (await rest.refusal("catalog.store.list", status=429))[0] == "OPERATION_TIME_LIMIT"
    await rest.ask("catalog.vat.list")
    clock.advance(600)
    await rest.ask("catalog.store.list")


async def test_the_ledger_tells_methods_and_never_the_secret(rest, shop, http):
    await rest.product()
    await rest.refusal("catalog.price.get", {"id": 5})
    async with http.get(f"{shop.url}/sandbox/ledger?since=0") as answer:
        text = await answer.text()

    assert [(asked.what, asked.ok) for asked in shop.ledger.asked] == [
        ("catalog.product.add", True),
        ("catalog.price.get", False),
    ]
    assert shop.state.setup.webhook_secret not in text


async def test_a_lost_answer_leaves_the_product_behind(rest, shop, http):
    import aiohttp  # noqa: PLC0415

    with pytest.raises(aiohttp.ClientError):
        await rest.ask(
            "catalog.product.add",
            {"fields": {"iblockId": 14, "name": "Дрель"}},
            headers={"X-Sandbox-Fault": "lost_answer"},
        )

    assert shop.counts()["products"] == 1


async def test_a_vendor_limit_can_be_asked_for_by_header(rest):
    body = await rest.ask("scope", status=503, headers={"X-Sandbox-Fault": "limit"})

    assert body["error"] == "QUERY_LIMIT_EXCEEDED"


JUNK = (
    {},
    {"id": "abc", "fields": "abc", "filter": "abc", "cmd": 5},
    {
        "id": 1,
        "fields": {"iblockId": {"a": 1}, "name": ["x"], "price": "много", "productId": {}, "docId": "x"},
    },
    {
        "fields": {
            "iblockId": 14,
            "name": {"a": 1},
            "iblockSectionId": "x",
            "iblockSection": ["x"],
            "vatId": "x",
        }
    },
    {
        "id": 1001,
        "fields": {"name": None, "xmlId": None, "sort": None, "quantity": None, "quantityReserved": None},
    },
    {"fields": {"product": {"id": 1, "prices": [5]}}, "items": [5], "documentIds": ["x"]},
    {
        "filter": {"iblockId": [14], ">timestampX": "вчера", "@sort": {"a": "b"}, "%name": None},
        "select": "id",
        "order": [],
        "start": "x",
    },
)


@pytest.mark.parametrize("params", JUNK)
async def test_junk_is_refused_and_never_breaks_a_method(rest, shop, http, params):
    await rest.product()
    for method in await rest.result("methods"):
        async with http.post(shop.webhook + method, json=params) as answer:
            assert answer.status in (200, 400), (method, await answer.text())
