"""The contracts of all tables."""
