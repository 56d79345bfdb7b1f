"""Task-gram pairs: n-grams of an input and of its target that mean the same."""
