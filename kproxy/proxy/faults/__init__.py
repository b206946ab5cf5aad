"""What goes wrong on purpose (--fault)."""
