"""What a catalogue file does to the shop, absence and repetition included."""

import pytest
from shop_exchange_files import goods, item

GROUPS = (
    "<Группы><Группа><Ид>tools</Ид><Наименование>Инструмент</Наименование>"
    "<Группы><Группа><Ид>drills</Ид><Наименование>Дрели</Наименование></Группа></Группы></Группа></Группы>"
)
PROPERTIES = (
    "<Свойства><Свойство><Ид>color</Ид><Наименование>Цвет</Наименование><ТипЗначений>Справочник</ТипЗначений>"
    "<ВариантыЗначений><Справочник><ИдЗначения>red</ИдЗначения><Значение>Красный</Значение></Справочник></ВариантыЗначений>"
    "</Свойство></Свойства>"
)
WHOLE = item(
    "g1",
    "Дрель ударная 850 Вт",
    "<Штрихкод>4600000000017</Штрихкод><Артикул>DR-850</Артикул>"
    '<БазоваяЕдиница Код="796 " НаименованиеПолное="Штука">шт</БазоваяЕдиница>'
    "<Группы><Ид>drills</Ид></Группы><Описание>&lt;p&gt;Мощная&lt;/p&gt;</Описание>"
    "<Изготовитель><Ид>m1</Ид><Наименование>Зубр</Наименование></Изготовитель>"
    "<ЗначенияСвойств><ЗначенияСвойства><Ид>color</Ид><Значение>red</Значение></ЗначенияСвойства></ЗначенияСвойств>"
    "<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>22</Ставка></СтавкаНалога></СтавкиНалогов>"
    "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Вес</Наименование><Значение>1,85</Значение></ЗначениеРеквизита>"
    "<ЗначениеРеквизита><Наименование>Полное наименование</Наименование><Значение>Дрель ударная Зубр</Значение></ЗначениеРеквизита>"
    "</ЗначенияРеквизитов>",
)


async def test_a_whole_card_lands_field_by_field(exchange, rest, shop):
    await exchange.send(goods(WHOLE, classifier=GROUPS + PROPERTIES, ns='xmlns="urn:1C.ru:commerceml_2" '))
    card = await rest.get(1001)
    by_code = {prop.code: card[f"property{prop.id}"] for prop in shop.state.properties.where(iblock_id=14)}
    vats = {vat.id: vat.rate for vat in shop.state.vats}
    units = {measure.id: measure.code for measure in shop.state.measures}
    section = shop.state.sections.first(xml_id="drills")

    assert (card["xmlId"], card["name"], card["code"]) == (
        "g1",
        "Дрель ударная 850 Вт",
        "drel_udarnaya_850_vt",
    )
    assert (card["detailText"], card["detailTextType"], card["previewText"]) == (
        "<p>Мощная</p>",
        "html",
        "Дрель ударная Зубр",
    )
    assert (card["weight"], vats[card["vatId"]], units[card["measure"]]) == (1850, 22, 796)
    assert section.id == card["iblockSectionId"]
    assert shop.state.sections.get(section.iblock_section_id).xml_id == "tools"
    assert (by_code["CML2_ARTICLE"]["value"], by_code["CML2_BAR_CODE"]["value"]) == (
        "DR-850",
        "4600000000017",
    )
    assert (by_code["CML2_MANUFACTURER"]["valueEnum"], by_code["TSVET"]["valueEnum"]) == ("Зубр", "Красный")
    assert [value["value"] for value in by_code["CML2_TRAITS"]] == ["1,85", "Дрель ударная Зубр"]


async def test_the_first_catalogue_takes_over_the_waiting_infoblock(exchange, shop):
    await exchange.send(goods(catalog="guid-of-1c"))

    assert shop.state.iblocks.get(14).xml_id == "guid-of-1c"


async def test_a_catalogue_of_an_unknown_id_makes_a_new_infoblock(open_shop, exchange_to):
    shop = await open_shop(catalog_xml_id="known")
    await exchange_to(shop).send(goods(item("g1", "Дрель"), catalog="other"))

    assert [iblock.id for iblock in shop.state.iblocks] == [14, 15, 16]
    assert shop.state.elements.first(xml_id="g1").iblock_id == 16


@pytest.mark.parametrize(("action", "left"), [("D", []), ("A", ["N"]), ("N", ["Y"])])
async def test_what_a_full_file_does_not_name_is_deleted_switched_off_or_left(
    open_shop, exchange_to, action, left
):
    shop = await open_shop(element_action=action)
    await exchange_to(shop).send(goods(item("g1", "Дрель"), item("g2", "Пила")))
    await exchange_to(shop).send(goods(item("g1", "Дрель")))

    assert left == [element.active for element in shop.state.elements if element.xml_id == "g2"]


async def test_a_file_of_changes_deletes_nothing(exchange, shop):
    await exchange.send(goods(item("g1", "Дрель"), item("g2", "Пила")))
    await exchange.send(goods(item("g1", "Дрель"), changes=True))

    assert len(shop.state.elements) == 2


@pytest.mark.parametrize(("action", "left"), [("D", 1), ("A", 2), ("N", 2)])
async def test_sections_a_full_file_does_not_name_follow_their_own_option(
    open_shop, exchange_to, action, left
):
    shop = await open_shop(section_action=action)
    await exchange_to(shop).send(
        goods(
            classifier="<Группы><Группа><Ид>tools</Ид><Наименование>Инструмент</Наименование></Группа></Группы>"
        )
    )

    assert left == len(shop.state.sections)


