"""The visit of 1C to a site, judged byte by byte by a stub door."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from stub_door import StubDoor

from obmen.connectors.onec.sandbox.exchange import Exchange
from obmen.connectors.onec.sandbox.export import Export, export
from obmen.connectors.onec.sandbox.manners import Account, Manners, Mischief
from obmen.sandbox.world import World

AT = datetime(2026, 11, 20, 9, 5, tzinfo=UTC)
WORLD = World.seeded(7, 12)


def files_of(**spec):
    return list(export(WORLD, Export(**spec), AT))


async def visit(door, files, *, deactivate=False, mischief=None, **manners):
    account = Account(url=door.url, login="обмен", password="секрет")
    exchange = Exchange(account, manners=Manners(**manners), mischief=mischief)
    return await exchange.send(files, deactivate=deactivate, archive="v8_3B8F_3e.zip")


@pytest.mark.parametrize("limit", [997, 50_000, 204_800, 100_000_000])
@pytest.mark.parametrize("zipped", [True, False])
async def test_pieces_of_any_size_come_together_to_the_very_same_files(limit, zipped):
    files = files_of(generation="G3")
    async with StubDoor(limit=limit, zipped=zipped) as door:
        outcome = await visit(door, files)

        assert outcome.verdict == "success"
        assert {file.name: file.body for file in files} == {
            name: body for name, body in door.files.items() if not name.endswith(".zip")
        }
        assert all(len(call.body) <= limit for call in door.visits)


async def test_a_single_byte_per_piece_still_makes_the_file():
    files = [file for file in files_of() if file.kind == "picture"][:1]
    async with StubDoor(limit=1) as door:
        await visit(door, files)

        assert files[0].body == door.files[files[0].name]
        assert len(files[0].body) == door.modes().count("file")


async def test_the_steps_come_in_the_order_of_the_protocol():
    files = files_of(generation="G2", pictures=False)
    async with StubDoor(zipped=True) as door:
        await visit(door, files, deactivate=True, complete=True)

        steps = ["checkauth", "init", "file", *["import"] * len(files), "deactivate", "complete"]
        assert steps == door.modes()
        assert [file.name for file in files] == door.imported
        assert door.deactivated == ["1700000001"]


@pytest.mark.parametrize("progress", [0, 1, 10, 60])
async def test_any_number_of_progress_answers_is_waited_out(progress):
    files = files_of(pictures=False)
    async with StubDoor(progress=progress) as door:
        outcome = await visit(door, files)

        assert outcome.verdict == "success"
        assert (progress + 1) * 2 == door.modes().count("import")


async def test_every_request_carries_one_cookie_header_the_token_and_the_name_of_1c():
    async with StubDoor() as door:
        await visit(door, files_of(), content_type="application/x-www-form-urlencoded")

        later = door.visits[1:]
        cookies = [[value for name, value in call.headers if name == "Cookie"] for call in later]
        assert [["PHPSESSID=s1"]] * len(later) == cookies
        assert {f"{1:032x}"} == {call.query["sessid"] for call in later}
        assert {"1C+Enterprise/8.3"} == {dict(call.headers)["User-Agent"] for call in door.visits}
        assert {call.query["mode"]: call.method for call in later if call.method == "POST"} == {
            "file": "POST"
        }
        posted = {dict(call.headers)["Content-Type"] for call in later if call.method == "POST"}
        assert {"application/x-www-form-urlencoded"} == posted


async def test_an_old_1c_knows_no_token_and_one_that_posts_everything_posts_everything():
    async with StubDoor() as door:
        await visit(door, files_of(), echo_sessid=False, all_post=True, version="3.1")

        assert not any("sessid" in call.query for call in door.visits)
        assert {"POST"} == {call.method for call in door.visits}
        assert door.visits[1].query["version"] == "3.1"


async def test_a_login_per_file_makes_one_session_for_each_xml():
    files = files_of(generation="G2")
    async with StubDoor(zipped=True) as door:
        outcome = await visit(door, files, session_per_file=True, deactivate=True)

        count = sum(file.kind != "picture" for file in files)
        assert outcome.verdict == "success"
        assert count == len(door.sessions) == door.modes().count("init")
        assert door.deactivated == ["1700000001"]


@pytest.mark.parametrize("charset", ["windows-1251", "utf-8"])
async def test_the_refusal_of_the_site_reaches_the_person_in_russian(charset):
    async with StubDoor(charset=charset, refuse="offers0_1.xml") as door:
        outcome = await visit(door, files_of(pictures=False))

        assert outcome.verdict == "failure"
        assert "Файл offers0_1.xml не найден" in outcome.sentences[-1]
        assert door.imported == ["import0_1.xml"]


async def test_one_that_does_not_stop_at_a_refusal_goes_on_and_deactivates_nothing():
    async with StubDoor(refuse="import0_1.xml") as door:
        outcome = await visit(door, files_of(pictures=False), stop_at_failure=False, deactivate=True)

        assert outcome.verdict == "failure"
        assert door.imported == ["offers0_1.xml"]
        assert door.deactivated == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"checkauth": "\ufeffsuccess\nA\nb"}, "Не удалось разобрать ответ"),
        ({"checkauth": "\nsuccess\nA\nb"}, "Не удалось разобрать ответ"),
        ({"checkauth": "success"}, "не сообщил имя и значение cookie"),
        ({"init": "zip=no\nfile_limit=0"}, "file_limit"),
        ({"init": "zip=no"}, "file_limit"),
        ({"init": "failure\nНет прав"}, "Нет прав"),
        ({"file": "<b>Warning</b>: fopen()\nsuccess"}, "Не удалось разобрать ответ"),
        ({"import": "PROGRESS\n1"}, "Не удалось разобрать ответ"),
        ({"import": ""}, "Не удалось разобрать ответ"),
    ],
)
async def test_an_answer_1c_cannot_read_stops_the_exchange_with_a_sentence(answers, said):
    async with StubDoor(charset="utf-8", answers=answers) as door:
        outcome = await visit(door, files_of(pictures=False))

        assert outcome.verdict == "failure"
        assert said in outcome.sentences[-1]


@pytest.mark.parametrize(
    ("mischief", "said"),
    [
        (Mischief(wrong_password=True), "Неверный логин или пароль"),
        (Mischief(without_cookie=True), "Ошибка авторизации"),
        (Mischief(wrong_mode=True), "Неизвестная команда"),
    ],
)
async def test_mischief_at_the_login_or_in_the_mode_is_refused_and_told(mischief, said):
    async with StubDoor() as door:
        outcome = await visit(door, files_of(pictures=False), mischief=mischief)

        assert outcome.verdict == "failure"
        assert said in outcome.sentences[-1]
        assert door.imported == []
        assert "секрет" not in repr(outcome)


async def test_a_corrupt_archive_is_as_long_as_the_sound_one_and_does_not_open():
    files = files_of(pictures=False)
    async with StubDoor(zipped=True) as sound, StubDoor(zipped=True) as door:
        await visit(sound, files)
        outcome = await visit(door, files, mischief=Mischief(corrupt_archive=True))

        whole, spoilt = sound.visits[2].body, door.visits[2].body
        assert len(whole) == len(spoilt)
        assert whole != spoilt
        assert outcome.verdict == "failure"  # the stub fails as a site does: HTTP 500
        assert "Ошибка HTTP 500" in outcome.sentences[-1]


async def test_backslashes_stand_in_the_archive_when_asked():
    files = files_of(generation="G3", pictures=False)
    async with StubDoor(zipped=True) as door:
        await visit(door, files, backslashes=True)

        assert {file.name.replace("/", "\\") for file in files} < set(door.files)


@pytest.mark.parametrize("how", ["midway", "unheard", "answered"])
async def test_a_broken_line_ends_the_exchange_and_the_next_one_starts_from_the_login(how):
    async with StubDoor(limit=30_000) as door:
        mischief = Mischief(break_every=4, break_how=how, break_times=2)
        outcome = await visit(door, files_of(pictures=False), mischief=mischief, attempts=3)

        assert outcome.verdict == "success"
        assert (outcome.attempts, outcome.breaks) == (3, 2)
        assert door.modes().count("checkauth") == 3
        assert {file.name: file.body for file in files_of(pictures=False)} == door.files


async def test_without_another_attempt_a_broken_line_is_told_to_the_person():
    async with StubDoor() as door:
        outcome = await visit(door, files_of(), mischief=Mischief(break_every=3))

        assert outcome.verdict == "broken"
        assert "нет связи с сайтом" in outcome.sentences[-1]
        assert outcome.replies[-1].verdict == "broken"


async def test_one_that_repeats_the_last_post_sends_the_very_same_piece_again():
    async with StubDoor(limit=30_000) as door:
        mischief = Mischief(break_every=4, break_times=1)
        outcome = await visit(door, files_of(pictures=False), mischief=mischief, retry="file")

        posts = [call for call in door.visits if call.query["mode"] == "file"]
        assert (outcome.attempts, outcome.breaks) == (1, 1)
        assert posts[1] == posts[2]
        assert sum(one == two for one, two in pairwise(posts)) == 1


@pytest.mark.parametrize("every", [2, 3, 5])
async def test_one_that_repeats_everything_gets_through_however_often_the_line_breaks(every):
    async with StubDoor(progress=3) as door:
        mischief = Mischief(break_every=every, break_how="midway")
        outcome = await visit(door, files_of(pictures=False), mischief=mischief, retry="all")

        assert outcome.verdict == "success"
        assert outcome.breaks > 0
        assert {file.name: file.body for file in files_of(pictures=False)} == door.files


async def test_a_site_that_is_not_there_is_told_in_words():
    async with StubDoor() as door:
        pass

    outcome = await visit(door, files_of(pictures=False))

    assert outcome.verdict == "broken"
    assert "нет связи с сайтом" in outcome.sentences[-1]


async def test_the_keys_of_the_session_are_used_and_not_kept():
    async with StubDoor() as door:
        outcome = await visit(door, files_of(pictures=False), version="3.1")

        assert [reply.mode for reply in outcome.replies[:2]] == ["checkauth", "init"]
        assert f"{1:032x}" not in repr(outcome)
        assert "PHPSESSID" not in repr(outcome)


def test_the_password_is_not_shown():
    shown = repr(Account(url="http://x", login="обмен", password="секрет"))

    assert "секрет" not in shown
