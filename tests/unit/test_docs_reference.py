"""The reference shelf says what the program says of itself."""

import re
from pathlib import Path

import msgspec
import pytest

from obmen.cli import cli
from obmen.cli.helps import RUSSIAN, commands, half, spoken
from obmen.cli.reference import pages, write
from obmen.config.reading import described
from obmen.connectors import SHIPPED
from obmen.errors import ConfigError
from obmen.model import ENTITIES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = pages()
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_what_make_docs_would_write(name):
    assert PAGES[name] == (DOCS / name).read_text(encoding="utf-8"), "run `make docs` and commit the pages"


def test_nothing_is_written_where_nothing_changed(tmp_path):
    assert sorted(PAGES) == sorted(str(path.relative_to(tmp_path)) for path in write(tmp_path))
    assert write(tmp_path) == []


@pytest.mark.parametrize("connector", SHIPPED, ids=lambda connector: connector.vendor)
def test_every_setting_of_a_connector_is_explained_in_both_languages(connector):
    for field in msgspec.structs.fields(connector.settings):
        en, ru = described(field)

        assert en, field.name
        assert not CYRILLIC.search(en), field.name
        assert CYRILLIC.search(ru), field.name


def test_every_field_is_explained_in_both_languages():
    for entity in ENTITIES.values():
        for atom in entity.atoms:
            assert not CYRILLIC.search(atom.doc), atom.name
            assert CYRILLIC.search(atom.ru), atom.name


def test_every_command_has_a_help_in_russian():
    paths = [path for path, _ in commands(spoken(cli, "en"))]

    assert [path for path in paths if path not in RUSSIAN] == []


def test_helps_come_in_one_language():
    helps = [command.help for _, command in commands(spoken(cli, "ru"))]

    assert all(CYRILLIC.search(text) for text in helps)
    assert half("Files and folders · файлы и папки", "ru") == "Файлы и папки"
    assert half("Files and folders · файлы и папки", "en") == "Files and folders"
    assert half("bitrix | onec", "ru") == "bitrix | onec"


def test_error_codes_are_listed_with_their_sentences():
    page = PAGES["reference/errors.md"]

    assert "| `onec.file.doctype` | The file declares a DOCTYPE" in page
    assert "| `ledger.in_use` | Another process works with …;" in page
    assert page.count("\n| `") > 60


@pytest.mark.parametrize(
    ("wrong", "en", "ru"),
    [
        ({"prices": {"Закупочная": 3}}, "looks like a purchase price", "похоже на закупочную цену"),
        ({"exchange_login": "1c"}, "give both or neither", "укажите оба или ни одного"),
        ({"exchange_login": "1c", "exchange_password": "x"}, "needs catalog_xml_id", "нужен catalog_xml_id"),
    ],
)
def test_wrong_settings_of_a_shop_are_refused_in_both_languages(wrong, en, ru):
    shop = next(connector for connector in SHIPPED if connector.vendor == "bitrix")
    with pytest.raises(ConfigError) as caught:
        msgspec.convert({"url": "https://shop.example", "user": 7, "secret": "x", **wrong}, shop.settings)

    assert en in caught.value.en
    assert ru in caught.value.ru
