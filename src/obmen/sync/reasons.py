"""Every reason a decision can have. The journal, plans and issues carry these codes; the texts stand here, RU and EN."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """A code, what it means in English, and the same in Russian as the operator reads it."""

    # What became of a value that was seen in a system
    ECHO = "echo", "the value did not change", "эхо: значение не изменилось"
    AGREED = "agreed", "this system already holds what the record says", "совпадает с карточкой"
    TAKEN = "taken", "taken from its owner", "принято от мастер-системы"
    FILLED = "filled", "nobody had said it yet", "заполнено впервые"
    CHANGED_THERE = "changed_there", "changed there on top of our value", "изменено в этой системе"
    RAISED = "raised", "a later fact", "факт продвинулся вперёд"
    PRIORITY = (
        "priority",
        "both changed; this system ranks higher",
        "изменено с двух сторон; эта система важнее",
    )
    LATEST = "latest", "both changed; this one is later", "изменено с двух сторон; это изменение позже"
    CREATED = "created", "a new record", "создана карточка"
    BOUND = "bound", "recognised as a known record", "опознано и связано"
    BASELINE = (
        "baseline",
        "a default of the system, not anybody's word",
        "значение системы по умолчанию, не чьё-то решение",
    )
    VOLATILE = "volatile", "it falls by itself as goods are sold", "меняется само при продажах"
    # Why a value was not taken
    SUPERSEDED = "superseded", "an older look; a newer one is known", "устарело: уже известно более новое"
    NOT_OWNER = "not_owner", "another system decides this field", "не записано: по этому полю главный другой"
    ONCE = (
        "once",
        "filled at creation, then the reader's own",
        "заполняется один раз при создании, дальше поле магазина",
    )
    STALE_FACT = "stale_fact", "facts never go back", "отклонено: факт не откатывается назад"
    FACTS_CLASH = (
        "facts_clash",
        "cancelled and shipped at once: a person decides",
        "отменён и отгружен одновременно: решает человек",
    )
    FIRST_CONTACT = (
        "first_contact",
        "first look at this copy; the record stands",
        "первая встреча: карточка остаётся как есть",
    )
    LOWER_PRIORITY = (
        "lower_priority",
        "both changed; the other ranks higher",
        "изменено с двух сторон; другая система важнее",
    )
    EARLIER = "earlier", "both changed; the other is later", "изменено с двух сторон; другое изменение позже"
    REVIEW = "review", "both changed: a person decides", "расхождение: выберите верное"
    BLOCKED = (
        "blocked",
        "cannot be read: no mapping or partner yet",
        "не читается: нет соответствия или связи",
    )
    NOT_A_CREATOR = (
        "not_a_creator",
        "this system may not bring new records",
        "эта система не заводит новые карточки",
    )
    DOUBLE = "double", "two candidates: a person decides", "два кандидата: решает человек"
    IN_CONVERSATION = (
        "in_conversation",
        "a write is under way; looked at again after it",
        "идёт запись; посмотрим снова после неё",
    )
    TUG_OF_WAR = (
        "tug_of_war",
        "the other side keeps putting its value back",
        "перетягивание: другая сторона возвращает своё значение",
    )
    GONE = "gone", "deleted there", "удалено в той системе"
    MERGED = "merged", "merged with another object there", "объединено с другим в той системе"
    ABSENT = "absent", "not in a complete export any more", "больше нет в полной выгрузке"
    # Why a write is made
    BEHIND = "behind", "this system is behind the record", "в системе устаревшее значение"
    NEW_THERE = "new_there", "not in this system yet", "в системе ещё нет"
    PUT_BACK = "put_back", "the owner's value goes back", "возвращается значение мастер-системы"
    # Why a write is not made, or not yet
    UP_TO_DATE = "up_to_date", "nothing to write", "записывать нечего"
    NOT_CARRIED = "not_carried", "this system does not hold this field", "в этой системе такого поля нет"
    WAITING_PARTNER = (
        "waiting_partner",
        "its partner is not in this system yet",
        "ждёт: связанной карточки ещё нет в системе",
    )
    WAITING_MAPPING = "waiting_mapping", "no mapping for a code", "ждёт: нет соответствия"
    WAITING_VALUE = "waiting_value", "a required field is empty", "ждёт: не заполнено обязательное поле"
    WAITING_CONDITION = (
        "waiting_condition",
        "the condition of its first delivery does not hold",
        "ждёт: не выполнено условие первой отправки",
    )
    BARE_SIBLING = "bare_sibling", "the product is sold by its variants", "товар продаётся по вариантам"
    INACTIVE_NEW = (
        "inactive_new",
        "withdrawn before it was ever there",
        "снято с продажи ещё до появления там",
    )
    HELD_GUARD = "held_guard", "held by a guard: confirm first", "придержано: подтвердите массовое изменение"
    HELD_PLAN = "held_plan", "held until a plan is applied", "придержано до применения плана"
    HELD_WINDOW = "held_window", "outside the write window", "придержано: вне окна записи"
    HELD_EPOCH = (
        "held_epoch",
        "the ledger was restored: adopt and plan first",
        "база восстановлена из копии: сначала сверка и план",
    )
    PAUSED = "paused", "the connection is paused", "обмен приостановлен"
    SILENT = "silent", "it has not called for long", "давно не выходила на обмен"
    ATTEMPT_OPEN = "attempt_open", "an earlier write has no outcome yet", "ответа нет, проверяем, дошло ли"
    MOVED = "moved", "changed since the plan was made", "изменилось после составления плана"
    # How a write ended
    DONE = "done", "written and confirmed", "записано и подтверждено"
    ADOPTED = (
        "adopted",
        "was there already; bound instead of created",
        "уже было в системе: связано, а не создано",
    )
    ARRIVED = "arrived", "the answer was lost, the write was not", "ответ потерялся, запись дошла"
    NEVER_ARRIVED = (
        "never_arrived",
        "the write did not arrive; it will be repeated",
        "запись не дошла; будет повторена",
    )
    REJECTED = "rejected", "the system refused the record", "система отклонила запись"
    TRANSIENT = "transient", "a passing fault; it will be repeated", "временный сбой; будет повторено"

    def __init__(self, code: str, en: str, ru: str) -> None:
        self.code = code
        self.en = en
        self.ru = ru

    def text(self, language: str) -> str:
        """Return the sentence for the operator in `ru` or `en`."""
        return self.ru if language == "ru" else self.en

    @classmethod
    def of(cls, code: str) -> Reason:
        """Return the reason with this code; `KeyError` for an unknown one."""
        return _BY_CODE[code]


_BY_CODE = {reason.code: reason for reason in Reason}
