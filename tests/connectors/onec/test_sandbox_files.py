"""What the simulated 1C writes, read back with the standard library and laid beside real files."""

import os
import re
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from obmen.connectors.onec.sandbox import tricks
from obmen.connectors.onec.sandbox.export import Export, export
from obmen.sandbox.world import (
    World,
    mark_deleted,
    remove_price,
    rename,
    rename_group,
    set_price,
    set_stock,
    zero_stock,
)

AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
WORLD = World.seeded(7)
GENERATIONS = ["G1", "G1-old", "G2", "G3"]
SAMPLES = Path(
    os.environ.get("OBMEN_SAMPLES", Path(__file__).parents[3].parent / "shared" / "samples"), "commerceml"
)


def write(world=WORLD, **spec):
    return list(export(world, Export(**spec), AT))


def read(files, *kinds):
    """Parse the files of the kinds given (all XML by default), names of elements without namespaces."""
    roots = []
    for file in files:
        if file.kind != "picture" and (not kinds or file.kind in kinds):
            root = ET.fromstring(file.body)
            for node in root.iter():
                node.tag = node.tag.rpartition("}")[2]
            roots.append(root)
    return roots


def found(roots, path):
    return [node for root in roots for node in root.iterfind(f".//{path}")]


def texts(roots, path):
    return [node.text or "" for node in found(roots, path)]


def sellable(world=WORLD):
    return [(card, offer) for card, offer in world.offers() if not card.deleted]


# Shape.


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("encoding", ["utf-8-bom", "utf-8", "windows-1251", "utf-16le"])
def test_every_file_is_well_formed_and_says_the_same_in_every_encoding(generation, encoding):
    plain = read(write(generation=generation, encoding="utf-8"))
    other = read(write(generation=generation, encoding=encoding))

    assert [ET.tostring(root) for root in plain] == [ET.tostring(root) for root in other]


@pytest.mark.parametrize(
    ("encoding", "beginning"),
    [
        ("utf-8-bom", b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>'),
        ("utf-8", b'<?xml version="1.0" encoding="UTF-8"?>'),
        ("windows-1251", b'<?xml version="1.0" encoding="windows-1251"?>'),
        ("utf-16le", b"\xff\xfe<\x00?\x00x\x00"),
    ],
)
def test_a_file_begins_as_its_encoding_demands(encoding, beginning):
    assert write(encoding=encoding)[0].body.startswith(beginning)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_equal_worlds_give_equal_bytes(generation):
    assert write(World.seeded(3, 20), generation=generation) == write(
        World.seeded(3, 20), generation=generation
    )


def test_names_of_files_tell_the_generation():
    assert [file.name for file in write(pictures=False)] == ["import0_1.xml", "offers0_1.xml"]
    assert [file.name for file in write(generation="G1-old", pictures=False)] == ["import.xml", "offers.xml"]
    split = [file.name.partition("___")[0] for file in write(generation="G2", pictures=False)]
    assert split == ["import", "offers", "import", "offers", "prices", "rests"]
    folders = [file.name.partition("/")[0] for file in write(generation="G3", pictures=False)]
    references = ["priceLists", "propertiesGoods", "storages", "units", "propertiesOffers", "groups"]
    assert [*references, "goods", "offers", "prices", "rests"] == folders


def test_namespace_and_version_are_those_of_the_generation_or_as_set():
    def head(**spec):
        body = write(encoding="utf-8", pictures=False, **spec)[0].body.decode()
        line = body.split("\n")[1]
        return re.search('xmlns="([^"]*)"', line), re.search('ВерсияСхемы="([^"]*)"', line)[1]

    assert head(generation="G1-old") == (None, "2.04")
    assert head(generation="G1")[1] == "2.07"
    assert head(generation="G3")[0][1] == "urn:1C.ru:commerceml_3"
    space, version = head(generation="G2", version="2.10", namespace="urn:1C.ru:commerceml_208")
    assert (space[1], version) == ("urn:1C.ru:commerceml_208", "2.10")


def test_the_date_is_the_local_time_of_the_server_without_a_zone():
    assert read(write())[0].get("ДатаФормирования") == "2026-11-20T14:05:00"


def children_in_order(roots):
    """Collect, per element, which child was seen before which."""
    before = {}
    for root in roots:
        for node in root.iter():
            tags = list(dict.fromkeys(child.tag for child in node))
            for place, tag in enumerate(tags):
                before.setdefault(node.tag, set()).update((tag, later) for later in tags[place + 1 :])
    return before


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"real files are absent: {SAMPLES}; set OBMEN_SAMPLES")
@pytest.mark.parametrize(("real", "kind"), [("ut_import0_1.xml", "goods"), ("ut_offers0_1.xml", "offers")])
def test_elements_stand_in_the_order_of_real_files(real, kind):
    sample = ET.parse(SAMPLES / real).getroot()
    for node in sample.iter():
        node.tag = node.tag.rpartition("}")[2]
    theirs, ours = children_in_order([sample]), children_in_order(read(write(), kind))

    turned = {
        (parent, one, two)
        for parent, pairs in ours.items()
        for one, two in pairs
        if (two, one) in theirs.get(parent, ())
    }
    assert set() == turned
    known = {parent for parent in theirs if parent not in {"Товар", "Предложение"}}
    assert set() == known - ours.keys()
    assert sample.attrib.keys() == read(write(), kind)[0].attrib.keys()


