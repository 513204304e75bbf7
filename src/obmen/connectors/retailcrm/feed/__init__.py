"""The catalogue feed an account fetches (ICML)."""
