"""Obmen keeps an online store in step with the systems around it."""

__version__ = "0.1.0.dev0"
