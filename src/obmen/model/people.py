"""When two people may be one: what phones, addresses and names have to say to each other."""

from __future__ import annotations

from obmen.model.values import Value


def may_be_one_name(one: Value, other: Value) -> bool:
    """Tell whether two names may be one person's: one of them says no more than the other.

    Order, letter case and «ё» do not count: «Пётр Иванов» is «иванов петр сергеевич». No name contradicts none.
    """
    first, second = _words(one), _words(other)
    return first <= second or second <= first


def share_one(one: Value, other: Value) -> bool:
    """Tell whether two lists have an element in common."""
    return not _elements(one).isdisjoint(_elements(other))


def _words(value: Value) -> set[str]:
    return set(" ".join(_elements(value)).lower().replace("ё", "е").split())


def _elements(value: Value) -> set[str]:
    return {str(each) for each in (value if isinstance(value, list | tuple) else [value]) if each}
