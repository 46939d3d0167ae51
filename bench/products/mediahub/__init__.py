"""MediaHub on the local AWS, with renditions in JPEG alone as the other products make, or with its defaults."""
