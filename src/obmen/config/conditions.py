"""The language of `when` and `until`: questions about canonical facts, never about a vendor's codes.

    condition = clause [ "implies" condition ]
    clause    = chain { "or" chain }
    chain     = term { "and" term }
    term      = "not" term | "(" condition ")" | fact [ ( "=" | "!=" ) value ]

A bare fact is an atom (it is said and not empty), a stage (the record has come at least so far), `paid` or `prepaid`.
`origin` is the connection the record was born in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from obmen.config.faults import Complaint, unknown
from obmen.model import ORDER, Entity, Record, Value
from obmen.sync.facts import STAGES, is_paid, is_prepaid
from obmen.sync.rules import Condition

_TOKEN = re.compile(r'\s*(?:(?P<op>!=|[=()])|"(?P<text>[^"]*)"|(?P<word>[^\W\d][\w.\-]*|\d[\w.\-]*))')
_KEYWORDS = ("and", "or", "not", "implies")
_DEEPEST = 20


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


class _Words(NamedTuple):
    """What may be asked about one entity."""

    entity: Entity
    connections: Collection[str]

    def known(self) -> list[str]:
        ranked = [name for name, _ in STAGES.ranks] if self.entity is ORDER else []
        facts = list(_ORDER_FACTS) if self.entity is ORDER else []
        return ["origin", *ranked, *facts, *(atom.name.removesuffix(".*") for atom in self.entity.atoms)]

    def fact(self, token: _Token) -> Condition:
        """Return the question a bare word asks."""
        if self.entity is ORDER:
            rank = STAGES.rank(token.text)
            if rank is not None:
                return lambda record: (STAGES.rank(record.atoms.get("stage")) or 0) >= rank
            if token.text in _ORDER_FACTS:
                return _ORDER_FACTS[token.text]
        if token.text == "origin":
            raise _at(
                token, Complaint("compare it: origin = <connection>", "сравните: origin = <подключение>")
            )
        name = self._atom(token)
        return lambda record: any(value not in (None, "", False, [], {}) for value in _values(record, name))

    def equals(self, token: _Token, value: _Token) -> Condition:
        """Return the question whether an atom, or the origin, is this value."""
        wanted = value.text
        if token.text == "origin":
            self._check(value, self.connections, "no such connection", "такого подключения нет")
            return lambda record: record.origin == wanted
        name = self._atom(token)
        if name == "stage":
            stages = [stage for stage, _ in STAGES.ranks]
            self._check(value, stages, "no such stage", "такой стадии нет")
        return lambda record: any(_text(value) == wanted for value in _values(record, name))

    def _atom(self, token: _Token) -> str:
        try:
            self.entity.atom(token.text)
        except KeyError:
            problem = unknown("this word is not known", "такого слова нет", token.text, self.known())
            raise _at(token, problem) from None
        return token.text

    @staticmethod
    def _check(token: _Token, known: Collection[str], en: str, ru: str) -> None:
        if token.text not in known:
            raise _at(token, unknown(en, ru, token.text, known))


class _Parser:
    def __init__(self, tokens: list[_Token], words: _Words) -> None:
        self._tokens = tokens
        self._next = 0
        self._words = words

    def whole(self) -> Condition:
        condition = self._condition(0)
        if self._peek().kind != "end":
            raise self._expected("`and`, `or`, `implies`")
        return condition

    def _condition(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise _at(
                self._peek(), Complaint("too deep; say it more simply", "слишком сложно; скажите проще")
            )
        left = self._joined("or", lambda: self._joined("and", lambda: self._term(depth), all), any)
        if not self._take("word", "implies"):
            return left
        right = self._condition(depth + 1)
        return lambda record: not left(record) or right(record)

    def _joined(
        self, keyword: str, part: Callable[[], Condition], fold: Callable[[Iterable[bool]], bool]
    ) -> Condition:
        parts = [part()]
        while self._take("word", keyword):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return lambda record: fold(condition(record) for condition in parts)

    def _term(self, depth: int) -> Condition:
        if self._take("word", "not"):
            if depth > _DEEPEST:
                raise self._expected("…")
            inner = self._term(depth + 1)
            return lambda record: not inner(record)
        if self._take("op", "("):
            inside = self._condition(depth + 1)
            if not self._take("op", ")"):
                raise self._expected("`)`")
            return inside
        word = self._peek()
        if word.kind != "word" or word.text in _KEYWORDS:
            raise self._expected(", ".join(self._words.known()))
        self._next += 1
        if self._take("op", "="):
            return self._words.equals(word, self._value())
        if self._take("op", "!="):
            same = self._words.equals(word, self._value())
            return lambda record: not same(record)
        return self._words.fact(word)

    def _value(self) -> _Token:
        token = self._peek()
        if token.kind not in {"word", "text"} or (token.kind == "word" and token.text in _KEYWORDS):
            raise self._expected('a word or "text"')
        self._next += 1
        return token

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, kind: str, text: str) -> bool:
        token = self._peek()
        if (token.kind, token.text) != (kind, text):
            return False
        self._next += 1
        return True

    def _expected(self, choices: str) -> Complaint:
        return _at(self._peek(), Complaint(f"expected: {choices}", f"ожидается: {choices}"))


def parse_condition(text: str, *, entity: Entity, connections: Collection[str]) -> Condition:
    """Return the question a text asks about records of an entity; raises `Complaint` with the column."""
    return _Parser(_tokens(text), _Words(entity, connections)).whole()


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            odd = _Token("odd", text[start], start + 1)
            raise _at(odd, Complaint("this sign has no place here", "этот знак здесь не к месту"))
        kind = found.lastgroup
        start = found.start(kind) - (1 if kind == "text" else 0)
        tokens.append(_Token(kind, found[kind], start + 1))
        position = found.end()
    tokens.append(_Token("end", "", end + 1))
    return tokens


def _at(token: _Token, complaint: Complaint) -> Complaint:
    if token.kind == "end":
        return Complaint(f"at the end: {complaint.en}", f"в конце: {complaint.ru}")
    where = f"{token.column}, «{token.text}»"
    return Complaint(f"column {where}: {complaint.en}", f"позиция {where}: {complaint.ru}")


def _values(record: Record, name: str) -> list[Value]:
    """Return what the record says of an atom, or of every member of a family."""
    if name in record.atoms:
        return [record.atoms[name]]
    return [value for atom, value in record.atoms.items() if atom.startswith(f"{name}.")]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


_ORDER_FACTS: dict[str, Condition] = {
    "paid": lambda record: is_paid(record.atoms),
    "prepaid": lambda record: is_prepaid(record.atoms),
}
