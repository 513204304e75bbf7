"""Alerts in words: what is wrong where, since when, how much of it, and what to do. Codes and counts only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from obmen.engine.alerting.channel import Letter
from obmen.engine.alerting.gathering import ACCESS, BY_HAND, INBOX, OUTBOX
from obmen.language import Language, moment
from obmen.ledger.alerts import Alert
from obmen.sync.alerting import Kind, Notice, Situation
from obmen.sync.reasons import Reason

TITLES: Mapping[str, tuple[str, str]] = {
    Kind.PAUSED.code: ("the exchange is paused", "обмен приостановлен"),
    Kind.SILENT.code: ("does not call any more", "не выходит на обмен"),
    Kind.ERRORS.code: ("a series of errors", "серия ошибок"),
    Kind.UNPAIRED.code: ("orders have not arrived there", "заказы туда не попали"),
    Kind.HELD.code: (
        "a mass change is held and waits for a decision",
        "массовое изменение придержано и ждёт решения",
    ),
    Kind.ATTENTION.code: ("needs attention", "требует внимания"),
    Kind.LAG.code: ("the exchange lags behind", "обмен отстаёт"),
    Kind.UNTOLD.code: ("alerts did not get through", "сообщения о неполадках не доходили"),
}
_WAYS: Mapping[str, str] = {
    Kind.PAUSED.code: "obmen issues",
    Kind.SILENT.code: "obmen log {0}",
    Kind.ERRORS.code: "obmen log {0} --errors",
    Kind.UNPAIRED.code: "obmen orders --unpaired",
    Kind.HELD.code: "obmen issues",
    Kind.ATTENTION.code: "obmen issues",
    Kind.LAG.code: "obmen log {0}",
    Kind.UNTOLD.code: "obmen alerts",
}
_CODES: Mapping[str, tuple[str, str]] = {
    ACCESS: ("access is refused", "доступ не дают"),
    BY_HAND: ("by hand", "вручную"),
    INBOX: ("files and messages wait to be read", "ждут разбора файлы и сообщения"),
    OUTBOX: ("wait to be written", "ждут записи"),
    "no_answer": ("no answer", "нет ответа"),
    "refused": ("refused by us", "отказано с нашей стороны"),
    "ready": ("to be written", "ждёт записи"),
    "leased": ("being written", "записывается"),
}
_SAID_BY_TITLE = frozenset({Kind.SILENT.code, Kind.HELD.code, Kind.UNTOLD.code})
_MARKS = {"begun": "⚠", "again": "⚠", "settled": "✅"}


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """How the messages of one hub are written."""

    language: Language
    zone: tzinfo
    name: str = ""
    """Which hub it is, for whoever has several."""

    def letter(self, alert: Alert) -> Letter:
        """Put a message into words; without lines it is a test."""
        head = self._say("Obmen", "Обмен") + (f" «{self.name}»" if self.name else "")
        if not alert.notices:
            subject = f"{head}: {self._say('a test message', 'проверка связи')}"
            said = self._say("Alerts reach you.", "Сообщения о неполадках доходят.")
            return Letter(alert=alert, subject=subject, text=f"{subject} (№ {alert.id})\n{said}")
        lines = [self.line(notice) for notice in alert.notices]
        return Letter(
            alert=alert,
            subject=f"{head}: {self._subject(alert.notices)} (№ {alert.id})",
            text=f"{head} (№ {alert.id})\n\n" + "\n\n".join(lines),
        )

    def line(self, notice: Notice) -> str:
        """Return one line of a message: what, where, how much, since when, and the way out."""
        situation = notice.situation
        title = self.title(situation)
        if notice.phase == "settled":
            over = self._say("over", "прошло")
            span = self._say(
                f"from {self.at(situation.since)} to {self.at(notice.at)}",
                f"с {self.at(situation.since)} до {self.at(notice.at)}",
            )
            return f"{_MARKS['settled']} {title} — {over}: {span}"
        still = self._say(" (still)", " (всё ещё)") if notice.phase == "again" else ""
        since = self._say(f"since {self.at(situation.since)}", f"с {self.at(situation.since)}")
        parts = [part for part in (self._much(situation), since) if part]
        way = _WAYS[situation.kind].format(situation.connection)
        return f"{_MARKS[notice.phase]} {title}{still}: {'; '.join(parts)} → {way}"

    def title(self, situation: Situation) -> str:
        """Return what is wrong and where."""
        en, ru = TITLES[situation.kind]
        return f"{situation.connection}: {self._say(en, ru)}" if situation.connection else self._say(en, ru)

    def at(self, when: float) -> str:
        """Print a moment."""
        return moment(datetime.fromtimestamp(when, UTC), self.zone, self.language)

    def _subject(self, notices: Sequence[Notice]) -> str:
        first = notices[0]
        over = f" — {self._say('over', 'прошло')}" if first.phase == "settled" else ""
        rest = len(notices) - 1
        more = self._say(f", and {rest} more", f" и ещё {rest}") if rest else ""
        return f"{self.title(first.situation)}{over}{more}"

    def _much(self, situation: Situation) -> str:
        if situation.kind in _SAID_BY_TITLE:
            return ""
        details = ", ".join(
            self._code(code) + (f" ×{number}" if number > 1 else "") for code, number in situation.details
        )
        if situation.kind == Kind.UNPAIRED.code:
            more = " …" if situation.count > len(situation.numbers) else ""
            numbers = f"{', '.join(situation.numbers)}{more}"
            return (
                f"{situation.count} ({numbers}), {details}" if details else f"{situation.count} ({numbers})"
            )
        counted = situation.kind in {Kind.ERRORS.code, Kind.ATTENTION.code, Kind.LAG.code}
        return f"{situation.count}: {details}" if counted and len(situation.details) > 1 else details

    def _code(self, code: str) -> str:
        if code in _CODES:
            return self._say(*_CODES[code])
        try:
            return Reason.of(code).text(self.language)
        except KeyError:
            return code

    def _say(self, en: str, ru: str) -> str:
        return ru if self.language == "ru" else en
