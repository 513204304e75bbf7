"""The log of a running hub: keys for machines, nothing secret, lines for people."""

import io
import logging
import re

import pytest
from rich.console import Console

from obmen.cli.logs import handler

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def log():
    """Makes a logger and tells what it has written."""
    out = io.StringIO()

    def _log(*, terminal=False):
        logger = logging.getLogger("obmen.tested")
        logger.handlers = [handler(Console(file=out, force_terminal=terminal, width=200))]
        logger.propagate = False
        logger.setLevel(logging.INFO)
        return logger, lambda: ANSI.sub("", out.getvalue())

    return _log


@pytest.mark.parametrize("terminal", [False, True])
def test_lines_carry_their_keys_and_no_secrets(log, terminal):
    logger, written = log(terminal=terminal)
    keys = {"connection": "shop", "code": "bitrix.auth", "ref": "two words"}
    logger.warning("paused, password=hush", extra=keys)

    assert 'paused, password=***  connection=shop ref="two words" code=bitrix.auth' in written()
    assert "hush" not in written()


def test_a_traceback_carries_no_secrets_either(log):
    logger, written = log()
    try:
        int("https://robot:hush@shop.test/")
    except ValueError:
        logger.exception("unexpected")

    assert "ValueError" in written()
    assert "hush" not in written()


def test_a_line_in_a_file_begins_with_its_moment_and_zone(log):
    logger, written = log()
    logger.info("began")

    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO    obmen.tested: began\n", written())
