"""Pure vocabulary and rules of the product: no I/O, no framework but pydantic."""
