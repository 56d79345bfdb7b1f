"""A generated closed world: its corpus, tasks about it, and the truth behind both.

``generator`` writes it; what is asked of it are the settings of :mod:`tracemem.settings.world`.
"""
