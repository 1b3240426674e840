"""The metadata servers of the clouds: what a machine learns about itself, and its credentials."""
