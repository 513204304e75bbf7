"""The simulated RetailCRM account as the vendor's own Python client uses it. It blocks: hence the thread.

It sends `page` with every history call, which the vendor refuses since May 2023: that rule is off here.
"""

import asyncio

import pytest
import retailcrm

from obmen.connectors.retailcrm.sandbox import API_KEY, Crm, Setup


@pytest.fixture
async def crm():
    async with Crm(Setup(strict_history=False, rate_limit=None)) as opened:
        opened.act("seed_catalogue")
        yield opened


@pytest.fixture
def client(crm):
    return retailcrm.v5(crm.url, API_KEY)


def _ok(response):
    assert response.is_successful(), response.get_response()
    body = response.get_response()
    assert body["success"] is True
    return body


async def test_it_asks_who_it_is(client):
    def work():
        return _ok(client.api_versions()), _ok(client.api_credentials()), _ok(client.system_info())

    versions, rights, system = await asyncio.to_thread(work)

    assert "5.0" in versions["versions"]
    assert "order_write" in rights["scopes"]
    assert system["systemVersion"]


async def test_it_makes_reads_changes_and_pays_an_order(client, crm):
    def work():
        offer = _ok(client.offers({"active": 1}))["offers"][0]
        order = {
            "externalId": "10512",
            "items": [{"offer": {"xmlId": offer["xmlId"]}, "quantity": 3, "discountManualAmount": 10}],
            "delivery": {"code": "courier", "cost": 300},
        }
        made = _ok(client.order_create(order, site="main"))
        paid = {
            "externalId": "10512-1",
            "type": "bank-card",
            "status": "paid",
            "order": {"externalId": "10512"},
        }
        _ok(client.order_payment_create(paid, site="main"))
        _ok(client.order_payment_edit({"externalId": "10512-1", "comment": "онлайн"}))
        _ok(client.order_edit({"externalId": "10512", "status": "prepayed"}, site="main"))
        return offer, made, _ok(client.order("10512", site="main"))["order"]

    offer, made, order = await asyncio.to_thread(work)

    assert (made["id"], "prepayed") == (order["id"], order["status"])
    assert order["totalSumm"] == pytest.approx(3 * (offer["prices"][0]["price"] - 10) + 300)
    assert ["онлайн"] == [payment["comment"] for payment in order["payments"].values()]
    assert order["fullPaidAt"]
    assert (1, {}) == (crm.counts()["orders"], crm.counts()["order_doubles"])


async def test_it_uploads_and_reads_what_failed(client):
    def work():
        sent = [{"externalId": "1"}, {"externalId": "2", "items": [{"offer": {"id": 5}}]}]
        return client.orders_upload(sent, site="main"), _ok(
            client.orders({"externalIds": ["1", "2"]}, limit=50)
        )

    uploaded, found = await asyncio.to_thread(work)

    assert (460, False) == (uploaded.get_status_code(), uploaded.is_successful())
    assert "Orders are loaded with errors" == uploaded.get_error_msg()
    assert ["items[0].offer.id: Offer with id 5 not found."] == uploaded.get_errors()
    assert ["1"] == [order["externalId"] for order in found["orders"]]


async def test_it_walks_the_history_and_names_orders_born_in_the_account(client, crm):
    born = crm.act("new_order", lines=[{"offer": "10001"}])

    def work():
        history = _ok(client.orders_history({"sinceId": 0}, limit=100))["history"]
        _ok(client.orders_fix_external_ids([{"id": born, "externalId": "A-1"}], site="main"))
        after = _ok(client.orders_history({"sinceId": history[-1]["id"]}, limit=100))["history"]
        return history, after, _ok(client.orders_statuses([born], []))["orders"]

    history, after, statuses = await asyncio.to_thread(work)

    assert (True, born) == (history[0]["created"], history[0]["order"]["id"])
    assert [("external_id", {"current": True})] == [(each["field"], each["apiKey"]) for each in after]
    assert [("A-1", "new")] == [(row["externalId"], row["group"]) for row in statuses]


async def test_it_combines_orders_and_customers(client, crm):
    def work():
        first = _ok(client.order_create({"externalId": "1", "phone": "+79031234567"}, site="main"))["order"]
        second = _ok(client.order_create({"externalId": "2", "phone": "+79161234567"}, site="main"))["order"]
        people = [{"id": first["customer"]["id"]}], {"id": second["customer"]["id"]}
        _ok(client.customers_combine(*people))
        _ok(client.orders_combine({"id": first["id"]}, {"id": second["id"]}, "summ"))
        _ok(client.customers_history({"sinceId": 0}, limit=100))
        return client.order("1", site="main")

    gone = await asyncio.to_thread(work)

    assert (404, "Not found") == (gone.get_status_code(), gone.get_error_msg())
    assert (1, 1) == (crm.counts()["orders"], crm.counts()["customers"])


