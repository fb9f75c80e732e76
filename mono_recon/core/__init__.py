"""From records to observations and timelines: pure functions over frames."""
