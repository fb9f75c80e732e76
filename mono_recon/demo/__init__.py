"""A synthetic archive with labelled faults.

Here belongs an invented company's fortnight at Mono: what truly happened, what each channel tells of it,
and which faults were put in, with the breaks that must be found. Nothing here knows the reconciler: the
truth is what was injected, never what was computed from it.
"""
