"""Driving a recorded session against another server: plan, engine, transport, and the guard before it."""
