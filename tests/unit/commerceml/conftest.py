from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from obmen.formats.commerceml import Item, open_document

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def fixture_path() -> Callable[[str], Path]:
    return lambda name: FIXTURES / f"{name}.xml"


@pytest.fixture(scope="session")
def fixture_bytes() -> Callable[[str], bytes]:
    return lambda name: (FIXTURES / f"{name}.xml").read_bytes()


@pytest.fixture
def items_of() -> Callable[..., list[Item]]:
    """Read items of a fixture by name, of a text or of bytes; optionally only those of one class."""

    def read(source: str | bytes, kind: type | None = None) -> list:
        if isinstance(source, str):
            source = source.encode() if source.startswith("<") else (FIXTURES / f"{source}.xml").read_bytes()
        with open_document(BytesIO(source)) as document:
            return [item for item in document if kind is None or isinstance(item, kind)]

    return read


@pytest.fixture
def findings_of() -> Callable[..., dict[str, int]]:
    """Read a text or bytes to the end and count its oddities."""

    def read(source: str | bytes) -> dict[str, int]:
        with open_document(BytesIO(source.encode() if isinstance(source, str) else source)) as document:
            for _ in document:
                pass
            return {finding.code: finding.count for finding in document.findings}

    return read


@pytest.fixture
def framed() -> Callable[[str], str]:
    """Put offers into a package and a file."""
    return lambda offers: (
        '<КоммерческаяИнформация ВерсияСхемы="2.07"><ПакетПредложений><Предложения>'
        f"{offers}</Предложения></ПакетПредложений></КоммерческаяИнформация>"
    )
