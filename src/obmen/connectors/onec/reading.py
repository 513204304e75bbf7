"""One file on its way into looks: portions of one entity each, in bounded memory, resumable by a count of elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import UNSET

from obmen.connectors.contract import Portion, Recall, forget
from obmen.connectors.onec.orders.rates import Rates
from obmen.connectors.onec.orders.reading import OrderReading, together
from obmen.connectors.onec.orders.tables import OrderTables
from obmen.connectors.onec.references import Learnt
from obmen.connectors.onec.tables import Tables
from obmen.connectors.onec.wire import Looks
from obmen.formats.commerceml import (
    Catalog,
    Classifier,
    Group,
    Item,
    Offer,
    OrderDocument,
    Package,
    PriceType,
    Product,
    Property,
    SameOffer,
    Warehouse,
)
from obmen.sync.shadow import Look
from obmen.sync.traces import DIGEST, NAMELESS, remembered

PORTION = 250
"""Looks handed on at a time: more do not stay in a processor's cache, and reading 2,000 took a fifth longer."""
TOGETHER = 20_000
"""Looks of goods and offers that may be settled in any order: a second's work, and sixteen megabytes while they are read.

Each such run goes once through all the refs the ledger knows: with 10,000 a first import of a hundred thousand wrote a
sixth more pages of the database."""
ORDERS = 250
"""Orders settled in one transaction: each is a hundred times an offer."""
MISSES = 8
"""Pieces of a file in a row that nothing was remembered of: the rest is not asked about."""
_REFERENCE = (PriceType, Warehouse, Property)


