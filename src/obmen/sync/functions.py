"""An integrator's own functions inside a translation: what a mapping table cannot say. Pure as long as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from obmen.errors import ObmenError
from obmen.model import Value
from obmen.sync.rules import family
from obmen.sync.shadow import Blocked, Codec, Decoded, Encoded, OneOf, Wire, Withheld

Function: TypeAlias = Callable[[Value, Wire], object]
"""Called with the canonical value and the wire value; the one it is to replace may be None."""


class Functions(msgspec.Struct, frozen=True):
    """Functions of one entity in one connection, by atom or by family (`prices`)."""

    read: Mapping[str, Function] = {}
    """Wire to canonical: called with what the table made of the wire (None where it could not) and the wire."""
    write: Mapping[str, Function] = {}
    """Canonical to wire: called with the value and the wire the table made of it."""


class Adjusted:
    """A codec with functions on top. What a function raises blocks the atom and is told to the operator."""

    def __init__(self, connection: str, codec: Codec, functions: Functions) -> None:
        self.form = codec.form
        self._connection = connection
        self._codec = codec
        self._functions = functions

    def carries(self, atom: str) -> bool:
        """Tell whether this system can hold the atom."""
        return self._codec.carries(atom)

    def decode(self, atom: str, wire: Wire) -> Decoded:
        """Translate a wire value by the table, then by the function."""
        value = self._codec.decode(atom, wire)
        function = self._functions.read.get(atom) or self._functions.read.get(family(atom))
        if function is None or isinstance(value, OneOf):
            return value
        decoded: Decoded = self._called(function, atom, None if isinstance(value, Blocked) else value, wire)
        return decoded

    def encode(self, atom: str, value: Value) -> Encoded:
        """Translate a canonical value by the table, then by the function."""
        wire = self._codec.encode(atom, value)
        function = self._functions.write.get(atom) or self._functions.write.get(family(atom))
        if function is None or isinstance(wire, Withheld):
            return wire
        encoded: Encoded = self._called(function, atom, value, None if isinstance(wire, Blocked) else wire)
        return encoded

    def _called(self, function: Function, atom: str, value: Value, wire: Wire) -> Any:
        key = f"map:{self._connection}:function:{atom}"
        try:
            result = function(value, wire)
        except ObmenError as error:
            return Blocked(key, error.en)
        if not _is_value(result):
            kind = type(result).__name__
            return Blocked(
                key, f"the function for {atom} returned {kind}; return text, int, bool, list, dict or None"
            )
        return result


def _is_value(result: object) -> bool:
    if isinstance(result, list):
        return all(map(_is_value, result))
    if isinstance(result, dict):
        return all(isinstance(name, str) and _is_value(item) for name, item in result.items())
    return result is None or isinstance(result, str | int)
