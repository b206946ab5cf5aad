"""What was seen on its way to the recorder: numbered, packed, kept until it is committed."""
