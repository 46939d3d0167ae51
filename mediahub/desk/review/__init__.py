"""The review, one image after the other."""
