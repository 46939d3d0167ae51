"""Edits that bring findings back, one by one, each by the number of the finding in the table."""

from tests.findings import PlantedFinding
from tests.findings.plants import deployment, images, jail, sign_in, texts, uploads

PLANTS: list[PlantedFinding] = sorted(
    (*deployment.PLANTS, *images.PLANTS, *jail.PLANTS, *sign_in.PLANTS, *texts.PLANTS, *uploads.PLANTS),
    key=lambda plant: plant.number,
)
