"""The corpus at rest: its shards, what stands in them, and how they are read."""
