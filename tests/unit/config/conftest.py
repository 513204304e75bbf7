import pytest
from configured import BASE, CONNECTORS, ENV

from obmen.config import FaultyConfig, parse_config


@pytest.fixture
def read(tmp_path):
    """Reads a text that follows two connections, `erp` and `shop`."""

    def _read(text="", *, base=BASE, env=ENV, connectors=CONNECTORS):
        return parse_config(base + text, path=tmp_path / "obmen.toml", connectors=connectors, env=env)

    return _read


@pytest.fixture
def refuse(read):
    """Returns the faults of a text, in English."""

    def _refuse(text="", language="en", **how):
        with pytest.raises(FaultyConfig) as caught:
            read(text, **how)
        return [fault.text(language) for fault in caught.value.faults]

    return _refuse
