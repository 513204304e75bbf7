"""Inbound HTTP."""

from obmen.gateway.server import Entrance, Gateway, networks

__all__ = ["Entrance", "Gateway", "networks"]
