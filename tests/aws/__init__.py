"""AWS's published rules, held offline against templates, roles, package and the calls that the code makes."""
