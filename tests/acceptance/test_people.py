"""What an operator does at the terminal, with the real command line, a real ledger and the simulated shop."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.connectors.bitrix.sandbox import Shop
from obmen.connectors.onec.sandbox.export import Export, export
from obmen.sandbox.world import World

CONFIG = """
[hub]
ledger = "sqlite:///obmen.db"
time_zone = "Asia/Yekaterinburg"

[connections.erp]
type = "onec"
login = "1c"
password = "${{ERP_PASSWORD}}"
price_types = {{ "Розничная" = "base" }}
warehouses = {{ "Основной склад" = "main" }}

[connections.shop]
type = "bitrix"
keyed_by = "erp"
url = "{url}"
user = {user}
secret = "${{SHOP_SECRET}}"
prices = {{ base = 1 }}
rate_per_s = 1000
connect_timeout_s = 2

[sync.category]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.product]
creators = ["erp"]
owners = {{ default = "erp", slug = {{ rule = "once", by = "shop" }} }}
readers = ["shop"]

[sync.offer]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[guards]
jump = 1.0
"""
PRODUCTS = 4


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Desk:
    """An operator's desk: a folder, a 1C that exports into it, a shop, and the command line."""

    def __init__(self, folder: Path, shop: Shop) -> None:
        self.folder = folder
        self.shop = shop
        world = World.seeded(17)
        # A product without variants, one with four, and two more: small enough to read.
        boots = next(one for one in world.products if one.article == "BOT-URAL")
        self.world = msgspec.structs.replace(world, products=(*world.products[: PRODUCTS - 1], boots))
        self._exports = 0
        config = CONFIG.format(url=shop.url, user=shop.state.setup.webhook_user)
        (folder / "obmen.toml").write_text(config, encoding="utf-8")

    async def obmen(self, *arguments: str, lang: str = "ru") -> Said:
        """Give a command; it runs beside the shop, in a thread of its own."""
        env = {
            "OBMEN_LANG": lang,
            "OBMEN_CONFIG": str(self.folder / "obmen.toml"),
            "COLUMNS": "160",
            "ERP_PASSWORD": "demo",
            "SHOP_SECRET": self.shop.state.setup.webhook_secret,
        }
        runner = CliRunner(env=env)
        result = await asyncio.to_thread(runner.invoke, cli, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    async def import_(self, spec: Export | None = None) -> Said:
        self._exports += 1
        into = self.folder / f"export{self._exports}"
        formed_at = datetime(2026, 11, 20, 9, self._exports, tzinfo=UTC)
        for file in export(self.world, spec or Export(), formed_at):
            path = into / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.body)
        return await self.obmen("import", "erp", str(into))

    async def plan(self) -> dict:
        said = await self.obmen("plan", "shop", "--json")
        (plan,) = json.loads(said.out)["plans"]
        return plan

    def writes(self) -> int:
        return self.shop.ledger.writes(by="rest")

    def with_prices(self, factor: int) -> None:
        """Change every retail price in 1C."""
        kind = self.world.price_type("Розничная").id
        self.world = msgspec.structs.replace(
            self.world,
            products=tuple(
                msgspec.structs.replace(
                    product,
                    offers=tuple(
                        msgspec.structs.replace(
                            offer, prices={**offer.prices, kind: offer.prices[kind] * factor}
                        )
                        for offer in product.offers
                    ),
                )
                for product in self.world.products
            ),
        )

    def zero_stock(self) -> None:
        """Lose all stock in 1C."""
        self.world = msgspec.structs.replace(
            self.world,
            products=tuple(
                msgspec.structs.replace(
                    product,
                    offers=tuple(
                        msgspec.structs.replace(offer, stock=dict.fromkeys(offer.stock, Decimal(0)))
                        for offer in product.offers
                    ),
                )
                for product in self.world.products
            ),
        )


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Shop(seed=17) as shop:
        yield Desk(tmp_path, shop)


async def test_a_plan_is_applied_whole_and_is_then_empty(desk: Desk) -> None:
    await desk.import_()
    shown = await desk.obmen("plan")
    plan = await desk.plan()

    assert "писем покупателям: 0" in shown.out
    assert f"obmen apply {plan['digest']}" in shown.out
    assert desk.writes() == 0

    applied = await desk.obmen("apply", plan["digest"])

    assert applied.code == 0
    # Offers of a new product and sections inside new sections go with the same apply.
    counts = desk.shop.counts()
    assert (counts["products"], counts["offers"], counts["sections"]) == (PRODUCTS, 4, 25)
    assert counts["duplicates"] == {}
    parents = [section for section in desk.shop.state.sections if section.iblock_section_id is not None]
    assert len([group for group in desk.world.groups if group.parent]) == len(parents)

    again = await desk.obmen("plan")
    assert "записывать нечего" in again.out


