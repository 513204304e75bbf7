"""What may befall a world. Every function returns a new world one revision later and leaves the old one whole."""

from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal

from msgspec.structs import replace

from obmen.sandbox.world.identity import guid
from obmen.sandbox.world.values import Offer, Product, VatRate, World

KOPECK = Decimal("0.01")


def set_price(world: World, *, offer: str, price_type: str, amount: Decimal) -> World:
    """Set one price of one offer, in roubles."""
    kind = world.price_type(price_type).id
    return _reprice(world, offer, lambda prices: {**prices, kind: amount})


def remove_price(world: World, *, offer: str, price_type: str) -> World:
    """Take one price of one offer away."""
    kind = world.price_type(price_type).id
    return _reprice(world, offer, lambda prices: {key: value for key, value in prices.items() if key != kind})


def multiply_prices(world: World, factor: Decimal) -> World:
    """Multiply every price, to the kopeck: the mistake of a shifted decimal point."""

    def change(_: Product, offer: Offer, now: int) -> Offer:
        prices = {
            kind: (amount * factor).quantize(KOPECK, ROUND_HALF_UP) for kind, amount in offer.prices.items()
        }
        return replace(offer, prices=prices, priced=now)

    return _each_offer(world, change)


def set_stock(world: World, *, offer: str, warehouse: str, quantity: Decimal) -> World:
    """Set the stock of one offer in one warehouse, in base units; below zero is possible in a back office."""
    wanted, place = world.offer(offer).id, world.warehouse(warehouse).id

    def change(_: Product, each: Offer, now: int) -> Offer:
        if each.id != wanted:
            return each
        return replace(each, stock={**each.stock, place: quantity}, counted=now)

    return _each_offer(world, change)


def zero_stock(world: World) -> World:
    """Set every stock to zero: the accident of a recalculated register."""

    def change(_: Product, offer: Offer, now: int) -> Offer:
        return replace(offer, stock=dict.fromkeys(offer.stock, Decimal(0)), counted=now)

    return _each_offer(world, change)


def rename(world: World, *, product: str, name: str) -> World:
    """Give a product another name."""
    return _change(world, product, lambda card: replace(card, name=name))


def set_vat(
    world: World, *, rate: VatRate, products: Collection[str] = (), instead_of: VatRate | None = None
) -> World:
    """Change the VAT rate of the named products; of all with the rate `instead_of` where none is named."""
    wanted = {world.product(key).id for key in products}
    now = world.revision + 1

    def change(card: Product) -> Product:
        hit = card.id in wanted or (not wanted and instead_of in {None, card.vat})
        return replace(card, vat=rate, revision=now) if hit else card

    return replace(world, revision=now, products=tuple(map(change, world.products)))


def move_to_group(world: World, *, product: str, group: str) -> World:
    """Move a product to another group, by id or name."""
    target = world.group(group).id
    return _change(world, product, lambda card: replace(card, group=target))


def rename_group(world: World, *, group: str, name: str) -> World:
    """Give a group another name."""
    wanted = world.group(group).id
    now = world.revision + 1
    groups = tuple(
        replace(each, name=name, revision=now) if each.id == wanted else each for each in world.groups
    )
    return replace(world, revision=now, groups=groups)


def mark_deleted(world: World, *, product: str, deleted: bool = True) -> World:
    """Set or take back the deletion mark; the card stays in the directory."""
    return _change(world, product, lambda card: replace(card, deleted=deleted))


def remove(world: World, *, product: str) -> World:
    """Erase a card without a trace; only its absence tells."""
    wanted = world.product(product).id
    left = tuple(card for card in world.products if card.id != wanted)
    return replace(world, revision=world.revision + 1, products=left)


def add_product(world: World, product: Product) -> World:
    """Put a new card into the directory."""
    if any(card.id == product.id for card in world.products):
        raise ValueError(f"Product {product.id} is in the world already.")
    return _add(world, product)


def alike(world: World, *, like: str, article: str, name: str) -> Product:
    """Make a card after the pattern of another one, not yet part of the world."""
    pattern = world.product(like)
    new_id = guid(world.seed, "product", article)
    offers = tuple(replace(offer, product=new_id, barcode="") for offer in pattern.offers)
    code = f"ИД-{len(world.products) + 1:08d}"
    return replace(
        pattern, id=new_id, code=code, article=article, name=name, offers=offers, pictures=(), deleted=False
    )


def recreate(world: World, *, product: str, keep_old: bool = True) -> World:
    """Make a second card with the same article and another id, as a careless manager does.

    With `keep_old=False` the first card gets the deletion mark.
    """
    old = world.product(product)
    new_id = guid(world.seed, "recreated", f"{old.id}:{world.revision}")
    offers = tuple(replace(offer, product=new_id) for offer in old.offers)
    marked = world if keep_old else mark_deleted(world, product=old.id)
    return _add(
        marked, replace(old, id=new_id, code=f"{old.code}-2", offers=offers, pictures=(), deleted=False)
    )


def _add(world: World, product: Product) -> World:
    now = world.revision + 1
    offers = tuple(replace(offer, priced=now, counted=now) for offer in product.offers)
    card = replace(product, revision=now, offers=offers)
    return replace(world, revision=now, products=(*world.products, card))


def _change(world: World, product: str, change: Callable[[Product], Product]) -> World:
    wanted, now = world.product(product).id, world.revision + 1
    products = tuple(
        replace(change(card), revision=now) if card.id == wanted else card for card in world.products
    )
    return replace(world, revision=now, products=products)


def _reprice(world: World, key: str, change: Callable[[Mapping[str, Decimal]], dict[str, Decimal]]) -> World:
    wanted = world.offer(key).id

    def apply(_: Product, offer: Offer, now: int) -> Offer:
        return replace(offer, prices=change(offer.prices), priced=now) if offer.id == wanted else offer

    return _each_offer(world, apply)


def _each_offer(world: World, change: Callable[[Product, Offer, int], Offer]) -> World:
    now = world.revision + 1
    products = tuple(
        replace(card, offers=tuple(change(card, offer, now) for offer in card.offers))
        for card in world.products
    )
    return replace(world, revision=now, products=products)
