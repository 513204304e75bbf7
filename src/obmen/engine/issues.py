"""The issues the engine opens: what a person or a mapping must settle, in one sentence with the way out."""

from __future__ import annotations

from collections.abc import Sequence

from obmen.connectors.contract import Connection, Doubt
from obmen.connectors.mapping import Reference
from obmen.errors import ObmenError
from obmen.language import plural
from obmen.ledger.contract import Issue, Tx
from obmen.model import Record, Value
from obmen.sync.mapping import Kind
from obmen.sync.reasons import Reason
from obmen.sync.settle import Entry
from obmen.sync.shadow import CONTRADICTION, Look, what_is_wrong
from obmen.wording import field_of


def name_of(record: Record) -> str:
    """Return what people call a record."""
    return record.title or f"{record.entity} {record.id}"


def unmapped(system: Connection, record: Record, atom: str, key: str, *, written: bool = False) -> Issue:
    """Return the issue of a value nobody has mapped; one issue for all records that wait for the same key.

    `written`: it is a word of ours that the system has no code for. The sentence names the command that settles it.
    """
    connection, word, code = key.split(":", 3)[1:]
    kind = kind_of(system, word)
    shown = f'"{code}"' if " " in code else code
    way_en, way_ru = "add it and they continue by themselves.", "добавьте его, они продолжат сами."
    if kind is not None:
        row_en, row_ru = (
            (f"CODE {shown}", f"КОД {shown}") if written else (f"{shown} VALUE", f"{shown} ЗНАЧЕНИЕ")
        )
        command = f"obmen mapping set {connection} {kind.name}"
        way_en = f"say it and they continue by themselves: {command} {row_en}"
        way_ru = f"задайте его, они продолжат сами: {command} {row_ru}"
    return Issue(
        key=unmapped_key(key),
        code=Reason.WAITING_MAPPING.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"{connection}: no mapping of {atom} for «{code}» («{name_of(record)}» and others wait); {way_en}",
        ru=f"{connection}: для поля {atom} нет соответствия «{code}» (ждёт «{name_of(record)}» и другие); {way_ru}",
    )


def kind_of(system: Connection, word: str) -> Kind | None:
    """Return the mapping table whose codes records wait for by this word of the key."""
    tables = system.tables if isinstance(system, Reference) else ()
    return next((table.kind for table in tables if table.kind.wakes == word), None)


def remapped(connection: str, count: int) -> Issue:
    """Return the issue of writes that other mapping tables bring and that wait for a plan."""
    writes = f"{count} {plural(count, 'запись', 'записи', 'записей')}"
    return Issue(
        key=remapped_key(connection),
        code=Reason.HELD_MAPPING.code,
        connection=connection,
        en=f"{connection}: writes that an edited mapping table brings are held: {count}. See them: obmen plan {connection}",
        ru=f"{connection}: из-за правки таблицы соответствий придержано {writes}. Посмотреть: obmen plan {connection}",
    )


def remapped_key(connection: str) -> str:
    """Return the key of the issue that other mapping tables bring writes."""
    return f"remapped:{connection}"


def unfitting(connection: str, kind: str, error: ObmenError) -> Issue:
    """Return the issue of a table of the hub that does not fit the configuration any more."""
    return Issue(
        key=unfitting_key(connection, kind),
        code=Reason.UNFITTING.code,
        connection=connection,
        en=f"{connection}: the table {kind} written in the hub does not fit the configuration, which is used alone: {error.en} See obmen mapping list {connection} {kind}; mend it there or in obmen.toml.",
        ru=f"{connection}: таблица {kind}, записанная в обмене, не подходит к настройкам; действуют одни настройки: {error.ru} См. obmen mapping list {connection} {kind}; исправьте там или в obmen.toml.",
    )


def unfitting_key(connection: str, kind: str) -> str:
    """Return the key of the issue that a table of the hub does not fit."""
    return f"unfitting:{connection}:{kind}"


