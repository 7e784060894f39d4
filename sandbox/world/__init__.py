"""One shared world for all simulators: order feeds, the base data they need, and the audit of the books."""
