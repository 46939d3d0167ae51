"""By which recipe the renditions of an image were made, and whether they would be made otherwise now."""

from dataclasses import asdict
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Substr

from mediahub.aws import clients
from mediahub.library.models import Rendition
from processing import StoredRendition
from processing.recipe import DIGITS, compute_recipe, shorten_hash


def list_recipes() -> dict[str, str]:
    """Return the recipe of each rendition that the settings ask for, by its name."""
    return {spec.name: compute_recipe(spec) for spec in clients.get_specs()}


def build_fields(rendition: StoredRendition, sha256: str) -> dict[str, Any]:
    """Return the fields of a row for a rendition that was just made of the file with this hash."""
    recipe = list_recipes().get(rendition.name, "")
    return {**asdict(rendition), "recipe": recipe, "original_hash": shorten_hash(sha256)}


def match_stale() -> Q:
    """Return which images lack a rendition as it would be made now, or have one that is not made any more."""
    recipes = list_recipes()
    renditions = Rendition.objects.filter(image=OuterRef("pk"))
    of_this_file = renditions.filter(original_hash=Substr(OuterRef("sha256"), 1, DIGITS))
    stale = Q(Exists(renditions.exclude(name__in=recipes)))
    for name, recipe in recipes.items():
        stale |= ~Q(Exists(of_this_file.filter(name=name, recipe=recipe)))
        stale |= Q(Exists(renditions.filter(name=name).exclude(recipe=recipe)))
    return stale
