"""Dagster definitions: the only package that knows Dagster."""
