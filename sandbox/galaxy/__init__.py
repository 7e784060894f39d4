"""A simulator of 金蝶云星空 that speaks its WebAPI (vendor document kingdee-galaxy, section 16)."""
