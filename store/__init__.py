"""What the product remembers: documents and their journal, mapping tables, rates, cursors, tokens.

SQLModel tables and the functions that read and write them; `store.store.Store` is the door, `store.migrate.migrate`
prepares a database. SQLite (one box) and PostgreSQL behave the same.
"""
