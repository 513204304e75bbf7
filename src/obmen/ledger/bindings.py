"""Bindings and shadows: which ref means which record, and what each system last held of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from types import MappingProxyType

import msgspec
import sqlalchemy as sa

from obmen.errors import Bug
from obmen.ledger.contract import Binding, Known
from obmen.ledger.database import Part
from obmen.ledger.statement import Statement, among, unindexed, upsert, word
from obmen.ledger.tables import BINDINGS, SHADOWS, TRACES
from obmen.sync.shadow import Shadow

LIVE = "live"
_MEANT = (word(LIVE), word("alias"))
"""Kinds under which others may name a record."""
_BY_REF = attrgetter("ref")
"""The order rows of one page are stored in, near enough to the table's own; comparing whole rows costs more."""

_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Shadow).decode

_OF_CONNECTION = BINDINGS.c.connection == sa.bindparam("connection")
_OF_ENTITY = BINDINGS.c.entity == sa.bindparam("entity")
_IS_LIVE = BINDINGS.c.kind == word(LIVE)

_HAS_SHADOW = sa.and_(SHADOWS.c.connection == BINDINGS.c.connection, SHADOWS.c.record == BINDINGS.c.record)
_HAS_TRACES = sa.and_(TRACES.c.connection == BINDINGS.c.connection, TRACES.c.record == BINDINGS.c.record)
_KNOWN = Statement(
    sa.select(BINDINGS.c.ref, BINDINGS.c.record, BINDINGS.c.kind, SHADOWS.c.document, TRACES.c.pieces)
    .select_from(BINDINGS.outerjoin(SHADOWS, _HAS_SHADOW).outerjoin(TRACES, _HAS_TRACES))
    .where(_OF_CONNECTION, _OF_ENTITY, among(BINDINGS.c.ref, "refs"))
)
_TRACES = Statement(
    sa.select(BINDINGS.c.ref, BINDINGS.c.record, TRACES.c.pieces)
    .select_from(BINDINGS.join(TRACES, _HAS_TRACES))
    .where(_OF_CONNECTION, _OF_ENTITY, _IS_LIVE, among(BINDINGS.c.ref, "refs"))
)
_BOUND = Statement(
    sa.select(BINDINGS.c.ref, BINDINGS.c.record).where(
        _OF_CONNECTION, _OF_ENTITY, BINDINGS.c.kind.in_(_MEANT), among(BINDINGS.c.ref, "refs")
    )
)
_LIVE_OF_RECORDS = (
    unindexed(BINDINGS.c.connection) == sa.bindparam("connection"),
    _IS_LIVE,
    among(BINDINGS.c.record, "records"),
)
_REFS_OF = Statement(sa.select(BINDINGS.c.record, BINDINGS.c.ref).where(*_LIVE_OF_RECORDS))
_OF_RECORDS = Statement(
    sa.select(*BINDINGS.columns)
    .where(among(BINDINGS.c.record, "records"))
    .order_by(BINDINGS.c.connection, BINDINGS.c.entity, BINDINGS.c.ref)
)
_BIND = upsert(
    BINDINGS,
    ("record", "kind", "scope"),
    where=lambda new: sa.or_(BINDINGS.c.record == new.record, BINDINGS.c.kind != word(LIVE)),
)
_UNBIND = Statement(sa.update(BINDINGS).where(*_LIVE_OF_RECORDS).values(kind=sa.bindparam("tombstone")))
_IN_SCOPE = Statement(
    sa.select(BINDINGS.c.record, BINDINGS.c.ref).where(
        _OF_CONNECTION,
        _OF_ENTITY,
        _IS_LIVE,
        sa.or_(sa.bindparam("scope", type_=sa.Text()) == "", BINDINGS.c.scope == sa.bindparam("scope")),
    )
)
_COUNT = Statement(sa.select(sa.func.count()).where(_OF_CONNECTION, _OF_ENTITY, _IS_LIVE))
_SHADOWS = Statement(
    sa.select(SHADOWS.c.record, SHADOWS.c.document).where(
        SHADOWS.c.connection == sa.bindparam("connection"), among(SHADOWS.c.record, "records")
    )
)
_PUT_SHADOWS = upsert(SHADOWS, ("entity", "document"))


def _dropping(table: sa.Table) -> Statement:
    """Return the statement that forgets what a table keeps of these records of one system."""
    ours = table.c.connection == sa.bindparam("connection")
    return Statement(sa.delete(table).where(ours, among(table.c.record, "records")))


_DROP_SHADOWS = _dropping(SHADOWS)
_DROP_TRACES = _dropping(TRACES)
_PUT_TRACES = upsert(TRACES, ("pieces",))


