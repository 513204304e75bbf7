"""1C:Enterprise."""
