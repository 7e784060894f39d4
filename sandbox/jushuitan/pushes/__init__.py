"""Messages the platform sends to an address of the merchant (section 11)."""
