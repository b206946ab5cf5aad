"""What bytes mean, sans-I/O."""
