"""A simulator of the 聚水潭 (Jushuitan) open platform, in memory."""