def unreadable(system: Connection, record: Record, atom: str, key: str) -> Issue:
    """Return the issue of a value that was seen and cannot be taken: an unknown code, or a contradiction."""
    if not key.startswith(CONTRADICTION):
        return unmapped(system, record, atom, key)
    connection = system.name
    how = key.split(":", 3)[-1]
    name = name_of(record)
    wrong_en, wrong_ru = what_is_wrong(how)
    field_ru, field_en = field_of(atom)
    return Issue(
        key=contradiction_key(connection, record.id, atom),
        code=Reason.BLOCKED.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"{connection}: «{name}», {field_en}: {wrong_en}: {how}. It is not taken; put it right there, it is read again by itself.",
        ru=f"{connection}: «{name}», {field_ru}: {wrong_ru}: {how}. Значение не принято; исправьте его там, обмен прочитает его снова.",
    )


def contradiction_key(connection: str, record: int, atom: str) -> str:
    """Return the key of the issue that a value contradicts itself."""
    return f"contradiction:{connection}:{record}:{atom}"


def unmapped_key(key: str) -> str:
    """Return the key of the issue that nobody has mapped a code."""
    return f"waits:{key}"


def undecided(connection: str, record: Record, entry: Entry) -> Issue:
    """Return the issue of an atom that waits for a person: both changed, facts clash, or a tug-of-war."""
    name = name_of(record)
    reason = Reason.of(entry.reason)
    field_ru, field_en = field_of(entry.atom)
    here_en, here_ru = _shown(entry.atom, entry.before)
    there_en, there_ru = _shown(entry.atom, entry.after)
    way = f"obmen choose {record.entity} {record.id} {entry.atom}"
    return Issue(
        key=undecided_key(connection, record.id, entry.atom),
        code=reason.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"«{name}», {field_en}: {here_en} in the record, {there_en} in {connection}; {reason.en}. Until then nothing is taken or written. Say whose value is right: {way} SYSTEM --why …",
        ru=f"«{name}», {field_ru}: в карточке {here_ru}, в {connection} {there_ru}; {reason.ru}. Пока не выбрано, ничего не принимается и не пишется. Выбрать, в какой системе верно: {way} СИСТЕМА --why …",
    )


_PRIVATE = frozenset({"comment", "note"})


def _shown(atom: str, value: Value) -> tuple[str, str]:
    """Return a value in a few words, English and Russian; nothing of people, since issues travel in alerts."""
    if value is None:
        return "nothing", "пусто"
    if atom in _PRIVATE:
        return "a text", "текст"
    if isinstance(value, dict):
        told = value.get("total", value.get("sum"))
        return (f"«{told}»", f"«{told}»") if told is not None else ("another value", "другое значение")
    if isinstance(value, list):
        return f"a list of {len(value)}", f"список из {len(value)}"
    return f"«{str(value)[:80]}»", f"«{str(value)[:80]}»"


def undecided_key(connection: str, record: int, atom: str) -> str:
    """Return the key of the issue that an atom waits for a person."""
    return f"undecided:{connection}:{record}:{atom}"


def gone(connection: str, record: Record, ref: str) -> Issue:
    """Return the issue of an object that somebody deleted in a system that should hold it."""
    name = name_of(record)
    return Issue(
        key=gone_key(connection, record.id),
        code=Reason.GONE.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        ref=ref,
        en=f"{connection}: «{name}» ({ref}) was deleted there; it is not created again by itself. To create it anew: obmen unbind {connection} {record.entity} {record.id} --why …",
        ru=f"{connection}: «{name}» ({ref}) удалён в этой системе; сам заново не создаётся. Создать заново: obmen unbind {connection} {record.entity} {record.id} --why …",
    )


