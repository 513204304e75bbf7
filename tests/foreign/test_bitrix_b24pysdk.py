"""The simulated shop as the vendor's own SDK sees it. It speaks HTTPS only, and blocks: hence the thread."""

import asyncio

import pytest
from b24pysdk import BitrixWebhook, Client
from b24pysdk.errors import BitrixAPIError

CARD = {"iblockId": 14, "name": "Ботинки «Прораб»"}


@pytest.fixture
def client(https_shop, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    setup = https_shop.state.setup
    token = BitrixWebhook(
        domain=https_shop.url.removeprefix("https://"),
        webhook_token=f"{setup.webhook_user}/{setup.webhook_secret}",
    )
    return Client(token)


async def test_it_writes_a_card_with_an_offer_and_a_price(client, https_shop):
    def work():
        card = client.catalog.product.add(fields=CARD).result["element"]
        fields = {"iblockId": 15, "name": "Ботинки 42", "parentId": card["id"]}
        offer = client.catalog.product.offer.add(fields=fields).result["offer"]
        row = {"productId": offer["id"], "catalogGroupId": 1, "price": 4990.5, "currency": "RUB"}
        return card, offer, client.catalog.price.add(fields=row).result["price"]

    card, offer, price = await asyncio.to_thread(work)

    assert str(card["id"]) == offer["parentId"]["value"]
    assert price["price"] == 4990.5
    assert https_shop.counts()["offers"] == 1


async def test_it_walks_a_list_page_by_page_and_the_fast_way(client):
    def work():
        for number in range(60):
            client.catalog.product.add(fields=CARD | {"xmlId": f"guid-{number}"}).result  # noqa: B018 (lazy: reading sends)
        ask = client.catalog.product.list(select=["id", "iblockId", "xmlId"], filter={"iblockId": 14})
        return list(ask.as_list().result), list(ask.as_list_fast().result)

    paged, fast = await asyncio.to_thread(work)
    expected = [f"guid-{number}" for number in range(60)]

    assert expected == [card["xmlId"] for card in paged]
    assert expected == [card["xmlId"] for card in fast]


async def test_it_reads_a_batch(client):
    def work():
        asked = {"types": client.catalog.price_type.list(), "stores": client.catalog.store.list()}
        return client.call_batch(asked).result

    answer = await asyncio.to_thread(work)

    assert len(answer.result["types"]["priceTypes"]) == 2
    assert len(answer.result["stores"]["stores"]) == 2


async def test_it_reads_the_vendors_errors(client):
    def work():
        return client.catalog.price.delete(bitrix_id=1).result

    with pytest.raises(BitrixAPIError, match="Price does not exist"):
        await asyncio.to_thread(work)
