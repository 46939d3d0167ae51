"""Uploads: tickets, upload batches, and the way of one file from the bucket to an image."""