def put_together(connection: str, record: Record, ref: str, survivor: int, into: str) -> Issue:
    """Return the issue of an object that was put into another one there, whose record is not this one."""
    name = name_of(record)
    command = f"obmen merge {record.entity} {survivor} {record.id} --why …"
    return Issue(
        key=gone_key(connection, record.id),
        code=Reason.MERGED.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        ref=ref,
        en=f"{connection}: «{name}» ({ref}) was put into {into} there, which is record № {survivor}; in the other systems both stand as before. If they are one: {command}",
        ru=f"{connection}: «{name}» ({ref}) там объединён с {into}, это карточка № {survivor}; в остальных системах оба стоят как стояли. Если это одно и то же: {command}",
    )


def gone_key(connection: str, record: int) -> str:
    """Return the key of the issue that an object was deleted."""
    return f"gone:{connection}:{record}"


def stranger_keys(connection: str, entity: str, ref: str) -> tuple[str, ...]:
    """Return the keys of the issues that an object is nobody we know."""
    return tuple(
        f"{reason.code}:{connection}:{entity}:{ref}" for reason in (Reason.DOUBLE, Reason.NOT_A_CREATOR)
    )


def stranger(reason: Reason, connection: str, entity: str, look: Look) -> Issue:
    """Return the issue of an object that is nobody we know: a double, or new where nothing new may come from."""
    name = look.title or look.ref
    if reason is Reason.DOUBLE:
        en = f"{connection}: {entity} «{name}» ({look.ref}) looks like a record already bound there, or like two records; say which: obmen bind {connection} {entity} {look.ref} RECORD --why …"
        ru = f"{connection}: «{name}» ({look.ref}) похож на уже связанную карточку или сразу на две; скажите, какая: obmen bind {connection} {entity} {look.ref} КАРТОЧКА --why …"
    elif look.elsewhere:
        code = look.key("xml_id")
        en = f"{connection}: {entity} «{name}» ({look.ref}) bears the code «{code}» of another system, and nobody here is known by it; it is left alone. Once that system shows it, they are one."
        ru = f"{connection}: у «{name}» ({look.ref}) код «{code}» другой системы, а по нему никого не знаем; обмен его не трогает. Когда та система его покажет, они свяжутся сами."
    else:
        en = f"{connection}: {entity} «{name}» ({look.ref}) is unknown, and {connection} may not bring new records; it is left alone. To exchange it, add {connection} to creators."
        ru = f"{connection}: «{name}» ({look.ref}) неизвестен, а заводить новые карточки отсюда нельзя; обмен его не трогает. Если он нужен в обмене, добавьте {connection} в creators."
    return Issue(
        key=stranger_key(reason, connection, entity, look.ref),
        code=reason.code,
        connection=connection,
        entity=entity,
        ref=look.ref,
        en=en,
        ru=ru,
    )


def stranger_key(reason: Reason, connection: str, entity: str, ref: str) -> str:
    """Return the key of the issue that an object is nobody we know."""
    return f"{reason.code}:{connection}:{entity}:{ref}"


