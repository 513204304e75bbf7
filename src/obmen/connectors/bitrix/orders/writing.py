"""Writing orders: one at a time, each call after what it rests on, the head with its status last.

    (create the order) ─> lines ─> delivery price ─> properties ─> payments ─> shipments ─> head ─> read back

A create marks the order first and completes it by the same steps, so that what a crash leaves behind is found by its
mark and completed as an update. The shop saves and then reports *warnings* as errors: what was refused is judged by
what stands there afterwards (REST reference of `sale`, source of its controllers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import Rest
from obmen.connectors.bitrix.orders.parts import MADE, Call, payment_calls, shipment_calls
from obmen.connectors.bitrix.orders.reading import OrderReader
from obmen.connectors.bitrix.orders.returning import is_refund, refund_calls, return_calls
from obmen.connectors.bitrix.orders.rows import credited, rows_of_lines
from obmen.connectors.bitrix.orders.settings import OrderSettings
from obmen.connectors.contract import Done, Missing, Outcome, Refused, Step, Unknown, Unlanded
from obmen.errors import AuthFailed, ConfigError, ObmenError, Rejected, Transient, UnknownOutcome
from obmen.model import decimal, plain
from obmen.sync.shadow import Wire

_HEAD = {"comment": "userDescription", "note": "comments", "responsible": "responsibleId"}
_PLACES = ("contact", "address", "delivery", "source")


class OrderWriter:
    """Writes orders of one shop."""

    def __init__(self, *, rest: Rest, reader: OrderReader, connection: str, settings: OrderSettings) -> None:
        self._rest = rest
        self._reader = reader
        self._connection = connection
        self._settings = settings

    async def push(self, steps: Sequence[Step]) -> list[Outcome]:
        """Write orders one after the other; each has its own outcome.

        Raises `AuthFailed` or `ConfigError` where the first order showed that nothing can be written at all.
        """
        outcomes: list[Outcome] = []
        for step in steps:
            try:
                outcomes.append(await self._order(step))
            except (AuthFailed, ConfigError) as error:
                if not outcomes:
                    raise
                outcomes.append(Unlanded(record=step.record, code=error.code, text=error.en))
        return outcomes

    async def find(self, steps: Sequence[Step]) -> dict[int, list[str]]:
        """Return the refs of orders that bear a step's mark."""
        found = await self._reader.by_mark([step.mark for step in steps if step.mark])
        return {step.record: found.get(step.mark, []) for step in steps}

    async def _order(self, step: Step) -> Outcome:
        work = _Work(self._rest)
        ref = step.ref
        try:
            if ref is None:
                ref = await self._create(work, step)
            row = (await self._reader.rows([ref])).get(ref)
            if row is None:
                return self._absent(step, ref, landed=work.landed)
            for number, call in enumerate(self._stages(step, ref)):
                if number:  # each stage sees what the one before has made
                    row = (await self._reader.rows([ref])).get(ref, row)
                try:
                    calls = call(row)
                except Rejected as error:  # what goes with it is written all the same
                    work.refusals.append(error)
                    continue
                await work.run(calls)
            after = (await self._reader.rows([ref])).get(ref)
        except UnknownOutcome as error:
            return Unknown(record=step.record, code=error.code, text=error.en)
        except Transient as error:
            if work.landed:
                return Unknown(record=step.record, code=error.code, text=f"Written in part, then: {error.en}")
            return Unlanded(
                record=step.record, code=error.code, text=error.en, retry_after_s=error.retry_after_s
            )
        except Rejected as error:
            return _refused(step, [error])
        if after is None:
            return self._absent(step, ref, landed=work.landed)
        returned = self._reader.look(after).fields
        if (wrong := _money_differs(step, returned)) is not None:
            return _refused(step, [*work.refusals, wrong])
        if work.refusals and _is_unmet(step, returned):
            return _refused(step, work.refusals)
        return Done(record=step.record, ref=ref, returned=dict(returned))

    def _absent(self, step: Step, ref: str, *, landed: bool) -> Outcome:
        """Return the outcome for an order that was not read: it is gone, or the shop stumbles over it."""
        if not self._reader.is_unshown(ref):
            return Missing(record=step.record)
        text = f"The shop cannot show order {ref}: open it in the shop's orders."
        if landed:
            return Unknown(record=step.record, code="bitrix.unshown_order", text=text)
        return Unlanded(record=step.record, code="bitrix.unshown_order", text=text)

    async def _create(self, work: _Work, step: Step) -> str:
        contact = step.fields.get("contact")
        is_company = isinstance(contact, dict) and contact.get("kind") == "company"
        money = step.fields.get("money")
        fields = {
            "lid": step.fields.get("site") or self._settings.site,
            "personTypeId": self._settings.company_type if is_company else self._settings.person_type,
            "currency": money.get("currency") if isinstance(money, dict) else "RUB",
            "userId": self._settings.user,
            "xmlId": step.mark,
            "statusId": "N",
            "dateInsert": step.fields.get("placed"),
        }
        reply = await work.call(
            "sale.order.add", {"fields": {k: v for k, v in fields.items() if v is not None}}
        )
        return str(wire.whole(reply.get("id")))

    def _stages(self, step: Step, ref: str) -> list[Any]:
        fields = step.fields
        stages: list[Any] = []
        if isinstance(money := fields.get("money"), dict):
            stages.append(lambda row: [] if self._is_credited(row) else line_calls(row, money, ref))
            stages.append(
                lambda row: (
                    [] if self._is_credited(row) else delivery_calls(row, money, fields.get("delivery"), ref)
                )
            )
        if any(name.partition(".")[0] in {*_PLACES, "properties"} for name in fields):
            stages.append(lambda row: self._property_calls(row, fields, ref))
        back: list[Any] = []  # nothing goes back before it has come
        for name, value in fields.items():
            family, _, key = name.partition(".")
            if family == "payments" and not is_refund(value):
                stages.append(lambda row, k=key, v=value: payment_calls(row, k, v, ref, self._connection))
            elif family == "shipments":
                stages.append(lambda row, k=key, v=value: shipment_calls(row, k, v, ref, self._connection))
            if family == "payments" and (value is None or is_refund(value)):
                marks = self._settings.marks_refunds
                back.append(lambda row, k=key, v=value, m=marks: refund_calls(row, k, v, m))
            elif family == "returns":
                back.append(lambda row, k=key, v=value: return_calls(row, k, v))
        stages += back
        stages.append(lambda row: self._head_calls(row, fields, ref))
        return stages

    def _is_credited(self, row: Mapping[str, Any]) -> bool:
        """Tell whether bonuses lower the lines: only the shop can share them out over other lines."""
        return bool(credited(row, self._settings))

    def _head_calls(self, row: Mapping[str, Any], fields: Mapping[str, Wire], ref: str) -> list[Call]:
        head: dict[str, Any] = {
            theirs: fields[ours] or "" for ours, theirs in _HEAD.items() if ours in fields
        }
        number = f"numbers.{self._settings.number_of}"
        if number in fields:
            head["id1c"] = fields[number] or ""
        if "cancelled" in fields:
            reason = fields["cancelled"]
            head["canceled"] = "N" if reason is None else "Y"
            head["reasonCanceled"] = reason or ""
        if fields.get("stage") and fields["stage"] != row.get("statusId"):
            head["statusId"] = fields["stage"]
        return [("sale.order.update", {"id": ref, "fields": head})] if head else []

    def _property_calls(self, row: Mapping[str, Any], fields: Mapping[str, Wire], ref: str) -> list[Call]:
        """Write the whole set: what is not named would be deleted."""
        wanted: dict[str, Wire] = {}
        for code, place in self._settings.properties.items():
            family, _, key = place.partition(".")
            if family == "properties" and place in fields:
                wanted[code] = fields[place]
            elif isinstance(part := fields.get(family), dict) and key in part:
                wanted[code] = part[key]
        known = [each for each in row.get("propertyValues") or () if isinstance(each, dict)]
        values = [
            {
                "orderPropsId": each.get("orderPropsId"),
                "value": wanted.get(str(each.get("code")), each.get("value")),
            }
            for each in known
        ]
        changed = any(
            str(each.get("code")) in wanted and wanted[str(each.get("code"))] != each.get("value")
            for each in known
        )
        order = {"id": ref, "propertyValues": values}
        return [("sale.propertyvalue.modify", {"fields": {"order": order}})] if changed else []


