"""Counts for the operator's alarms: CloudWatch reads them from the log, in its Embedded Metric Format."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from django.conf import settings

NAMESPACE = "MediaHub"
# Each name is paid for in every hour in which it is sent, so an alarm listens to each: what AWS counts itself, or what
# somebody looks up in the log, is none of them.
METRICS = ("failed_items", "unmirrored", "drift", "unlabelled", "duties_failing")
# Sent only when something happens that should never happen: in all other hours it costs nothing, and no alarm either.
RARE_METRICS = ("policy_violations",)


def report_counts(counts: Mapping[str, int]) -> None:
    """Write one line with those of the counts that become metrics; the local site has its log instead.

    Source: "Specification: Embedded metric format", Amazon CloudWatch user guide.
    """
    listened = {name: counts[name] for name in (*METRICS, *RARE_METRICS) if name in counts}
    if settings.LOCAL or not listened:
        return
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=settings.STAGE)
    for name, count in listened.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)
    metrics.flush_metrics()
