"""From tables of scores to figures, findings and the page that holds both."""
