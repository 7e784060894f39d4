"""What only servers need: preparing the databases and the namespace, and telling whether a worker is well."""
