"""Words, n-grams of them, and how often the corpus holds each."""
