"""The same text in every encoding, honest or not, gives the same items."""

import codecs
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.formats.commerceml import Finding, Offer, Product, open_document, validate

FIXTURES = (
    "native_2_03_windows_1251",
    "split_2_08_goods",
    "split_2_09_prices",
    "offers_of_many_shapes",
    "folders_3_1_orders_in_containers",
    "catalog_inside_classifier_with_prefix",
)


def read(data: bytes, chunk_size: int = 1 << 17) -> tuple[list, str, dict[str, int]]:
    with open_document(BytesIO(data), chunk_size=chunk_size) as document:
        items = list(document)
        return items, document.header.encoding, {one.code: one.count for one in document.findings}


def declared(text: str, encoding: str) -> str:
    first, _, rest = text.partition("?>")
    assert first.startswith("<?xml")
    return f'<?xml version="1.0" encoding="{encoding}"?>{rest}'


@pytest.mark.parametrize("name", FIXTURES)
@pytest.mark.parametrize(
    "way",
    [
        ("utf-8", "UTF-8", codecs.BOM_UTF8, "utf-8"),
        ("utf-8", "utf8", b"", "utf-8"),
        ("cp1251", "windows-1251", b"", "windows-1251"),
        ("utf-16-le", "UTF-16", codecs.BOM_UTF16_LE, "utf-16-le"),
        ("utf-16-be", "UTF-16", codecs.BOM_UTF16_BE, "utf-16-be"),
        ("utf-16-le", "UTF-16", b"", "utf-16-le"),
    ],
)
@pytest.mark.parametrize("chunk_size", [1 << 17, 100])
def test_every_encoding_gives_equal_items(fixture_path, name, way, chunk_size):
    encoding, declaration, mark, told = way
    text = fixture_path(name).read_text(encoding="utf-8")
    expected, _, findings = read(declared(text, "UTF-8").encode())
    source = mark + declared(text, declaration).encode(encoding)

    assert (expected, told, findings) == read(source, chunk_size)
    validate(BytesIO(source))


@pytest.mark.parametrize(
    ("encoding", "declaration", "mark"),
    [
        ("utf-8", "windows-1251", b""),
        ("utf-8", "windows-1251", codecs.BOM_UTF8),
        ("cp1251", "UTF-8", b""),
        ("utf-16-le", "windows-1251", codecs.BOM_UTF16_LE),
        ("utf-8", "x-unheard-of", b""),
        ("utf-8", "UTF-16", b""),
    ],
)
def test_a_lying_declaration_is_seen_through(fixture_path, encoding, declaration, mark):
    text = fixture_path("native_2_03_windows_1251").read_text(encoding="utf-8")
    expected, _, _ = read(declared(text, "UTF-8").encode())
    source = mark + declared(text, declaration).encode(encoding)

    items, _, findings = read(source)

    assert expected == items
    assert findings == {"wrong_encoding": 1}
    validate(BytesIO(source))


def test_blank_lines_before_the_declaration_do_no_harm(items_of):
    assert items_of(b'\n\n <?xml version="1.0"?>' + "<КоммерческаяИнформация/>".encode()) == []


GOODS = (
    '<КоммерческаяИнформация ВерсияСхемы="2.07"><Каталог><Товары>'
    "<Товар><Ид>1</Ид><Наименование>Стол</Наименование></Товар>"
    "<Товар><Ид>2</Ид><Наименование>Сту{}л</Наименование></Товар>"
    "<Товар><Ид>3</Ид><Наименование>Шкаф</Наименование></Товар>"
    "</Товары></Каталог></КоммерческаяИнформация>"
)


@pytest.mark.parametrize(
    "junk", ["\x0b", "\x01\x02", "&#x1;", "&#11;", "&#xB;&#xFFFF;", "\ufffe", "&#xD800;"]
)
@pytest.mark.parametrize("chunk_size", [1, 64, 1 << 17])
def test_forbidden_characters_are_left_out_and_told(junk, chunk_size):
    source = GOODS.replace("{}", junk).encode(errors="surrogatepass")

    items, _, findings = read(source, chunk_size)

    assert [item.name for item in items if isinstance(item, Product)] == ["Стол", "Стул", "Шкаф"]
    assert list(findings) == ["illegal_characters"]
    validate(BytesIO(source))


def test_forbidden_characters_among_offers_lose_no_offer_and_double_none(framed):
    offers = [
        f"<Предложение><Ид>{n}</Ид><Наименование>Стул {n}</Наименование></Предложение>" for n in range(500)
    ]
    offers[400] = offers[400].replace("Стул", "Ст\x0bул")

    items, _, findings = read(framed("\n".join(offers)).encode(), 4096)

    assert [f"Стул {n}" for n in range(500)] == [item.name for item in items if isinstance(item, Offer)]
    assert findings == {"illegal_characters": 1}


def test_broken_bytes_inside_a_text_cost_only_themselves():
    source = GOODS.encode().replace(b"{}", b"\xff")

    items, _, findings = read(source)

    assert [item.name for item in items if isinstance(item, Product)] == ["Стол", "Сту\ufffdл", "Шкаф"]
    assert findings == {"illegal_characters": 1}


def test_a_finding_speaks_both_languages():
    with open_document(BytesIO(GOODS.replace("{}", "&#x1;").encode())) as document:
        list(document)
        (finding,) = document.findings

    assert isinstance(finding, Finding)
    assert "Characters forbidden in XML were left out." == finding.text == finding.in_language("en")
    assert finding.in_language("ru") == "Символы, запрещённые в XML, выброшены."


@given(
    data=st.data(), name=st.sampled_from(FIXTURES), encoding=st.sampled_from(["utf-8", "utf-16-le", "cp1251"])
)
def test_any_chunking_of_the_bytes_gives_the_same_items(fixture_bytes, data, name, encoding):
    text = fixture_bytes(name).decode()
    source = (codecs.BOM_UTF16_LE if "16" in encoding else b"") + declared(text, encoding).encode(encoding)
    chunk_size = data.draw(st.integers(1, len(source) + 1))

    assert read(source)[0] == read(source, chunk_size)[0]


def test_the_decimal_separator_of_the_sender_is_honoured(framed):
    text = framed("<Предложение><Ид>1</Ид><Количество>1,234</Количество></Предложение>").replace(
        "ВерсияСхемы", 'ФорматСуммы="ЧЦ=18; ЧДЦ=2; ЧРД=," ФорматКоличества="ЧЦ=18; ЧРД=." ВерсияСхемы'
    )

    with open_document(BytesIO(text.encode())) as document:
        header = document.header
        (offer,) = (item for item in document if isinstance(item, Offer))

    assert (header.decimal_separator, header.quantity_separator) == (",", ".")
    assert offer.quantity == "1234"
