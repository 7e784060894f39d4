"""Thin steps: take a typed input, call connectors and store, return a typed result."""
