"""The buyer of an order document: filled from order properties by the site's "1C profile" of the payer type."""

from obmen.connectors.bitrix.sandbox.sale.markup import Node, leaf, node
from obmen.connectors.bitrix.sandbox.sale.rows import Order
from obmen.connectors.bitrix.sandbox.state import ShopState

FIRM = 2
_ID_LENGTH = 40


def counterparty(state: ShopState, order: Order, *, modern: bool) -> Node:
    """Describe the buyer; contact types are spelt one way up to 2.05 and another later."""
    mapped = order.person_type_id in state.setup.one_c_profiles
    values = state.sale.values_of(order) if mapped else {}
    described = _firm(values) if order.person_type_id == FIRM else _person(values)
    title = values.get("COMPANY") if order.person_type_id == FIRM else values.get("FIO")
    return node(
        "Контрагент",
        leaf("Ид", buyer_id(state, order)),
        leaf("Наименование", title or ""),
        *described,
        _address("Адрес", values) if values.get("ADDRESS") else None,
        _contacts(values, modern=modern),
        leaf("Роль", "Покупатель"),
    )


def buyer_id(state: ShopState, order: Order) -> str:
    """Return the external code of the user; one without gets a code made of id, login and name, and keeps it."""
    user = state.sale.users.get(order.user_id)
    if user is None:
        return f"{order.user_id}##"
    if not user.xml_id:
        name = f"{user.last_name} {user.name} {user.second_name}".strip()
        state.sale.users.change(user, xml_id=f"{user.id}#{user.login}#{name}"[:_ID_LENGTH])
    return user.xml_id


def _person(values: dict[str, str]) -> list[Node]:
    last, first, middle = [*values.get("FIO", "").split(" ", 2), "", "", ""][:3]
    described = [leaf("ПолноеНаименование", values.get("FIO", ""))]
    for tag, part in (("Фамилия", last), ("Имя", first), ("Отчество", middle)):
        if part:
            described.append(leaf(tag, part))
    return [*described, _address("АдресРегистрации", values)]


def _firm(values: dict[str, str]) -> list[Node]:
    described = [
        leaf("ОфициальноеНаименование", values.get("COMPANY", "")),
        node("ЮридическийАдрес", leaf("Представление", values.get("COMPANY_ADR", ""))),
        leaf("ИНН", values.get("INN", "")),
        leaf("КПП", values.get("KPP", "")),
    ]
    if values.get("CONTACT_PERSON"):
        contact = node(
            "Контрагент",
            leaf("Отношение", "Контактное лицо"),
            leaf("Ид", values["CONTACT_PERSON"]),
            leaf("Наименование", values["CONTACT_PERSON"]),
        )
        described.append(node("Представители", node("Представитель", contact)))
    return described


def _address(tag: str, values: dict[str, str]) -> Node:
    """Show an address. The town is what the property holds: a location stays a code."""
    parts = (
        ("Почтовый индекс", values.get("ZIP", "")),
        ("Город", values.get("CITY", "") or values.get("LOCATION", "")),
        ("Улица", values.get("ADDRESS", "")),
    )
    fields = [
        node("АдресноеПоле", leaf("Тип", kind), leaf("Значение", value)) for kind, value in parts if value
    ]
    shown = ", ".join(value for _, value in parts if value)
    return node(tag, leaf("Представление", shown), *fields)


def _contacts(values: dict[str, str], *, modern: bool) -> Node | None:
    names = ("Телефон рабочий", "Электронная почта") if modern else ("ТелефонРабочий", "Почта")
    given = [(name, values.get(code)) for name, code in zip(names, ("PHONE", "EMAIL"), strict=True)]
    contacts = [node("Контакт", leaf("Тип", kind), leaf("Значение", value)) for kind, value in given if value]
    return node("Контакты", *contacts) if contacts else None
