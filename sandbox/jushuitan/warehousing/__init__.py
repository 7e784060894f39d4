"""Stock documents of the tenant: other in/out, transfers, counts, and the ledger over all of them (section 9)."""
