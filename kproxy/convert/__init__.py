"""Recordings in other forms: the text form out and in, OpenTelemetry's traces out."""