# Counts.


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("portion", [0, 1, 7])
def test_every_card_and_every_offer_is_there_once(generation, portion):
    roots = read(write(generation=generation, portion=portion, bare_offers=False, pictures=False))

    cards = (
        {offer.id for _, offer in WORLD.offers()}
        if generation == "G1-old"
        else {card.id for card in WORLD.products}
    )
    assert dict.fromkeys(cards, 1) == Counter(texts(roots, "Товары/Товар/Ид"))
    times = 3 if generation in {"G2", "G3"} else 1
    seen = Counter(texts(roots, "Предложения/Предложение/Ид"))
    expected = {
        offer.id: times - (times == 3 and card.kind == "Услуга")  # a service has no stock to tell
        for card, offer in WORLD.offers()
    }
    assert expected == seen


@pytest.mark.parametrize("generation", GENERATIONS)
def test_prices_and_stock_are_those_of_the_world(generation):
    roots = read(write(generation=generation, bare_offers=False))

    for offer_id, prices, stock in (
        (offer.id, dict(offer.prices), dict(offer.stock)) for _, offer in WORLD.offers()
    ):
        nodes = [node for node in found(roots, "Предложение") if node.findtext("Ид") == offer_id]
        told = {
            price.findtext("ИдТипаЦены"): Decimal(price.findtext("ЦенаЗаЕдиницу"))
            for node in nodes
            for price in node.iterfind("Цены/Цена")
        }
        assert prices == told
        places = {
            place.get("ИдСклада") or place.findtext("Ид"): Decimal(
                place.get("КоличествоНаСкладе") or place.findtext("Количество")
            )
            for node in nodes
            for place in [*node.iterfind("Склад"), *node.iterfind("Остатки/Остаток/Склад")]
        }
        assert ({} if generation == "G1-old" else stock) == places


def test_the_total_of_the_older_generations_is_the_sum_of_the_warehouses():
    roots = read(write(bare_offers=False), "offers")

    told = [Decimal(text) for text in texts(roots, "Предложение/Количество")]
    assert [sum(offer.stock.values()) for card, offer in WORLD.offers() if card.kind == "Товар"] == told


