"""Measurements that are not tests: `make bench PHOTOS=<folder>`."""
