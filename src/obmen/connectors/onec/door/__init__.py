"""The exchange door of a 1C connection."""

from obmen.connectors.onec.door.door import Door
from obmen.connectors.onec.door.files import disk_refusal

__all__ = ["Door", "disk_refusal"]
