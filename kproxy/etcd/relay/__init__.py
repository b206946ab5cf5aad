"""The relay between an api-server and its etcd: bytes go on unchanged, calls are read off them (docs/etcd-relay.md)."""
