"""The tutorial, typed as it stands: every bash block runs, every text block behind it is what was printed."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

DOCS = Path(__file__).parents[2] / "docs"
TUTORIALS = {"en": DOCS / "tutorial.md", "ru": DOCS / "ru" / "tutorial.md"}
PORTS = ("8021", "8022", "8017")
STARTED = "=== block"


class Block(NamedTuple):
    script: str
    printed: list[str]


def blocks(text):
    """Each bash block with the lines of the text blocks behind it."""
    found = []
    for kind, body in re.findall(r"^```(bash|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if kind == "bash":
            found.append(Block(body, []))
        else:
            found[-1].printed.extend(body.splitlines())
    return found


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def typed(folder, language, found):
    """Run the blocks as one shell, on free ports, and return what each printed."""
    program = folder / "bin" / "obmen"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from obmen.cli import main; main()" "$@"\n')
    program.chmod(0o755)
    script = "".join(f"echo '{STARTED}'\n{block.script}" for block in found)
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    for port, free in ports.items():
        script = script.replace(port, free)
    shop, _, hub = PORTS
    moved = f"sed -i -e 's/{shop}/{ports[shop]}/' -e 's/^# port = {hub}/port = {ports[hub]}/' obmen.toml"
    script = script.replace("> obmen.toml\n", f"> obmen.toml\n{moved}\n", 1)
    ended = subprocess.run(
        ["bash", "-c", f"trap 'kill $(jobs -p) 2>/dev/null' EXIT\nset -eo pipefail\n{script}"],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "OBMEN_LANG": language,
            "COLUMNS": "200",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
    return ended.stdout.split(f"{STARTED}\n")[1:]


def missing(lines, output):
    """Return the lines that were not printed in this order; `…` stands for anything, spaces for any spaces."""
    at = 0
    for line in lines:
        parts = [r"\s+".join(map(re.escape, part.split())) for part in line.split("…")]
        found = re.compile(".*?".join(parts)).search(output, at)
        if found is None:
            return line
        at = found.end()
    return None


@pytest.mark.parametrize("language", TUTORIALS)
def test_the_tutorial_does_what_it_says(tmp_path, language):
    found = blocks(TUTORIALS[language].read_text(encoding="utf-8"))
    outputs = typed(tmp_path, language, found)

    assert len(found) > 8
    for block, output in zip(found, outputs, strict=True):
        assert missing(block.printed, output) is None, f"{block.script}\nprinted:\n{output}"
