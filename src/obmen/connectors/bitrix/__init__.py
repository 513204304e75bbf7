"""1C-Bitrix "Site Management" shops."""

from collections.abc import Mapping

import msgspec

from obmen.connectors.bitrix.connector import ShopConnection
from obmen.connectors.bitrix.settings import Settings
from obmen.connectors.contract import Connection, Ports
from obmen.errors import ConfigError

__all__ = ["Settings", "connector"]


class _Bitrix:
    vendor = "bitrix"
    settings: type[msgspec.Struct] = Settings
    EXAMPLE: Mapping[str, object] = {  # as in the sandbox: obmen sandbox bitrix --port 8021
        "url": "${SHOP_URL:-http://127.0.0.1:8021}",
        "user": 7,
        "secret": "s4ndb0xw3bh00k00",
        "prices": {"base": 1},
    }

    def open(self, name: str, settings: msgspec.Struct, ports: Ports) -> Connection:
        """Return a connection; nothing is sent until it is used."""
        if not isinstance(settings, Settings):
            raise ConfigError(
                "bitrix.settings",
                f"The settings of {name} are not those of a 1C-Bitrix shop.",
                f"Настройки {name} — не от магазина 1С-Битрикс.",
            )
        return ShopConnection(name, settings, ports)


connector = _Bitrix()
