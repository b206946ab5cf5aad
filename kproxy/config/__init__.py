"""Kubeconfigs and what they say about an api-server: who it is, how to trust it, as whom to speak to it."""