async def test_apply_writes_nothing_the_plan_did_not_list(desk: Desk) -> None:
    await desk.import_()
    await desk.obmen("apply", (await desk.plan())["digest"])
    desk.with_prices(2)
    await desk.import_(Export(content="prices"))
    plan = await desk.plan()
    drill = desk.world.products[0]
    desk.with_prices(3)
    desk.world = msgspec.structs.replace(desk.world, products=(drill, *desk.world.products[1:]))
    await desk.import_(Export(content="prices"))
    before = desk.writes()

    applied = await desk.obmen("apply", plan["digest"], lang="en")

    listed = {step["ref"] for step in plan["steps"]}
    assert plan["update"] == 7
    assert "Moved since the plan and not written: 6" in applied.out
    written = [effect for effect in desk.shop.ledger.effects if effect.by == "rest"][before:]
    assert len(written) == 1
    assert str(desk.shop.state.prices.get(int(written[0].id)).product_id) in listed


async def test_the_passport_tells_fields_history_and_what_comes_next(desk: Desk) -> None:
    await desk.import_()
    held = await desk.obmen("show", "offer", "DU-13/780")
    await desk.obmen("apply", (await desk.plan())["digest"])

    shown = await desk.obmen("show", "offer", "DU-13/780")
    product = await desk.obmen("show", "product", "DU-13/780", lang="en")

    assert "придержано до применения плана → obmen plan shop" in held.out
    assert desk.world.products[0].id in shown.out
    assert "4\u00a0289,90\u00a0₽" in shown.out
    assert "записано и подтверждено" in shown.out
    assert "shop: записывать нечего" in shown.out
    assert "written and confirmed" in product.out
    assert "no mapping, manufacturer «Интерскол»" in product.out
    assert re.search(r"\d{1,2} \w{3} \d{4} \d\d:\d\d", product.out)


async def test_several_hits_are_listed_and_none_is_one_sentence(desk: Desk) -> None:
    await desk.import_()

    several = await desk.obmen("show", "offer", "BOT-URAL")
    by_title = await desk.obmen("show", "product", "перфоратор")
    none = await desk.obmen("show", "product", "нет-такого", lang="en")
    unknown = await desk.obmen("show", "пирожок", "1")

    assert "выберите номер" in several.out
    assert several.out.count("BOT-URAL  erp") == 5
    assert "SDS-Plus" in by_title.out
    assert (none.code, len(none.err.strip().splitlines())) == (2, 1)
    assert (unknown.code, len(unknown.err.strip().splitlines())) == (2, 1)


async def test_a_mass_change_is_listed_and_confirmed_by_its_digest(desk: Desk) -> None:
    await desk.import_()
    await desk.obmen("apply", (await desk.plan())["digest"])
    desk.zero_stock()
    await desk.import_(Export(content="rests"))

    listed = await desk.obmen("issues")
    digest = re.search(r"obmen issues confirm (\w+)", listed.out)[1]
    wrong = await desk.obmen("issues", "confirm", "0" * 12, lang="en")
    passport = await desk.obmen("show", "offer", "DU-13/780")
    kept = (await desk.plan())["held"]
    confirmed = await desk.obmen("issues", "confirm", digest)
    after = await desk.plan()

    assert "останутся без остатка" in listed.out
    assert wrong.code == 1
    assert digest in wrong.err
    assert "придержано: подтвердите массовое изменение → obmen issues" in passport.out
    assert kept == after["update"] > 0
    assert (confirmed.code, after["held"]) == (0, 0)
    assert "отпущено изменений" in confirmed.out


async def test_issues_name_what_waits_and_who_is_paused(desk: Desk) -> None:
    empty = await desk.obmen("issues")
    await desk.import_(Export(orphans=("BOT-URAL",)))
    await desk.obmen("pause", "shop")

    shown = await desk.obmen("issues")
    english = await desk.obmen("issues", lang="en")

    assert empty.out.strip() == "Ничего не требует внимания."
    boots = desk.world.products[-1]
    assert f"erp: ещё не приходил товар {boots.id} ← «{boots.name}" in shown.out
    assert "shop: обмен приостановлен: остановлено вручную → obmen resume shop" in shown.out
    assert f"erp: product {boots.id} has not come yet" in english.out


