"""How 1C reads the documents of a site: elements whatever their namespace, named values, buyers, marking codes."""

from __future__ import annotations

import base64
from xml.etree.ElementTree import Element

import msgspec


class Counterparty(msgspec.Struct, kw_only=True):
    """«Контрагент»: who buys."""

    id: str
    name: str
    tin: str = ""
    kpp: str = ""
    phone: str = ""
    email: str = ""
    address: dict[str, str] = {}
    """Parts by their names, and the whole of it under an empty one."""
    company: bool = False


def counterparty(node: Element) -> Counterparty:
    """Read a buyer; who 1C takes him for is another matter."""
    contacts = {
        "".join(text(row, "Тип").split()): text(row, "Значение") for row in rows(node, "Контакты", "Контакт")
    }
    official = text(node, "ОфициальноеНаименование")
    address: dict[str, str] = {}
    for place in (each for each in node if local(each.tag) in {"Адрес", "АдресРегистрации"}):
        address = {"": text(place, "Представление")}
        for field in (each for each in place if local(each.tag) == "АдресноеПоле"):
            address[text(field, "Тип")] = text(field, "Значение")
    return Counterparty(
        id="",
        name=official or text(node, "ПолноеНаименование") or text(node, "Наименование"),
        tin=text(node, "ИНН"),
        kpp=text(node, "КПП"),
        phone=contacts.get("Телефонрабочий") or contacts.get("ТелефонРабочий") or "",
        email=contacts.get("Электроннаяпочта") or contacts.get("Почта") or "",
        address=address,
        company=bool(official),
    )


def digits(phone: str) -> str:
    """Return the ten digits that tell a phone, however it is written."""
    return "".join(each for each in phone if each.isdigit())[-10:]


def codes(row: Element) -> list[str]:
    """Read marking codes; those XML cannot hold come as base64 and say so."""
    return [
        base64.b64decode(each.text or "").decode()
        if each.get("Кодировка") == "base64"
        else (each.text or "").strip()
        for each in rows(row, "КодыМаркировки", "КодМаркировки")
    ]


def requisites(document: Element) -> dict[str, str]:
    """Read the named values of a document."""
    return {
        text(row, "Наименование"): text(row, "Значение")
        for row in rows(document, "ЗначенияРеквизитов", "ЗначениеРеквизита")
    }


def rows(node: Element, block: str, row: str) -> list[Element]:
    """Read the rows of a list inside an element."""
    return [
        each for holder in node if local(holder.tag) == block for each in holder if local(each.tag) == row
    ]


def text(node: Element, name: str) -> str:
    """Read the text of a child; empty where there is none."""
    return next(((each.text or "").strip() for each in node if local(each.tag) == name), "")


def local(tag: str) -> str:
    """Return the name of an element without its namespace."""
    return tag.rpartition("}")[2]