class Reading:
    """Reads the items of one file, once."""

    def __init__(
        self,
        *,
        connection: str,
        learn: Callable[[list[Learnt]], Tables],
        picture: Callable[[str], str | None],
        alone: bool,
        orders: OrderTables,
        rates: Rates,
        recall: Recall = forget,
    ) -> None:
        """`alone`: the file is not one of several portions, so what it calls complete is complete."""
        self._order_tables = orders
        self._rates = rates
        self._recall = recall
        self._connection = connection
        self._orders: OrderReading | None = None
        self._order = ""
        self._learn = learn
        self._picture = picture
        self._alone = alone
        self._learnt: list[Learnt] = []
        self._looks: Looks | None = None
        self._waiting: dict[str, list[Look]] = {"category": [], "product": [], "offer": [], "order": []}
        self._scope = {"category": "", "product": "", "offer": "", "order": ""}
        self._shown: dict[tuple[str, str], bool] = {}
        """Which entities of which catalogue were shown, and whether completely."""
        self._complete = {"category": False, "product": False, "offer": False, "order": False}
        self._parent: Product | None = None
        self._parent_lives = False
        self._safe = 0
        self._together = 0
        """Looks handed on since the position last counted."""
        self._silent_classifier = False
        self._misses = 0

    def portions(self, items: Iterable[Item], position: int, *, order: str) -> Iterator[Portion]:
        """Give what stands behind `position`; at the end, what the file has shown completely.

        `order` is when the file was formed, comparable as text.
        """
        self._order = order
        self._orders = OrderReading(
            connection=self._connection, order=order, tables=self._order_tables, rates=self._rates
        )
        seen = 0
        self._safe = position
        offers = self._waiting["offer"]
        products = self._waiting["product"]
        groups = self._waiting["category"]
        for item in items:
            kind = type(item)
            if kind is Offer:
                seen += 1
                if item.name is UNSET:  # type: ignore[union-attr]  # narrowed by kind, which is faster
                    self._complete["offer"] = False
                if seen <= position or not item.id:  # type: ignore[union-attr]  # likewise
                    continue
                offers.append((self._looks or self._begin()).offer(item))  # type: ignore[arg-type]  # likewise
                if len(offers) >= PORTION:
                    yield from self._flush(seen)
            elif isinstance(item, SameOffer):
                seen += 1
                if NAMELESS in item.trace[DIGEST:].partition(" ")[0]:
                    self._complete["offer"] = False
                if seen <= position:
                    continue
                offers.append(
                    Look(ref=item.id, fields={}, order=self._order, digest=item.trace[:DIGEST], same=True)
                )
                if len(offers) >= PORTION:
                    yield from self._flush(seen)
            elif isinstance(item, Product):
                seen += 1
                if seen <= position or not item.id:
                    continue
                self._product(item)
                if len(products) + len(offers) >= PORTION and self._parent is None:
                    yield from self._flush(seen)
            elif isinstance(item, Group):
                seen += 1
                if seen <= position or not item.id:
                    continue
                groups.append((self._looks or self._begin()).group(item))
                if len(groups) >= PORTION:
                    yield from self._flush(seen)
            elif isinstance(item, OrderDocument):
                seen += 1
                look = self._orders.look(item)
                if seen > position and look is not None:
                    waiting = self._waiting["order"]
                    joined = together(waiting[-1], look) if waiting else None
                    if joined is not None:
                        waiting[-1] = joined
                        continue
                    if len(waiting) >= ORDERS:
                        yield from self._flush(seen - 1)
                    waiting.append(look)
            elif isinstance(item, _REFERENCE):
                self._learnt.append(item)
                self._looks = None  # names may have changed: what follows is read with the new ones
            elif isinstance(item, (Classifier, Catalog, Package)):
                yield from self._flush(seen)
                self._block(item)
        yield from self._flush(seen)
        if self._learnt:
            self._begin()
        for (entity, scope), complete in self._shown.items():
            if complete:
                yield Portion(entity=entity, looks=(), position=seen, scope=scope, complete=True)

    # --- what was read before --------------------------------------------------------------------------------------

    def context(self) -> bytes:
        """Return what the wire form of an offer depends on besides its own bytes: what ids are called, and by whom."""
        return (self._looks or self._begin()).context

    def known(self, offers: Mapping[str, str]) -> Mapping[str, str]:
        """Return the traces of offers whose digests are remembered."""
        if self._misses >= MISSES:
            return {}
        traces = self._recall("offer", offers.values())
        found = {
            digest: trace
            for digest, ref in offers.items()
            if (trace := remembered(traces.get(ref, ""), digest))
        }
        self._misses = 0 if found else self._misses + 1
        return found

    # --- portions ---------------------------------------------------------------------------------------------------

    def _begin(self) -> Looks:
        """Learn what has been defined so far; looks are named by it."""
        tables = self._learn(self._learnt)
        self._learnt = []
        self._looks = Looks(tables, order=self._order, picture=self._picture)
        return self._looks

    def _product(self, item: Product) -> None:
        """Show a product, or a variant that stands among the products because its schema knew no better."""
        looks = self._looks or self._begin()
        parent = item.id.partition("#")[0] if item.id else ""
        if self._parent is not None and str(self._parent.id).partition("#")[0] != parent:
            self._show_parent(looks)
        if parent == item.id:
            self._waiting["product"].append(looks.product(item))
            return
        self._parent = self._parent or item
        self._parent_lives |= item.deleted is not True
        self._waiting["offer"].append(looks.variant(item))

    def _show_parent(self, looks: Looks) -> None:
        if self._parent is None:
            return
        # In a file of changes the variants that are alive need not be listed.
        active = True if self._parent_lives else False if self._complete["product"] else None
        self._waiting["product"].append(looks.parent(self._parent, active=active))
        self._parent = None
        self._parent_lives = False

    def _block(self, item: Classifier | Catalog | Package) -> None:
        """Note whose objects follow, and whether these are all of them."""
        whole = self._alone and item.changes_only is False
        if isinstance(item, Classifier):
            self._silent_classifier = item.changes_only is UNSET
            self._enter("category", item.id or "", complete=whole)
        elif isinstance(item, Catalog):
            self._enter("product", item.id or "", complete=whole)
            if self._silent_classifier:
                # Old schemas say it of the catalogue only; the groups before it are as complete as it is.
                for entity, scope in self._shown:
                    if entity == "category":
                        self._shown[entity, scope] = whole and bool(scope)
        else:
            self._enter("offer", item.catalog_id or item.id or "", complete=whole and not item.delta)

    def _enter(self, entity: str, scope: str, *, complete: bool) -> None:
        self._scope[entity] = scope
        self._complete[entity] = complete and bool(scope)

    def _flush(self, seen: int) -> Iterator[Portion]:
        """Give what waits, partners first. Only the last portion moves the position: the rest may come again."""
        if self._parent is not None:
            self._show_parent(self._looks or self._begin())
        ready = [(entity, looks) for entity, looks in self._waiting.items() if looks]
        for entity, looks in ready:
            scope = self._scope[entity]
            portion = tuple(looks)
            looks.clear()
            self._shown[entity, scope] = self._complete[entity] and self._shown.get((entity, scope), True)
            last = entity == ready[-1][0]
            self._together += len(portion)
            more = self._together < TOGETHER and entity in {"product", "offer"}
            if not more:
                self._together = 0
            yield Portion(
                entity=entity,
                looks=portion,
                position=seen if last else self._safe,
                scope=scope,
                more=more,
            )
        self._safe = max(self._safe, seen) if ready else self._safe
