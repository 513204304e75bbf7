"""Going live beside years of orders: everything is recognised, nothing is written, nobody gets a mail."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.connectors.bitrix.sandbox import Shop

CONFIG = """
[hub]
ledger = "sqlite:///obmen.db"

[connections.erp]
type = "onec"
login = "1c"
password = "stage"
orders = true

[connections.shop]
type = "bitrix"
url = "{url}"
user = {user}
secret = "{secret}"
rate_per_s = 1000

[connections.shop.orders.pay_systems]
1 = {{ method = "cash" }}
2 = {{ method = "card", prepaid = true }}
3 = {{ method = "invoice", prepaid = true }}
4 = {{ method = "account", prepaid = true }}
{more}
[sync.order]
creators = ["shop"]
match = ["number"]
owners = {{ default = "origin" }}
readers = ["shop", "erp"]
{begins}
"""


@pytest.fixture
async def shop():
    async with Shop(seed=17) as shop:
        yield shop


async def obmen(folder, *words):
    result = await asyncio.to_thread(
        CliRunner().invoke, cli, [*words, "-c", str(folder / "obmen.toml")], env={"OBMEN_LANG": "en"}
    )
    return result.exit_code, " ".join(result.output.split())


def configure(folder, shop, more="", begins="", host="127.0.0.1"):
    setup = shop.state.setup
    url = shop.url.replace("127.0.0.1", host)
    text = CONFIG.format(
        url=url, user=setup.webhook_user, secret=setup.webhook_secret, more=more, begins=begins
    )
    (folder / "obmen.toml").write_text(text, encoding="utf-8")


async def test_old_orders_are_adopted_with_no_write_no_mail_and_no_receipt(shop, tmp_path):
    shop.act("seed_orders", count=600)
    before = shop.counts()
    configure(tmp_path, shop)
    code, said = await obmen(tmp_path, "adopt", "shop", "order")

    assert code == 0, said
    assert "600 read; 0 were bound, 0 recognised and bound, 600 new, 0 in doubt" in said
    assert "obmen plan erp" in said
    assert shop.ledger.writes(by="rest") == 0
    assert {name: shop.counts()[name] for name in ("mails", "receipts")} == {
        name: before[name] for name in ("mails", "receipts")
    }


async def test_adopting_twice_finds_everything_bound(shop, tmp_path):
    shop.act("seed_orders", count=60)
    configure(tmp_path, shop)
    await obmen(tmp_path, "adopt", "shop", "order")
    code, said = await obmen(tmp_path, "adopt", "shop", "order")

    assert code == 0, said
    assert "60 were bound, 0 recognised and bound, 0 new" in said
    assert shop.ledger.writes(by="rest") == 0


async def test_a_live_reader_is_named_before_anything_is_read(shop, tmp_path):
    configure(tmp_path, shop, more='[connections.erp.schedule]\ndeliver = "live"\n')
    code, said = await obmen(tmp_path, "adopt", "shop", "order")

    assert code != 0
    assert 'erp would be written to at once: set deliver = "plan"' in said


async def test_a_system_that_comes_by_itself_is_not_asked(shop, tmp_path):
    configure(tmp_path, shop)
    code, said = await obmen(tmp_path, "adopt", "erp", "order")

    assert code != 0
    assert "it comes by itself" in said


def planned(said):
    return json.loads(said[said.index('{"plans"') :])["plans"][0]


async def test_orders_older_than_the_exchange_are_known_and_written_nowhere(shop, tmp_path):
    shop.act("seed_orders", count=120)
    day = sorted(order.date_insert for order in shop.state.sale.orders)[100].date() + timedelta(days=1)
    newer = sum(order.date_insert.date() >= day for order in shop.state.sale.orders)
    configure(tmp_path, shop, begins=f"begins = {day}")
    code, said = await obmen(tmp_path, "adopt", "shop", "order")

    assert code == 0, said
    assert f"written nowhere: {120 - newer}." in said
    plan = planned((await obmen(tmp_path, "plan", "erp", "--json"))[1])
    assert 0 < newer < 20
    assert plan["create"] + plan["wait"] <= newer
    oldest = shop.state.sale.orders.get(1).account_number
    _, passport = await obmen(tmp_path, "show", "order", oldest)
    assert "older than the day the exchange began with" in passport


async def test_reading_may_begin_with_a_day_and_then_goes_on_from_where_it_is(shop, tmp_path):
    shop.act("seed_orders", count=120)
    day = sorted(order.date_update for order in shop.state.sale.orders)[100].date()
    newer = sum(order.date_update.date() >= day for order in shop.state.sale.orders)
    configure(tmp_path, shop)
    code, said = await obmen(tmp_path, "adopt", "shop", "order", "--since", str(day))

    assert code == 0, said
    assert newer <= int(said.split("order: ")[1].split(" read")[0]) < newer + 3
    code, said = await obmen(tmp_path, "adopt", "shop", "order", "--since", str(day))
    assert code == 2
    assert "repeat without --since" in said


async def test_a_copy_of_the_shop_is_refused_until_a_person_says_the_shop_has_moved(shop, tmp_path):
    shop.act("seed_orders", count=20)
    configure(tmp_path, shop)
    await obmen(tmp_path, "adopt", "shop", "order")

    configure(tmp_path, shop, host="localhost")
    code, said = await obmen(tmp_path, "adopt", "shop", "order")
    assert code == 2
    assert "shop leads to localhost, until now it was 127.0.0.1" in said
    _, listed = await obmen(tmp_path, "issues")
    assert "obmen trust shop" in listed
    code, said = await obmen(tmp_path, "resume", "shop")
    assert code == 2, said

    code, said = await obmen(tmp_path, "trust", "shop")
    assert code == 0
    assert "shop: localhost instead of 127.0.0.1 now." in said
    assert (await obmen(tmp_path, "adopt", "shop", "order"))[0] == 0
    assert "trust" not in (await obmen(tmp_path, "issues"))[1]


async def test_a_copy_is_forgotten_once_the_address_is_mended(shop, tmp_path):
    configure(tmp_path, shop)
    await obmen(tmp_path, "issues")
    configure(tmp_path, shop, host="localhost")
    await obmen(tmp_path, "issues")
    configure(tmp_path, shop)
    _, listed = await obmen(tmp_path, "issues")

    assert "another" not in listed
    assert (await obmen(tmp_path, "adopt", "shop", "order"))[0] == 0
