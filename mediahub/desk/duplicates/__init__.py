"""Images that are there twice or look alike."""
