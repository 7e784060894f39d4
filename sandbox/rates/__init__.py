"""Simulators of the exchange rate publishers: CFETS (chinamoney), SAFE and Frankfurter."""