def two_found(connection: str, record: Record, refs: tuple[str, ...]) -> Issue:
    """Return the issue of a record that two objects of a system could be."""
    return Issue(
        key=f"two:{connection}:{record.id}",
        code=Reason.DOUBLE.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"{connection}: «{name_of(record)}» stands there twice ({', '.join(refs)}); merge or delete one there, or say which is the right one: obmen bind {connection} {record.entity} ID {record.id} --why …",
        ru=f"{connection}: «{name_of(record)}» есть там дважды ({', '.join(refs)}); объедините или удалите лишний там либо скажите, который верный: obmen bind {connection} {record.entity} КОД {record.id} --why …",
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


def doubtful(connection: str, record: Record, doubt: Doubt) -> Issue:
    """Return the issue of a write that happened and that a person should look at; it stays until it is closed."""
    return Issue(
        key=f"doubt:{connection}:{record.id}:{doubt.code}",
        code=Reason.DOUBT.code,
        connection=connection,
        entity=record.entity,
        record=record.id,
        en=f"{connection}, «{name_of(record)}»: {doubt.en}",
        ru=f"{connection}, «{name_of(record)}»: {doubt.ru}",
    )


def noticed(connection: str, entity: str, doubt: Doubt) -> Issue:
    """Return the issue of something about a whole connection; it stays until a person has seen to it."""
    return Issue(
        key=f"doubt:{connection}:{entity}:{doubt.code}",
        code=Reason.DOUBT.code,
        connection=connection,
        entity=entity,
        en=f"{connection}: {doubt.en}",
        ru=f"{connection}: {doubt.ru}",
    )


def unpublished(connection: str, doubt: Doubt) -> Issue:
    """Return the issue of a file that was not put in the place of the old one."""
    return Issue(
        key=unpublished_key(connection),
        code=Reason.HELD_GUARD.code,
        connection=connection,
        en=f"{connection}: {doubt.en}",
        ru=f"{connection}: {doubt.ru}",
    )


def unpublished_key(connection: str) -> str:
    """Return the key of the issue that a file is not published."""
    return f"unpublished:{connection}"


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


def another_system(connection: str, before: str, now: str) -> Issue:
    """Return the issue of a connection that leads to another system than before, such as a copy of the shop."""
    return Issue(
        key=another_system_key(connection),
        code=Reason.ANOTHER_SYSTEM.code,
        connection=connection,
        en=f"{connection} leads to {now}, until now it was {before}: nothing is read or written. If this is a copy, mend the address in the settings; if the system has moved: obmen trust {connection}",
        ru=f"{connection} ведёт на {now}, а раньше — на {before}: ничего не читается и не пишется. Если это копия, исправьте адрес в настройках; если система переехала: obmen trust {connection}",
    )


def another_system_key(connection: str) -> str:
    """Return the key of the issue that a connection leads elsewhere."""
    return f"another:{connection}"


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


def untold(errors: Sequence[tuple[str, str, str]], *, minutes: int) -> Issue:
    """Return the issue that no channel delivers alerts; `errors`: channel and why, in English and in Russian."""
    en = "; ".join(f"{channel}: {why.rstrip('.')}" for channel, why, _ in errors)
    ru = "; ".join(f"{channel}: {why.rstrip('.')}" for channel, _, why in errors)
    spoken = f"{minutes} {plural(minutes, 'минуту', 'минуты', 'минут')}"
    return Issue(
        key=UNTOLD_KEY,
        code=Reason.UNTOLD.code,
        connection="",
        en=f"No alert has got through for {minutes} minutes: {en}. Mend [alerts] and try: obmen alerts test",
        ru=f"Сообщения о неполадках не доходят уже {spoken}: {ru}. Исправьте [alerts] и проверьте: obmen alerts test",
    )


UNTOLD_KEY = "untold"
"""The key of the issue that no channel delivers."""


def down(connection: str, error: ObmenError) -> Issue:
    """Return the issue of a system that has not answered for some time; it closes when it answers."""
    return Issue(
        key=down_key(connection),
        code=Reason.DOWN.code,
        connection=connection,
        en=f"{connection} does not answer: {error.en} Nothing is lost: what is meant for it waits and goes by itself.",
        ru=f"{connection} не отвечает: {error.ru} Ничего не теряется: всё для неё ждёт и уйдёт само.",
    )


def down_key(connection: str) -> str:
    """Return the key of the issue that a system does not answer."""
    return f"down:{connection}"


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
            en=f"{connection}: «{name_of(by_article[article])}» is new, but its article {article} is that of «{name_of(others[numbers[0]])}»; both are kept apart. Delete the extra one in its system, or merge them: obmen merge product {numbers[0]} {by_article[article].id} --why …",
            ru=f"{connection}: «{name_of(by_article[article])}» — новая карточка, но артикул {article} уже у «{name_of(others[numbers[0]])}»; они не объединены. Удалите лишнюю в её системе или объедините: obmen merge product {numbers[0]} {by_article[article].id} --why …",
        )
        for article, numbers in known.items()
        if numbers and numbers[0] in others
    ]
