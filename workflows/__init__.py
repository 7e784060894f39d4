"""Deterministic lives: they decide what happens next and wait; activities do the work."""
