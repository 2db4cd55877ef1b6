"""The same updates as the plain algorithms', at the speed of their matrix products."""
