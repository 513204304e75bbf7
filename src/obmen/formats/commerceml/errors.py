"""What a reader of CommerceML may complain about: one error that stops a file, and findings that do not.

Every complaint has a stable code; its sentences in English and Russian stand in one table each.
"""

from typing import Final, Literal

from msgspec import Struct

Language = Literal["en", "ru"]

#: Faults of the file as a whole. `{…}` are filled from the parameters of the error.
FAULTS: Final[dict[str, tuple[str, str]]] = {
    "empty": (
        "The file is empty: export it again.",
        "Файл пуст: выгрузите его ещё раз.",
    ),
    "not_xml": (
        "The file is not XML ({reason}): check that it is a CommerceML export and was sent whole.",
        "Файл не является XML ({reason}): проверьте, что это выгрузка CommerceML и что она передана целиком.",
    ),
    "truncated": (
        "The file breaks off before its end: send it again.",
        "Файл обрывается, не дойдя до конца: передайте его ещё раз.",
    ),
    "doctype": (
        "The file declares a DOCTYPE, which is refused because it can hide entity attacks: export it without one.",
        "В файле объявлен DOCTYPE; он запрещён, потому что за ним прячут атаки через сущности: выгрузите без него.",
    ),
    "too_deep": (
        "Elements are nested deeper than {limit} levels: this is not a CommerceML export.",
        "Элементы вложены глубже {limit} уровней: это не выгрузка CommerceML.",
    ),
    "wrong_root": (
        "The root element is <{root}> instead of <КоммерческаяИнформация>: this is not a CommerceML export.",
        "Корневой элемент <{root}>, а должен быть <КоммерческаяИнформация>: это не выгрузка CommerceML.",
    ),
    "long_prolog": (
        "No element starts within the first {limit} bytes: this is not a CommerceML export.",
        "В первых {limit} байтах не начинается ни один элемент: это не выгрузка CommerceML.",
    ),
}

#: Oddities that leave the file readable.
ODDITIES: Final[dict[str, tuple[str, str]]] = {
    "bad_number": (
        "A number cannot be read; the value is taken as absent.",
        "Число не читается; значение считается отсутствующим.",
    ),
    "bad_date": (
        "A date cannot be read; it is taken as absent.",
        "Дата не читается; считается отсутствующей.",
    ),
    "no_id": (
        "An element has no Ид and cannot be matched to anything.",
        "У элемента нет Ид, сопоставить его не с чем.",
    ),
    "duplicate_property_name": (
        "Two properties have the same name; they are told apart by Ид.",
        "Два свойства носят одно имя; они различаются по Ид.",
    ),
    "duplicate_price_type_name": (
        "Two price types have the same name; a Bitrix shop refuses such a file.",
        "Два типа цен носят одно имя; магазин на Битрикс такой файл не примет.",
    ),
    "undefined_price_type": (
        "A price names a type which the file does not define.",
        "Цена ссылается на тип, которого нет в файле.",
    ),
    "undefined_warehouse": (
        "A stock row names a warehouse which the file does not define.",
        "Остаток ссылается на склад, которого нет в файле.",
    ),
    "undefined_property": (
        "A value names a property which the file does not define.",
        "Значение ссылается на свойство, которого нет в файле.",
    ),
    "undefined_group": (
        "A product names a group which the file does not define.",
        "Товар ссылается на группу, которой нет в файле.",
    ),
    "orphan_offer": (
        "An offer names a product which the file does not hold.",
        "Предложение ссылается на товар, которого нет в файле.",
    ),
    "no_price_type": (
        "A price names no price type.",
        "У цены не указан тип.",
    ),
    "no_currency": (
        "A price type names no currency, and its prices do not either.",
        "Валюта не указана ни у типа цены, ни у его цен.",
    ),
    "negative_price": (
        "A price is below zero.",
        "Цена меньше нуля.",
    ),
    "negative_stock": (
        "A stock is below zero; it is kept as written.",
        "Остаток меньше нуля; оставлен как есть.",
    ),
    "bad_coefficient": (
        "A price is given per zero or fewer units.",
        "Цена указана за нулевое или отрицательное число единиц.",
    ),
    "unusual_root": (
        "The root element is not КоммерческаяИнформация, yet the content is read.",
        "Корневой элемент не КоммерческаяИнформация, но содержимое прочитано.",
    ),
    "no_version": (
        "The root element does not name the schema version.",
        "В корневом элементе не указана версия схемы.",
    ),
    "wrong_encoding": (
        "The file is not written in the encoding it declares; the real one was used.",
        "Файл записан не в той кодировке, которую объявляет; взята настоящая.",
    ),
    "illegal_characters": (
        "Characters forbidden in XML were left out.",
        "Символы, запрещённые в XML, выброшены.",
    ),
}


class MalformedFile(Exception):
    """A file that cannot be read as CommerceML at all.

    Attributes:
        code: a key of `FAULTS`.
        line: where the fault was met, counted from 1; None when it has no place.
        column: counted from 0, as expat does.
        params: what the sentence mentions.
    """

    def __init__(
        self, code: str, line: int | None = None, column: int | None = None, **params: str | int
    ) -> None:
        self.code = code
        self.line = line
        self.column = column
        self.params = params
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """Say what is wrong and what to do, in one sentence."""
        sentence = FAULTS[self.code][language == "ru"].format_map(self.params)
        if self.line is None:
            return sentence
        place = {"en": "line {}, column {}: {}", "ru": "строка {}, столбец {}: {}"}[language]
        return place.format(self.line, self.column, sentence)


class Finding(Struct, frozen=True, kw_only=True):
    """An oddity of a readable file, with the number of places and the first of them."""

    code: str
    count: int
    example: str
    text: str

    def in_language(self, language: Language) -> str:
        """Give the sentence in the language of the operator."""
        return ODDITIES[self.code][language == "ru"]


class Findings:
    """Collects oddities; takes the same little memory however many there are."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str] = {}

    def add(self, code: str, example: str, count: int = 1) -> None:
        """Note an oddity; the first example of a code is the one that is kept."""
        self._counts[code] = self._counts.get(code, 0) + count
        self._examples.setdefault(code, example[:200])

    def report(self) -> tuple[Finding, ...]:
        """Give what has been found so far, in the order of first meeting."""
        return tuple(
            Finding(code=code, count=count, example=self._examples[code], text=ODDITIES[code][0])
            for code, count in self._counts.items()
        )
