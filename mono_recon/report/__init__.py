"""Report packs: from the tables of a business date to the files that are issued.

Here belong the pack's formats, its manifest, the hash of its facts and its verification. How a table is
computed belongs to ``mono_recon.reconcile``; where packs are published, to ``mono_recon.pipeline``.
"""
