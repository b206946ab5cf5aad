"""Proves that nothing is a false alarm: recordings replayed on the same version, many times."""
