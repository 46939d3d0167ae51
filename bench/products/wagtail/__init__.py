"""Wagtail with its images, as its project template sets it up."""
