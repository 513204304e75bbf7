"""An integrator's own Python: `"rules:vat_for"` is the function `vat_for` of `rules.py` beside the configuration."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from obmen.config.faults import Complaint, unknown
from obmen.errors import ConfigError

_REFERENCE = re.compile(r"(?P<module>[^\W\d]\w*):(?P<function>[^\W\d]\w*)")


class PythonRule:
    """A function of the integrator's. Settings name it as the type of a field; a mapping calls it."""

    __slots__ = ("_function", "file", "line", "reference")

    def __init__(self, reference: str, file: Path, line: int, function: Callable[..., object]) -> None:
        self.reference = reference
        self.file = file
        self.line = line
        self._function = function

    def __repr__(self) -> str:
        return f"PythonRule({self.reference!r})"

    def __call__(self, *values: object) -> object:
        """Call the function; whatever it raises becomes a `ConfigError` that names file, line and function."""
        try:
            return self._function(*values)
        except Exception as exc:
            line = _line_in(exc, self.file) or self.line
            name = self.reference.partition(":")[2]
            raise ConfigError(
                "config.rule.failed",
                f"{self.file.name}, line {line}, function {name}: {_said(exc)}; mend the function",
                f"{self.file.name}, строка {line}, функция {name}: {_said(exc)}; исправьте функцию",
            ) from exc


class Functions:
    """Finds the functions of one folder; every file is run once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._modules: dict[str, ModuleType] = {}

    def load(self, reference: str) -> PythonRule:
        """Return the function a reference names; raises `Complaint`."""
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise Complaint(
                "a function is written file:function, such as rules:vat_for for vat_for in rules.py",
                "функция пишется файл:функция, например rules:vat_for — функция vat_for из rules.py",
            )
        file = self._file(found["module"])
        module = self._modules.get(found["module"]) or self._run(found["module"], file)
        functions = {
            name: value
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
        }
        name = found["function"]
        if name not in functions:
            raise unknown(
                f"{file.name} has no function {name}", f"в {file.name} нет функции {name}", name, functions
            )
        function = functions[name]
        return PythonRule(reference, file, function.__code__.co_firstlineno, function)

    def _file(self, module: str) -> Path:
        file = (self._folder / f"{module}.py").resolve()
        if file.parent != self._folder:
            raise Complaint(
                f"{module}.py leads out of the folder of the configuration; put the file itself there",
                f"{module}.py ведёт за пределы папки конфигурации; положите туда сам файл",
            )
        if not file.is_file():
            raise Complaint(
                f"there is no {module}.py beside the configuration",
                f"рядом с конфигурацией нет файла {module}.py",
            )
        return file

    def _run(self, name: str, file: Path) -> ModuleType:
        unique = f"obmen_rules_{abs(hash(file)):x}_{name}"
        spec = importlib.util.spec_from_file_location(unique, file)
        if spec is None or spec.loader is None:
            raise Complaint(f"{file.name} is not a Python file", f"{file.name} — не файл Python")
        module = importlib.util.module_from_spec(spec)
        sys.modules[unique] = module  # dataclasses and msgspec look their own module up
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as exc:
            del sys.modules[unique]
            at = exc.lineno if isinstance(exc, SyntaxError) else _line_in(exc, file)
            raise Complaint(
                f"{file.name} cannot be run: line {at}: {_said(exc)}",
                f"{file.name} не выполняется: строка {at}: {_said(exc)}",
            ) from exc
        self._modules[name] = module
        return module


def _line_in(exc: BaseException, file: Path) -> int | None:
    """Return the last line of the file an exception passed through."""
    frames = traceback.extract_tb(exc.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == str(file)), None)


def _said(exc: BaseException) -> str:
    text = exc.msg if isinstance(exc, SyntaxError) else str(exc)
    return f"{type(exc).__name__}: {text}"