def test_groups_properties_and_their_options_are_all_there():
    roots = read(write(), "goods")

    assert {group.id for group in WORLD.groups} == set(texts(roots, "Группа/Ид"))
    assert {each.id for each in WORLD.properties if not each.of_offer} == set(texts(roots, "Свойство/Ид"))
    assert "true" in texts(roots, "Справочник/ИдЗначения")
    drills = next(
        node for node in found(roots, "Группа") if node.findtext("Ид") == WORLD.group("Инструмент").id
    )
    assert "Дрели и шуруповёрты" in [
        node.text for node in drills.iterfind("Группы/Группа/Группы/Группа/Наименование")
    ]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_each_picture_of_a_card_has_its_file(generation):
    files = write(generation=generation)

    wanted = set(texts(read(files), "Товар/Картинка"))
    sent = {file.name.removeprefix("goods/") for file in files if file.kind == "picture"}
    assert wanted == sent
    assert all(file.body[:3] in {b"\xff\xd8\xff", b"\x89PN"} for file in files if file.kind == "picture")


# Peculiarities of the field.


def test_the_code_of_a_unit_ends_with_a_space():
    assert {"796 ", "166 ", "112 ", "006 ", "778 ", "715 "} == {
        node.get("Код") for node in found(read(write()), "БазоваяЕдиница")
    }
    bare = set(texts(read(write(generation="G3"), "goods"), "Товар/БазоваяЕдиница"))
    assert {"796 ", "166 ", "112 ", "006 ", "778 ", "715 "} == bare


def test_numbers_carry_commas_and_no_break_spaces_where_people_read_them():
    roots = read(write(generation="G2"), "offers")
    drum, paint, glove = (
        next(node for node in found(roots, "Предложение") if node.findtext("Ид") == WORLD.offer(key).id)
        for key in ("VVG-3x1,5-B/Барабан 1 000 м", "KR-VD-IN/2,7 л", "PER-NITR/L")
    )

    shown, told = (
        "ХарактеристикиТовара/ХарактеристикаТовара/Значение",
        "ЗначенияСвойств/ЗначенияСвойства/Значение",
    )
    assert (drum.findtext(shown), drum.findtext(told)) == ("1\u00a0000", "1000")
    assert (paint.findtext(shown), paint.findtext(told)) == ("2,7", "2.7")
    assert "-999\u00a0999\u00a0999,9" in [node.text for node in glove.iterfind(shown)]
    assert "-999999999.9" in [node.text for node in glove.iterfind(told)]


def test_numbers_of_properties_carry_a_comma_before_version_2_08():
    assert "3,5" in texts(read(write(), "goods"), "ЗначенияСвойства/Значение")
    assert "3.5" in texts(read(write(generation="G2"), "goods"), "ЗначенияСвойства/Значение")


def test_an_unset_trait_is_an_empty_element():
    roots = read(write(), "offers")
    boots = next(
        node for node in found(roots, "Предложение") if node.findtext("Ид") == WORLD.offer("BOT-URAL/42").id
    )

    assert [
        (node.findtext("Наименование"), node.find("Значение").text)
        for node in boots.iterfind("ХарактеристикиТовара/ХарактеристикаТовара")
    ] == [("Размер", "42"), ("Полнота", None)]


def test_a_bare_offer_without_price_and_stock_stands_beside_the_characteristics():
    boots = WORLD.product("BOT-URAL")
    nodes = [
        node
        for node in found(read(write(), "offers"), "Предложение")
        if node.findtext("Ид").partition("#")[0] == boots.id
    ]

    assert [boots.id, *(offer.id for offer in boots.offers)] == [node.findtext("Ид") for node in nodes]
    assert nodes[0].find("Цены") is None
    assert nodes[0].findtext("Количество") == "0"


def test_ids_of_packages_and_of_offers_carry_a_hash_sign():
    roots = read(write(), "offers")

    assert [f"{WORLD.catalog}#"] == texts(roots, "ПакетПредложений/Ид")
    assert WORLD.offer("BOT-URAL/43").id in texts(roots, "Предложение/Ид")


