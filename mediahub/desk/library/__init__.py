"""The library's grid, the image's page, tags, versions, crops and publishing."""
