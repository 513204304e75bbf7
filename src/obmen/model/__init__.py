"""Canonical records, atoms and values: what the hub itself means by a product or a price."""
