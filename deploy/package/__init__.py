"""The package that Lambda runs: wheels, static files and certificates, built and inspected."""
