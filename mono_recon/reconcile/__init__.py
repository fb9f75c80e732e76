"""From what was known to what is reported: pure functions over frames."""
