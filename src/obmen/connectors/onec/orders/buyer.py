"""The counterparty of an order: a person or a company, with contacts and addresses in parts; written and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obmen.connectors.onec.orders.markup import folded, leaf, node, rows, text
from obmen.formats.commerceml.items import Node

_FIELDS = {"zip": "Почтовый индекс", "region": "Регион", "city": "Город", "street": "Улица"}
"""Parts of an address by their names in the schema, in the order people write them."""
_PHONES = ("телефонрабочий", "телефонмобильный", "телефонвнутренний", "телефондомашний", "телефон")
_MAILS = ("электроннаяпочта", "почта", "адресэлектроннойпочты", "email")
_LONGEST_ID = 40


def written(contact: Mapping[str, Any], address: Mapping[str, Any], *, modern: bool) -> str:
    """Write the buyer. 1C finds whom it knows by ИНН and КПП, else by `Ид`."""
    person = str(contact.get("name") or "")
    is_company = contact.get("kind") == "company"
    name = str((contact.get("company") if is_company else None) or person or "Покупатель")
    if is_company:
        who = (
            leaf("ОфициальноеНаименование", name)
            + _place("ЮридическийАдрес", contact.get("legal_address") or shown(address), {})
            + leaf("ИНН", contact.get("tin"))
            + leaf("КПП", contact.get("kpp"))
        )
    else:
        surname, first, middle = (*name.split(maxsplit=2), "", "", "")[:3]
        who = (
            leaf("ПолноеНаименование", name)
            + leaf("Фамилия", surname)
            + leaf("Имя", first)
            + leaf("Отчество", middle)
            + leaf("ИНН", contact.get("tin"))
            + _place("АдресРегистрации", shown(address), address)
        )
    key = contact.get("tin") or contact.get("email") or contact.get("phone") or name
    if contact.get("kpp"):
        key = f"{key}-{contact['kpp']}"  # branches share the ИНН
    return node(
        "Контрагент",
        leaf("Ид", str(key)[:_LONGEST_ID]),
        leaf("Наименование", name),
        who,
        _place("Адрес", shown(address), address),
        _contacts(contact, modern=modern),
        _person(person) if is_company and person else "",
        leaf("Роль", "Покупатель"),
    )


def _contacts(contact: Mapping[str, Any], *, modern: bool) -> str:
    kinds = ("Телефон рабочий", "Электронная почта") if modern else ("ТелефонРабочий", "Почта")
    said = "".join(
        node("Контакт", leaf("Тип", kind), leaf("Значение", value))
        for kind, value in zip(kinds, (contact.get("phone"), contact.get("email")), strict=True)
        if value
    )
    return node("Контакты", said) if said else ""


def _person(name: str) -> str:
    who = leaf("Отношение", "Контактное лицо") + leaf("Ид", name[:_LONGEST_ID]) + leaf("Наименование", name)
    return node("Представители", node("Представитель", node("Контрагент", who)))


def _place(tag: str, shown: object, address: Mapping[str, Any]) -> str:
    if not shown:
        return ""
    fields = "".join(
        node("АдресноеПоле", leaf("Тип", kind), leaf("Значение", address[key]))
        for key, kind in _FIELDS.items()
        if address.get(key)
    )
    return node(tag, leaf("Представление", shown), fields)


def shown(address: Mapping[str, Any]) -> str:
    """Return an address in one line, as it stands in the counterparty and in the requisite of delivery."""
    return ", ".join(str(address[key]) for key in (*_FIELDS, "text") if address.get(key))


# --- reading ----------------------------------------------------------------------------------------------------------


def read(document: Node) -> tuple[dict[str, str], dict[str, str]]:
    """Read whom an order is for, and where it goes: contact and address, each empty where the document names none."""
    found = rows(document, "Контрагенты", "Контрагент")
    buyers = [each for each in found if folded(text(each, "Роль")) in {"покупатель", ""}]
    if not buyers:
        return {}, {}
    buyer = buyers[0]
    official = text(buyer, "ОфициальноеНаименование")
    is_company = bool(official or text(buyer, "КПП") or len(text(buyer, "ИНН")) == 10)
    contact = {"kind": "company" if is_company else "person"}
    name = text(buyer, "ПолноеНаименование") or text(buyer, "Наименование")
    if is_company:
        contact["company"] = official or name
        name = _representative(buyer)
        legal = buyer.first("ЮридическийАдрес")
        if legal is not None and text(legal, "Представление"):
            contact["legal_address"] = text(legal, "Представление")
    said = {"name": name, "tin": text(buyer, "ИНН"), "kpp": text(buyer, "КПП")}
    for key, kinds in (("phone", _PHONES), ("email", _MAILS)):
        values = {
            folded(text(row, "Тип")): text(row, "Значение") for row in rows(buyer, "Контакты", "Контакт")
        }
        said[key] = next((values[kind] for kind in kinds if values.get(kind)), "")
    contact |= {key: value for key, value in said.items() if value}
    place = buyer.first("Адрес") or buyer.first("АдресРегистрации")
    return contact, _address(place) if place is not None else {}


def _representative(buyer: Node) -> str:
    for each in rows(buyer, "Представители", "Представитель"):
        inner = each.first("Контрагент") or each
        if text(inner, "Наименование"):
            return text(inner, "Наименование")
    return ""


def _address(place: Node) -> dict[str, str]:
    kinds = {folded(kind): key for key, kind in _FIELDS.items()} | {"населенныйпункт": "city"}
    address: dict[str, str] = {}
    for row in place.all("АдресноеПоле"):
        key = kinds.get(folded(text(row, "Тип")))
        if key and text(row, "Значение"):
            address.setdefault(key, text(row, "Значение"))
    line = text(place, "Представление")
    known = shown(address)
    if known and line.startswith(known):
        line = line[len(known) :].removeprefix(", ")
    return {**address, **({"text": line} if line else {})}
