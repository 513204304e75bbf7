"""What `obmen check` says and how it exits: a warning is no failure, and a failure is none of the warnings."""

import socket

import pytest
from typer.testing import CliRunner

from obmen.cli import cli
from obmen.config import example_config
from obmen.connectors import bitrix, onec


@pytest.fixture
def example(tmp_path):
    path = tmp_path / "obmen.toml"
    path.write_text(example_config("en", erp=onec.connector, shop=bitrix.connector), encoding="utf-8")
    return path


def checked(path, **env):
    return CliRunner().invoke(cli, ["check", "-c", str(path)], env={"OBMEN_LANG": "en", **env})


def test_a_warning_is_shown_and_is_no_failure(example):
    text = example.read_text(encoding="utf-8")
    example.write_text(text[: text.index("[connections.shop]")], encoding="utf-8")
    ended = checked(example)

    assert ended.exit_code == 0
    assert "! erp: Any address may try the password" in ended.output
    assert "It will work; warnings: 1." in ended.output


def test_a_shop_that_does_not_answer_is_a_failure(example):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    ended = checked(example, SHOP_URL=f"http://127.0.0.1:{closed}")

    assert ended.exit_code == 1
    assert "✗ shop:" in ended.output
