"""The simulated shop beside real files: what a real site answers, what a real 1C sends back."""

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from stocked_shop import OrderExchange, place, said, stock

SAMPLES = (
    Path(os.environ.get("OBMEN_SAMPLES", Path(__file__).parents[3] / ".." / "shared" / "samples"))
    / "commerceml"
)


def _sample(name):
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"NO REAL FILES in {SAMPLES}: set OBMEN_SAMPLES to run this test")
    return path.read_bytes()


def _paths(node, prefix=""):
    for child in node:
        yield f"{prefix}/{child.tag}"
        yield from _paths(child, f"{prefix}/{child.tag}")


async def test_a_document_has_all_that_a_real_sites_document_has(exchange, shop):
    real = ET.fromstring(_sample("site_query_response_cp1251.xml"))
    stock(shop)
    place(shop, delivery="pickup", pay_system="cash", comment="Позвонить")
    one_c = OrderExchange(exchange)
    await one_c.enter()
    ours = await one_c.query()

    assert real.attrib.keys() == ours.attrib.keys()
    assert set(_paths(real)) <= set(_paths(ours))
    assert set(said(real.find("Документ"))) <= set(said(ours.find("Документ")))
    order = [node.tag for node in real.find("Документ")]
    assert order == [node.tag for node in ours.find("Документ") if node.tag in order]


async def test_a_real_upload_of_1c_is_taken(open_shop, exchange_to):
    content = _sample("onec_orders_back_2_09.xml")
    shop = await open_shop(zip=False, one_c_changes_status=True)
    stock(shop)
    shop.act("seed_orders", count=141)
    order = place(shop, pay_system="bill", who="remstroy")
    assert 142 == order
    one_c = OrderExchange(exchange_to(shop), version="2.09")
    await one_c.enter()
    told = await one_c.send(content)
    held = shop.state.sale.orders.get(142)
    lines = shop.state.sale.basket.where(order_id=142)

    assert told.startswith("success\n")
    assert "Заказ №235 не найден." in told
    assert ("ТДЦУ-000001", "Y", "P") == (held.id_1c, held.payed, held.status_id)
    assert "bd72d913-55bc-11d9-848a-00112f43529a#b02e2814-720f-11df-b436-0015e92f2802" in {
        line.product_xml_id for line in lines
    }
    assert {"N"} == {line.vat_included for line in lines}
