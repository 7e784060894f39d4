"""Suppliers, purchase orders, what comes in for them and what goes back (sections 8.4 and 10.6 to 10.8)."""
