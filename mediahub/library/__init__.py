"""The library: images, tags, collections, versions, and what editors do with them."""
