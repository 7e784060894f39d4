"""金蝶云星空 Kingdee Cloud Galaxy (K/3 Cloud WebAPI). Sections named in this package are those of its wire contract."""
