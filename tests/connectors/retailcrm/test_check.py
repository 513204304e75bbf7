"""What a check of the connection says, in words."""

from __future__ import annotations

from typing import Any

from open_account import an_order, opened
from stocked_crm import stock

from obmen.connectors.retailcrm.feed.settings import FeedSettings
from obmen.connectors.retailcrm.orders.settings import OrderSettings, PaymentType
from obmen.connectors.retailcrm.sandbox import API_KEY, SCOPES, Key, Setup


async def faults(folder, setup=None, prepare=lambda crm: None, **settings: Any) -> dict[str, str]:
    """Return the sentences of what does not hold, by code; http is no fault here."""
    async with opened(folder, setup, **settings) as world:
        prepare(world.crm)
        before = world.writes()
        found = await world.connection.check()
        assert world.writes() == before
        for one in found:
            assert one.en
            assert one.ru
        return {one.code: one.en for one in found if not one.ok and one.code != "retailcrm.https"}


async def test_an_account_with_goods_fits_the_usual_settings(tmp_path):
    assert await faults(tmp_path, None, stock) == {}


async def test_goods_that_cannot_be_known_a_foreign_currency_and_another_feed_are_told(tmp_path):
    feed = FeedSettings(path="/feeds/0123456789abcdef.xml", price="base")

    def prepare(crm):
        stock(crm)
        for offer in crm.state.offers:
            offer.xml_id = ""

    sites = {"s1": "main", "s2": "kz"}
    found = await faults(
        tmp_path, None, prepare, offers_by="xmlId", feed=feed, prices={"base": "base"}, sites=sites
    )

    assert "3 of 3 goods looked at have no xmlId" in found["retailcrm.offers"]
    assert "«kz» sells in KZT" in found["retailcrm.currency"]
    assert "does not load the hub's feed" in found["retailcrm.feed_url"]
    assert "no goods yet" in (await faults(tmp_path))["retailcrm.offers"]


async def test_a_wrong_key_is_said_first_and_nothing_else_is_asked(tmp_path):
    assert list(await faults(tmp_path, api_key="wrong")) == ["retailcrm.key"]


async def test_missing_rights_and_hidden_shops_are_named(tmp_path):
    key = Key(key=API_KEY, scopes=tuple(one for one in SCOPES if one != "customer_write"), sites=("kz",))
    found = await faults(tmp_path, Setup(keys=(key,), rate_limit=None))

    assert "lacks customer_write" in found["retailcrm.scopes"]
    assert "does not see the shops main" in found["retailcrm.sites"]


async def test_every_code_is_compared_with_the_live_dictionaries(tmp_path):
    orders = OrderSettings(
        payments={"barter": PaymentType(method="barter")},
        deliveries={"sova": "owl"},
        fields={"coupon": "properties.coupon"},
        paid=("paid", "fail"),
    )
    async with opened(tmp_path, orders=orders, site="lost") as world:
        texts = [one.en for one in await world.connection.check() if not one.ok]

    for said in (
        "no shop «lost»",
        "no payment type «barter»; there are: cash, bank-card",
        "no delivery type «sova»",
        "no custom field «coupon»",
        "The payment status «fail»",
        "The payment status «credit-approved»",
    ):
        assert any(said in text for text in texts), (said, texts)


async def test_statuses_nobody_mapped_and_misplaced_cancellations_are_told(tmp_path):
    def prepare(crm):
        crm.act("add_reference", book="statuses", code="vip", name="VIP", group="approval")
        crm.act("add_reference", book="statuses", code="fraud", name="Мошенник", group="cancel")
        crm.act("add_reference", book="statuses", code="redirect", active=False)

    statuses = {"new": "new", "complete": "done", "no-call": "confirmed"}
    found = await faults(
        tmp_path, None, prepare, orders=OrderSettings(statuses=statuses, cancels={"cancel-other": ""})
    )

    assert "cancellation" in found["retailcrm.cancel_group"]
    assert found["retailcrm.unmapped_status"].endswith("obmen mapping set crm order_status fraud VALUE")
    assert "obmen mapping set crm order_status no-call VALUE" in found["retailcrm.cancel_group"]


async def test_modules_of_carriers_and_banks_are_told_and_are_no_fault(tmp_path):
    async with opened(tmp_path) as world:
        world.crm.act("add_reference", book="delivery-types", code="courier", integrationCode="sdek")
        texts = {one.code: one.en for one in await world.connection.check() if one.ok}

    assert "courier" in texts["retailcrm.carriers"]


async def test_another_program_is_named_with_what_it_writes_and_whose_traces_it_leaves(tmp_path):
    def prepare(crm):
        stock(crm)
        order = crm.act("module_order", module="bitrix", lines=[{"offer": "201"}], external_id="31")
        crm.act("module_edit", module="bitrix", order=order, status="client-confirmed", phone="+79031234567")

    said = (await faults(tmp_path, None, prepare))["retailcrm.second_writer"]
    assert "stage ×2, contact ×1; № " in said
    assert "by its traces the official module of 1C-Bitrix" in said
    assert await faults(tmp_path, None, prepare, orders=OrderSettings(others_write=True)) == {}


async def test_modules_of_1c_and_of_a_marketplace_are_told_by_their_traces(tmp_path):
    def prepare(crm):
        stock(crm)
        crm.act("module_order", module="1c", lines=[{"offer": "201"}], external_id="УТ-17")
        for _ in range(2):
            crm.act("module_order", module="aliexpress", lines=[{"offer": "202"}], external_id="8123")

    found = await faults(tmp_path, None, prepare)
    assert (
        "the marketplace «aliexpress»; by its traces RetailCRM's module of 1C"
        in found["retailcrm.second_writer"]
    )
    assert "8123 of the marketplace «aliexpress» stands there as № " in found["retailcrm.two_routes"]


async def test_what_people_and_our_own_key_do_is_nobody_elses(tmp_path):
    async with opened(tmp_path) as world:
        stock(world.crm)
        await world.create(**an_order())
        order = world.crm.act("new_order", lines=[{"offer": "201"}])
        world.crm.act("change_status", order=order, status="complete")
        assert [one.code for one in await world.connection.check() if not one.ok] == ["retailcrm.https"]


async def test_managers_named_by_mail_who_have_left_or_never_were_are_told(tmp_path):
    managers = {"Manager@shop.example": "7", "fired@shop.example": "8", "nobody@shop.example": "9"}
    found = [
        one.en
        for one in await _checked(tmp_path, orders=OrderSettings(managers=managers))
        if one.code == "retailcrm.manager"
    ]
    assert [each.partition(":")[2].partition(":")[0] for each in found] == [
        " «fired@shop.example» has left",
        " «nobody@shop.example» is nobody there",
    ]


async def _checked(folder, **settings: Any):
    async with opened(folder, **settings) as world:
        stock(world.crm)
        return await world.connection.check()
