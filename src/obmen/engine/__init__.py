"""Moves work: pull, settle, deliver, reconcile, on a runner."""
