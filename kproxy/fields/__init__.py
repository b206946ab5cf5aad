"""An object's fields: their paths as managedFields has them, their managers, what differs between two objects. Pure."""