class _Work:
    """What has been called for one order, and what the shop refused of it."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self.landed = False
        self.refusals: list[ObmenError] = []

    async def call(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Make one call and return the object it gives back."""
        reply = await self._rest.call(method, params, writes=True)
        self.landed = True
        return reply.row

    async def run(self, calls: Sequence[Call]) -> None:
        """Make calls in turn; `$made` in a later one is the id of the first thing these calls have made.

        Where that could not be made, what would go into it is not tried.
        """
        made = ""
        for method, params in calls:
            if _names_made(params) and not made:
                continue
            try:
                row = await self.call(method, _filled(params, made))
            except Rejected as error:
                self.refusals.append(error)
                continue
            if method.endswith(".add") and not made:
                made = str(wire.whole(row.get("id")))


def _filled(params: Any, made: str) -> Any:
    if isinstance(params, dict):
        return {key: _filled(value, made) for key, value in params.items()}
    return made if params == MADE else params


def _names_made(params: Any) -> bool:
    return params == MADE or (isinstance(params, dict) and any(map(_names_made, params.values())))


def line_calls(row: Mapping[str, Any], money: Mapping[str, Any], ref: str) -> list[Call]:
    """Return what makes the lines of an order what they should be: rows are changed, added, and deleted last."""
    held = rows_of_lines(row)
    calls: list[Call] = []
    for line in money.get("lines") or ():
        fields = _line_fields(line, str(money.get("currency") or ""))
        rows = held.get(str(line.get("offer") or ""), [])
        if rows:
            stands = rows.pop(0)
            if _line_differs(stands, fields):
                calls.append(("sale.basketitem.update", {"id": stands.get("id"), "fields": fields}))
        else:
            added = {**fields, "orderId": ref, "productId": line.get("offer") or 0}
            calls.append(("sale.basketitem.add", {"fields": added}))
    left = [each for rows in held.values() for each in rows]
    return calls + [("sale.basketitem.delete", {"id": each.get("id")}) for each in left]


