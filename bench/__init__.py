"""Measurements, each a command: how right the reconciliation is, and how long its parts take beside a peer."""
