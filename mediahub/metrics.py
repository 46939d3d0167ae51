"""Counts for the operator's alarms: CloudWatch reads them from the log, in its Embedded Metric Format."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from django.conf import settings

NAMESPACE = "MediaHub"


def report(counts: Mapping[str, int]) -> None:
    """Write one line with all counts; the local site has its log instead.

    Source: "Specification: Embedded metric format", Amazon CloudWatch user guide.
    """
    if settings.LOCAL or not counts:
        return
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=settings.STAGE)
    for name, count in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    metrics.flush_metrics()
