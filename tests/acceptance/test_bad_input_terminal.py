"""Broken files and broken settings at the terminal: one sentence in either language, an exit code, no traceback."""

import os

import pytest
from exports_stage import (
    AT,
    Export,
    World,
    export,
    footprint,
    lay_down,
    obmen,
    open_ledger,
    records_of,
    write_config,
)
from test_bad_input_door import BAD_ARCHIVES, BAD_FILES

SMALL = World.seeded(7, 14)
WAYS_OUT = {
    "not xml": ("XML", "XML"),
    "empty": ("пуст", "empty"),
    "cut": ("обрывается", "breaks off"),
    "xxe": ("DOCTYPE", "DOCTYPE"),
    "bomb": ("DOCTYPE", "DOCTYPE"),
    "deep": ("вложены", "nested"),
    "deep in an offer": ("вложены", "nested"),
    "html": ("html", "html"),
}


def refused(result, word, *, code):
    told = result.stderr.strip()
    assert code == result.exit_code
    assert word in told
    assert "Traceback" not in result.output
    assert "Error" not in told
    assert isinstance(result.exception, SystemExit)
    return told


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("case", WAYS_OUT)
def test_a_bad_file_among_good_ones_is_named_and_the_good_ones_are_taken(tmp_path, case, language):
    word = WAYS_OUT[case][language == "en"]
    config = str(write_config(tmp_path))
    folder = lay_down(tmp_path, SMALL, Export(generation="G1"))
    bad = folder / "import9_1.xml"
    bad.write_bytes(BAD_FILES[case][0])
    alone = obmen("import", "erp", str(bad), "-c", config, language=language)
    ledger = open_ledger(tmp_path)

    assert "import9_1.xml" in refused(alone, word, code=1)
    assert {"product": 0, "category": 0, "offer": 0} == footprint(ledger)["bound"]
    mixed = obmen("import", "erp", str(folder), "-c", config, language=language)
    assert "import9_1.xml" in refused(mixed, word, code=1)
    assert len(SMALL.products) == len(records_of(ledger)["product"])
    shown = obmen("inspect", "onec", "catalog", str(bad), "--json", language=language)
    refused(shown, word, code=2)
    assert "" == shown.stdout
    ledger.close_here()


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_bad_archive_is_named_and_nothing_of_it_is_taken(tmp_path, case):
    make, word = BAD_ARCHIVES[case]
    config = str(write_config(tmp_path / "inside"))
    archive = tmp_path / "export.zip"
    archive.write_bytes(make())
    result = obmen("import", "erp", str(archive), "-c", config)
    ledger = open_ledger(tmp_path / "inside")

    assert "export.zip" in refused(result, word, code=1)
    assert {"product": 0, "category": 0, "offer": 0} == footprint(ledger)["bound"]
    assert ["export.zip", "inside"] == sorted(path.name for path in tmp_path.iterdir())
    ledger.close_here()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_bad_pictures_and_absent_paths_are_named_and_the_goods_are_taken(tmp_path, language):
    config = str(write_config(tmp_path, onec="max_pixels = 1000"))
    folder = lay_down(tmp_path, SMALL, Export(generation="G1"))
    (folder / "import_files" / "page.jpg").write_bytes(b"<html>not found</html>")
    result = obmen("import", "erp", str(folder), str(tmp_path / "nothing"), "-c", config, language=language)
    ledger = open_ledger(tmp_path)

    told = refused(result, "page.jpg", code=1)
    assert "nothing" in told
    assert len(SMALL.products) == len(records_of(ledger)["product"])
    ledger.close_here()


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("what", ["folder", "unreadable", "binary", "nobody"])
def test_what_cannot_be_imported_is_said(tmp_path, what, language):
    config = str(write_config(tmp_path))
    path = tmp_path / "export.xml"
    connection = "erp"
    match what:
        case "folder":
            path.mkdir()
        case "unreadable":
            path.symlink_to(tmp_path / "not there")
        case "binary":
            path.write_bytes(os.urandom(5000))
        case "nobody":
            connection = "warehouse"
    result = obmen("import", connection, str(path), "-c", config, language=language)

    told = refused(result, "", code=2 if what in {"nobody", "folder"} else 1)
    assert told
    assert language == ("ru" if any("а" <= letter <= "я" for letter in told) else "en")


SPOILT = {
    "unknown key": ('password = "пароль"', 'password = "пароль"\npasword = "x"', "pasword"),
    "unknown section": ("[guards]", "[gards]", "gards"),
    "unknown connection": ('readers = ["shop"]', 'readers = ["shopp"]', "shopp"),
    "unknown type": ('type = "onec"', 'type = "onecc"', "onecc"),
    "missing env": ('password = "пароль"', 'password = "${OBMEN_NO_SUCH}"', "OBMEN_NO_SUCH"),
    "bad toml": ("[guards]", "[guards", ""),
    "wrong kind": ('login = "1c"', "login = 5", "login"),
    "missing key": ('login = "1c"\n', "", "login"),
    "bad zone": ('login = "1c"', 'login = "1c"\ntime_zone = "Mars/Base"', "Mars/Base"),
    "bad network": ('login = "1c"', 'login = "1c"\nallow_from = ["10.0.0.300"]', "10.0.0.300"),
    "bad route": ('login = "1c"', 'login = "1c"\nroutes = ["exchange"]', "exchange"),
    "bad ledger": ("sqlite:///hub.db", "oracle://x", "ledger"),
    "not utf-8": None,
    "absent": None,
}


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("case", SPOILT)
def test_a_bad_configuration_is_named_with_its_place(tmp_path, case, language):
    path = write_config(tmp_path)
    word = ""
    if case == "absent":
        path.unlink()
        word = "obmen.toml"
    elif case == "not utf-8":
        path.write_bytes("[hub]\n# настройки\n".encode("cp1251"))
    else:
        old, new, word = SPOILT[case]
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for command in (("check",), ("import", "erp", str(tmp_path)), ("run",)):
        result = obmen(*command, "-c", str(path), language=language)
        told = refused(result, word, code=2)
        assert language == (
            "ru" if any("а" <= letter <= "я" for letter in told.replace("настройки", "")) else "en"
        )
        if not case.startswith(("bad zone", "bad network", "bad route")):  # told by the connection itself
            assert [] == list(tmp_path.glob("hub.db*"))


def test_a_file_cut_while_it_is_read_leaves_nothing_half_applied(tmp_path):
    config = str(write_config(tmp_path))
    world = World.seeded(3, 400)
    goods = next(iter(export(world, Export(generation="G1", encoding="utf-8"), AT)))
    path = tmp_path / "import0_1.xml"
    path.write_bytes(goods.body[: len(goods.body) * 9 // 10])
    result = obmen("import", "erp", str(path), "-c", config)
    ledger = open_ledger(tmp_path)

    refused(result, "обрывается", code=1)
    assert {"product": 0, "category": 0, "offer": 0} == footprint(ledger)["bound"]
    assert [] == footprint(ledger)["outbox"]
    ledger.close_here()
