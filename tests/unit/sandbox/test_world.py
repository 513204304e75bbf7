"""The seeded world: believable, repeatable, and changed only by its functions."""

import re
import struct
import zlib
from collections import Counter
from decimal import Decimal

import pytest

from obmen.sandbox.world import (
    World,
    add_product,
    alike,
    mark_deleted,
    move_to_group,
    multiply_prices,
    recreate,
    remove,
    remove_price,
    rename,
    rename_group,
    set_price,
    set_stock,
    set_vat,
    zero_stock,
)
from obmen.sandbox.world.identity import ean13
from obmen.sandbox.world.pictures import jpeg, png

WORLD = World.seeded(7)


def test_equal_seeds_give_equal_worlds_and_others_other_ids():
    ids = {card.id for card in WORLD.products}

    assert World.seeded(7) == WORLD
    assert ids.isdisjoint(card.id for card in World.seeded(8).products)


def test_a_larger_world_only_adds_goods_at_the_end():
    small, large = World.seeded(7, 50), World.seeded(7, 300)

    assert [card.id for card in large.products[:50]] == [card.id for card in small.products]
    assert len(large.products) == 300
    assert World.seeded(7, 3).products == WORLD.products[:3]


def test_every_id_code_and_barcode_is_there_once_also_among_thousands():
    world = World.seeded(7, 3000)
    offers = [offer for _, offer in world.offers()]

    assert max(Counter(card.id for card in world.products).values()) == 1
    assert max(Counter(card.code for card in world.products).values()) == 1
    assert max(Counter(card.name for card in world.products).values()) == 1
    assert max(Counter(offer.id for offer in offers).values()) == 1
    assert max(Counter(offer.barcode for offer in offers if offer.barcode).values()) == 1


def test_every_barcode_has_the_check_digit_of_its_number():
    for _, offer in WORLD.offers():
        if offer.barcode:
            digits = [int(digit) for digit in offer.barcode]
            assert len(digits) == 13
            assert (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_the_check_digit_is_that_of_a_published_example():
    # 4006381333931, the barcode with which GS1's reckoning is commonly explained.
    assert ean13(38133393, prefix="4006") == "4006381333931"


def test_every_reference_of_a_card_leads_somewhere():
    groups = {group.id for group in WORLD.groups}
    options = {each.id: {option.id for option in each.options} for each in WORLD.properties}
    for card in WORLD.products:
        assert card.group in groups
        assert card.unit in WORLD.units
        for key, value in [
            *card.values.items(),
            *(pair for offer in card.offers for pair in offer.traits.items()),
        ]:
            assert not options[key] or not value or value in options[key]
    assert {group.parent for group in WORLD.groups} - {None} <= groups


def test_the_shop_has_what_its_stories_need():
    boots = WORLD.product("BOT-URAL")

    assert {"42", "43"} <= {offer.name for offer in boots.offers}
    assert WORLD.offer("KR-VD-IN/2,7 л").prices[WORLD.price_type("Розничная").id] == Decimal("1849.90")
    assert WORLD.units[WORLD.product("VVG-3x2,5").unit].short == "м"
    assert {card.vat for card in WORLD.products} == {"22", "10", "Без НДС"}
    assert {card.unit for card in WORLD.products} == {"796", "166", "112", "006", "778", "715"}
    assert [place.name for place in WORLD.warehouses] == ["Основной склад", "Магазин на Ленина"]
    assert [kind.name for kind in WORLD.price_types if kind.internal] == ["Закупочная"]
    assert Counter(each.name for each in WORLD.properties)["Цвет"] == 2
    assert any(not card.article for card in WORLD.products)
    assert any(quantity % 1 for _, offer in WORLD.offers() for quantity in offer.stock.values())


def test_prices_are_in_kopecks_and_not_round():
    amounts = [amount for _, offer in WORLD.offers() for amount in offer.prices.values()]

    assert all(amount > 0 and amount == round(amount, 2) for amount in amounts)
    assert sum(amount % 1 != 0 for amount in amounts) > len(amounts) / 2


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(LookupError, match="Основной склад, Магазин на Ленина"):
        WORLD.warehouse("Склад №5")
    with pytest.raises(LookupError, match="41, 42, 43"):
        WORLD.offer("BOT-URAL")
    with pytest.raises(LookupError, match="нет такого"):
        WORLD.product("нет такого")


# Changes.


def test_a_change_makes_a_new_world_one_revision_later_and_leaves_the_old_one_whole():
    before = World.seeded(7)
    after = set_price(before, offer="MOL-500", price_type="Розничная", amount=Decimal("650.00"))

    assert before == WORLD
    assert after.revision == before.revision + 1
    assert after.offer("MOL-500").prices[after.price_type("Розничная").id] == Decimal("650.00")
    assert [offer.id for _, offer in after.offers() if offer.priced == after.revision] == [
        after.offer("MOL-500").id
    ]
    assert not [offer for _, offer in after.offers() if offer.counted == after.revision]


def test_stock_is_set_per_warehouse_and_may_fall_below_zero():
    world = set_stock(WORLD, offer="BOT-URAL/42", warehouse="Магазин на Ленина", quantity=Decimal(-3))

    assert list(world.offer("BOT-URAL/42").stock.values()) == [Decimal(12), Decimal(-3)]


def test_zeroed_stock_is_zero_everywhere():
    world = zero_stock(WORLD)

    assert {quantity for _, offer in world.offers() for quantity in offer.stock.values()} == {Decimal(0)}
    assert all(offer.counted == world.revision for _, offer in world.offers())


def test_multiplied_prices_stay_in_kopecks():
    world = multiply_prices(WORLD, Decimal("0.1"))

    assert world.offer("MOL-500").prices[world.price_type("Розничная").id] == Decimal("61.23")


def test_a_price_taken_away_is_gone():
    world = remove_price(WORLD, offer="MOL-500", price_type="Розничная")

    assert world.price_type("Розничная").id not in world.offer("MOL-500").prices


def test_vat_changes_for_those_named_or_for_those_with_the_old_rate():
    everywhere = set_vat(WORLD, rate="20", instead_of="22")
    named = set_vat(WORLD, rate="20", products=["MOL-500"])

    assert {card.vat for card in everywhere.products} == {"20", "10", "Без НДС"}
    assert [card.article for card in named.products if card.vat == "20"] == ["MOL-500"]


def test_cards_are_renamed_moved_marked_and_erased():
    assert rename(WORLD, product="MOL-500", name="Молоток").product("MOL-500").name == "Молоток"
    moved = move_to_group(WORLD, product="MOL-500", group="Хранение")
    assert moved.product("MOL-500").group == WORLD.group("Хранение").id
    assert rename_group(WORLD, group="Гвозди", name="Гвозди и скобы").group("Гвозди и скобы").revision == 2
    marked = mark_deleted(WORLD, product="MOL-500")
    assert [card.article for card in marked.products if card.deleted] == ["MOL-500"]
    assert not mark_deleted(marked, product="MOL-500", deleted=False).product("MOL-500").deleted
    assert len(remove(WORLD, product="MOL-500").products) == len(WORLD.products) - 1


@pytest.mark.parametrize("keep_old", [True, False])
def test_a_recreated_product_has_the_same_article_under_another_id(keep_old):
    world = recreate(WORLD, product="BOT-URAL", keep_old=keep_old)
    old, new = (card for card in world.products if card.article == "BOT-URAL")

    assert old.id != new.id
    assert old.deleted is not keep_old
    assert [offer.id for offer in new.offers] != [offer.id for offer in old.offers]
    assert {offer.product for offer in new.offers} == {new.id}


def test_a_new_card_is_added_once_only():
    card = alike(WORLD, like="MOL-500", article="MOL-800", name="Молоток слесарный 800 г")
    world = add_product(WORLD, card)

    assert world.product("MOL-800").revision == world.revision
    with pytest.raises(ValueError, match="already"):
        add_product(world, card)


# Pictures.


@pytest.mark.parametrize("shade", [0, 1, 77, 127, 128, 129, 200, 255])
def test_a_png_holds_its_shade_in_every_pixel(shade):
    body = png(shade, side=8)
    start = body.index(b"IDAT")
    (length,) = struct.unpack(">I", body[start - 4 : start])

    assert zlib.decompress(body[start + 4 : start + 4 + length]) == (b"\x00" + bytes([shade]) * 8) * 8
    assert body.endswith(b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))


