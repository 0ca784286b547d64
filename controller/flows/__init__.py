"""A hand-off's cloud flow: its definition, and the places that it names."""
