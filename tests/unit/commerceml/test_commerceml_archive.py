import struct
import tracemalloc
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obmen.formats.commerceml import Limits, RefusedFile, clean_filename, unpack
from obmen.formats.commerceml.archive import FAULTS


def archive(entries: dict[str, bytes]) -> BytesIO:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as bundle:
        for name, content in entries.items():
            bundle.writestr(name, content)
    return file


def archive_with_raw_name(raw: bytes, content: bytes = b"x") -> BytesIO:
    """Make an archive whose entry name is in a code page, which is not said anywhere."""
    stand_in = "z" * len(raw)
    return BytesIO(archive({stand_in: content}).getvalue().replace(stand_in.encode(), raw))


def zeros(gigabytes: int) -> BytesIO:
    """Make a zip of that many gigabytes of zeros out of one compressed gigabyte-free block, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    count = gigabytes * 64
    packed = block * count + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    name, size = b"import.xml", min(count << 24, 0xFFFFFFFE)
    fields = (20, 0, 8, 0, 0, 0, len(packed), size, len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", *fields) + name + packed
    central = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)
    return BytesIO(local + central + end)


def test_files_are_unpacked_in_the_order_of_the_archive(tmp_path: Path):
    file = archive({"import.xml": b"1", "import_files/ab/c.jpg": b"2", "offers.xml": b"3"})

    written = unpack(file, tmp_path)

    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        "import.xml",
        "import_files/ab/c.jpg",
        "offers.xml",
    ]
    assert [path.read_bytes() for path in written] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("encoding", ["cp866", "cp1251", "utf-8"])
def test_russian_names_are_read_whatever_the_code_page(tmp_path: Path, encoding: str):
    (path,) = unpack(archive_with_raw_name("Картинки\\Стол письменный.jpg".encode(encoding)), tmp_path)

    assert path.relative_to(tmp_path).as_posix() == "Картинки/Стол письменный.jpg"


@pytest.mark.parametrize(
    "name",
    [
        "../import.xml",
        "a/../../import.xml",
        "..\\import.xml",
        "/etc/cron.d/x",
        "C:\\Windows\\x.ini",
        "a\nb.xml",
        "x.php",
    ],
)
def test_an_archive_with_a_bad_name_writes_nothing(tmp_path: Path, name: str):
    target = tmp_path / "inside"
    target.mkdir()
    file = archive({"import.xml": b"1"})
    with ZipFile(file, "a") as bundle:
        bundle.writestr(ZipInfo(name), b"bad")

    with pytest.raises(RefusedFile, match=r"name|script"):
        unpack(file, target)
    assert [target] == list(tmp_path.rglob("*"))


def test_ten_gigabytes_of_zeros_are_refused_after_little_work(tmp_path: Path):
    bomb = zeros(10)
    tracemalloc.start()
    try:
        with pytest.raises(RefusedFile) as refused:
            unpack(bomb, tmp_path, Limits(total_bytes=64 << 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert refused.value.code in ("archive.ratio", "archive.too_large")
    assert peak < 40_000_000
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 64 << 20


def test_the_ratio_alone_stops_a_bomb(tmp_path: Path):
    with pytest.raises(RefusedFile) as refused:
        unpack(archive({"import.xml": bytes(20_000_000)}), tmp_path)

    assert refused.value.code == "archive.ratio"
    assert [] == list(tmp_path.glob("*.xml"))


def test_sizes_add_up_over_all_files(tmp_path: Path):
    file = archive({f"{n}.xml": bytes(range(256)) * 4 for n in range(10)})

    with pytest.raises(RefusedFile) as refused:
        unpack(file, tmp_path, Limits(total_bytes=5000))

    assert refused.value.code == "archive.too_large"
    assert "5000" in str(refused.value)


def test_the_number_of_files_is_limited(tmp_path: Path):
    with pytest.raises(RefusedFile) as refused:
        unpack(archive({f"{n}.xml": b"" for n in range(4)}), tmp_path, Limits(entries=3))

    assert refused.value.code == "archive.too_many"


def test_a_link_is_refused(tmp_path: Path):
    file = BytesIO()
    with ZipFile(file, "w") as bundle:
        link = ZipInfo("import.xml")
        link.external_attr = 0o120777 << 16
        bundle.writestr(link, "/etc/passwd")

    with pytest.raises(RefusedFile) as refused:
        unpack(file, tmp_path)
    assert refused.value.code == "archive.link"


def test_a_password_is_refused(tmp_path: Path):
    data = bytearray(archive({"a.xml": b"1"}).getvalue())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(RefusedFile) as refused:
        unpack(BytesIO(bytes(data)), tmp_path)
    assert refused.value.code == "archive.encrypted"


@given(data=st.data())
def test_a_damaged_archive_is_refused_or_unpacked_but_nothing_else_happens(tmp_path_factory, data):
    whole = archive({"import.xml": b"<xml/>" * 50, "offers.xml": b"2" * 50}).getvalue()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    damaged = whole[:place] + bytes([byte]) + whole[place + 1 :]
    if data.draw(st.booleans()):
        damaged = damaged[:place]

    with suppress(RefusedFile):
        unpack(BytesIO(damaged), tmp_path_factory.mktemp("archive"))


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("import.xml", "import.xml"),
        ("import_files/ab/cd.jpg", "import_files/ab/cd.jpg"),
        ("import_files\\ab\\cd.jpg", "import_files/ab/cd.jpg"),
        ("./goods//goods_1_1.xml", "goods/goods_1_1.xml"),
        ("goods/", "goods"),
        ("/tmp/v8_3B8F_3e/import.xml", "import.xml"),
        ("/tmp/import.xml", "import.xml"),
        ("/var/tmp/webdata/import_files/ab/c.jpg", "import_files/ab/c.jpg"),
        ("C:\\Temp\\import.xml", "import.xml"),
        ("upload/1c/webdata/import.xml", "import.xml"),
        ("v8_3B8F_3e.zip", "v8_3B8F_3e.zip"),
        ("import___3f2a.xml", "import___3f2a.xml"),
        ("Картинка стола.jpg", "Картинка стола.jpg"),
    ],
)
def test_names_are_cleaned(name, cleaned):
    assert cleaned == clean_filename(name)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name.empty"),
        ("/tmp/", "name.empty"),
        ("./.", "name.empty"),
        ("../x.xml", "name.outside"),
        ("a/../b.xml", "name.outside"),
        ("/etc/passwd", "name.outside"),
        ("D:import.xml", "name.outside"),
        ("\\\\server\\share\\x.xml", "name.outside"),
        ("x.xml:stream", "name.outside"),
        ("x.php", "name.script"),
        ("x.PHP.xml", "name.script"),
        ("x.php.", "name.script"),
        ("x.php /y.xml", "name.script"),
        (".htaccess", "name.script"),
        ("a\0.xml", "name.control"),
        ("a\r\n.xml", "name.control"),
        ("a" * 300, "name.too_long"),
    ],
)
def test_bad_names_are_refused(name, code):
    with pytest.raises(RefusedFile) as refused:
        clean_filename(name)

    assert code == refused.value.code


@given(st.text(max_size=60))
def test_any_name_stays_inside_or_is_refused(name):
    try:
        cleaned = clean_filename(name)
    except RefusedFile:
        return

    assert (Path("/exchange") / cleaned).resolve().is_relative_to("/exchange")
    assert not cleaned.startswith("/")
    assert ".." not in cleaned.split("/")


def test_every_refusal_has_both_languages_and_a_way_out():
    for english, russian in FAULTS.values():
        assert ":" in english
        assert ":" in russian
        assert english.count("{") == russian.count("{")
