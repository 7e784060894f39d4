"""A simulated 金蝶云星空·旗舰版: the wire contract of the vendor document kingdee-flagship.md, section 18."""
