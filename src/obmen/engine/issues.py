"""The issues the engine opens: what a person or a mapping must settle, in one sentence with the way out."""

from __future__ import annotations

from collections.abc import Sequence

from obmen.errors import ObmenError
from obmen.language import plural
from obmen.ledger.contract import Issue, Tx
from obmen.model import Record
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry
from obmen.sync.shadow import Look


def name_of(record: Record) -> str:
    """Return what people call a record."""
    return record.title or f"{record.entity} {record.id}"


def unmapped(connection: str, record: Record, atom: str, key: str) -> Issue:
    """Return the issue of a value nobody has mapped; one issue for all records that wait for the same key."""
    code = key.rpartition(":")[2]
    return Issue(
        key=unmapped_key(key),
        code=Reason.WAITING_MAPPING.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"{connection}: no mapping of {atom} for «{code}» («{name_of(record)}» and others wait); add it and they continue by themselves.",
        ru=f"{connection}: для поля {atom} нет соответствия «{code}» (ждёт «{name_of(record)}» и другие); добавьте его, они продолжат сами.",
    )


def unmapped_key(key: str) -> str:
    """Return the key of the issue that nobody has mapped a code."""
    return f"waits:{key}"


def undecided(connection: str, record: Record, entry: Entry) -> Issue:
    """Return the issue of an atom that waits for a person: both changed, facts clash, or a tug-of-war."""
    name = name_of(record)
    reason = Reason.of(entry.reason)
    values = f"«{entry.before}» / {connection}: «{entry.after}»"
    return Issue(
        key=undecided_key(connection, record.id, entry.atom),
        code=reason.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"«{name}», {entry.atom}: {values}: {reason.en}. Nothing is taken or written until one of them is chosen.",
        ru=f"«{name}», поле {entry.atom}: {values}: {reason.ru}. Пока значение не выбрано, ничего не принимается и не пишется.",
    )


def undecided_key(connection: str, record: int, atom: str) -> str:
    """Return the key of the issue that an atom waits for a person."""
    return f"undecided:{connection}:{record}:{atom}"


def gone(connection: str, record: Record, ref: str) -> Issue:
    """Return the issue of an object that somebody deleted in a system that should hold it."""
    name = name_of(record)
    return Issue(
        key=f"gone:{connection}:{record.id}",
        code=Reason.GONE.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        ref=ref,
        en=f"{connection}: «{name}» ({ref}) was deleted there; it is not created again by itself. Unbind it to create it anew.",
        ru=f"{connection}: «{name}» ({ref}) удалён в этой системе; сам заново не создаётся. Чтобы создать заново, снимите связь.",
    )


def stranger(reason: Reason, connection: str, entity: str, look: Look) -> Issue:
    """Return the issue of an object that is nobody we know: a double, or new where nothing new may come from."""
    name = look.title or look.ref
    if reason is Reason.DOUBLE:
        en = f"{connection}: {entity} «{name}» ({look.ref}) looks like a record already bound there, or like two records; bind it by hand."
        ru = f"{connection}: «{name}» ({look.ref}) похож на уже связанную карточку или сразу на две; свяжите вручную."
    else:
        en = f"{connection}: {entity} «{name}» ({look.ref}) is unknown, and {connection} may not bring new records; it is left alone. To exchange it, add {connection} to creators."
        ru = f"{connection}: «{name}» ({look.ref}) неизвестен, а заводить новые карточки отсюда нельзя; обмен его не трогает. Если он нужен в обмене, добавьте {connection} в creators."
    return Issue(
        key=f"{reason.code}:{connection}:{entity}:{look.ref}",
        code=reason.code,
        connection=connection,
        entity=entity,
        ref=look.ref,
        en=en,
        ru=ru,
    )


def two_found(connection: str, record: Record, refs: tuple[str, ...]) -> Issue:
    """Return the issue of a record that two objects of a system could be."""
    return Issue(
        key=f"two:{connection}:{record.id}",
        code=Reason.DOUBLE.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"{connection}: «{name_of(record)}» stands there twice ({', '.join(refs)}); merge or delete one, or bind the right one by hand.",
        ru=f"{connection}: «{name_of(record)}» есть там дважды ({', '.join(refs)}); объедините или удалите лишний либо свяжите нужный вручную.",
    )


