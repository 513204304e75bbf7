import re

import pytest
from configured import CONNECTORS, Desk, DeskSettings, Stall

from obmen.config import example_config, settings_reference
from obmen.connectors import SHIPPED

LANGUAGES = ("ru", "en")


@pytest.fixture(params=LANGUAGES)
def text(request):
    return example_config(request.param, erp=Desk(), shop=Stall())


def switched_on(text):
    """The example with its optional blocks put in."""
    return re.sub(
        r"^# ((\[sync|creators|match = |owners|readers|default|money|stage|cancelled|note|payments|shipments|returns|numbers|offer\.prices).*)$",
        r"\1",
        text,
        flags=re.MULTILINE,
    )


def test_the_example_loads_as_it_stands(read, text):
    config = read(base=text, env={"SHOP_HOOK": "https://shop.test"})

    assert list(config.sync) == ["category", "product", "offer"]
    assert config.connections["erp"].settings == DeskSettings(
        login="robot", password="sesame", charset="windows-1251"
    )
    assert config.connections["shop"].keyed_by == "erp"
    assert config.findings == ()


def test_going_live_by_the_example_is_quiet(read, text):
    config = read(base=text, env={"SHOP_HOOK": "https://shop.test"})

    assert {config.connections["shop"].delivers(entity) for entity in config.sync} == {"plan"}


def test_its_optional_blocks_load_when_they_are_switched_on(read, text):
    config = read(base=switched_on(text), env={"SHOP_HOOK": "https://shop.test"})

    assert list(config.sync) == ["category", "product", "offer", "order"]
    assert len(config.connections["shop"].windows("offer", "prices.base")) == 1


def test_a_secret_stands_as_a_reference_and_its_example_as_the_default(text):
    assert 'password = "${ERP_PASSWORD:-sesame}"' in text


def test_a_required_setting_without_an_example_is_asked_of_the_environment(refuse, text):
    assert 'hook = "${SHOP_HOOK}"' in text
    assert "SHOP_HOOK" in refuse(base=text)[0]


def test_every_setting_stands_in_it_with_its_default(text):
    assert "# portion = 50" in text
    assert "# port = 8017" in text
    assert '# folder = "pictures"' in text
    assert "# vat =" in text


def test_what_stands_in_comments_as_defaults_is_true(read, text):
    settings = text[: text.index("# [sync.order]")] + text[text.index("[guards]") :]
    values = re.sub(r"^# (\w+ = .+)$", r"\1", settings, flags=re.MULTILINE)
    plain = read(base=text, env={"SHOP_HOOK": "h"})
    spelled = read(base=values, env={"SHOP_HOOK": "h"})

    assert (plain.hub, plain.guards, plain.offer) == (spelled.hub, spelled.guards, spelled.offer)


def test_helps_are_in_the_language_asked_for():
    ru, en = (example_config(language, erp=Desk(), shop=Stall()) for language in LANGUAGES)

    assert "# Имя, с которым она входит.\nlogin" in ru
    assert "# Login it comes with.\nlogin" in en
    assert "# Orders at a time.\n# portion" in ru
    assert not re.search("[а-яА-Я]", en)


def test_both_languages_say_the_same_to_the_hub(read):
    ru, en = (
        read(base=example_config(language, erp=Desk(), shop=Stall()), env={"SHOP_HOOK": "h"})
        for language in LANGUAGES
    )

    assert (ru.hub, ru.connections["shop"].schedule, ru.sync["product"].owners) == (
        en.hub,
        en.connections["shop"].schedule,
        en.sync["product"].owners,
    )


def test_the_reference_lists_every_setting_of_every_section():
    page = settings_reference(CONNECTORS)

    assert "| `port` | a whole number from 1 to 65535 | `8017` | Port to listen on. |" in page
    assert '| `login` | a text in "" | required | Login it comes with. |' in page
    assert '| `vat` | a function like "rules:vat_for" |  |  |' in page
    assert "## Connection of type `stall`" in page
    assert "| `until` |" in page


def test_tables_inside_a_connection_have_every_setting_in_the_example_and_in_the_reference():
    shop, erp, *_ = SHIPPED
    example, page = (
        example_config("en", erp=erp, shop=shop),
        settings_reference([erp, shop]),
    )

    assert "# [connections.shop.orders]\n" in example
    assert '# delivery_line = "ORDER_DELIVERY"' in example
    assert "Tables(" not in example + page
    for name in ("order", "orders", "orders.pay_systems.<key>", "orders.events"):
        assert f"### `[connections.<name>.{name}]`" in page
    assert "| `receipts` | one of" in page


def test_the_reference_speaks_russian_as_well():
    page = settings_reference(CONNECTORS, "ru")

    assert "| `port` | целое число от 1 до 65535 | `8017` | Порт, на котором слушать. |" in page
    assert "## Подключение типа `desk`" in page


def test_every_setting_of_the_hub_is_explained_in_both_languages():
    for language in LANGUAGES:
        ours = settings_reference((), language)
        rows = [line for line in ours.splitlines() if line.startswith("| `")]

        assert len(rows) > 25
        assert [row for row in rows if row.endswith("|  |")] == []
