"""Bonuses and money kept in the shop: a payment or a discount, by setting; the sum is the same everywhere."""

from __future__ import annotations

from decimal import Decimal

from orders_stage import SETTINGS, orders_stage

AS_PAYMENT = SETTINGS.replace(
    '"4" = {{ method = "account", prepaid = true }}', '"4" = {{ method = "bonus" }}'
)
AS_DISCOUNT = AS_PAYMENT.replace('method = "bonus" }}', 'method = "bonus", counts = "discount" }}')


def paid_parts(stage, order):
    atoms = stage.record(order).atoms
    return sorted(
        (value["method"], value["sum"], value["paid"])
        for name, value in atoms.items()
        if name.startswith("payments.") and value
    )


def placed(stage):
    articles = [product.article for product in stage.erp.world.products[:2]]
    return stage.place(*articles, pay_system="cash", bonuses="500.01")


async def test_bonuses_that_are_a_payment_go_to_1c_at_once_with_the_rest_to_be_paid_at_the_door(tmp_path):
    async with orders_stage(tmp_path, settings=AS_PAYMENT) as stage:
        order = placed(stage)
        await stage.seen()
        await stage.exchange(version="2.10", schema="2.10")

        rest = stage.in_shop(order).price - Decimal("500.01")
        assert paid_parts(stage, order) == [("bonus", "500.01 RUB", True), ("cash", f"{rest:.2f} RUB", False)]
        stage.agree(order)

        stage.erp.act("pay_order", order=stage.number(order), amount=str(rest), how="cash")
        await stage.exchange(version="2.10", schema="2.10")
        await stage.seen()
        assert stage.in_shop(order).payed == "Y"
        assert [value for _, value, _ in paid_parts(stage, order)] == ["500.01 RUB", f"{rest:.2f} RUB"]
        assert stage.issues("order") == []


async def test_bonuses_that_are_a_discount_make_the_order_cheaper_for_1c_and_the_same_in_the_shop(tmp_path):
    async with orders_stage(tmp_path, settings=AS_DISCOUNT) as stage:
        order = placed(stage)
        await stage.seen()
        await stage.exchange(version="2.10", schema="2.10")

        price = stage.in_shop(order).price
        due = price - Decimal("500.01")
        money = stage.record(order).atoms["money"]
        assert money["total"] == f"{due:.2f} RUB"
        assert stage.in_1c(order).total == due
        assert paid_parts(stage, order) == [("cash", f"{due:.2f} RUB", False)]

        stage.erp.act("pay_order", order=stage.number(order), how="cash")
        await stage.exchange(version="2.10", schema="2.10")
        await stage.seen()
        head = stage.in_shop(order)
        assert (head.payed, head.price) == ("Y", price)
        assert stage.issues("order") == []


async def test_lines_changed_in_1c_of_an_order_with_bonuses_are_a_persons_and_nothing_is_half_written(
    tmp_path,
):
    async with orders_stage(tmp_path, settings=AS_DISCOUNT) as stage:
        order = placed(stage)
        await stage.seen()
        await stage.exchange()
        price = stage.in_shop(order).price

        line = stage.in_1c(order).lines[0]
        stage.erp.act("change_line", order=stage.number(order), goods=line.goods, quantity="3")
        await stage.exchange()
        await stage.seen()

        assert stage.in_shop(order).price == price
        (issue,) = stage.issues("order")
        assert "bonuses" in issue
