"""An object's fields: their paths (as in managedFields), their managers, what differs between two versions. Pure."""
