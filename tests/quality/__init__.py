"""What the code is like, in figures: what tests reach, what they would notice, and how big its rooms are."""
