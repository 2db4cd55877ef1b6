"""Your own data and your own networks: read, looked at, trained like any run, and reported on."""
