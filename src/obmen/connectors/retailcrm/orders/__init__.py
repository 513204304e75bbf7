"""Orders of an account."""
