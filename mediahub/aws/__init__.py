"""Clients, queues, the mirror's table, secrets and metrics: the one place that speaks to AWS for the apps."""
