"""Exchanges and key changes in, attributions and the ledger out. Pure."""
