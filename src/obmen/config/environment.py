"""Values from the environment: `${NAME}`, `${NAME:-default}`, and `$${` for a plain `${`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from obmen.config.faults import Faults, Where

_REFERENCE = re.compile(
    r"(?P<plain>\$\$\{)|\$\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}|(?P<odd>\$\{)"
)


def substitute(value: object, env: Mapping[str, str], faults: Faults, where: Where = ()) -> object:
    """Return the document with every reference replaced; each missing variable is a fault."""
    match value:
        case str():
            return _text(value, env, faults, where)
        case dict():
            return {key: substitute(item, env, faults, (*where, key)) for key, item in value.items()}
        case list():
            return [substitute(item, env, faults, (*where, index)) for index, item in enumerate(value)]
        case _:
            return value


def is_reference(value: object) -> bool:
    """Tell whether a value as written in the file comes from the environment."""
    return isinstance(value, str) and any(found["name"] for found in _REFERENCE.finditer(value))


def _text(text: str, env: Mapping[str, str], faults: Faults, where: Where) -> str:
    def put(found: re.Match[str]) -> str:
        if found["plain"]:
            return "${"
        name, default = found["name"], found["default"]
        if name is None:
            faults.add(
                where,
                "a variable is written ${NAME} or ${NAME:-default}; a plain ${ as $${",
                "переменная пишется ${ИМЯ} или ${ИМЯ:-значение}, латиницей; просто ${ — как $${",
                show=False,
            )
            return ""
        if default is not None:
            return env.get(name) or default
        if name not in env:
            faults.add(
                where,
                f"the environment has no variable {name}; set it, or give it a default after its name and :-",
                f"в окружении нет переменной {name}; задайте её или допишите значение после имени и :-",
                show=False,
            )
        return env.get(name, "")

    return _REFERENCE.sub(put, text)