def test_only_a_full_first_generation_says_that_it_is_complete():
    def said(generation, content):
        roots = read(write(generation=generation, content=content), "goods", "offers")
        blocks = [*found(roots, "Каталог"), *found(roots, "ПакетПредложений")]
        return {node.get("СодержитТолькоИзменения") for node in blocks}

    assert {"false"} == said("G1", "full") == said("G1-old", "full")
    assert {"true"} == said("G2", "full") == said("G3", "full")
    assert {"true"} == said("G1", "changes")


def test_files_of_prices_and_of_stock_hold_the_id_and_their_own_block_only():
    files = write(generation="G3")

    assert {("Ид", "Цены")} == {
        tuple(child.tag for child in node) for node in found(read(files, "prices"), "Предложение")
    }
    assert {("Ид", "Остатки")} == {
        tuple(child.tag for child in node) for node in found(read(files, "rests"), "Предложение")
    }


def test_the_purchase_price_goes_out_unless_the_exchange_is_set_to_hold_it_back():
    secret = WORLD.price_type("Закупочная").id

    assert secret in texts(read(write()), "Цена/ИдТипаЦены")
    held = read(write(price_types=("Розничная", "Мелкооптовая")))
    assert secret not in texts(held, "Цена/ИдТипаЦены") + texts(held, "ТипЦены/Ид")


def test_vat_rates_are_written_as_text():
    assert {"22", "10", "Без НДС"} == set(texts(read(write(), "goods"), "СтавкаНалога/Ставка"))


def test_the_number_of_version_changes_with_its_card_only():
    def tokens(world, **spec):
        roots = read(write(world, generation="G2", **spec), "goods")
        return {node.findtext("Ид"): node.findtext("НомерВерсии") for node in found(roots, "Товар")}

    card = WORLD.product("DU-13/780").id
    before, after = tokens(WORLD), tokens(rename(WORLD, product="DU-13/780", name="Дрель"))
    assert {card} == {key for key in before if before[key] != after[key]}
    assert {"AAAAAAAAAAE="} == set(tokens(WORLD, constant_versions=True).values())


# Deletion.


@pytest.mark.parametrize("generation", ["G1", "G2", "G3"])
@pytest.mark.parametrize("form", ["status", "element", "requisite", "absent"])
def test_a_deleted_card_is_marked_in_the_form_asked(generation, form):
    world = mark_deleted(WORLD, product="MOL-500")
    card = world.product("MOL-500").id
    roots = read(write(world, generation=generation, deletion=form))

    marked = {
        "status": [node.findtext("Ид") for node in found(roots, "Товар") if node.get("Статус") == "Удален"],
        "element": [
            node.findtext("Ид")
            for node in found(roots, "Товар")
            if node.findtext("ПометкаУдаления") == "true"
        ],
        "requisite": [
            node.findtext("Ид")
            for node in found(roots, "Товар")
            for value in node.iterfind("ЗначенияРеквизитов/ЗначениеРеквизита")
            if (value.findtext("Наименование"), value.findtext("Значение")) == ("ПометкаУдаления", "true")
        ],
    }
    assert {name: [card] if name == form else [] for name in marked} == marked
    assert (form == "absent") == (card not in texts(roots, "Товар/Ид"))
    assert card not in texts(roots, "Предложение/Ид")


# Less than everything.


