"""Settle an issue by a person's word: only those that nothing else ever closes; of the others it is said what does."""

from __future__ import annotations

from collections.abc import Mapping

from obmen.engine.holding import told
from obmen.engine.hub import Hub
from obmen.errors import BadInput
from obmen.ledger.contract import Issue, Tx
from obmen.sync.reasons import Reason

MOST = 100_000_000
FOR_A_PERSON = frozenset({Reason.DOUBT.code, Reason.SAME_ARTICLE.code, Reason.GONE.code})
"""Issues that only tell: whoever has looked is done with them."""
_CLOSED_BY: Mapping[str, tuple[str, str]] = {
    Reason.WAITING_MAPPING.code: (
        "the code has a mapping in the settings",
        "у кода появится соответствие в настройках",
    ),
    Reason.BLOCKED.code: (
        "the value can be read again; put it right in its system",
        "значение снова можно будет прочесть; исправьте его в той системе",
    ),
    Reason.REJECTED.code: (
        "the system takes the record; mend what it says is wrong",
        "система примет карточку; исправьте то, на что она жалуется",
    ),
    Reason.HELD_GUARD.code: (
        "the change is confirmed (obmen issues confirm DIGEST) or its system sends what is right",
        "изменение подтвердят (obmen issues confirm КОД) или система пришлёт верное",
    ),
    Reason.DOUBLE.code: (
        "it is said which record it is: obmen bind",
        "станет ясно, какая это карточка: obmen bind",
    ),
    Reason.NOT_A_CREATOR.code: (
        "the object is known: bound by hand (obmen bind), or shown by the system it belongs to",
        "объект опознают: связью вручную (obmen bind) или когда его покажет его система",
    ),
    Reason.PAUSED.code: (
        "the connection goes on: obmen resume",
        "обмен возобновят: obmen resume",
    ),
    Reason.HELD_EPOCH.code: (
        "the connection goes on: obmen resume",
        "обмен возобновят: obmen resume",
    ),
    Reason.ANOTHER_SYSTEM.code: (
        "the address is mended, or trusted: obmen trust",
        "исправят адрес или подтвердят его: obmen trust",
    ),
    Reason.DOWN.code: ("the system answers again", "система снова ответит"),
    Reason.SILENT.code: ("the system calls again", "система снова выйдет на обмен"),
}
_CHOSEN = (
    "one of the values is chosen: obmen choose, or make them agree in one of the systems",
    "одно из значений выберут: obmen choose, или приведите их к одному в одной из систем",
)


def is_for_a_person(issue: Issue) -> bool:
    """Tell whether nothing but a person's word closes this issue."""
    return issue.code in FOR_A_PERSON


def dismiss(tx: Tx, hub: Hub, key: str, *, why: str) -> Issue:
    """Close an issue because a person has seen to it; the journal of its record keeps who said why.

    Raises `BadInput` for an issue that is not open, and for one that something else closes.
    """
    found = next((one.issue for one in tx.issues(limit=MOST) if one.issue.key == key), None)
    if found is None:
        raise BadInput(
            "issues.no_such",
            f"No issue «{key}» is open: obmen issues shows the keys of those a person may settle.",
            f"Открытого вопроса «{key}» нет: obmen issues показывает, какие можно закрыть и под каким ключом.",
        )
    if not is_for_a_person(found):
        en, ru = _CLOSED_BY.get(found.code, _CHOSEN)
        raise BadInput(
            "issues.closes_itself",
            f"«{key}» closes by itself once {en}. It was left open.",
            f"«{key}» закроется сам, когда {ru}. Оставлен открытым.",
        )
    tx.close_issues([key], at=hub.now())
    if found.record is not None:
        told(tx, hub, found.connection, found.record, Reason.SETTLED, why, found.code)
    return found
