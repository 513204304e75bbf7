"""The demo as its watcher runs it: a process of its own in an empty folder."""

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from obmen.cli import main; main()", "demo"]


@pytest.mark.parametrize(
    ("language", "again", "verdict"),
    [
        ("ru", "0 записей изменено, 0 отправлено", "двойников: 0"),
        ("en", "0 records changed, 0 sent", "doubles: 0"),
    ],
)
def test_the_demo_keeps_its_invariants_in_either_language(tmp_path, language, again, verdict):
    done = subprocess.run(
        COMMAND,
        cwd=tmp_path,
        env={**os.environ, "OBMEN_LANG": language, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert again in done.stdout
    assert verdict in done.stdout
    assert "✗" not in done.stdout
    assert done.stderr == ""


def test_another_seed_is_another_world_with_the_same_verdict(tmp_path):
    done = subprocess.run(
        [*COMMAND, "--seed", "5"],
        cwd=tmp_path,
        env={**os.environ, "OBMEN_LANG": "en", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
