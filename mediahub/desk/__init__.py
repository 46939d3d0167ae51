"""The desk: the editors' site, by feature."""
