"""One file for each measurement: what it sets up, what it compares, and which figures come of it."""
