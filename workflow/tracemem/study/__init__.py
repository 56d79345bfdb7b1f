"""The study as a whole, before it runs: what is asked of it, what is wrong with it, what it costs."""
