"""Composes the files of one export: which documents, in which order, in what portions, under what names."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from obmen.connectors.onec.sandbox import classifier
from obmen.connectors.onec.sandbox.dialects import Deletion, Generation, dialect_of
from obmen.connectors.onec.sandbox.goods import GoodsWriter
from obmen.connectors.onec.sandbox.markup import Encoding, Node, document
from obmen.connectors.onec.sandbox.offers import OfferWriter, Part, with_bare
from obmen.sandbox.world import Offer, Product, World
from obmen.sandbox.world.identity import guid
from obmen.sandbox.world.pictures import jpeg, png

Kind = Literal["reference", "goods", "offers", "prices", "rests", "picture"]
Sold = tuple[Product, Offer]
Thing = TypeVar("Thing")

_ALL: frozenset[Part] = frozenset({"names", "prices", "stock"})


class Export(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the exchange node of 1C is set."""

    generation: Generation = "G1"
    version: str = ""  # of the schema; empty = usual for the generation
    namespace: str | None = None  # None = usual for the generation
    encoding: Encoding = "utf-8-bom"
    content: Literal["full", "changes", "prices", "rests"] = "full"
    since: int = 0  # revision of the world already exported; looked at by all but "full"
    portion: int = 0  # products or offers in one file; 0 = all in one
    price_types: tuple[str, ...] = ()  # names or ids; empty = every one, internal ones included
    deletion: Deletion | None = None  # None = usual for the generation
    bare_offers: bool = (
        True  # products with characteristics get an offer of their own, without price and stock
    )
    pictures: bool = True
    constant_versions: bool = False
    orphans: tuple[str, ...] = ()  # products whose offers go without their cards


class ExportFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file as 1C lays it into its exchange folder."""

    name: str  # relative, with forward slashes
    body: bytes
    kind: Kind


def export(world: World, spec: Export, formed_at: datetime) -> Iterator[ExportFile]:
    """Write the files one by one, in the order in which 1C sends them."""
    return _Composer(world, spec, formed_at).files()


class _Composer:
    def __init__(self, world: World, spec: Export, formed_at: datetime) -> None:
        self._world = world
        self._spec = spec
        self._formed_at = formed_at
        self._dialect = dialect_of(
            spec.generation,
            version=spec.version,
            namespace=spec.namespace,
            deletion=spec.deletion,
            constant_versions=spec.constant_versions,
        )
        self._kinds = (
            tuple(world.price_type(key) for key in spec.price_types)
            if spec.price_types
            else world.price_types
        )
        self._goods = GoodsWriter(world, self._dialect)
        self._offers = OfferWriter(world, self._dialect, self._kinds)
        self._orphans = {world.product(key).id for key in spec.orphans}
        self._full = spec.content == "full"
        self._written = 0

    def files(self) -> Iterator[ExportFile]:
        match self._spec.generation:
            case "G1" | "G1-old":
                return self._two_files()
            case "G2":
                return self._split_files()
            case "G3":
                return self._folders()

    # G1: a catalogue and a package, each portion with the classifier again.

    def _two_files(self) -> Iterator[ExportFile]:
        changes = not self._full
        for number, products in self._portions(self._cards(), always=self._sends_classifier):
            yield self._file(
                self._numbered("import", number),
                "goods",
                classifier.classifier(
                    self._world,
                    classifier.groups(self._world, self._dialect),
                    classifier.properties(self._world, self._dialect, of_offers=False),
                ),
                self._goods.catalog(products, only_changes=changes),
            )
        yield from self._pictures("")
        parts: dict[str, frozenset[Part]] = {"prices": frozenset({"prices"}), "rests": frozenset({"stock"})}
        for number, offers in self._portions(self._sold(self._touched, bare=self._spec.content != "prices")):
            yield self._file(
                self._numbered("offers", number),
                "offers",
                classifier.classifier(self._world),
                self._offers.package(offers, parts.get(self._spec.content, _ALL), only_changes=changes),
            )

    def _numbered(self, stem: str, number: int) -> str:
        old = self._spec.generation == "G1-old" and not self._spec.portion
        return f"{stem}.xml" if old else f"{stem}0_{number}.xml"

    # G2: a file per kind and portion, all in one folder.

    def _split_files(self) -> Iterator[ExportFile]:
        world, dialect = self._world, self._dialect
        if self._sends_classifier:
            yield self._reference(
                "import",
                classifier.groups(world, dialect),
                classifier.properties(world, dialect, of_offers=False),
                classifier.price_types(self._kinds, dialect),
                classifier.warehouses(world, dialect),
                classifier.units(world),
            )
            yield self._reference("offers", classifier.properties(world, dialect, of_offers=True))
        yield from self._bodies(lambda kind, _: self._named("import" if kind == "goods" else kind), "")

    def _named(self, stem: str) -> str:
        return f"{stem}___{self._next_id()}.xml"

    # G3: a folder per kind.

    def _folders(self) -> Iterator[ExportFile]:
        world, dialect = self._world, self._dialect
        if self._sends_classifier:
            for stem, block in (
                ("priceLists", classifier.price_types(self._kinds, dialect)),
                ("propertiesGoods", classifier.properties(world, dialect, of_offers=False)),
                ("storages", classifier.warehouses(world, dialect)),
                ("units", classifier.units(world)),
                ("propertiesOffers", classifier.properties(world, dialect, of_offers=True)),
                ("groups", classifier.groups(world, dialect)),
            ):
                yield self._reference(stem, block)
        yield from self._bodies(self._in_folder, "goods/")

    def _in_folder(self, stem: str, number: int) -> str:
        return f"{stem}/{stem}_1_{number}_{self._next_id()}.xml"

    # What G2 and G3 have in common.

    def _reference(self, stem: str, *blocks: Node) -> ExportFile:
        name = self._in_folder(stem, 1) if self._spec.generation == "G3" else self._named(stem)
        return self._file(
            name, "reference", classifier.classifier(self._world, *blocks, only_changes=not self._full)
        )

    def _bodies(self, name: Callable[[str, int], str], picture_folder: str) -> Iterator[ExportFile]:
        """Write goods, offers, prices and stock apart; even a full export says that it holds changes only."""
        for number, products in self._portions(self._cards()):
            yield self._file(name("goods", number), "goods", self._goods.catalog(products, only_changes=True))
        yield from self._pictures(picture_folder)
        since = self._since
        kinds: tuple[tuple[Kind, Part, bool, Callable[[Sold], bool]], ...] = (
            ("offers", "names", self._sends_cards, lambda sold: sold[0].revision > since),
            ("prices", "prices", self._spec.content != "rests", lambda sold: sold[1].priced > since),
            ("rests", "stock", self._spec.content != "prices", self._counted),
        )
        for kind, part, wanted, touched in kinds:
            if not wanted:
                continue
            for number, offers in self._portions(self._sold(touched, bare=kind != "prices")):
                yield self._file(
                    name(kind, number),
                    kind,
                    self._offers.package(offers, frozenset({part}), only_changes=True),
                )

    # What is sent.

    @property
    def _since(self) -> int:
        return 0 if self._full else self._spec.since

    @property
    def _sends_cards(self) -> bool:
        return self._spec.content in {"full", "changes"}

    @property
    def _sends_classifier(self) -> bool:
        """Tell whether the classifier has anything to say: it goes with cards, or when a group has changed."""
        changed_groups = any(group.revision > self._since for group in self._world.groups)
        return self._sends_cards and (changed_groups or bool(self._cards()))

    def _cards(self) -> Sequence[Product]:
        if not self._sends_cards:
            return ()
        hide_deleted = self._dialect.deletion == "absent"
        return [
            product
            for product in self._world.products
            if product.revision > self._since
            and product.id not in self._orphans
            and not (product.deleted and hide_deleted)
        ]

    def _sold(self, touched: Callable[[Sold], bool], *, bare: bool) -> Sequence[Sold]:
        alive = (sold for sold in self._world.offers() if not sold[0].deleted and touched(sold))
        if not bare or not self._spec.bare_offers or self._spec.generation == "G1-old":
            return list(alive)
        return list(with_bare(alive, (place.id for place in self._world.warehouses)))

    def _counted(self, sold: Sold) -> bool:
        return sold[0].kind == "Товар" and sold[1].counted > self._since

    def _touched(self, sold: Sold) -> bool:
        """Tell whether an offer belongs into the single package of G1."""
        product, offer = sold
        match self._spec.content:
            case "full":
                return True
            case "changes":
                return max(product.revision, offer.priced, offer.counted) > self._since
            case "prices":
                return offer.priced > self._since
            case "rests":
                return self._counted(sold)

    # Files.

    def _portions(
        self, things: Sequence[Thing], *, always: bool = False
    ) -> Iterator[tuple[int, Sequence[Thing]]]:
        """Cut into portions, numbered from one; a full export has a file even when there is nothing to say."""
        if not (things or always or self._full):
            return
        size = self._spec.portion or max(len(things), 1)
        for number, start in enumerate(range(0, max(len(things), 1), size), 1):
            yield number, things[start : start + size]

    def _file(self, name: str, kind: Kind, *blocks: Node) -> ExportFile:
        root = classifier.frame(self._dialect, self._formed_at, *blocks)
        return ExportFile(name=name, body=document(root, self._spec.encoding), kind=kind)

    def _pictures(self, folder: str) -> Iterable[ExportFile]:
        if self._spec.pictures:
            for product in self._cards():
                for picture in product.pictures:
                    draw = png if picture.path.endswith(".png") else jpeg
                    yield ExportFile(name=folder + picture.path, body=draw(picture.shade), kind="picture")

    def _next_id(self) -> str:
        self._written += 1
        return guid(self._world.seed, "file", f"{self._formed_at.isoformat()}:{self._written}")
