"""Documents turned into text, for models that take none."""
