"""The nouns: frozen dataclasses, no I/O, no knowledge of where their values come from."""
