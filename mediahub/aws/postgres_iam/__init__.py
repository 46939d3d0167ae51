"""PostgreSQL with sign-in by IAM: no password is kept anywhere."""
