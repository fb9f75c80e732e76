"""What a strong engineer would write by hand in an hour, to be measured beside the program.

Each peer is a script of its own. None hashes, verifies a signature, validates, keeps an origin or a version.
"""
