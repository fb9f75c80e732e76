"""Stories that come as close to a break as can be: a centavo, a microsecond, a letter, a business day.

Here belong the near misses, by family. Most are told twice, up to the edge and one step beyond; what is
told beyond the edge is a fault and promises its break.
"""