def _line_fields(line: Mapping[str, Any], currency: str) -> dict[str, Any]:
    price, discount = decimal(str(line.get("price") or "0")), decimal(str(line.get("discount") or "0"))
    fields: dict[str, Any] = {
        "quantity": line.get("quantity"),
        "currency": currency,
        "customPrice": "Y",  # else the price is taken from the catalogue, whatever is sent
        "price": plain(price),
        "discountPrice": plain(discount),
        "basePrice": plain(price + discount),
        "vatRate": line.get("vat"),
        "vatIncluded": "N" if line.get("vat_included") is False else "Y",
    }
    if line.get("name"):
        fields["name"] = line["name"]
    return fields


def _line_differs(stands: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    return any(
        wire.number(stands.get(name)) != wire.number(fields.get(name))
        for name in ("quantity", "price", "vatRate")
    )


def delivery_calls(row: Mapping[str, Any], money: Mapping[str, Any], delivery: Wire, ref: str) -> list[Call]:
    """Return what makes the delivery cost what it should; its service is chosen where there is no shipment yet."""
    prices = [price for price in money.get("delivery") or () if price is not None]
    due = sum((decimal(str(price)) for price in prices), decimal("0"))
    shipments = [each for each in row.get("shipments") or () if not wire.flag(each.get("system"))]
    stands = sum((decimal(wire.number(each.get("priceDelivery")) or "0") for each in shipments), decimal("0"))
    if shipments:
        if due == stands:
            return []
        first = shipments[0]
        own = decimal(wire.number(first.get("priceDelivery")) or "0")
        fields = {
            "deliveryId": first.get("deliveryId"),
            "allowDelivery": first.get("allowDelivery"),
            "deducted": first.get("deducted"),
            "basePriceDelivery": plain(own + due - stands),
        }
        return [("sale.shipment.update", {"id": first.get("id"), "fields": fields})]
    service = delivery.get("service") if isinstance(delivery, dict) else None
    if service is None:
        return []
    fields = {
        "orderId": ref,
        "deliveryId": service,
        "allowDelivery": "N",
        "deducted": "N",
        "basePriceDelivery": plain(due),
    }
    inside: list[Call] = []
    for line in (line for lines in rows_of_lines(row).values() for line in lines):
        item = {"orderDeliveryId": MADE, "basketId": line.get("id"), "quantity": line.get("quantity")}
        inside.append(("sale.shipmentitem.add", {"fields": item}))
    return [("sale.shipment.add", {"fields": fields}), *inside]


def _money_differs(step: Step, returned: Mapping[str, Wire]) -> Rejected | None:
    """Tell whether the order costs something else than what was written."""
    wanted, stands = step.fields.get("money"), returned.get("money")
    if not isinstance(wanted, dict) or not isinstance(stands, dict):
        return None
    if stands.get("credited"):
        return Rejected(
            "bitrix.order_bonuses",
            "a part of the order is paid with bonuses that count as a discount, and only the shop can share them out over "
            "other lines: change the lines in the order's card there",
            "часть заказа оплачена бонусами, которые считаются скидкой, а разложить их по новым позициям может только "
            "магазин: измените состав в карточке заказа",
        )
    due, there = str(wanted.get("total") or "0"), str(stands.get("total") or "0")
    if decimal(due) == decimal(there):
        return None
    return Rejected(
        "bitrix.order_total",
        f"the shop makes the total {there}, it should be {due}: look for a discount rule that applies to orders "
        "edited by hand, or a delivery price the service sets itself",
        f"магазин насчитал {there}, а должно быть {due}: проверьте правила корзины, которые применяются при правке "
        "заказа, и стоимость, которую пересчитывает служба доставки",
    )


def _is_unmet(step: Step, returned: Mapping[str, Wire]) -> bool:
    """Tell whether anything that was refused does not stand there all the same."""
    for name in ("stage", "cancelled"):
        if name in step.fields and returned.get(name) != step.fields[name]:
            return True
    for name, value in step.fields.items():
        if name.partition(".")[0] in {"payments", "shipments", "returns"} and value is not None:
            stands = returned.get(name)
            if not isinstance(stands, dict):
                return True
            # Saved, and yet goods that are not in stock do not leave: the shop answers that with a warning.
            if isinstance(value, dict) and any(
                value.get(fact) is True and stands.get(fact) is not True for fact in ("paid", "deducted")
            ):
                return True
    return False


def _refused(step: Step, errors: Sequence[ObmenError]) -> Refused:
    return Refused(
        record=step.record,
        code=errors[0].code,
        en="; ".join(error.en for error in errors),
        ru="; ".join(error.ru for error in errors),
    )
