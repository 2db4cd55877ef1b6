"""What explorers and pages of the book load."""
