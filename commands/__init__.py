"""The commands of `kingpost`, one file for each thing they are about."""
