"""How the account refuses: an HTTP status, a sentence, and a map of what was wrong where."""

from collections.abc import Mapping
from typing import Any, NoReturn

INPUT = "Errors in the input parameters"
ENTITY = "Errors in the entity format"


def _lines(errors: Mapping[str, str] | list[str]) -> list[str]:
    if isinstance(errors, Mapping):
        return [f"{path}: {text}" for path, text in errors.items()]
    return errors


class ApiError(ValueError):
    """One refused call; `errors` is a map of paths, or a list, or absent."""

    def __init__(
        self, status: int, text: str, errors: Mapping[str, str] | list[str] | None = None, **more: Any
    ) -> None:
        super().__init__(text if not errors else f"{text} ({'; '.join(_lines(errors))})")
        self.status = status
        self.text = text
        self.errors = errors
        self.more = more

    def body(self) -> dict[str, Any]:
        """Return the answer's body."""
        shown: dict[str, Any] = {"success": False, **self.more, "errorMsg": self.text}
        if self.errors is not None:
            shown["errors"] = self.errors
        return shown

    def lines(self) -> list[str]:
        """Return what was wrong, one line each, as a batch tells it."""
        return _lines(self.errors) if self.errors else [self.text]


class Unfit(ValueError):
    """One value cannot be taken; whoever reads it knows where it stood."""


class Problems:
    """What is wrong with one entity, gathered so that a refusal names everything at once."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def say(self, path: str, text: str) -> None:
        """Note a problem; the first at a path stays."""
        self._said.setdefault(path, text)

    def stop_if_any(self, text: str) -> None:
        """Refuse where anything was noted."""
        if self._said:
            raise ApiError(400, text, dict(self._said))


def not_found(text: str = "Not found") -> ApiError:
    """Refuse: there is no such thing."""
    return ApiError(404, text)


def bad_input(**errors: str) -> ApiError:
    """Refuse parameters of a call, by name."""
    return ApiError(400, INPUT, errors)


def bad_filter(name: str, text: str = "This value is not valid.") -> ApiError:
    """Refuse one field of a filter."""
    return ApiError(400, INPUT, {f"children[{name}]": text})


def impossible(text: str) -> NoReturn:
    """Refuse an act of a person."""
    raise ValueError(text)
