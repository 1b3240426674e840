"""Teaches a small network to read handwritten digits."""
