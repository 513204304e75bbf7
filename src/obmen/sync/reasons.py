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
    RAISED = "raised", "a later fact", "статус продвинулся вперёд"
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
        "заполняется один раз при создании, дальше поле ведёт сама система",
    )
    STALE_FACT = "stale_fact", "facts never go back", "отклонено: назад статус не откатывается"
    FACTS_CLASH = (
        "facts_clash",
        "two facts contradict each other, such as cancelled and shipped: a person decides",
        "противоречие, например отменён и отгружен: решает человек",
    )
    FIRST_CONTACT = (
        "first_contact",
        "first look at this copy; the record stands",
        "прочитано впервые: карточка остаётся как есть",
    )
    LOWER_PRIORITY = (
        "lower_priority",
        "both changed; the other ranks higher",
        "изменено с двух сторон; другая система важнее",
    )
    EARLIER = "earlier", "both changed; the other is later", "изменено с двух сторон; другое изменение позже"
    PAID_LINES = (
        "paid_lines",
        "the order is paid or shipped already: a person decides whether its lines change",
        "заказ уже оплачен или отгружен: менять ли состав, решает человек",
    )
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
        "идёт запись; после неё перечитаем",
    )
    TUG_OF_WAR = (
        "tug_of_war",
        "the other side keeps putting its value back",
        "перетягивание: другая сторона возвращает своё значение",
    )
    GONE = "gone", "deleted there", "удалено в той системе"
    MERGED = "merged", "merged with another object there", "объединено с другим в той системе"
    ABSENT = "absent", "not in a complete export any more", "больше нет в полной выгрузке"
    DONE_THERE = "done_there", "somebody did this there", "сделано в той системе"
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
    UNFITTING = (
        "unfitting",
        "a mapping table does not fit the configuration",
        "таблица соответствий не подходит к настройкам",
    )
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
    LEFT_ALONE = (
        "left_alone",
        "older than the day the exchange began with: left alone",
        "не трогаем: старше даты, с которой начат обмен",
    )
    RECEIPT_ELSEWHERE = (
        "receipt_elsewhere",
        "not written: that system or the bank prints the fiscal receipt itself",
        "не записано: чек пробивает сама система или банк",
    )
    UNFIT_CONTACT = (
        "unfit_contact",
        "not written: it cannot be a phone or an e-mail",
        "не записано: это не похоже на телефон или почту",
    )
    HELD_GUARD = "held_guard", "held by a guard: confirm first", "придержано: подтвердите массовое изменение"
    HELD_PERSON = "held_person", "held back by a person", "придержано человеком"
    HELD_MAPPING = (
        "held_mapping",
        "held: a mapping table was edited; apply a plan",
        "придержано: изменена таблица соответствий; примените план",
    )
    HELD_PLAN = "held_plan", "held until a plan is applied", "придержано до применения плана"
    HELD_WINDOW = "held_window", "outside the write window", "придержано: вне окна записи"
    HELD_EPOCH = (
        "held_epoch",
        "the ledger was restored: adopt and plan first",
        "база восстановлена из копии: сначала сверка и план",
    )
    ANOTHER_SYSTEM = (
        "another_system",
        "leads to another system than before",
        "ведёт не в ту систему, что раньше",
    )
    PAUSED = "paused", "the connection is paused", "обмен приостановлен"
    DOWN = "down", "does not answer", "не отвечает"
    SILENT = "silent", "it has not called for long", "давно не выходила на обмен"
    UNTOLD = "untold", "alerts do not get through", "сообщения не доходят"
    ATTEMPT_OPEN = "attempt_open", "an earlier write has no outcome yet", "ответа нет, проверяем, дошло ли"
    TO_BE_TAKEN = "to_be_taken", "waits to be collected", "ждёт, пока 1С заберёт"
    OFFERED = "offered", "offered, waits for the confirmation", "отдано, ждёт подтверждения"
    UNTAKEN = (
        "untaken",
        "the exchange broke off before it was confirmed; it will be offered again",
        "обмен оборвался раньше подтверждения; отдадим ещё раз",
    )
    MOVED = "moved", "changed since the plan was made", "изменилось после составления плана"
    # What a person should know of
    SAME_ARTICLE = "same_article", "another card has this article", "такой артикул уже у другой карточки"
    # What a person decided
    LINKED = "linked", "bound by a person", "связано человеком"
    PARTED = "parted", "unbound by a person", "связь снята человеком"
    UNITED = "united", "two records united by a person", "две карточки объединены человеком"
    DIVIDED = "divided", "made a record of its own by a person", "отделено человеком в отдельную карточку"
    CHOSEN = "chosen", "chosen by a person", "выбрано человеком"
    RELEASED = "released", "let go by a person", "отпущено человеком"
    SETTLED = "settled", "an issue settled by a person", "вопрос закрыт человеком"
    DOUBT = "doubt", "written; a person should look at it", "записано; человеку стоит взглянуть"
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
