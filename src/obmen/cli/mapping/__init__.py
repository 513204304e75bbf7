"""`obmen mapping`: the mapping tables of every connection, as people read and write them."""

from obmen.cli.mapping.commands import group

__all__ = ["group"]
