"""Models: engines that run them, how text becomes their tokens, the ladder that is trained here."""
