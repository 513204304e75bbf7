"""What codes of a system probably mean: by code, then by group, then by name. Pure; nobody's word until a person says so.

Only codes the system lists today are spoken of. What could mean two things is left open: a wrong guess costs more than
a question. Purchase and wholesale prices are proposed to be left out, and so are warehouses nobody sells from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from obmen.errors import BadInput
from obmen.sync.mapping import LEFT_OUT, Entry, Kind

UNPUBLISHED = re.compile(
    r"закуп|себестоим|опт(?!им|ик)|purchas|wholesale|(?<![a-z])cost(?![a-z])", re.IGNORECASE
)
"""Price types that are not for everybody to see; leaking one has cost people their jobs."""
UNSOLD = re.compile(r"брак|транзит|в пути|комисси|ремонт|defect|transit|repair", re.IGNORECASE)
"""Warehouses whose stock is not sold."""
_LEFT_OUT = {"price_type": UNPUBLISHED, "warehouse": UNSOLD}
_CANCELLED = "cancelled"

_WORDS: Mapping[str, Sequence[tuple[str, str]]] = {
    "order_status": (
        ("stage:new", r"\bнов(ый|ая|ое)\b|ожида\w+ (подтвержд|согласов)|не ?согласован|\bnew\b"),
        ("stage:confirmed", r"(?<!не )подтвержд[её]н|(?<!не )(?<!не)\bсогласован\b|аванс|confirmed"),
        ("stage:supply", r"(?<!не )(?<!не)оплачен|предоплат|к обеспечению|\bpaid\b|prepa(id|yed)"),
        ("stage:assembling", r"комплект|сборк|собира|(?<!не )\bсобран|упаков|готов к отгрузке|assembl|pack"),
        (
            "stage:delivery",
            r"доставк|доставля|отгруж|процессе отгрузки|отправлен|\bв пути|deliver(?!ed)|shipp",
        ),
        ("stage:done", r"выполнен|вруч[её]н|заверш|закры|complete|delivered|\bdone\b"),
        (_CANCELLED, r"отмен|отказ|аннулир|недозвон|не дозвон|нет в наличии|фальшив|дубл|cancel"),
    ),
    "payment_type": (
        ("cash", r"налич|наложен|при получении|\bcash\b|cod\b"),
        (
            "card prepaid",
            r"карт(?!очк)|эквайр|\bсбп\b|ю ?касс|yoo?kassa|yandexcheckout|т-банк|тинькофф|tinkoff|сбер|sber|cloudpayments|card",
        ),
        ("invoice prepaid", r"(?<!внутренний )(?<!лицевой )сч[её]т|безнал|\bbill\b|invoice|transfer"),
        ("credit prepaid", r"кредит|рассрочк|долями|сплит|credit"),
        ("bonus prepaid", r"бонус|bonus"),
        ("gift prepaid", r"сертификат|подарочн|gift"),
        ("account prepaid", r"внутренний сч[её]т|лицевой сч[её]т|баланс|\binner\b"),
    ),
    "payment_status": (
        ("unpaid", r"не ?оплачен|ожида|выставлен|провер|ошибк|not.?paid|wait|fail"),
        ("paid", r"(?<!не )(?<!не)оплачен|одобрен|(?<!not )(?<!not-)\bpaid\b|approved"),
    ),
    "delivery_type": (
        ("pickup", r"самовывоз|из магазина|в магазине|self|pickup"),
        ("courier", r"курьер|courier"),
        ("russian-post", r"почт[аой]+ росси|почта|\bems\b|russian.?post"),
        ("cdek", r"сд[эе]к|cdek"),
        ("boxberry", r"boxberry|боксберри"),
        ("yandex", r"яндекс|yandex"),
        ("5post", r"5 ?post|5 ?пост"),
        ("dpd", r"\bdpd\b"),
        ("pek", r"\bпэк\b|\bpek\b"),
        ("dellin", r"деловые линии|dellin"),
    ),
    "price_type": (("base", r"розничн|базов|\bbase\b|retail"),),
    "warehouse": (("main", r"основн|главн|центральн|\bmain\b"),),
    "person_type": (
        ("person", r"физ|частн|individual|person"),
        ("company", r"юр|организац|\bип\b|compan|legal"),
    ),
}
_SERVICES = frozenset({"cdek", "boxberry", "yandex", "5post", "dpd", "pek", "dellin", "russian-post"})
"""Carriers: a courier of theirs is theirs, and so is a point to pick up from."""
_FOUND = {
    name: tuple((value, re.compile(pattern, re.IGNORECASE)) for value, pattern in words)
    for name, words in _WORDS.items()
}


class Candidate(NamedTuple):
    """What one code probably means, and why; without a value it is left open."""

    entry: Entry
    value: str | None
    en: str
    ru: str


class Known(NamedTuple):
    """A key of ours that another connection uses, by the name it has there."""

    key: str
    connection: str


def suggest(
    kind: Kind,
    entries: Sequence[Entry],
    *,
    stands: Mapping[str, str],
    usual: Mapping[str, str],
    groups: Mapping[str, str],
    known: Mapping[str, Known],
) -> list[Candidate]:
    """Return a candidate for each code in use that has no meaning yet; `stands` are those that have one.

    `usual` and `groups` are the connector's word for codes and groups of a new account; `known` are names, folded,
    that other connections have keys for.
    """
    if kind.single and kind.meanings and {each.value for each in kind.meanings} <= set(stands.values()):
        return []  # each value has its code
    found = [
        _candidate(kind, entry, usual, groups, known)
        for entry in entries
        if entry.active and entry.code not in stands
    ]
    return _told_apart(found, stands) if kind.single else found


def _candidate(
    kind: Kind,
    entry: Entry,
    usual: Mapping[str, str],
    groups: Mapping[str, str],
    known: Mapping[str, Known],
) -> Candidate:
    odd = _LEFT_OUT.get(kind.name)
    if odd is not None and kind.may_leave_out and (odd.search(entry.name) or odd.search(entry.code)):
        if kind.name == "price_type":
            return Candidate(
                entry, LEFT_OUT, "not a price for everybody", "не для всех покупателей: не публиковать"
            )
        return Candidate(entry, LEFT_OUT, "nobody sells from there", "с него не продают: не суммировать")
    if entry.code in usual:
        return _fit(kind, entry, usual[entry.code], "by its code", "по коду")
    named = _by_name(kind, entry)
    grouped = groups.get(entry.group)
    if grouped is not None:
        if grouped == _CANCELLED:
            words = f"{_CANCELLED}:{entry.name}" if entry.name else grouped
            return _fit(kind, entry, words, f"by its group «{entry.group}»", f"по группе «{entry.group}»")
        if len(named) == 1 and named[0] != grouped:
            return Candidate(
                entry,
                None,
                f"its group «{entry.group}» says {grouped}, its name {named[0]}",
                f"группа «{entry.group}» говорит {grouped}, а название — {named[0]}",
            )
        return _fit(kind, entry, grouped, f"by its group «{entry.group}»", f"по группе «{entry.group}»")
    elsewhere = known.get(folded(entry.name or entry.code)) or known.get(folded(entry.group))
    if elsewhere is not None:
        where = elsewhere.connection
        return _fit(kind, entry, elsewhere.key, f"called the same in {where}", f"называется так же в {where}")
    if len(named) == 1:
        value = f"{named[0]}:{entry.name}" if named[0] == _CANCELLED else named[0]
        return _fit(kind, entry, value, "by its name", "по названию")
    if named:
        several = ", ".join(named)
        return Candidate(
            entry, None, f"its name could mean: {several}", f"по названию подходит несколько: {several}"
        )
    return Candidate(entry, None, "neither code nor name tells", "ни по коду, ни по названию не понять")


def _by_name(kind: Kind, entry: Entry) -> list[str]:
    text = f"{entry.name} {entry.group}" if kind.name == "delivery_type" else entry.name
    found = [value for value, pattern in _FOUND.get(kind.name, ()) if pattern.search(text or entry.code)]
    carriers = [value for value in found if value in _SERVICES]
    return carriers or found


def _fit(kind: Kind, entry: Entry, value: str, en: str, ru: str) -> Candidate:
    """Return the candidate in the words of this table; some know fewer of them."""
    for words in (value, value.partition(" ")[0]):
        try:
            return Candidate(entry, kind.value(words), en, ru)
        except BadInput:
            continue
    return Candidate(
        entry,
        None,
        f"{en} it would be «{value}», which is not known here",
        f"{ru} это «{value}», но такого значения здесь нет",
    )


def _told_apart(found: Sequence[Candidate], stands: Mapping[str, str]) -> list[Candidate]:
    """Leave open what would give one value to two codes."""
    wanted = Counter(one.value or LEFT_OUT for one in found)
    taken = {value: code for code, value in stands.items()}
    told: list[Candidate] = []
    for one in found:
        if one.value in {None, LEFT_OUT}:
            told.append(one)
        elif (code := taken.get(one.value or "")) is not None:
            told.append(
                Candidate(
                    one.entry, None, f"«{one.value}» is «{code}» already", f"«{one.value}» — это уже «{code}»"
                )
            )
        elif wanted[one.value or ""] > 1:
            told.append(
                Candidate(
                    one.entry, None, f"several could be «{one.value}»", f"«{one.value}» подходит нескольким"
                )
            )
        else:
            told.append(one)
    return told


def is_private_price(kind: Kind, name: str) -> bool:
    """Tell whether a price type that is written somewhere has a name of those that are not for everybody to see."""
    return kind.name == "price_type" and not kind.later and UNPUBLISHED.search(name) is not None


def folded(name: str) -> str:
    """Return a name as names are compared."""
    return " ".join(name.split()).casefold()