def bound_elsewhere(binding: Binding, record: int) -> Bug:
    """Return the error of a ref that is alive with another record."""
    thing = f"{binding.connection} {binding.entity} «{binding.ref}»"
    return Bug(
        "ledger.bound_elsewhere",
        f"{thing} belongs to record {record} and cannot be bound to record {binding.record}",
        f"{thing}: связано с карточкой {record}, связать с карточкой {binding.record} нельзя",
    )


class Bindings(Part):
    """Refs, records and shadows."""

    def known(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, Known]:
        """Return binding and shadow of each known ref: the hot path of every page."""
        if not refs:
            return {}
        rows = self.db.rows(_KNOWN, connection=connection, entity=entity, refs=self.db.batch(refs))
        return {
            ref: Known(record, kind, None if document is None else _DECODE(document), traces or "")
            for ref, record, kind, document, traces in rows
        }

    def traces(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, tuple[int, str]]:
        """Return record and traces of each live ref that has any: all an unchanged object asks for."""
        if not refs:
            return {}
        rows = self.db.rows(_TRACES, connection=connection, entity=entity, refs=self.db.batch(refs))
        return {ref: (record, traces) for ref, record, traces in rows}

    def bound(self, connection: str, entity: str, refs: Collection[str]) -> dict[str, int]:
        """Return the record of each bound ref, aliases included: partners of a page, without their shadows."""
        if not refs:
            return {}
        rows = self.db.rows(_BOUND, connection=connection, entity=entity, refs=self.db.batch(refs))
        return dict(rows)

    def refs_of(self, connection: str, records: Collection[int]) -> dict[int, str]:
        """Return the live ref of each record in one system."""
        if not records:
            return {}
        rows = self.db.rows(_REFS_OF, connection=connection, records=self.db.batch(records))
        return dict(rows)

    def bindings(self, records: Collection[int]) -> list[Binding]:
        """Return every binding of these records, all systems, tombstones included."""
        if not records:
            return []
        return [Binding(*row) for row in self.db.rows(_OF_RECORDS, records=self.db.batch(records))]

    def bind(self, bindings: Sequence[Binding]) -> None:
        """Store bindings. A tombstone moves to its new record; a ref alive with another record is a `Bug`."""
        if self.db.bulk(_BIND, sorted(bindings, key=_BY_REF)) == len(bindings):
            return
        for binding in bindings:
            record = self.bound(binding.connection, binding.entity, [binding.ref])[binding.ref]
            if record != binding.record:
                raise bound_elsewhere(binding, record)

    def unbind(self, connection: str, records: Collection[int], *, kind: str) -> None:
        """Turn live bindings into tombstones of this kind."""
        if records:
            self.db.run(_UNBIND, connection=connection, records=self.db.batch(records), tombstone=kind)

    def bound_in_scope(self, connection: str, entity: str, scope: str) -> dict[int, str]:
        """Return live records and refs of one system, of one catalogue unless `scope` is empty."""
        rows = self.db.rows(_IN_SCOPE, connection=connection, entity=entity, scope=scope)
        return dict(rows)

    def count_bound(self, connection: str, entity: str) -> int:
        """Count live bindings."""
        return int(self.db.one(_COUNT, connection=connection, entity=entity)[0])

    def shadows(self, connection: str, records: Collection[int]) -> dict[int, Shadow]:
        """Return the shadows of one system."""
        if not records:
            return {}
        rows = self.db.rows(_SHADOWS, connection=connection, records=self.db.batch(records))
        return {record: _DECODE(document) for record, document in rows}

    def put_shadows(
        self,
        connection: str,
        entity: str,
        shadows: Mapping[int, Shadow],
        traces: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Store shadows; what is not said to have traces loses those it had."""
        records = sorted(shadows)
        rows = [(connection, record, entity, _ENCODE(shadows[record])) for record in records]
        self.db.bulk(_PUT_SHADOWS, rows)
        seen = [(connection, record, traces[record]) for record in records if traces.get(record)]
        self.db.bulk(_PUT_TRACES, seen)
        if len(seen) < len(records):
            self._drop_traces(connection, [record for record in records if not traces.get(record)])

    def drop_shadows(self, connection: str, records: Collection[int]) -> None:
        """Forget what a system held of these records: they are not there any more, or were never it."""
        if records:
            self.db.run(_DROP_SHADOWS, connection=connection, records=self.db.batch(records))
            self._drop_traces(connection, records)

    def put_traces(self, connection: str, traces: Mapping[int, str]) -> None:
        """Remember what shadows that stay as they are were seen in."""
        self.db.bulk(_PUT_TRACES, [(connection, record, seen) for record, seen in sorted(traces.items())])

    def _drop_traces(self, connection: str, records: Collection[int]) -> None:
        self.db.run(_DROP_TRACES, connection=connection, records=self.db.batch(records))
