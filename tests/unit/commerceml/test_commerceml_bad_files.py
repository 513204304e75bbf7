"""Every bad file ends in one clear sentence, at once and in little memory."""

import tracemalloc
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.formats.commerceml import MalformedFile, Validator, open_document, validate
from obmen.formats.commerceml.errors import FAULTS

ROOT = "КоммерческаяИнформация"
OPEN = f'<?xml version="1.0" encoding="UTF-8"?><{ROOT} ВерсияСхемы="2.07">'.encode()
CLOSE = f"</{ROOT}>".encode()
GOODS = "<Каталог><Товары><Товар><Ид>1</Ид></Товар></Товары></Каталог>".encode()
OFFERS = (
    "<ПакетПредложений><Предложения>"
    + "<Предложение><Ид>1</Ид><Количество>1</Количество></Предложение>\n" * 9
    + "</Предложения></ПакетПредложений>"
).encode()

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a0 "ха">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + f"]><{ROOT}>&a11;</{ROOT}>"
).encode()
EXTERNAL = f'<!DOCTYPE b SYSTEM "file:///etc/passwd"><{ROOT}/>'.encode()

BAD = {
    "nothing": ("empty", b""),
    "only a mark": ("empty", b"\xef\xbb\xbf\r\n "),
    "plain text": ("not_xml", "failure\nНеверный пароль".encode()),
    "a picture": ("not_xml", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    "a web page": ("wrong_root", b"<html><body>404</body></html>"),
    "cut in a declaration": ("truncated", b'<?xml version="1.0"'),
    "cut in the root": ("truncated", OPEN[:-10]),
    "cut between products": ("truncated", OPEN + GOODS),
    "cut in a tag": ("truncated", OPEN + GOODS.removesuffix("талог>".encode())),
    "cut in a letter": ("truncated", OPEN + "<Каталог><Наименование>".encode() + "Я".encode()[:1]),
    "cut among offers": ("truncated", OPEN + OFFERS.rpartition(b"</")[0]),
    "crossed tags": ("not_xml", OPEN + b"<a><b></a></b>" + CLOSE),
    "two roots": ("not_xml", OPEN + CLOSE + OPEN[38:] + CLOSE),
    "an ampersand": ("not_xml", OPEN + b"<a>&</a>" + CLOSE),
    "an unknown entity": ("not_xml", OPEN + b"<a>&nbsp;</a>" + CLOSE),
    "text after the offers": ("not_xml", OPEN + OFFERS + b"</a>" + CLOSE),
    "an entity bomb": ("doctype", BOMB),
    "an external entity": ("doctype", EXTERNAL),
    "a doctype in UTF-16": ("doctype", EXTERNAL.decode().encode("utf-16")),
    "a doctype after a long comment": ("doctype", b"<!--" + b"x" * 100_000 + b"-->" + EXTERNAL),
    "an endless prolog": ("long_prolog", b"<!--" + b"x" * 300_000 + b"-->" + OPEN + CLOSE),
    "deep": ("too_deep", OPEN + b"<a>" * 200_000 + b"</a>" * 200_000 + CLOSE),
    "deep and unfinished": ("too_deep", OPEN + b"<a>" * 200_000),
    "deep with misleading attributes": ("too_deep", OPEN + b'<a b="/>">' * 200_000),
    "deep with misleading texts": ("too_deep", OPEN + b"<a>/>" * 200_000),
    "deep after CDATA": ("too_deep", OPEN + b"<a><![CDATA[</a></a></a>]]>" * 200_000),
    "deep inside a product": ("too_deep", OPEN + GOODS.partition(b"</")[0] + b"<a>" * 200_000),
    "deep groups": ("too_deep", OPEN + "<Классификатор>".encode() + "<Группы><Группа>".encode() * 100_000),
    "deep in a document": (
        "too_deep",
        OPEN + "<Документ>".encode() + b"<a>" * 300 + b"</a>" * 300 + "</Документ>".encode() + CLOSE,
    ),
}


def drain(data: bytes) -> None:
    with open_document(BytesIO(data)) as document:
        for _ in document:
            pass


def feed(data: bytes, size: int = 1000) -> None:
    validator = Validator()
    for start in range(0, len(data), size):
        validator.feed(data[start : start + size])
    validator.close()


@pytest.mark.parametrize(
    "check", [drain, feed, lambda data: validate(BytesIO(data))], ids=["read", "feed", "validate"]
)
@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_code(name, check):
    code, data = BAD[name]

    with pytest.raises(MalformedFile) as refused:
        check(data)

    assert code == refused.value.code


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith("deep") or "bomb" in name])
def test_an_attack_costs_little_memory(name):
    data = BAD[name][1]
    tracemalloc.start()
    try:
        for check in (drain, feed):
            with pytest.raises(MalformedFile):
                check(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 25_000_000


def test_the_sentence_names_the_place_in_both_languages():
    with pytest.raises(MalformedFile) as refused:
        validate(BytesIO(OPEN + b"\n<a></b>" + CLOSE))

    assert str(refused.value).startswith("line 2, column 5: The file is not XML (mismatched tag)")
    assert refused.value.text("ru").startswith("строка 2, столбец 5: Файл не является XML (mismatched tag)")
    assert (refused.value.line, refused.value.column) == (2, 5)


def test_the_place_is_right_even_behind_offers_read_the_fast_way():
    with pytest.raises(MalformedFile) as refused:
        drain(OPEN + OFFERS + b"<a></b>" + CLOSE)

    assert refused.value.line == 10


def test_items_before_a_fault_are_given():
    seen = []
    with pytest.raises(MalformedFile), open_document(BytesIO(OPEN + GOODS + b"<a></b>")) as document:
        seen.extend(type(item).__name__ for item in document)

    assert seen in ([], ["Catalog", "Product"])


def test_every_fault_has_both_languages_and_a_way_out():
    for english, russian in FAULTS.values():
        assert ":" in english
        assert ":" in russian
        assert english.count("{") == russian.count("{")


def test_nesting_up_to_the_limit_is_accepted():
    data = OPEN + b"<a>" * 199 + b"</a>" * 199 + CLOSE

    drain(data)
    feed(data)
    validate(BytesIO(data))


@pytest.mark.parametrize(
    "content",
    [b"<!-- <a><b> -->", b"<![CDATA[<a></b>]]>", b"<?x </a>?>", b"a > b />", b"<a b='/>' c='/ >'/>"],
)
def test_odd_but_good_files_pass(content):
    data = OPEN + content + GOODS + CLOSE

    validate(BytesIO(data))
    feed(data, 7)
    drain(data)


@given(cut=st.integers(0, len(OPEN + GOODS + OFFERS + CLOSE) - 1), size=st.integers(1, 3000))
def test_a_file_cut_anywhere_is_refused(cut, size):
    data = (OPEN + GOODS + OFFERS + CLOSE)[:cut]

    for check in (drain, lambda data: validate(BytesIO(data)), lambda data: feed(data, size)):
        with pytest.raises(MalformedFile) as refused:
            check(data)
        assert refused.value.code in ("truncated", "empty", "not_xml")


@given(st.lists(st.sampled_from([b"<a>", b"</a>", b"<b/>", b"text", b"<a b='>'>", b"/>", b"<!-- < -->", b"]]>"]), max_size=40),
       st.integers(1, 50))  # fmt: skip
def test_checking_and_reading_agree_on_any_file(pieces, size):
    data = OPEN + b"".join(pieces) + CLOSE
    verdicts = set()
    for check in (drain, lambda data: validate(BytesIO(data)), lambda data: feed(data, size)):
        try:
            check(data)
            verdicts.add("good")
        except MalformedFile as exc:
            verdicts.add(exc.code)

    assert len(verdicts) == 1


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    for source in (data, OPEN + data, OPEN + GOODS[:40] + data + CLOSE):
        with suppress(MalformedFile):
            drain(source)