async def test_it_keeps_customers_and_companies(client):
    def work():
        made = _ok(client.customer_create({"externalId": "77", "firstName": "Иван"}, site="main"))
        _ok(client.customer_edit({"externalId": "77", "email": "i@example.test"}, site="main"))
        firm = {"externalId": "c1", "nickName": "РемСтрой", "companies": [{"name": "ООО «РемСтрой»"}]}
        _ok(client.customer_corporate_create(firm, site="main"))
        _ok(client.customers_upload([{"externalId": "78"}], site="main"))
        return (
            made,
            _ok(client.customer("77", site="main"))["customer"],
            _ok(client.customers({"externalIds": ["77", "78"]}))["customers"],
            _ok(client.customer_corporate_companies("c1", filters={}, site="main"))["companies"],
        )

    made, person, people, companies = await asyncio.to_thread(work)

    assert (made["id"], "i@example.test") == (person["id"], person["email"])
    assert ["78", "77"] == [each["externalId"] for each in people]
    assert ["ООО «РемСтрой»"] == [each["name"] for each in companies]


async def test_it_follows_people_through_their_history(client, crm):
    born = crm.act("new_customer", who="smirnova")

    def work():
        _ok(
            client.customers_upload(
                [{"externalId": "1", "firstName": "Иван"}, {"externalId": "2"}], site="main"
            )
        )
        _ok(client.customers_fix_external_ids([{"id": born, "externalId": "3"}]))
        phones = [{"number": "+79991234567"}]
        _ok(client.customer_edit({"externalId": "1", "phones": phones}, site="main"))
        ids = {
            each["externalId"]: each["id"]
            for each in _ok(client.customers({"externalIds": ["1", "2"]}))["customers"]
        }
        _ok(client.customers_combine([{"id": ids["2"]}], {"id": ids["1"]}))
        told = _ok(client.customers_history({"sinceId": 0}, limit=100))["history"]
        since = told[-2]["id"]
        rest = _ok(client.customers_history({"sinceId": since}, limit=100))["history"]
        one = _ok(client.customers_history({"customerId": ids["1"]}, limit=100))["history"]
        return ids, told, rest, one

    ids, told, rest, one = await asyncio.to_thread(work)

    assert [
        ("id", "user", born),
        ("id", "api", ids["1"]),
        ("id", "api", ids["2"]),
        ("external_id", "api", born),
        ("phones", "api", ids["1"]),
        ("id", "combine", ids["2"]),
    ] == [(each["field"], each["source"], each["customer"]["id"]) for each in told]
    assert [True] * 4 == [each["apiKey"]["current"] for each in told if "apiKey" in each]
    assert [(True, ids["1"])] == [(each["deleted"], each["combinedTo"]["id"]) for each in rest]
    assert {ids["1"]} == {each["customer"]["id"] for each in one}


async def test_it_sends_stock_and_prices(client):
    def work():
        stores = [{"code": "main", "available": 16}]
        stock = _ok(
            client.inventories_upload(
                [{"externalId": "10001", "stores": stores}, {"externalId": "0", "stores": stores}],
                site="main",
            )
        )
        prices = [{"code": "base", "price": 150.5}]
        _ok(client.prices_upload([{"externalId": "10001", "site": "main", "prices": prices}]))
        held = _ok(client.inventories({"offerExternalId": "10001", "details": 1}))["offers"]
        return stock, held, _ok(client.products({"externalId": "10001"}))["products"]

    stock, held, products = await asyncio.to_thread(work)

    assert (1, [{"externalId": "0"}]) == (stock["processedOffersCount"], stock["notFoundOffers"])
    assert 16 == next(row["quantity"] for row in held[0]["stores"] if row["store"] == "main")
    assert 150.5 == products[0]["minPrice"]


async def test_it_reads_and_writes_dictionaries(client):
    def work():
        _ok(client.statuses_edit({"code": "waiting", "name": "Ждёт", "group": "assembling"}))
        _ok(client.delivery_types_edit({"code": "sdek", "name": "СДЭК"}))
        module = {"code": "obmen-1", "integrationCode": "obmen", "name": "Obmen", "clientId": "1"}
        _ok(client.integration_module_edit(module))
        books = (
            client.statuses,
            client.status_groups,
            client.delivery_types,
            client.delivery_services,
            client.payment_types,
            client.payment_statuses,
            client.product_statuses,
            client.order_types,
            client.order_methods,
            client.sites,
            client.stores,
            client.price_types,
            client.legal_entities,
            client.units,
            client.couriers,
            client.currencies,
            client.countries,
            client.settings,
            client.users,
            client.custom_fields,
        )
        arguments = {client.users: [{"active": 1}], client.custom_fields: [{"entity": "order"}]}
        return [_ok(book(*arguments.get(book, []))) for book in books]

    books = await asyncio.to_thread(work)

    assert {"waiting", "new"} < set(books[0]["statuses"])
    assert {"sdek", "courier"} < set(books[2]["deliveryTypes"])
    assert ["main", "kz"] == list(books[9]["sites"])


async def test_it_reads_refusals(client):
    def work():
        wrong = retailcrm.v5(client.api_url.removesuffix("/api"), "guessed")
        return client.order_create({"status": "gone"}, site="main"), wrong.orders({"ids": [1]})

    refused, stranger = await asyncio.to_thread(work)

    assert (400, "Order is not loaded") == (refused.get_status_code(), refused.get_error_msg())
    assert ["status"] == list(refused.get_errors())
    assert (403, 'Wrong "apiKey" value.') == (stranger.get_status_code(), stranger.get_error_msg())
