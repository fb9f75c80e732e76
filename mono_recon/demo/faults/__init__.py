"""Faults that can be put into the invented world, one small function each.

Here belong the stories that break one rule of reconciliation apiece, the near misses beside them that
break none, and the list of all. A fault lives in transfers of its own, so that it causes exactly the
breaks it promises.
"""
