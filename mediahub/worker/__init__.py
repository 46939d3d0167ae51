"""The worker: what runs without a person, from the Lambda entry to the clock."""
