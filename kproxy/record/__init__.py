"""The recorder process: the hand-off's other end, redaction before storage, etcd's watch."""
