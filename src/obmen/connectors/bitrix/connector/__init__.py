"""The contract for a 1C-Bitrix shop."""

from obmen.connectors.bitrix.connector.connection import ShopConnection

__all__ = ["ShopConnection"]
