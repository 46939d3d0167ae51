"""Delivery: the mirror, public copies, and addresses for the CDN."""
