"""A fresh go-live in two plans: cards first, what they are sold as after a reading; nothing looks deleted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from exports_stage import PASSWORD, stage, until
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.cli.assemble import open_hub
from obmen.config import load_config
from obmen.connectors import SHIPPED
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.onec.sandbox.export import Export
from obmen.connectors.onec.sandbox.manners import Account
from obmen.connectors.onec.sandbox.server import ExchangeOrder
from obmen.engine.planning import acquaint, apply_plan, carry_out, make_plan
from obmen.engine.pulling import pull
from obmen.engine.reconciling import reconcile
from obmen.sandbox.world import World
from obmen.sync.plan import digest
from obmen.sync.reasons import Reason

GOODS = ("category", "product", "offer")


async def export(live):
    """Let 1C send everything."""
    account = Account(url=live.url, login="1c", password=PASSWORD)
    await live.erp.exchange(ExchangeOrder(account=account, export=Export()))

    def calm():
        with live.hub.ledger.begin() as tx:
            return not tx.waiting_envelopes() and not any(one.state == "pending" for one in tx.dangers("erp"))

    await until(calm, at_most_s=60)


async def plan(live):
    """Make a plan for the shop, let it go, and return its steps."""
    hub = live.hub
    await acquaint(hub, "shop")
    steps = await hub.ledger.run(lambda tx: make_plan(tx, hub, "shop"))
    return (await hub.ledger.run(lambda tx: apply_plan(tx, hub, digest(steps)))).released if steps else []


async def write(live, steps):
    left = await carry_out(live.hub, "shop", steps, lambda _: None)
    assert all(row.state not in {"ready", "leased"} for row in left)


@asynccontextmanager
async def at_the_terminal(live):
    """Stop the hub that runs: it would write what a plan lets go before the story says so."""
    await live.stop()
    config = load_config(live.config_path, connectors=SHIPPED, env={})
    with open_hub(config, exclusive=True) as hub:
        live.hub = hub
        try:
            yield
        finally:
            for connection in hub.connections.values():
                await connection.close()


def bare_beside_variants(live):
    """The offers 1C exports without characteristics although their product has variants."""
    with live.hub.ledger.begin() as tx:
        offers = tx.records(tx.ids("offer", after=0, limit=10_000))
    sold = {one.lane for one in offers.values() if one.atoms.get("characteristics")}
    return {one.id for one in offers.values() if one.lane in sold and not one.atoms.get("characteristics")}


def reasons(live, number):
    with live.hub.ledger.begin() as tx:
        lines = tx.history(number)
    return {entry.reason for told in lines for entry in told.line.entries if told.line.connection == "shop"}


@pytest.mark.parametrize("read_between", ["the writes of variants and those of bare offers", "the plans"])
async def test_products_that_get_their_variants_have_not_lost_an_offer(tmp_path, read_between):
    async with (
        Shop(seed=7) as shop,
        stage(tmp_path, World.seeded(7), shop=shop, more="create_choices = true", deliver="plan") as live,
    ):
        await export(live)
        async with at_the_terminal(live):
            steps = await plan(live)
            await write(live, [step for step in steps if step.entity != "offer"])
            for entity in GOODS:  # new products are sold as they are until they have variants
                await pull(live.hub, "shop", entity)
            bare = bare_beside_variants(live)
            with live.hub.ledger.begin() as tx:
                bound = tx.refs_of("shop", bare).keys()
            assert bound
            rest = [step for step in steps if step.entity == "offer"]
            if read_between == "the plans":
                await write(live, rest)
                await write(live, await plan(live))
            else:
                await write(live, [step for step in rest if step.record not in bare])
                for entity in GOODS:
                    await reconcile(live.hub, "shop", entity)

            assert "gone" not in live.issues()
            for number in bound:
                assert Reason.BARE_SIBLING.code in reasons(live, number)
                assert Reason.GONE.code not in reasons(live, number)
            await write(live, await plan(live))
            assert await plan(live) == []
        for words, said in (
            (
                ("audit", "-c", str(live.config_path)),
                "shop, offer: 71 compared, behind on 0, not in the outbox: 0",
            ),
            (
                ("show", "offer", str(min(bound)), "-c", str(live.config_path)),
                "shop: not created: the product is sold by its variants",
            ),
        ):
            result = await asyncio.to_thread(CliRunner().invoke, cli, words, env={"OBMEN_LANG": "en"})
            assert said in " ".join(result.output.split()), result.output
            assert "deleted there" not in result.output
