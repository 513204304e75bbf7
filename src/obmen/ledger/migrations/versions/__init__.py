"""One module per step, numbered; a released one is never edited."""
