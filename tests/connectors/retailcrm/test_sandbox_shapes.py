"""Answers of the simulated account have the keys and kinds the vendor's public clients recorded; nonsense never breaks it."""

import asyncio
from numbers import Number

import aiohttp
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obmen.connectors.retailcrm.sandbox import API_KEY, Crm, Setup

ORDER = {
    "id": Number,
    "slug": Number,
    "number": str,
    "externalId": str,
    "orderType": str,
    "orderMethod": str,
    "privilegeType": str,
    "countryIso": str,
    "createdAt": str,
    "statusUpdatedAt": str,
    "markDatetime": str,
    "summ": Number,
    "totalSumm": Number,
    "prepaySum": Number,
    "purchaseSumm": Number,
    "bonusesCreditTotal": Number,
    "bonusesChargeTotal": Number,
    "currency": str,
    "call": bool,
    "expired": bool,
    "fromApi": bool,
    "shipped": bool,
    "site": str,
    "status": str,
    "customer": dict,
    "contact": dict,
    "contragent": dict,
    "delivery": dict,
    "items": list,
    "payments": dict,
    "customFields": list,
}
ITEM = {
    "id": Number,
    "markingCodes": list,
    "priceType": dict,
    "initialPrice": Number,
    "discountTotal": Number,
    "prices": list,
    "vatRate": str,
    "createdAt": str,
    "quantity": Number,
    "status": str,
    "offer": dict,
    "properties": list,
    "purchasePrice": Number,
}
PAYMENT = {"id": Number, "status": str, "type": str, "externalId": str, "amount": Number}
CUSTOMER = {
    "type": str,
    "id": Number,
    "isContact": bool,
    "createdAt": str,
    "vip": bool,
    "bad": bool,
    "site": str,
    "contragent": dict,
    "tags": list,
    "marginSumm": Number,
    "totalSumm": Number,
    "averageSumm": Number,
    "ordersCount": Number,
    "costSumm": Number,
    "customFields": list,
    "personalDiscount": Number,
    "cumulativeDiscount": Number,
    "segments": list,
    "phones": list,
}
RECORD = {
    "id": Number,
    "createdAt": str,
    "source": str,
    "apiKey": dict,
    "field": str,
    "oldValue": dict,
    "newValue": dict,
    "order": dict,
}
OFFER = {
    "name": str,
    "images": list,
    "id": Number,
    "externalId": str,
    "xmlId": str,
    "prices": list,
    "vatRate": str,
    "properties": list,
    "quantity": Number,
    "active": bool,
    "unit": dict,
    "product": dict,
}


def _fits(recorded, answered):
    absent = recorded.keys() - answered.keys()
    other = {name for name in recorded.keys() - absent if not isinstance(answered[name], recorded[name])}
    return absent, other


FITS = (set(), set())


@pytest.fixture
async def order(api, goods):
    line = {"offer": {"externalId": goods["boots"]}, "quantity": 1}
    payment = {"type": "cash", "externalId": "1-1"}
    made = await api.order(externalId="1", phone="+79031234567", items=[line], payments=[payment])
    return await api.read(made["id"])


async def test_orders_lines_payments_and_customers_have_the_recorded_shape(order):
    assert FITS == _fits(ORDER, order)
    assert FITS == _fits(ITEM, order["items"][0])
    assert FITS == _fits(PAYMENT, next(iter(order["payments"].values())))
    assert FITS == _fits(CUSTOMER, order["customer"])
    assert not {name for name in order["items"][0] if name.startswith("discountManual")}


async def test_records_and_offers_have_the_recorded_shape(api, order):
    await api.edit(order["id"], status="prepayed")
    record = (await api.history())[-1]
    offer = (await api.get("store/offers"))["offers"][0]

    assert FITS == _fits(RECORD, record)
    assert {"id", "externalId", "site", "status"} == set(record["order"])
    assert FITS == _fits(OFFER, offer)


NAMES = st.sampled_from(
    [
        "externalId", "number", "status", "items", "payments", "delivery", "customer", "contragent", "phones",
        "address", "customFields", "source", "offer", "quantity", "initialPrice", "properties", "externalIds",
        "companies", "addresses", "customerContacts", "stores", "prices", "code", "available", "price", "offers",
        "tags", "time", "cost", "service", "company", "contact", "site", "id", "managerId", "groups", "priceType",
        "orders", "vatRate", "markingCodes",
    ]
)  # fmt: skip
NONSENSE = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 10**7), st.text(max_size=6), st.floats(allow_nan=False)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=5)),
    max_leaves=12,
)
POSTS = (
    ("orders/create", "order", False),
    ("orders/upload", "orders", True),
    ("orders/fix-external-ids", "orders", True),
    ("orders/payments/create", "payment", False),
    ("orders/links/create", "link", False),
    ("customers/create", "customer", False),
    ("customers/upload", "customers", True),
    ("customers-corporate/create", "customerCorporate", False),
    ("store/inventories/upload", "offers", True),
    ("store/prices/upload", "prices", True),
    ("store/products/batch/create", "products", True),
    ("store/product-groups/create", "productGroup", False),
    ("reference/statuses/x/edit", "status", False),
    ("custom-fields/order/create", "customField", False),
    ("integration-modules/x/edit", "integrationModule", False),
)


@settings(max_examples=60, deadline=None)
@given(
    sent=st.lists(
        st.tuples(st.sampled_from(POSTS), st.dictionaries(NAMES, NONSENSE, max_size=6)),
        min_size=4,
        max_size=12,
    )
)
def test_nonsense_is_taken_or_refused_and_never_an_error_of_the_server(sent):
    async def post_all():
        async with Crm(Setup(rate_limit=None)) as crm, aiohttp.ClientSession() as http:
            for (method, name, is_list), entity in sent:
                form = {"site": "main", name: msgspec.json.encode([entity] if is_list else entity).decode()}
                url = f"{crm.url}/api/v5/{method}"
                async with http.post(url, data=form, headers={"X-API-KEY": API_KEY}) as answer:
                    assert answer.status in (200, 201, 400, 460), (method, entity)
            async with http.get(f"{crm.url}/api/v5/orders", headers={"X-API-KEY": API_KEY}) as answer:
                assert 200 == answer.status
            assert crm.counts()["order_doubles"] == {}

    asyncio.run(post_all())
