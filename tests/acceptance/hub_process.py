"""A hub as people run it: a configuration in a folder, and `obmen` as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from obmen.cli.assemble import open_hub
from obmen.config import load_config
from obmen.connectors import SHIPPED

SETTINGS = """
[hub]
ledger = "sqlite:///hub.db"
port = {port}

[connections.erp]
type = "onec"
login = "1c"
password = "${{ERP_PASSWORD:-secret}}"
price_types = {{ "Розничная" = "base" }}

[connections.shop]
type = "bitrix"
keyed_by = "erp"
url = "{url}"
user = 7
secret = "${{SHOP_SECRET:-{secret}}}"
prices = {{ base = 1 }}
rate_per_s = 1000

[connections.shop.schedule]
every = "{every}"
{schedule}

[sync.category]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[sync.product]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]

[sync.offer]
creators = ["erp"]
owners = {{ default = "erp" }}
readers = ["shop"]
"""
NOWHERE = "http://127.0.0.1:9"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settled(folder, *, url=NOWHERE, key="key", port=8017, schedule='deliver = "live"', every="1s", more=""):
    """Write the configuration and return its path."""
    path = Path(folder) / "obmen.toml"
    text = SETTINGS.format(url=url, secret=key, port=port, schedule=schedule, every=every)
    path.write_text(text + more, encoding="utf-8")
    return path


@contextmanager
def opened(path, *, exclusive=True):
    """Open the hub of a configuration in this process."""
    config = load_config(path, connectors=SHIPPED, env={})
    with open_hub(config, exclusive=exclusive) as hub:
        yield config, hub


def environment():
    source = Path(__file__).parents[2] / "src"
    return {**os.environ, "PYTHONPATH": str(source), "LANG": "en_US.UTF-8", "OBMEN_LANG": "en"}


def obmen(*args):
    """Run a command to its end."""
    command = [sys.executable, "-c", "from obmen.cli import main; main()", *map(str, args)]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=280, check=False
    )


class Running:
    """`obmen run` in a process of its own."""

    def __init__(self, config):
        command = [sys.executable, "-c", "from obmen.cli import main; main()", "run", "-c", str(config)]
        self.log = config.with_name("run.log")
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, env=environment(), stdout=out, stderr=out)

    def text(self):
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, said, *, at_most_s=60.0):
        """Wait until it has said something."""
        until(lambda: said in self.text() or self.process.poll() is not None, at_most_s=at_most_s)
        assert said in self.text(), self.text()

    def stop(self, name=signal.SIGTERM):
        self.process.send_signal(name)
        return self.process.wait(timeout=60)


@contextmanager
def running(config):
    """A hub that runs while the block lasts."""
    hub = Running(config)
    try:
        hub.wait_for("Ctrl+C")
        yield hub
    finally:
        if hub.process.poll() is None:
            hub.process.kill()
            hub.process.wait()


def until(holds, *, at_most_s=60.0):
    """Wait until something holds."""
    deadline = time.monotonic() + at_most_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
