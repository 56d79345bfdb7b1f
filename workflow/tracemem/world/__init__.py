"""A generated closed world: its corpus, tasks about it, and the truth behind both.

``generator`` writes it; ``settings`` imports nothing heavy, as every job reads it.
"""
