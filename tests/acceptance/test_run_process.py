"""`obmen run` as a process: it stops where it may, goes on where it stopped, and says in one sentence why it cannot."""

import signal
import socket
import sqlite3

from hub_process import free_port, obmen, opened, running, settled, until

from obmen.connectors.contract import Envelope
from obmen.engine.intake import stored_of

GOODS = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.10" ДатаФормирования="2026-11-20T10:00:00">
<Каталог СодержитТолькоИзменения="true"><Ид>c</Ид><Наименование>Каталог</Наименование><Товары>{goods}</Товары></Каталог>
</КоммерческаяИнформация>"""
ITEM = "<Товар><Ид>{id}</Ид><Артикул>A-{id}</Артикул><Наименование>Товар {id}</Наименование></Товар>"


def export(folder, count):
    path = folder / "import0_1.xml"
    path.write_text(GOODS.format(goods="".join(ITEM.format(id=number) for number in range(count))), "utf-8")
    return path


def accept(config, path):
    """Put a file into the inbox before the hub starts."""
    with opened(config) as (_, hub), hub.ledger.begin() as tx:
        envelope = Envelope(connection="erp", kind="file", name=path.name, key="file", path=str(path))
        return tx.accept(stored_of(envelope, 0.0))


def ask(database, question):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as base:
        return base.execute(question).fetchall()


def test_a_hub_stopped_in_the_middle_of_a_file_goes_on_behind_its_last_portion(tmp_path):
    config = settled(tmp_path, port=free_port(), every="1h")
    count = 60_000  # three windows of looks: it goes on behind the one in hand
    accept(config, export(tmp_path, count))
    database = tmp_path / "hub.db"

    def position():
        return ask(database, "SELECT state, position, received FROM envelopes")[0]

    with running(config) as hub:
        until(lambda: position()[1] > 0)
        assert hub.stop(signal.SIGTERM) == 0
    state, stood_at, received = position()
    assert state == "working"
    assert 0 < stood_at < count
    assert received == stood_at

    with running(config) as hub:
        until(lambda: position()[0] == "done")
        assert hub.stop(signal.SIGINT) == 0
    assert position()[2] == count
    assert ask(database, "SELECT count(*), count(DISTINCT ref) FROM bindings") == [(count, count)]
    assert ask(database, "SELECT count(*), max(version) FROM records WHERE entity = 'product'") == [
        (count, 1)
    ]
    assert ask(database, "SELECT sum(json_array_length(entries)) FROM births") == [(count,)]
    assert ask(database, "SELECT count(*) FROM journal") == [(0,)]


def test_a_second_hub_on_the_same_database_is_turned_away_in_one_sentence(tmp_path):
    config = settled(tmp_path, port=free_port())
    with running(config) as hub:
        second = obmen("run", "-c", config)

        assert second.returncode == 2
        assert second.stderr.startswith("Another process works with")
        assert "Traceback" not in second.stderr
        assert hub.process.poll() is None


def test_a_port_in_use_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = obmen("run", "-c", settled(tmp_path, port=port))

    assert said.returncode == 2
    assert f"Port {port} is taken by another program: stop it, or set another port in [hub]." in said.stderr
    assert "Traceback" not in said.stderr
