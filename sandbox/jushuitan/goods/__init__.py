"""Goods, combined goods and what shops call them (sections 8.5 to 8.7)."""
