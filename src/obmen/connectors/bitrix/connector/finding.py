"""Finding what carries our key, and symbolic codes nobody has yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obmen.connectors.bitrix import wire
from obmen.connectors.bitrix.client import BATCH, Command, Rest, sliced
from obmen.connectors.bitrix.connector.reading import Reader
from obmen.connectors.bitrix.mapping.shop import Shop
from obmen.connectors.bitrix.mapping.slug import slug, variants
from obmen.connectors.contract import Step

_AT_A_TIME = 20
"""Keys in one question: few enough that copies of them fit into the same page."""


class Finder:
    """Looks objects up by what makes them ours. Nothing is unique on the shop's side, so all hits come back."""

    def __init__(self, *, rest: Rest, reader: Reader) -> None:
        self._rest = rest
        self._reader = reader

    async def find(self, entity: str, steps: Sequence[Step], shop: Shop) -> dict[int, list[str]]:
        """Return, per record, the refs of objects with its key or its mark.

        A bare offer has no element of its own: it is found where its product stands.
        """
        keys = {step.record: step.external_codes for step in steps}
        asked = sorted({key for some in keys.values() for key in some})
        iblock = shop.offers if entity == "offer" else shop.catalog
        held = await self._by_key(entity, iblock, asked) if iblock else {}
        found = {
            step.record: sorted({ref for key in keys[step.record] for ref in held.get(key, ())}, key=int)
            for step in steps
        }
        if entity == "offer":
            await self._find_bare([step for step in steps if not found[step.record]], found, shop)
        return found

    async def free_codes(self, entity: str, steps: Sequence[Step], shop: Shop) -> dict[int, str]:
        """Return a symbolic code for each new object that no sibling has; offers have no page and need none."""
        if entity == "offer" or not steps:
            return {}
        wanted = {step.record: _wanted(step) for step in steps}
        bases = sorted(set(wanted.values()))
        taken = await self._codes(entity, shop, bases)
        crowded = [code for code in bases if code in taken]
        repeated = [code for code in bases if list(wanted.values()).count(code) > 1]
        for code in dict.fromkeys([*crowded, *repeated]):
            taken |= await self._codes(entity, shop, variants(code))
        chosen = {}
        for record, code in wanted.items():
            free = next((one for one in [code, *variants(code)] if one not in taken), f"{code}-r{record}")
            taken.add(free)
            chosen[record] = free
        return chosen

    async def _by_key(self, entity: str, iblock: int, keys: Sequence[str]) -> dict[str, list[str]]:
        replies = await self._rest.read(
            [_list(entity, iblock, {"xmlId": list(some)}) for some in sliced(keys, _AT_A_TIME)]
        )
        found: dict[str, list[str]] = {}
        for row in (row for reply in replies for row in reply.rows):
            xml_id = wire.text(row.get("xmlId")) or ""  # compared exactly here: the filter may read wildcards
            if xml_id in keys:
                found.setdefault(xml_id, []).append(str(wire.whole(row.get("id"))))
        return found

    async def _find_bare(self, steps: Sequence[Step], found: dict[int, list[str]], shop: Shop) -> None:
        product_of: Mapping[int, str] = {
            step.record: str(step.fields["product"])
            for step in steps
            if step.fields.get("product") and not step.fields.get("characteristics")
        }
        seen = await self._reader.seen("offer", list(product_of.values()), shop) if product_of else {}
        for record, ref in product_of.items():
            if ref in seen:
                found[record] = [ref]

    async def _codes(self, entity: str, shop: Shop, codes: Sequence[str]) -> set[str]:
        replies = await self._rest.read(
            [_list(entity, shop.catalog, {"code": list(some)}) for some in sliced(codes, BATCH)]
        )
        return {wire.text(row.get("code")) or "" for reply in replies for row in reply.rows}


def _wanted(step: Step) -> str:
    given = step.fields.get("slug")
    return slug(str(given or step.fields.get("name") or step.title))


def _list(entity: str, iblock: int, asked: Mapping[str, object]) -> Command:
    method = "catalog.section.list" if entity == "category" else "catalog.product.list"
    return Command(
        method,
        {
            "select": ["id", "iblockId", "xmlId", "code"],
            "filter": {"iblockId": iblock, **asked},
            "order": {"id": "asc"},
        },
    )