async def test_an_equal_node_is_skipped_even_after_an_edit_on_the_site(exchange, rest, shop):
    await exchange.send(goods(item("g1", "Дрель")))
    shop.act("rename", element=1001, name="Дрель от менеджера")
    before = shop.ledger.writes(by="exchange")
    await exchange.send(goods(item("g1", "Дрель")))

    assert (await rest.get(1001))["name"] == "Дрель от менеджера"
    assert before == shop.ledger.writes(by="exchange")


async def test_a_new_version_number_forces_the_node_in(exchange, rest, shop):
    await exchange.send(goods(item("g1", "Дрель", version="AAA=")))
    shop.act("rename", element=1001, name="Дрель от менеджера")
    await exchange.send(goods(item("g1", "Дрель", version="AAA=")))
    assert (await rest.get(1001))["name"] == "Дрель от менеджера"
    await exchange.send(goods(item("g1", "Дрель", version="AAB=")))

    assert (await rest.get(1001))["name"] == "Дрель"


async def test_the_time_of_an_unchanged_element_moves_all_the_same(exchange, rest, clock):
    await exchange.send(goods(item("g1", "Дрель")))
    clock.advance(60)
    await exchange.send(goods(item("g1", "Дрель")))

    assert (await rest.get(1001))["timestampX"] == "2026-01-31T10:01:00+03:00"


@pytest.mark.parametrize(("regenerate", "code"), [(True, "drel_novaya"), (False, "drel")])
async def test_an_update_revives_the_element_and_remakes_its_address(
    open_shop, exchange_to, rest_to, regenerate, code
):
    shop = await open_shop(translit_on_update=regenerate)
    await exchange_to(shop).send(goods(item("g1", "Дрель")))
    shop.act("set_active", element=1001, active=False)
    await exchange_to(shop).send(goods(item("g1", "Дрель новая")))
    card = await rest_to(shop).get(1001)

    assert ("Y", code) == (card["active"], card["code"])


@pytest.mark.parametrize(
    "mark",
    [
        "<Товар Статус='Удален'><Ид>g1</Ид></Товар>",
        "<Товар><Ид>g1</Ид><ПометкаУдаления>true</ПометкаУдаления></Товар>",
    ],
)
async def test_a_mark_of_removal_switches_off(exchange, rest, mark):
    await exchange.send(goods(item("g1", "Дрель")))
    await exchange.send(goods(mark))

    assert (await rest.get(1001))["active"] == "N"


async def test_a_node_without_a_name_changes_nothing_and_the_answer_is_success(exchange, rest):
    await exchange.send(goods(item("g1", "Дрель")))
    await exchange.send(goods("<Товар><Ид>g1</Ид><Артикул>X</Артикул></Товар>", "<Товар><Ид>g9</Ид></Товар>"))

    assert (await rest.get(1001))["property101"] is None


async def test_pictures_come_and_go_as_the_tag_says(exchange, rest, shop):
    first, second = "import_files/ab/a.jpg", "import_files/ab/b.jpg"
    both = f"<Картинка>{first}</Картинка><Картинка>{second}</Картинка>"
    await exchange.send(goods(item("g1", "Дрель", both, "1")), **{first: b"one", second: b"two"})
    card = await rest.get(1001)
    gallery = f"property{shop.state.property_of(14, 'MORE_PHOTO').id}"
    picture = card["detailPicture"]["id"]
    assert (len(card[gallery]), shop.state.files.get(int(picture)).content) == (1, b"one")

    await exchange.send(goods(item("g1", "Дрель", version="2")))
    assert (await rest.get(1001))["detailPicture"]["id"] == picture  # no tag: kept

    await exchange.send(goods(item("g1", "Дрель", f"<Картинка>{first}</Картинка>", "3")))
    card = await rest.get(1001)
    assert (picture, None) == (
        card["detailPicture"]["id"],
        card[gallery],
    )  # known path kept, gallery replaced

    await exchange.send(goods(item("g1", "Дрель", "<Картинка>import_files/ab/never.jpg</Картинка>", "4")))
    assert (await rest.get(1001))["detailPicture"] is None  # a path never uploaded removes


async def test_an_empty_picture_removes(exchange, rest):
    path = "import_files/ab/a.jpg"
    await exchange.send(goods(item("g1", "Дрель", f"<Картинка>{path}</Картинка>", "1")), **{path: b"one"})
    await exchange.send(goods(item("g1", "Дрель", "<Картинка/>", "2")))

    assert (await rest.get(1001))["detailPicture"] is None


async def test_properties_absent_from_the_node_are_kept_and_traits_rewritten(exchange, rest, shop):
    traits = "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>{}</Наименование><Значение>{}</Значение></ЗначениеРеквизита></ЗначенияРеквизитов>"
    await exchange.send(goods(item("g1", "Дрель", "<Артикул>A-1</Артикул>" + traits.format("Код", "1"), "1")))
    await exchange.send(goods(item("g1", "Дрель", traits.format("Вид", "2"), "2")))
    card = await rest.get(1001)

    assert (card["property101"]["value"], [value["value"] for value in card["property104"]]) == ("A-1", ["2"])


async def test_the_newest_schema_brings_price_types_and_stores_in_the_classifier(exchange, shop):
    classifier = (
        "<ТипыЦен><ТипЦены><Ид>vip</Ид><Наименование>VIP</Наименование></ТипЦены></ТипыЦен>"
        "<Склады><Склад><Ид>third</Ид><Наименование>Третий</Наименование></Склад></Склады>"
    )
    await exchange.send(goods(classifier=classifier, changes=True))

    assert "vip" in [kind.xml_id for kind in shop.state.price_types]
    assert "third" in [store.xml_id for store in shop.state.stores]
