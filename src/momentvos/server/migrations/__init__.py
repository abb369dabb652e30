"""Migrations of the database, run by `database.migrate`."""
