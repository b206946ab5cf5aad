"""How right the grounds are that need no relay: scored against those that have one."""
