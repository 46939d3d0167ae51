"""The upload page, its batches, and the progress of each file."""
