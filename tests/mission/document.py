"""What the document fixes for all its snippets."""

MASTER_KEY = "a" * 64
