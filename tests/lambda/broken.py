"""A function that cannot be loaded."""

print("about to fail")
raise ValueError("no table")
