"""Records and the keys they are found by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import msgspec
import sqlalchemy as sa

from obmen.ledger.database import Part
from obmen.ledger.keys import key_values
from obmen.ledger.statement import Statement, among, insert, upsert
from obmen.ledger.tables import KEYS, RECORDS
from obmen.model import Record, Said, Value


class _Statement(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is stored of who said what: atoms by their places among those of the record.

    A record that grows at each change soon outgrows its page of the database, and every page that is split costs three.
    """

    by: str
    at: str
    evidence: str
    places: tuple[int, ...]


class _Document(msgspec.Struct, frozen=True, array_like=True):
    """What is stored of a record beside its columns.

    The first statement usually speaks of every atom the others do not: it is then stored without them.
    """

    atoms: dict[str, Value]
    said: tuple[_Statement, ...]

    @classmethod
    def of(cls, record: Record) -> _Document:
        """Shorten what is stored of a record."""
        atoms, said = record.atoms, record.said
        names = tuple(atoms)
        if said and sum([len(each.atoms) for each in said]) == len(names):
            first = said[0]
            whole = _whole(first.by, first.at, first.evidence)
            return cls(atoms, (whole, *[_stored(each, names) for each in said[1:]]))
        return cls(atoms, tuple([_stored(each, names) for each in said]))

    def statements(self) -> tuple[Said, ...]:
        """Return the statements in full."""
        names = tuple(self.atoms)
        said = [
            Said(each.by, each.at, each.evidence, tuple([names[place] for place in each.places]))
            for each in self.said
        ]
        if said and not said[0].atoms:
            others = {atom for each in said for atom in each.atoms}
            rest = tuple([atom for atom in names if atom not in others])
            said[0] = msgspec.structs.replace(said[0], atoms=rest)
        return tuple(said)


@lru_cache(maxsize=256)
def _whole(by: str, at: str, evidence: str) -> _Statement:
    return _Statement(by, at, evidence, ())


@lru_cache(maxsize=4096)
def _stored(said: Said, names: tuple[str, ...]) -> _Statement:
    return _Statement(said.by, said.at, said.evidence, tuple([names.index(atom) for atom in said.atoms]))


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Document).decode

_INSERT = insert(RECORDS)
_CHANGES = ("version", "title", "merged_into", "document")
_UPSERT = upsert(RECORDS, _CHANGES)
_MOVE = upsert(RECORDS, ("lane", *_CHANGES))
"""The same for records whose lane has changed. A column that is set is written into its index as well, changed or not."""
_LANE_OF = Statement(sa.select(RECORDS.c.id, RECORDS.c.lane).where(among(RECORDS.c.id, "ids")))
_SELECT = Statement(sa.select(*RECORDS.columns).where(among(RECORDS.c.id, "ids")))
_LANES = Statement(
    sa.select(RECORDS.c.lane, RECORDS.c.id)
    .where(among(RECORDS.c.lane, "lanes"), RECORDS.c.entity == sa.bindparam("entity"))
    .order_by(RECORDS.c.id)
)
_IDS = Statement(
    sa.select(RECORDS.c.id)
    .where(RECORDS.c.entity == sa.bindparam("entity"), RECORDS.c.id > sa.bindparam("after"))
    .order_by(RECORDS.c.id)
    .limit(sa.bindparam("limit"))
)
_INSERT_KEYS = insert(KEYS)
_KEYS_OF = Statement(sa.select(*KEYS.columns).where(among(KEYS.c.record, "ids")))
_DELETE_KEYS = Statement(
    sa.delete(KEYS).where(*(column == sa.bindparam(column.name) for column in KEYS.columns))
)
_HOLDERS = (
    sa.select(
        KEYS.c.value,
        KEYS.c.record,
        sa.func.row_number().over(partition_by=KEYS.c.value, order_by=KEYS.c.record).label("place"),
    )
    .where(
        KEYS.c.entity == sa.bindparam("entity"),
        KEYS.c.key == sa.bindparam("key"),
        among(KEYS.c.value, "values"),
    )
    .subquery()
)
_BY_KEY = Statement(
    sa.select(_HOLDERS.c.value, _HOLDERS.c.record)
    .where(_HOLDERS.c.place <= sa.bindparam("most"))
    .order_by(_HOLDERS.c.record)
)


class Records(Part):
    """Records by id, by key and by lane."""

    def records(self, ids: Collection[int]) -> dict[int, Record]:
        """Return records."""
        if not ids:
            return {}
        found: dict[int, Record] = {}
        for number, entity, lane, version, origin, title, merged_into, blob in self.db.rows(
            _SELECT, ids=self.db.batch(ids)
        ):
            document = _DECODE(blob)
            found[number] = Record(
                id=number,
                entity=entity,
                origin=origin,
                atoms=document.atoms,
                said=document.statements(),
                version=version,
                lane=lane,
                merged_into=merged_into,
                title=title,
            )
        return found

    def ids(self, entity: str, *, after: int, limit: int) -> list[int]:
        """Return ids of an entity's records behind `after`, in order."""
        return [int(row[0]) for row in self.db.rows(_IDS, entity=entity, after=after, limit=limit)]

    def by_key(
        self, entity: str, key: str, values: Collection[str], *, most: int = 2
    ) -> dict[str, list[int]]:
        """Return the records whose key atom has one of these values, the `most` oldest of each, by id."""
        if not values:
            return {}
        found: dict[str, list[int]] = {}
        rows = self.db.rows(_BY_KEY, entity=entity, key=key, values=self.db.batch(values), most=most)
        for value, record in rows:
            found.setdefault(value, []).append(record)
        return found

    def lane_members(self, lanes: Collection[int], entity: str) -> dict[int, list[int]]:
        """Return the records of one entity in each lane."""
        members: dict[int, list[int]] = {}
        if lanes:
            for lane, number in self.db.rows(_LANES, lanes=self.db.batch(lanes), entity=entity):
                members.setdefault(lane, []).append(number)
        return members

    def put_records(
        self, records: Sequence[Record], *, new: bool, keys: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Store records; `keys` names, per entity, the atoms `by_key` must find them by."""
        rows = [
            (
                record.id,
                record.entity,
                record.lane,
                record.version,
                record.origin,
                record.title,
                record.merged_into,
                _ENCODE(_Document.of(record)),
            )
            for record in records
        ]
        rows.sort()
        if new:
            self.db.bulk(_INSERT, rows)
        else:
            moved = self._moved(records)
            self.db.bulk(_UPSERT, [row for row in rows if row[0] not in moved])
            self.db.bulk(_MOVE, [row for row in rows if row[0] in moved])
        self._put_keys(records, new=new, keys=keys)

    def _moved(self, records: Sequence[Record]) -> set[int]:
        """Return which of these stand in another lane than the stored ones."""
        ids = self.db.batch([record.id for record in records])
        lanes: dict[int, int] = dict(self.db.rows(_LANE_OF, ids=ids))
        return {record.id for record in records if lanes.get(record.id) != record.lane}

    def _put_keys(self, records: Sequence[Record], *, new: bool, keys: Mapping[str, tuple[str, ...]]) -> None:
        wanted = {
            (record.entity, atom, value, record.id)
            for record in records
            for atom, value in key_values(record, keys.get(record.entity, ()))
        }
        if not new:
            ids = self.db.batch([record.id for record in records])
            stored = {tuple(row) for row in self.db.rows(_KEYS_OF, ids=ids)}
            self.db.many(_DELETE_KEYS, sorted(stored - wanted))
            wanted -= stored
        self.db.bulk(_INSERT_KEYS, sorted(wanted))
