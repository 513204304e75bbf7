"""RetailCRM, sold elsewhere as Simla.com."""

from collections.abc import Mapping

import msgspec

from obmen.connectors.contract import Connection, Ports
from obmen.connectors.retailcrm.connector import CrmConnection
from obmen.connectors.retailcrm.settings import Settings
from obmen.errors import ConfigError

__all__ = ["Settings", "connector"]


class _RetailCrm:
    vendor = "retailcrm"
    settings: type[msgspec.Struct] = Settings
    recognises = ("offer",)
    EXAMPLE: Mapping[str, object] = {  # as in the sandbox: obmen sandbox retailcrm --port 8022
        "url": "${CRM_URL:-http://127.0.0.1:8022}",
        "api_key": "s4ndb0xr3t4ilcrmk3y0000000000000",
        "sites": {"s1": "main"},
    }

    def open(self, name: str, settings: msgspec.Struct, ports: Ports) -> Connection:
        """Return a connection; nothing is sent until it is used."""
        if not isinstance(settings, Settings):
            raise ConfigError(
                "retailcrm.settings",
                f"The settings of {name} are not those of a RetailCRM account.",
                f"Настройки {name} — не от аккаунта RetailCRM.",
            )
        return CrmConnection(name, settings, ports)


connector = _RetailCrm()
