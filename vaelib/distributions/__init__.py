"""The distributions of section 2.4, and how each is drawn from noise without parameters."""
