"""By which texts a record can be found again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from obmen.model import Record


def key_values(record: Record, atoms: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (atom, text) for each value of the key atoms; each element of a list is a key of its own.

    Empty values are no keys, and a record that was merged into another is found by none.
    """
    if record.merged_into is not None:
        return
    for atom in atoms:
        value = record.atoms.get(atom)
        for single in value if isinstance(value, list) else (value,):
            if single is None or single == "" or isinstance(single, (bool, list, dict)):
                continue
            yield atom, str(single)