@pytest.mark.parametrize("generation", GENERATIONS)
def test_changes_are_what_changed_since_the_revision_given(generation):
    world = set_price(WORLD, offer="BOT-URAL/42", price_type="Розничная", amount=Decimal("3599.90"))
    world = set_stock(world, offer="MOL-500", warehouse="Основной склад", quantity=Decimal(-2))
    world = rename(world, product="DU-13/780", name="Дрель ударная")
    roots = read(write(world, generation=generation, content="changes", since=1, bare_offers=False))

    assert [world.product("DU-13/780").id] == texts(roots, "Товар/Ид")
    boots, hammer, drill = (world.offer(key).id for key in ("BOT-URAL/42", "MOL-500", "DU-13/780"))
    told = [node for node in found(roots, "Предложение") if node.find("Цены") is not None]
    held = [
        node
        for node in found(roots, "Предложение")
        if {"Количество", "Остатки"} & {child.tag for child in node}
    ]
    together = generation in {"G1", "G1-old"}
    assert ({drill, hammer, boots} if together else {boots}) == {node.findtext("Ид") for node in told}
    assert ({drill, hammer, boots} if together else {hammer}) == {node.findtext("Ид") for node in held}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_nothing_changed_is_nothing_written(generation):
    assert write(generation=generation, content="changes", since=1) == []


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_renamed_group_alone_brings_the_classifier_and_no_goods(generation):
    world = rename_group(WORLD, group="Гвозди", name="Гвозди и скобы")
    roots = read(write(world, generation=generation, content="changes", since=1))

    assert "Гвозди и скобы" in texts(roots, "Группа/Наименование")
    assert not found(roots, "Товар") + found(roots, "Предложение")


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_export_of_prices_holds_no_goods_and_no_stock(generation):
    roots = read(write(generation=generation, content="prices"))

    assert {offer.id for _, offer in sellable()} == set(texts(roots, "Предложение/Ид"))
    assert found(roots, "Товар") + found(roots, "Предложение/Количество") + found(roots, "Остатки") == []
    assert found(roots, "Предложение/Склад") == []
    assert len(sellable()) == len(found(roots, "Цены"))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_export_of_zeroed_stock_holds_nothing_but_zeros(generation):
    roots = read(write(zero_stock(WORLD), generation=generation, content="rests"))

    assert found(roots, "Товар") + found(roots, "Цены") == []
    amounts = {
        *texts(roots, "Количество"),
        *(node.get("КоличествоНаСкладе") for node in found(roots, "Предложение/Склад") if node.attrib),
    }
    assert {"0"} == amounts


def test_a_price_taken_away_leaves_the_others_in_the_block():
    world = remove_price(WORLD, offer="MOL-500", price_type="Мелкооптовая")
    roots = read(write(world, generation="G2", content="prices", since=1))

    assert len(found(roots, "Предложение")) == 1
    assert [WORLD.price_type(name).id for name in ("Розничная", "Закупочная")] == texts(
        roots, "Цена/ИдТипаЦены"
    )


def test_orphans_are_offers_whose_cards_stay_behind():
    roots = read(write(orphans=("BOT-URAL", "MOL-500")))

    orphans = {WORLD.product(key).id for key in ("BOT-URAL", "MOL-500")}
    assert orphans.isdisjoint(texts(roots, "Товар/Ид"))
    assert orphans <= {key.partition("#")[0] for key in texts(roots, "Предложение/Ид")}


# Tricks.


def test_portions_come_reversed_lost_repeated_and_prices_before_goods():
    files = write(generation="G3", portion=20, pictures=False)
    names = [file.name for file in files]
    goods = [name for name in names if name.startswith("goods/")]

    turned = [file.name for file in tricks.portions_reversed(files)]
    assert goods[::-1] == [name for name in turned if name.startswith("goods/")]
    assert [name.split("/")[0] for name in names] == [name.split("/")[0] for name in turned]
    assert [name for name in names if name != goods[1]] == [
        file.name for file in tricks.without(files, "goods/goods_1_2")
    ]
    assert [file.name for file in tricks.repeated(files, goods[0])].count(goods[0]) == 2
    assert tricks.prices_first(files)[0].name.startswith("prices/")
    assert len(files[6].body) // 2 == len(tricks.cut(files, goods[0])[6].body)
    assert "..\\..\\x.php" in [file.name for file in tricks.hostile(files)]


def test_a_trick_on_a_file_that_is_not_there_names_those_that_are():
    with pytest.raises(LookupError, match=re.escape("import0_1.xml, offers0_1.xml")):
        tricks.without(write(pictures=False), "rests")
