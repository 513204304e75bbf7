"""The configuration file: read, checked as a whole, and turned into values the hub works with."""
