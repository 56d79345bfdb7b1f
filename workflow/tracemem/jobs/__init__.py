"""What every job shares: its log, its files at rest, its tables, the digest of its code."""