def refused(connection: str, record: Record, en: str, ru: str) -> Issue:
    """Return the issue of a record a system refuses; it is tried again when the record changes."""
    return Issue(
        key=f"refused:{connection}:{record.id}",
        code=Reason.REJECTED.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"{connection} refused «{name_of(record)}»: {en}",
        ru=f"{connection} отклонил «{name_of(record)}»: {ru}",
    )


def settled_keys(connection: str, record: int) -> tuple[str, ...]:
    """Return the keys of issues that a confirmed write of a record settles."""
    return (f"refused:{connection}:{record}", f"two:{connection}:{record}")


def paused(connection: str, error: ObmenError) -> Issue:
    """Return the issue of a connection that is paused until its access is mended."""
    return Issue(
        key=paused_key(connection),
        code=Reason.PAUSED.code,
        connection=connection,
        en=f"{connection} is paused: {error.en} Mend the access and resume it: obmen resume {connection}",
        ru=f"{connection} приостановлен: {error.ru} Исправьте доступ и возобновите: obmen resume {connection}",
    )


def paused_key(connection: str) -> str:
    """Return the key of the issue that a connection is paused."""
    return f"paused:{connection}"


def silent(connection: str, *, minutes: int) -> Issue:
    """Return the issue of a system that used to call and does not."""
    spoken = f"{minutes} {plural(minutes, 'минуту', 'минуты', 'минут')}"
    return Issue(
        key=silent_key(connection),
        code=Reason.SILENT.code,
        connection=connection,
        en=f"{connection} has not called for {minutes} minutes. See that it is up, that its exchange is scheduled and that it reaches the hub.",
        ru=f"{connection}: не выходила на обмен {spoken}. Проверьте, что она работает, что обмен стоит в её расписании и что ей виден адрес обмена.",
    )


def silent_key(connection: str) -> str:
    """Return the key of the issue that a system does not call."""
    return f"silent:{connection}"


def restored(connection: str, *, is_written: bool) -> Issue:
    """Return the issue of a connection that is held because the ledger was put back in time."""
    if is_written:
        en = f"Compare: obmen reconcile {connection}; look: obmen plan {connection}; let exactly that go: obmen apply DIGEST; where the plan is empty: obmen resume {connection}"
        ru = f"Сверьте: obmen reconcile {connection}; посмотрите: obmen plan {connection}; отпустите именно это: obmen apply КОД; если план пуст: obmen resume {connection}"
    else:
        en, ru = f"Go on: obmen resume {connection}", f"Продолжить: obmen resume {connection}"
    return Issue(
        key=restored_key(connection),
        code=Reason.HELD_EPOCH.code,
        connection=connection,
        en=f"{connection} is on hold: the database was restored or moved and does not know what was written since. {en}",
        ru=f"{connection} придержан: база восстановлена из копии или перенесена и не знает, что записано с тех пор. {ru}",
    )


def restored_key(connection: str) -> str:
    """Return the key of the issue that a connection is held by the epoch."""
    return f"restored:{connection}"


def namesakes(tx: Tx, connection: str, new: Sequence[Record], keys: Sequence[str]) -> list[Issue]:
    """Return the issues of new products whose article another product has: recreated in 1C, or a slip of the pen.

    Nothing is merged: articles repeat, and only a person knows which of the two is the one.
    """
    if "sku" not in keys:
        return []
    by_article = {str(record.atoms["sku"]): record for record in new if record.atoms.get("sku")}
    if not by_article or new[0].entity != "product":
        return []
    known = tx.by_key("product", "sku", by_article)
    others = tx.records({number for numbers in known.values() for number in numbers})
    return [
        Issue(
            key=f"article:{connection}:{article}",
            code=Reason.SAME_ARTICLE.code,
            connection=connection,
            entity="product",
            record=by_article[article].id,
            en=f"{connection}: «{name_of(by_article[article])}» is new, but its article {article} is that of «{name_of(others[numbers[0]])}»; both are kept apart. Delete the extra one in its system, or merge them by hand.",
            ru=f"{connection}: «{name_of(by_article[article])}» — новая карточка, но артикул {article} уже у «{name_of(others[numbers[0]])}»; они не объединены. Удалите лишнюю в её системе или объедините вручную.",
        )
        for article, numbers in known.items()
        if numbers and numbers[0] in others
    ]
