"""`owners` of one entity turned into rules: a connection, `origin`, `each`, a table with a rule, a list of phases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol, runtime_checkable

from obmen.config.faults import Where, unknown
from obmen.config.scope import Scope
from obmen.config.tables import RuleTable
from obmen.sync.facts import STAGES, Ladder
from obmen.sync.rules import (
    Condition,
    Each,
    Forward,
    Latest,
    Once,
    Origin,
    Owner,
    Phase,
    Priority,
    Review,
    Rule,
)

LADDERS: dict[tuple[str, str], Ladder] = {("order", "stage"): STAGES}
"""Facts that have ranks, by entity and atom."""

RULES = ("once", "forward", "priority", "review", "latest")
SPOKEN = ("origin", "each")
"""Words that stand where a connection could; no connection is called so."""


@runtime_checkable
class Dated(Protocol):
    """A connector whose vendor keeps a true change time for some atoms: the only ground for `latest`."""

    change_times: Mapping[str, Collection[str]]
    """By entity: atoms or families."""


class Owners:
    """The owners of one entity, where `creators` are the systems a record may be born in."""

    def __init__(self, scope: Scope, creators: tuple[str, ...], where: Where) -> None:
        self._scope = scope
        self._faults = scope.faults
        self._creators = creators
        self._where = where

    def rules(self, written: Mapping[str, object]) -> dict[str, Rule]:
        """Return the rules by atom, `default` among them; those at fault are left out."""
        if "default" not in written:
            self._faults.add(
                self._where,
                'say who decides all other fields: default = "<connection>" or "origin"',
                'скажите, кто главный по остальным полям: default = "<подключение>" или "origin"',
                show=False,
            )
        rules = {
            atom: self._rule(atom, value, (*self._where, atom))
            for atom, value in written.items()
            if atom == "default" or self._is_decided(atom, (*self._where, atom))
        }
        return {atom: rule for atom, rule in rules.items() if rule is not None}

    def _is_decided(self, atom: str, where: Where) -> bool:
        if not self._scope.is_atom(atom, where, "default"):
            return False
        if not self._scope.entity.atom(atom).derived:
            return True
        self._faults.add(
            where,
            "this field is computed; name owners for the fields it is computed from",
            "это поле вычисляется; назначьте главных по полям, из которых оно считается",
        )
        return False

    def _rule(self, atom: str, written: object, where: Where) -> Rule | None:
        if isinstance(written, str):
            return self._speaker(atom, written, where)
        if isinstance(written, list):
            return self._phases(atom, written, where)
        table = self._scope.reading.table(RuleTable, written, where)
        if table is None:
            return None
        if table.until:
            self._faults.add(
                where,
                "a phase needs a next one: [{ until = …, owner = … }, { owner = … }]",
                "за фазой должна идти следующая: [{ until = …, owner = … }, { owner = … }]",
            )
            return None
        return self._single(atom, table, where)

    def _phases(self, atom: str, written: list[object], where: Where) -> Rule | None:
        steps: list[tuple[Condition | None, Rule]] = []
        for index, item in enumerate(written):
            at = (*where, index)
            table = self._scope.reading.table(RuleTable, item, at)
            if table is None:
                continue
            is_last = index == len(written) - 1
            if is_last and table.until:
                self._faults.add(
                    at,
                    "the last phase has no `until`: add who decides afterwards",
                    "у последней фазы нет until: добавьте, кто главный потом",
                )
            if not is_last and not table.until:
                self._faults.add(
                    at,
                    "only the last phase does without `until`",
                    "без until может быть только последняя фаза",
                )
            rule = self._single(atom, table, at)
            until = self._scope.condition(table.until, (*at, "until")) if table.until else None
            if rule is not None:
                steps.append((until, rule))
        if not written:
            self._faults.add(where, "no phase is given", "не указано ни одной фазы")
        return Phase(tuple(steps)) if steps else None

    def _single(self, atom: str, table: RuleTable, where: Where) -> Rule | None:
        if bool(table.owner) == bool(table.rule):
            listed = ", ".join(RULES)
            self._faults.add(
                where,
                f"either owner or rule is needed; rules: {listed}",
                f"нужно что-то одно: owner или rule; правила: {listed}",
            )
            return None
        if table.owner:
            return self._speaker(atom, table.owner, (*where, "owner"))
        match table.rule:
            case "once":
                return self._once(table, where)
            case "forward":
                return self._forward(atom, table, where)
            case "priority":
                return self._priority(table, where)
            case "review":
                return self._among(table.any, (*where, "any"), Review)
            case "latest":
                return self._latest(atom, table, where)
            case _:
                problem = unknown("no such rule", "такого правила нет", table.rule, RULES)
                self._faults.complain((*where, "rule"), problem)
                return None

    def _speaker(self, atom: str, name: str, where: Where) -> Rule | None:
        if name == "origin":
            return Origin()
        if name == "each":
            return self._each(atom, where)
        return Owner(name) if self._scope.is_connection(name, where, *SPOKEN) else None

    def _each(self, atom: str, where: Where) -> Rule | None:
        families = [
            known.name.removesuffix(".*") for known in self._scope.entity.atoms if known.name.endswith(".*")
        ]
        if atom.partition(".")[0] in families:
            return Each()
        listed = ", ".join(families) or "—"
        self._faults.add(
            where,
            f"`each` is for elements with a maker of their own; here: {listed}",
            f"each — только для элементов, у каждого из которых свой автор; здесь: {listed}",
        )
        return None

    def _once(self, table: RuleTable, where: Where) -> Rule | None:
        if not table.by:
            self._faults.add(
                where,
                "once needs `by`: the connection whose field it is afterwards",
                "правилу once нужно by: подключение, чьим поле становится потом",
            )
            return None
        is_known = self._scope.is_connection(table.by, (*where, "by"))
        if table.source and not self._scope.is_connection(table.source, (*where, "source")):
            return None
        return Once(by=table.by, source=table.source or None) if is_known else None

    def _forward(self, atom: str, table: RuleTable, where: Where) -> Rule | None:
        ladder = LADDERS.get((self._scope.entity.name, atom))
        if ladder is None:
            ranked = ", ".join(f"{entity}.{name}" for entity, name in LADDERS)
            self._faults.add(
                where,
                f"forward is for facts with ranks; known: {ranked}",
                f"forward — только для фактов, у которых есть ступени; есть: {ranked}",
            )
            return None
        return self._among(table.any, (*where, "any"), lambda names: Forward(ladder, names))

    def _priority(self, table: RuleTable, where: Where) -> Rule | None:
        if len(table.order) < 2:
            self._faults.add(
                where,
                "priority needs `order` with two connections or more",
                "правилу priority нужно order: два подключения или больше",
            )
            return None
        return self._among(table.order, (*where, "order"), Priority)

    def _latest(self, atom: str, table: RuleTable, where: Where) -> Rule | None:
        born = self._creators if "origin" in table.any else ()
        among = [*(name for name in table.any if name in self._scope.connections), *born]
        blind = [name for name in among or self._scope.connections if not self._is_dated(name, atom)]
        if blind:
            listed = ", ".join(blind)
            self._faults.add(
                where,
                f"latest needs a true change time of this field, which {listed} has not; use priority or review",
                f"правилу latest нужно настоящее время изменения поля, а у {listed} его нет; подойдёт priority или review",
            )
            return None
        return self._among(table.any, (*where, "any"), Latest)

    def _among(
        self, names: tuple[str, ...], where: Where, rule: Callable[[tuple[str, ...]], Rule]
    ) -> Rule | None:
        """Make a rule among connections; `origin` in the list stands for the system a record was born in."""
        others = tuple(name for name in names if name != "origin")
        known = [self._scope.is_connection(name, (*where, names.index(name)), "origin") for name in others]
        if not all(known):
            return None
        if "origin" not in names:
            return rule(others)
        by_birth = {creator: rule(_placed(names, creator)) for creator in self._creators}
        if len(by_birth) == 1:
            return next(iter(by_birth.values()))
        steps = [(_born_elsewhere(creator), made) for creator, made in by_birth.items()]
        return Phase((*steps, (None, rule(others) if others else Origin())))

    def _is_dated(self, name: str, atom: str) -> bool:
        connector = self._scope.connections[name]
        if connector is None:
            return True
        if not isinstance(connector, Dated):
            return False
        dated = connector.change_times.get(self._scope.entity.name, ())
        return atom in dated or atom.partition(".")[0] in dated


def _placed(names: tuple[str, ...], creator: str) -> tuple[str, ...]:
    """Return the list with `origin` replaced by the creator, nobody twice, the earlier place kept."""
    return tuple(dict.fromkeys(creator if name == "origin" else name for name in names))


def _born_elsewhere(creator: str) -> Condition:
    return lambda record: record.origin != creator
