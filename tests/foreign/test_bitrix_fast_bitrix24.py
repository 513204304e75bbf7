"""The simulated shop as `fast-bitrix24` sees it: other people's paging, batching and error reading."""

import aiohttp
import pytest
from fast_bitrix24 import BitrixAsync
from fast_bitrix24.server_response import ErrorInServerResponseException

CARD = {"iblockId": 14, "name": "Кабель ВВГ 3×1,5 & «нг»"}
LISTED = {"select": ["id", "iblockId", "name", "xmlId"], "filter": {"iblockId": 14}}


@pytest.fixture
def client(shop):
    return BitrixAsync(shop.webhook, verbose=False)


async def test_it_adds_in_batches_and_reads_all_pages(client, shop):
    cards = [{"fields": CARD | {"xmlId": f"guid-{number}"}} for number in range(130)]
    made = await client.call("catalog.product.add", cards)
    read = await client.get_all("catalog.product.list", LISTED)

    assert len(made) == 130
    assert {f"guid-{number}" for number in range(130)} == {card["xmlId"] for card in read}
    assert {CARD["name"]} == {card["name"] for card in read}
    assert shop.ledger.requests(what="catalog.product.list") == 1
    assert shop.ledger.requests(what="batch") == 3 + 1


async def test_it_gets_by_ids(client):
    for number in range(3):
        await client.call("catalog.product.add", {"fields": CARD | {"xmlId": f"guid-{number}"}})
    ids = [card["id"] for card in await client.get_all("catalog.product.list", LISTED)]
    found = await client.get_by_ID("catalog.product.get", ids, ID_field_name="id")

    assert [f"guid-{number}" for number in range(3)] == [
        found[str(number)]["product"]["xmlId"] for number in ids
    ]


async def test_it_reads_an_error_of_a_command(client):
    with pytest.raises(ErrorInServerResponseException, match="Price does not exist"):
        await client.call("catalog.price.delete", [{"id": 1}])


async def test_it_reads_an_error_of_a_single_call(client):
    with pytest.raises(aiohttp.ClientResponseError) as caught:
        await client.call("catalog.price.delete", {"id": 1}, raw=True)

    assert caught.value.status == 400


async def test_it_builds_its_own_batch_with_references(client):
    answer = await client.call_batch(
        {
            "halt": 0,
            "cmd": {
                "made": "catalog.product.add?fields[iblockId]=14&fields[name]=Cable",
                "read": "catalog.product.get?id=$result[made][element][id]",
            },
        }
    )

    assert answer["read"]["product"]["name"] == "Cable"
