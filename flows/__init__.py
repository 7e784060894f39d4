"""One file per flow: where its documents come from, what decides their fate, and the field table of the target bill."""
