"""聚水潭 Jushuitan open platform. Sections named in this package are those of its wire contract."""