async def test_the_audit_accounts_for_everything_and_finds_a_lost_row(desk: Desk) -> None:
    await desk.import_()
    whole = await desk.obmen("audit")
    with sqlite3.connect(desk.folder / "obmen.db") as ledger:
        ledger.execute(
            "DELETE FROM outbox WHERE entity = 'product' AND record = (SELECT max(record) FROM outbox WHERE entity = 'product')"
        )
    ledger.close()

    broken = await desk.obmen("audit", lang="en")

    assert whole.code == 0
    assert "принято 36 = применено 36" in whole.out
    assert broken.code == 1
    assert "✗ shop, product: 4 compared, behind on 4, not in the outbox: 1" in broken.out


async def test_a_plan_is_made_of_what_is_known_when_the_shop_does_not_answer(desk: Desk) -> None:
    await desk.import_()
    await desk.shop.stop()

    said = await desk.obmen("plan", lang="en")
    applied = await desk.obmen("apply", re.search(r"obmen apply (\w+)", said.out)[1], lang="en")

    assert said.code == 0
    assert "could not be asked" in said.err
    assert applied.code == 1
    assert "the same obmen apply writes the rest" in applied.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "nobody"),
        ("apply", "nothing"),
        ("issues", "forget"),
        ("issues", "confirm"),
        ("show", "product", ""),
        ("audit", "-c", "nowhere.toml"),
    ],
)
async def test_a_bad_argument_is_one_sentence(desk: Desk, arguments: tuple[str, ...]) -> None:
    said = await desk.obmen(*arguments)

    assert (said.code, said.out, len(said.err.strip().splitlines())) == (2, "", 1)


async def test_a_wrong_pair_is_parted_and_the_right_one_bound_with_the_reason_in_the_journal(
    desk: Desk,
) -> None:
    await desk.import_()
    await desk.obmen("apply", (await desk.plan())["digest"])
    article = desk.world.products[0].article

    silent = await desk.obmen("unbind", "shop", "product", article)
    assert silent.code == 2
    assert "--why" in silent.err

    parted = await desk.obmen("unbind", "shop", "product", article, "--why", "карточка не та", lang="en")
    ref = re.search(r"shop «(\d+)»", parted.out)
    assert parted.code == 0, parted.err
    assert ref is not None
    assert "obmen release shop product" in parted.out
    told = await desk.obmen("show", "product", article)
    assert "придержано человеком" in told.out
    assert "карточка не та" in told.out

    absent = await desk.obmen("bind", "shop", "product", "99999", article, "--why", "по накладной", lang="en")
    assert absent.code == 2
    assert "shop has no product «99999»" in absent.err
    bound = await desk.obmen("bind", "shop", "product", ref[1], article, "--why", "по накладной")
    assert bound.code == 0, bound.err
    plan = await desk.obmen("plan", "shop")
    assert "записывать нечего" in plan.out
    assert "связано человеком" in (await desk.obmen("show", "product", article)).out


async def test_a_held_flow_is_said_by_the_plan_and_let_go_by_release(desk: Desk) -> None:
    await desk.import_()
    held = await desk.obmen("hold", "shop", "offer", "--why", "инвентаризация")
    assert "придержана" in held.out
    applied = await desk.obmen("apply", (await desk.plan())["digest"])
    assert "придержано человеком" in applied.out
    assert desk.shop.counts()["products"] == PRODUCTS
    assert desk.shop.counts()["offers"] == 0

    assert (await desk.obmen("release", "shop", "offer", "--why", "закончили")).code == 0
    await desk.obmen("apply", (await desk.plan())["digest"])
    assert desk.shop.counts()["offers"] == 4
    again = await desk.obmen("release", "shop", "offer", "--why", "закончили", lang="en")
    assert (again.code, "not held" in again.err) == (2, True)


async def test_two_cards_of_one_thing_are_merged_from_the_terminal(desk: Desk) -> None:
    await desk.import_()
    first, second = (product.article for product in desk.world.products[:2])
    merged = await desk.obmen("merge", "product", first, second, "--why", "дубль", lang="en")
    assert merged.code == 0, merged.err
    assert "was merged into" in merged.out
    shown = await desk.obmen("show", "product", second, lang="en")
    assert "Merged into record" in shown.out
