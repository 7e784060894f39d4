"""The benchmark: named figures, measured on the embedded parts of one machine, with the books audited every time."""
