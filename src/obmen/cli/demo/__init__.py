"""`obmen demo`: the main story, live, on simulators; the verdict is counted from their own ledgers."""

from obmen.cli.demo.command import demo

__all__ = ["demo"]
