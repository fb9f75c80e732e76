"""Stories that can be put into the invented world, one small function each.

Here belong the stage and the forms of a story, the faults, which break one rule of reconciliation apiece,
and the list of all. A fault lives in transfers of its own, so that it causes exactly the breaks it promises.
"""
