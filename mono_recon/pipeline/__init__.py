"""What a run does, step by step, whoever starts it."""
