"""Fields, values, reasons and moments as the operator reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from obmen.cli.app import speaks
from obmen.cli.order_speech import order_value
from obmen.language import Language, moment, money, quantity
from obmen.ledger.contract import Tx
from obmen.model import ENTITIES, BadValue, Money, Record
from obmen.sync.reasons import Reason
from obmen.sync.rules import family
from obmen.sync.shadow import CONTRADICTION, partners_in, what_is_wrong
from obmen.wording import field_of

ENTITY = {
    "category": ("раздел", "category"),
    "product": ("товар", "product"),
    "offer": ("торговое предложение", "offer"),
    "order": ("заказ", "order"),
    "customer": ("клиент", "customer"),
}
CODED = {
    "payment": ("платёжная система", "pay system"),
    "currency": ("валюта", "currency"),
    "warehouse": ("склад", "warehouse"),
    "vat": ("ставка НДС", "VAT rate"),
    "stage": ("статус", "status"),
}
"""What a code without a counterpart stands for, where it is no field."""
UNIT = {
    "796": ("шт", "pcs"),
    "166": ("кг", "kg"),
    "112": ("л", "l"),
    "006": ("м", "m"),
    "055": ("м²", "m²"),
    "778": ("упак", "pack"),
    "839": ("компл", "set"),
    "715": ("пара", "pair"),
}
EVIDENCE = {
    "derived": ("вычислено", "computed"),
    "woken": ("дождалось связи", "what it waited for came"),
    "look before write": ("чтение перед записью", "looked before writing"),
    "found before create": ("поиск перед созданием", "searched before creating"),
    "absent from a full export": ("нет в полной выгрузке", "absent from a full export"),
    "absent in a walk": ("не найдено при сверке", "absent in a reconciliation"),
    "looked up after a lost answer": ("проверка после потерянного ответа", "looked up after a lost answer"),
    "mapping changed": ("изменена таблица соответствий", "a mapping table was edited"),
    "superseded": ("перечитано", "looked again"),
}
HISTORY = "history "
"""Begins the evidence of what a system's own history tells."""
_MONEY = re.compile(r"-?\d+(\.\d+)? [A-Z]{3}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NUMBERS = frozenset({"stock", "available", "weight", "length", "width", "height"})
_CUT = 80


class Speech(msgspec.Struct, frozen=True):
    """Says things in one language and one time zone."""

    language: Language
    zone: tzinfo
    titles: Mapping[int, str] = {}
    """Names of the records that values may point at."""
    whole: bool = False
    """Long texts are not cut."""

    def pick(self, pair: tuple[str, str]) -> str:
        """Return the Russian or the English text of a pair."""
        return pair[0] if self.language == "ru" else pair[1]

    def say(self, ru: str, en: str) -> str:
        """Return one of two texts."""
        return ru if self.language == "ru" else en

    def entity(self, name: str) -> str:
        """Return what people call a kind of record."""
        return self.pick(ENTITY.get(name, (name, name)))

    def field(self, atom: str) -> str:
        """Return what people call an atom; members of families keep their own name."""
        return self.pick(field_of(atom))

    def reason(self, code: str, detail: str = "") -> str:
        """Return the sentence of a reason."""
        try:
            reason = Reason.of(code)
        except KeyError:
            return f"{code} {detail}".strip()
        if reason is Reason.NOT_OWNER and detail:
            return self.say(
                f"не записано: по этому полю главный {detail}", f"not taken: {detail} decides this field"
            )
        text = reason.text(self.language)
        return f"{text} ({detail})" if detail else text

    def at(self, when: float | str) -> str:
        """Print epoch seconds or an ISO moment."""
        stamp = (
            datetime.fromtimestamp(when, UTC)
            if isinstance(when, float | int)
            else datetime.fromisoformat(when)
        )
        return moment(stamp, self.zone, self.language)

    def evidence(self, text: str) -> str:
        """Return what a decision rests on: a file, a poll, a walk."""
        if text in EVIDENCE:
            return self.pick(EVIDENCE[text])
        if text.startswith("poll@"):
            return self.say("опрос", "a poll")
        if text.startswith("walk@"):
            return self.say("сверка", "a reconciliation")
        if text.startswith(HISTORY):
            return self.say(f"история, запись {text.removeprefix(HISTORY)}", text)
        return text.partition("#")[0]

    def wakes_on(self, key: str) -> str:
        """Return what would end a wait."""
        kind, _, rest = key.partition(":")
        connection, _, rest = rest.partition(":")
        if kind == "map":
            field, _, code = rest.partition(":")
            return self.say(
                f"{connection}: нет соответствия, {self._coded(field)} «{code}»",
                f"{connection}: no mapping, {self._coded(field)} «{code}»",
            )
        if key.startswith(CONTRADICTION):
            field, _, how = rest.partition(":")
            en, ru = what_is_wrong(how)
            return f"{connection}: {self.field(field)}: {self.say(ru, en)}: {how}"
        if kind == "bind":
            entity, _, ref = rest.partition(":")
            return self.say(
                f"{connection}: ещё не приходил {self.entity(entity)} {ref}",
                f"{connection}: {self.entity(entity)} {ref} has not come yet",
            )
        if kind == "bound":
            return self.say(
                f"в {connection} ещё нет: {self.title(rest)}", f"not in {connection} yet: {self.title(rest)}"
            )
        if kind == "closed":
            return self.say(f"в {connection} идёт запись", f"a write to {connection} is under way")
        return self.say(f"ещё нет файла {key}", f"the file {key} is not here yet") if kind == "blob" else key

    def _coded(self, kind: str) -> str:
        return self.pick(CODED[kind]) if kind in CODED else self.field(kind)

    def nothing(self) -> str:
        """Return what stands for a value that is not there, inside a sentence."""
        return self.say("пусто", "nothing")

    def title(self, record: int | str) -> str:
        """Return the name of a record."""
        found = self.titles.get(int(record)) if str(record).isdecimal() else None
        return f"«{found}»" if found else f"№ {record}"

    def value(self, atom: str, value: object) -> str:
        """Print a canonical value, or a wire value that looks like one."""
        known = family(atom)
        if value is None or value in ("", []):
            return "—"
        if isinstance(value, bool):
            return self.say("да", "yes") if value else self.say("нет", "no")
        if (told := order_value(known, value, self)) is not None:
            return self._cut(told)
        if known == "placed" and isinstance(value, str) and _MOMENT.fullmatch(value):
            return self.at(value)
        if known == "pictures" and isinstance(value, list):
            return self.say(f"{len(value)} шт.", f"{len(value)}")
        if isinstance(value, int) and _is_partner(atom):
            return self._cut(self.title(value))
        if isinstance(value, str):
            return self._text(known, value)
        if isinstance(value, list):
            return self._cut(", ".join(self._item(atom, item) for item in value))
        if isinstance(value, dict):
            return self._cut(", ".join(f"{name}: {self.value('', item)}" for name, item in value.items()))
        return str(value)

    def _item(self, atom: str, item: object) -> str:
        if isinstance(item, list) and len(item) == 2:
            return f"{item[0]}: {item[1]}"
        return self.value(atom, item)

    def _text(self, known: str, text: str) -> str:
        try:
            if _MONEY.fullmatch(text):
                return money(Money.parse(text), self.language)
            if known in _NUMBERS and _NUMBER.fullmatch(text):
                return quantity(text, self.language)
        except BadValue:
            return text
        if known == "vat":
            return self.say("без НДС", "no VAT") if text == "none" else f"{text} %"
        if known == "unit" and text in UNIT:
            return self.pick(UNIT[text])
        return self._cut(
            " ".join(re.sub(r"<[^>]*>", " ", text).split()) if known in {"description", "summary"} else text
        )

    def _cut(self, text: str) -> str:
        return text if self.whole or len(text) <= _CUT else f"{text[: _CUT - 1].rstrip()}…"


def speech(zone: tzinfo, titles: Mapping[int, str] | None = None, *, whole: bool = False) -> Speech:
    """Return the operator's speech."""
    return Speech(speaks(), zone, titles or {}, whole)


def titles_of(tx: Tx, records: Collection[Record], keys: Sequence[str] = ()) -> dict[int, str]:
    """Return the names of everything these records point at, and of the records these keys wait for."""
    wanted = {int(key.rpartition(":")[2]) for key in keys if key.startswith("bound:")}
    for record in records:
        named = partners_in(ENTITIES[record.entity], record.atoms)
        wanted.update(
            number for _, number in named if isinstance(number, int) and not isinstance(number, bool)
        )
    found = tx.records(wanted | {record.id for record in records})
    return {number: record.title for number, record in found.items() if record.title}


def _is_partner(atom: str) -> bool:
    known = {
        one.name
        for entity in ENTITIES.values()
        for one in entity.atoms
        if one.partner is not None and one.inside is None
    }
    return atom in known
