"""Taking over from another module: its orders and payments in RetailCRM are recognised, and nothing is written."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from retail_stage import GOODS, SETTINGS, Stage
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.retailcrm.sandbox import Crm, Setup
from obmen.connectors.retailcrm.sandbox.orders.saving import create_order
from obmen.connectors.retailcrm.sandbox.state import Actor


async def obmen(folder, *words):
    result = await asyncio.to_thread(
        CliRunner().invoke, cli, [*words, "-c", str(folder / "obmen.toml")], env={"OBMEN_LANG": "en"}
    )
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def bring(shop, crm, order) -> None:
    """Bring an order into the account as another module does: payments and lines under names of its own."""
    sale, state = shop.state.sale, crm.state
    head = sale.orders.get(order)
    values = sale.values_of(head)
    last, first, patronymic = values["FIO"].split()
    given = {
        "externalId": str(order),
        "number": head.account_number,
        "status": "new",
        "lastName": last,
        "firstName": first,
        "patronymic": patronymic,
        "phone": values["PHONE"],
        "email": values["EMAIL"],
        "delivery": {
            "code": "courier",
            "cost": str(sum(one.price_delivery for one in sale.shipments_of(head))),
        },
        "items": [
            {
                "externalIds": [{"code": "bitrix", "value": f"{order}-{row.id}"}],
                "offer": {"externalId": str(row.product_id)},
                "quantity": str(row.quantity),
                "initialPrice": str(row.price),
                "vatRate": str(int(row.vat_rate * 100)),
            }
            for row in sale.items_of(head)
        ],
        "payments": [
            {
                "externalId": f"{row.id}_a1b2c3",
                "type": "bank-card" if row.pay_system_id == 2 else "cash",
                "status": "paid" if row.paid == "Y" else "not-paid",
                "amount": str(row.sum),
            }
            for row in sale.payments_of(head)
        ],
    }
    with state.acting(Actor("past", "api", key="of the module used before")):
        create_order(state, "main", given)


async def test_what_another_module_brought_is_bound_and_no_payment_is_doubled(tmp_path):
    async with Shop(seed=17) as shop, Crm(Setup(rate_limit=None), seed=17) as crm:
        stage = Stage(shop, crm)
        for goods in GOODS:
            stage.add(*goods)
        orders = [
            stage.place(1, number % 3, pay_system=kind) for number in range(3) for kind in ("cash", "card")
        ]
        shop.act("pay", order=orders[1])
        for order in orders[:-1]:
            bring(shop, crm, order)
        text = SETTINGS.format(
            url=shop.url,
            user=shop.state.setup.webhook_user,
            secret=shop.state.setup.webhook_secret,
            deliveries="\n".join(
                f'{each.id} = "courier"' for each in shop.state.sale.deliveries if each.code == "courier"
            ),
            crm_url=crm.url,
            api_key=crm.credentials()["api_key"],
            rate=1000,
            owners="",
            crm='orders = { payments_of = "shop" }',
        ).replace('deliver = "live"', 'deliver = "plan"')
        (tmp_path / "obmen.toml").write_text(text, encoding="utf-8")
        before = crm.ledger.writes(by="api"), shop.ledger.writes(by="rest")
        for system, entity in (("shop", "product"), ("shop", "offer"), ("crm", "offer"), ("shop", "order")):
            await obmen(tmp_path, "adopt", system, entity)
        said = await obmen(tmp_path, "adopt", "crm", "order")

        assert "5 read; 0 were bound, 5 recognised and bound, 0 new, 0 in doubt" in said
        assert (crm.ledger.writes(by="api"), shop.ledger.writes(by="rest")) == before

        plan = await obmen(tmp_path, "plan", "crm")
        digest = plan.split("obmen apply ")[1].split()[0]
        await obmen(tmp_path, "apply", digest)
        assert len(list(crm.state.orders)) == 6
        assert len(list(crm.state.payments)) == 6
        for order in orders:
            (there,) = crm.state.orders.where(external_id=str(order))
            assert there.total_summ == stage.in_shop(order).price.quantize(Decimal("0.01"))
        assert "nothing" in (await obmen(tmp_path, "plan", "shop")).lower()
        names = sorted(payment.external_id for payment in crm.state.payments)
        assert [name for name in names if name.startswith("obmen:")] == ["obmen:shop-36"]
