"""The only home of SQLAlchemy: a recording's schema, its writer, its readers and its text form."""
