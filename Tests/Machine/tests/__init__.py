"""Tests of the machine, and of the bootstrap in it."""
