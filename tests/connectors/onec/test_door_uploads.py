"""Growing files piece by piece, whatever is lost and repeated on the way."""

import errno
import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obmen.connectors.onec.door import disk_refusal
from obmen.connectors.onec.login import is_allowed, parameters
from obmen.connectors.onec.pictures import Kind, sniff
from obmen.connectors.onec.references import PictureIndex
from obmen.connectors.onec.sentences import Refusal
from obmen.connectors.onec.sessions import SessionStore, Upload
from obmen.connectors.onec.settings import Settings

PIECES = st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.integers(0, 2)), min_size=1, max_size=8)


class Line:
    """Sends pieces of one file into a session that is reopened from disk each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store().begin("cookie", "token", 0.0)

    def store(self) -> SessionStore:
        return SessionStore(self.folder / "sessions", lifetime_s=60)

    def upload(self) -> Upload:
        store = self.store()
        return Upload(store, store.find("cookie", 0.0))

    def send(self, piece: bytes, *, delivered: bool) -> None:
        upload = self.upload()
        part = self.folder / "part"
        part.write_bytes(piece)
        digest = hashlib.sha256(piece).hexdigest()
        upload.append("a.xml", part, size=len(piece), digest=digest, max_file=1 << 20)
        if delivered:
            upload.delivered()

    def body(self) -> bytes:
        return (self.upload().folder / "a.xml").read_bytes()


@settings(max_examples=40, deadline=None)
@given(PIECES)
def test_pieces_repeated_because_their_answer_was_lost_make_the_same_file(pieces):
    with tempfile.TemporaryDirectory() as folder:
        line = Line(Path(folder))
        for piece, lost in pieces:
            for _ in range(lost):
                line.send(piece, delivered=False)
            line.send(piece, delivered=True)

        assert b"".join(piece for piece, _ in pieces) == line.body()


@settings(max_examples=40, deadline=None)
@given(PIECES)
def test_pieces_repeated_although_answered_can_be_cut_out_again(pieces):
    distinct = [bytes([number]) + piece for number, (piece, _) in enumerate(pieces)]
    with tempfile.TemporaryDirectory() as folder:
        line = Line(Path(folder))
        for piece, (_, repeats) in zip(distinct, pieces, strict=True):
            for _ in range(1 + repeats):
                line.send(piece, delivered=True)
        doubled = any(repeats for _, repeats in pieces)

        assert doubled == line.upload().without_doubtful("a.xml")
        assert b"".join(distinct) == line.body()


def test_a_piece_half_written_at_a_crash_is_written_over_when_it_comes_again(tmp_path):
    line = Line(tmp_path)
    line.send(b"one", delivered=True)
    line.send(b"two", delivered=False)
    with (line.upload().folder / "a.xml").open("r+b") as file:
        file.truncate(4)

    line.send(b"two", delivered=True)
    assert line.body() == b"onetwo"


def test_a_piece_half_written_at_a_crash_and_never_repeated_spoils_the_file_loudly(tmp_path):
    line = Line(tmp_path)
    line.send(b"one", delivered=False)
    with (line.upload().folder / "a.xml").open("r+b") as file:
        file.truncate(1)

    with pytest.raises(Refusal, match="was not stored whole"):
        line.send(b"two", delivered=True)


def test_a_session_a_power_cut_has_taken_is_simply_gone(tmp_path):
    line = Line(tmp_path)
    (path,) = tmp_path.rglob("session.json")
    path.write_bytes(b"")

    assert line.store().find("cookie", 0.0) is None
    assert line.store().begin("other", "token", 0.0).timestamp == 0


def test_expired_sessions_are_cleared_away_at_the_next_login(tmp_path):
    line = Line(tmp_path)
    line.send(b"x", delivered=True)
    line.store().begin("other", "token", 61.0)

    assert len(list((tmp_path / "sessions").iterdir())) == 1


def test_a_full_disk_and_missing_rights_have_sentences_of_their_own():
    assert disk_refusal(OSError(errno.ENOSPC, "No space left")).code == "disk_full"
    assert "Permission denied" in disk_refusal(OSError(errno.EACCES, "Permission denied")).text("ru")


# --- who is calling ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Bearer YTpi", "Basic YTpj", "Basic Yjpi", "Basic YTpiYg=="]
)
def test_only_the_account_comes_in(header):
    account = Settings(login="a", password="b")

    assert not is_allowed(header, account)
    assert is_allowed("basic YTpi", account)


def test_names_in_the_query_may_be_utf_8_or_windows_1251():
    assert parameters("/x?filename=%D1%84.xml&mode=file") == {"filename": "ф.xml", "mode": "file"}
    assert parameters("/x?filename=%F4.xml") == {"filename": "ф.xml"}
    assert parameters("/x?mode=init&mode=import") == {"mode": "init"}
    assert parameters("/x") == {}


# --- pictures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x20", Kind("png", 16, 32)),
        (b"GIF89a\x10\0\x20\0", Kind("gif", 16, 32)),
        (b"\xff\xd8\xff\xe0\0\4\0\0\xff\xc2\0\x11\x08\0\x20\0\x10", Kind("jpeg", 16, 32)),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x0f\0\0\x1f\0\0", Kind("webp", 16, 32)),
        (b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + b"\x10\0\x20\0", Kind("webp", 16, 32)),
        (b"RIFF\0\0\0\0WEBPVP8L" + b"\0" * 4 + b"\x2f\x0f\xc0\x07\0", Kind("webp", 16, 32)),
        (b"BM" + b"\0" * 16 + b"\x10\0\0\0\xe0\xff\xff\xff", Kind("bmp", 16, 32)),
        (b"<?php", None),
        (b"", None),
        (b"\xff\xd8\xff\xe0\0\4", None),
    ],
)
def test_pictures_are_known_by_their_bytes(head, kind):
    assert sniff(head) == kind


@given(st.binary(max_size=64))
def test_no_bytes_break_the_recognition(tail):
    for head in (b"", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"\x89PNG\r\n\x1a\n", b"BM"):
        sniff(head + tail)


def test_the_index_of_pictures_survives_a_line_cut_by_a_crash(tmp_path):
    path = tmp_path / "pictures.jsonl"
    PictureIndex(path).add({"import_files/a.jpg": "1"})
    with path.open("ab") as file:
        file.write(b'["import_files/b')
    PictureIndex(path).add({"goods/import_files/c.jpg": "3"})

    index = PictureIndex(path)
    assert [index.find(f"import_files/{name}.jpg") for name in "abc"] == ["1", None, "3"]
