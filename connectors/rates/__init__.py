"""Sources of exchange rates and the chain that asks them in order (requirement F04)."""
