"""What follows from a recording and its ledger: figures, findings and the rights that a session needed."""