@pytest.mark.parametrize("shade", [0, 1, 77, 127, 128, 129, 200, 255])
def test_a_jpeg_holds_its_shade_in_every_block(shade):
    assert _decoded(jpeg(shade, side=24)) == [shade] * 9


def _decoded(body):
    """Decode a grey JPEG of constant blocks, by the book (ITU T.81), into one level per block."""
    segments, place = {}, 2
    while body[place + 1] != 0xDA:
        marker, length = body[place + 1], int.from_bytes(body[place + 2 : place + 4])
        segments.setdefault(marker, []).append(body[place + 4 : place + 2 + length])
        place += 2 + length
    scan = body[place + 2 + int.from_bytes(body[place + 2 : place + 4]) : -2].replace(b"\xff\x00", b"\xff")
    bits = iter("".join(f"{byte:08b}" for byte in scan))
    tables = {table[0]: _codes(table) for table in segments[0xC4]}
    quantiser = segments[0xDB][0][1]
    _, height, width = struct.unpack(">BHH", segments[0xC0][0][:5])
    levels, level = [], 0
    for _ in range(height * width // 64):
        size = _next(bits, tables[0x00])
        raw = "".join(next(bits) for _ in range(size))
        if size:
            level += int(raw, 2) if raw[0] == "1" else int(raw, 2) - (1 << size) + 1
        assert _next(bits, tables[0x10]) == 0  # the end of the block
        levels.append(level * quantiser // 8 + 128)
    assert re.fullmatch("1{0,7}", "".join(bits))
    return levels


def _codes(table):
    codes, code, symbols = {}, 0, iter(table[17:])
    for length, count in enumerate(table[1:17], 1):
        for _ in range(count):
            codes[f"{code:0{length}b}"] = next(symbols)
            code += 1
        code <<= 1
    return codes


def _next(bits, codes):
    code = ""
    while code not in codes:
        code += next(bits)
    return codes[code]
