"""The simulated 1C-Bitrix shop: REST, the CommerceML door, an operator, and counts for verdicts."""

from obmen.connectors.bitrix.sandbox.server import Shop
from obmen.connectors.bitrix.sandbox.state import Setup, ShopState

__all__ = ["Setup", "Shop", "ShopState"]
