import uuid

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import mediahub.library.models.images
import mediahub.library.models.saved_searches
import mediahub.library.models.search_entries
from mediahub.library.search import schema


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
            ],
            options={
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Collection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("description", models.TextField(blank=True, max_length=500, verbose_name="description")),
                ("path", models.CharField(db_index=True, editable=False, max_length=64)),
                ("restricted", models.BooleanField(default=False, editable=False, verbose_name="restricted to groups")),
                ("groups", models.ManyToManyField(blank=True, related_name="collections", to="auth.group")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="library.collection",
                    ),
                ),
            ],
            options={
                "verbose_name": "collection",
                "verbose_name_plural": "collections",
                "ordering": ["name"],
                "permissions": [
                    ("restrict_collection", "Can restrict collections to groups"),
                    ("see_every_collection", "Can see all collections, including restricted ones"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Audience",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("gates", models.ManyToManyField(related_name="audiences", to="library.collection")),
            ],
            options={
                "verbose_name": "audience",
                "verbose_name_plural": "audiences",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=300, verbose_name="title")),
                ("alt_text", models.CharField(blank=True, max_length=1000, verbose_name="alt text")),
                ("caption", models.TextField(blank=True, db_default="", max_length=10000, verbose_name="caption")),
                ("credit", models.CharField(blank=True, max_length=500, verbose_name="credit")),
                (
                    "copyright",
                    models.CharField(blank=True, db_default="", max_length=500, verbose_name="copyright notice"),
                ),
                ("license", models.CharField(blank=True, db_default="", max_length=500, verbose_name="license")),
                (
                    "license_url",
                    models.CharField(
                        blank=True,
                        db_default="",
                        max_length=500,
                        validators=[django.core.validators.URLValidator(schemes=["http", "https"])],
                        verbose_name="address of the license",
                    ),
                ),
                (
                    "rights_until",
                    models.DateField(blank=True, db_index=True, null=True, verbose_name="rights valid until"),
                ),
                ("file_name", models.CharField(max_length=255, verbose_name="file name")),
                (
                    "state",
                    models.CharField(
                        choices=[("in_review", "in review"), ("published", "published"), ("archived", "archived")],
                        db_index=True,
                        default="in_review",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("format", models.CharField(max_length=8, verbose_name="format")),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("bytes", models.PositiveBigIntegerField(verbose_name="bytes")),
                ("sha256", models.CharField(db_index=True, max_length=64, verbose_name="SHA-256")),
                ("taken_at", models.DateTimeField(blank=True, null=True, verbose_name="date taken")),
                ("taken_offset", models.SmallIntegerField(editable=False, null=True)),
                ("taken_guessed", models.BooleanField(db_default=False, default=False, editable=False)),
                ("taken_day_only", models.BooleanField(db_default=False, default=False, editable=False)),
                ("taken_day", models.DateField(db_index=True, editable=False, null=True, verbose_name="day taken")),
                ("camera", models.CharField(blank=True, max_length=200, verbose_name="camera")),
                ("latitude", models.FloatField(blank=True, null=True, verbose_name="latitude")),
                ("longitude", models.FloatField(blank=True, null=True, verbose_name="longitude")),
                (
                    "creators",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value([], models.JSONField()),
                        default=list,
                        editable=False,
                        verbose_name="creators",
                    ),
                ),
                (
                    "extended_description",
                    models.TextField(blank=True, db_default="", editable=False, verbose_name="extended description"),
                ),
                (
                    "digital_source_type",
                    models.CharField(
                        blank=True, db_default="", editable=False, max_length=200, verbose_name="digital source type"
                    ),
                ),
                (
                    "data_mining",
                    models.CharField(
                        blank=True, db_default="", editable=False, max_length=200, verbose_name="data mining"
                    ),
                ),
                (
                    "content_credentials",
                    models.BooleanField(
                        db_default=False, default=False, editable=False, verbose_name="Content Credentials"
                    ),
                ),
                ("placeholder", models.TextField(blank=True, editable=False, verbose_name="placeholder")),
                ("fingerprint", models.CharField(blank=True, db_default="", editable=False, max_length=22)),
                (
                    "colors",
                    models.CharField(blank=True, db_default="", editable=False, max_length=100, verbose_name="colors"),
                ),
                ("notes", models.JSONField(blank=True, default=list, verbose_name="notes")),
                (
                    "moderation",
                    models.JSONField(
                        blank=True, db_default=models.Value([], models.JSONField()), default=list, verbose_name="flags"
                    ),
                ),
                ("moderation_checked", models.CharField(blank=True, db_default="", editable=False, max_length=64)),
                ("moderation_seen_at", models.DateTimeField(blank=True, null=True, verbose_name="flags reviewed")),
                ("focal_x", models.FloatField(blank=True, null=True, verbose_name="focal point, horizontal")),
                ("focal_y", models.FloatField(blank=True, null=True, verbose_name="focal point, vertical")),
                ("proposed_x", models.FloatField(db_default=0.5, default=0.5, editable=False)),
                ("proposed_y", models.FloatField(db_default=0.5, default=0.5, editable=False)),
                ("cut_x", models.FloatField(editable=False, null=True)),
                ("cut_y", models.FloatField(editable=False, null=True)),
                (
                    "embedded",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        verbose_name="embedded metadata",
                    ),
                ),
                (
                    "label_state",
                    models.CharField(
                        choices=[
                            ("done", "labeled"),
                            ("not_analyzable", "cannot be analyzed"),
                            ("unavailable", "labels unavailable"),
                            ("off", "labels turned off"),
                        ],
                        default="off",
                        max_length=16,
                        verbose_name="labels",
                    ),
                ),
                ("label_note", models.JSONField(blank=True, default=dict, verbose_name="note about labels")),
                ("label_source", models.CharField(blank=True, max_length=16, verbose_name="label source")),
                ("label_model", models.CharField(blank=True, max_length=64, verbose_name="label model")),
                ("label_raw", models.JSONField(blank=True, default=dict, verbose_name="raw labels")),
                ("labeled_at", models.DateTimeField(blank=True, db_index=True, null=True, verbose_name="labeled")),
                (
                    "audience",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="images",
                        to="library.audience",
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1, verbose_name="revision")),
                ("mirrored_revision", models.PositiveIntegerField(default=0, verbose_name="mirrored revision")),
                (
                    "deleted_at",
                    models.DateTimeField(blank=True, db_index=True, null=True, verbose_name="original deleted"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
            ],
            options={
                "verbose_name": "image",
                "verbose_name_plural": "images",
                "ordering": ["-created_at", "id"],
                "permissions": [
                    ("publish_image", "Can publish and archive images"),
                    ("replace_image", "Can replace the file of images and restore earlier versions"),
                    ("download_original", "Can download the original files of images"),
                ],
                "indexes": [
                    models.Index(fields=["-created_at", "id"], name="image_newest"),
                    models.Index(fields=["-updated_at"], name="image_changed"),
                    models.Index(fields=["-bytes", "id"], name="image_largest"),
                    models.Index(
                        condition=models.Q(("mirrored_revision__lt", models.F("revision"))),
                        fields=["id"],
                        name="image_unmirrored",
                    ),
                    models.Index(
                        condition=models.Q(
                            models.Q(("cut_x__isnull", False), ("focal_x__isnull", False), _connector="OR"),
                            models.Q(
                                ("cut_x", django.db.models.functions.comparison.Coalesce("focal_x", "proposed_x")),
                                ("cut_y", django.db.models.functions.comparison.Coalesce("focal_y", "proposed_y")),
                                _negated=True,
                            ),
                        ),
                        fields=["id"],
                        name="image_uncut",
                    ),
                    models.Index(
                        condition=models.Q(("audience__isnull", False)), fields=["audience"], name="image_hidden"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FingerprintPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.PositiveIntegerField(db_index=True)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="bands", to="library.image"
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a fingerprint",
                "verbose_name_plural": "parts of fingerprints",
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="added")),
                ("created_key", mediahub.library.models.images.CreatedKeyField(editable=False)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="library.collection"
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="library.image"
                    ),
                ),
            ],
            options={
                "verbose_name": "image in a collection",
                "verbose_name_plural": "images in collections",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="collection",
            name="images",
            field=models.ManyToManyField(related_name="collections", through="library.Membership", to="library.image"),
        ),
        migrations.CreateModel(
            name="Rendition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=32, verbose_name="name")),
                (
                    "mode",
                    models.CharField(
                        choices=[("fit", "whole picture"), ("crop", "crop")], max_length=4, verbose_name="mode"
                    ),
                ),
                ("format", models.CharField(max_length=8, verbose_name="format")),
                ("key", models.CharField(db_index=True, max_length=255, verbose_name="key")),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("bytes", models.PositiveIntegerField(verbose_name="bytes")),
                ("content_type", models.CharField(max_length=32, verbose_name="content type")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("recipe", models.CharField(blank=True, db_default="", default="", editable=False, max_length=16)),
                (
                    "original_hash",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=16),
                ),
                ("seen", models.PositiveBigIntegerField(editable=False, null=True)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="renditions", to="library.image"
                    ),
                ),
            ],
            options={
                "verbose_name": "rendition",
                "verbose_name_plural": "renditions",
                "ordering": ["image", "-width", "name", "-format"],
            },
        ),
        migrations.CreateModel(
            name="SavedSearch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                ("query", models.CharField(max_length=1000, verbose_name="query")),
                ("shared", models.BooleanField(default=False, verbose_name="visible to everyone")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=mediahub.library.models.saved_searches.leave_to_everybody,
                        related_name="saved_searches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "saved search",
                "verbose_name_plural": "saved searches",
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("title", mediahub.library.models.search_entries.WordsField()),
                ("tags", mediahub.library.models.search_entries.WordsField()),
                ("credit", mediahub.library.models.search_entries.WordsField()),
                ("file", mediahub.library.models.search_entries.WordsField()),
                ("text", mediahub.library.models.search_entries.WordsField()),
                ("title_key", models.CharField(max_length=200)),
                ("file_key", models.CharField(max_length=200)),
                ("taken_key", models.DateTimeField()),
                ("created_key", models.DateTimeField()),
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_entry",
                        to="library.image",
                    ),
                ),
            ],
            options={
                "verbose_name": "search entry",
                "verbose_name_plural": "search entries",
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["title_key", "image"], name="search_by_title"),
                    models.Index(fields=["file_key", "image"], name="search_by_file"),
                    models.Index(fields=["-taken_key", "image"], name="search_by_date_taken"),
                    models.Index(fields=["-created_key", "image"], name="search_by_newest"),
                ],
            },
        ),
        migrations.RunPython(schema.create_index, schema.drop_index),
        migrations.CreateModel(
            name="KnownWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(max_length=60, unique=True)),
                ("reversed", models.CharField(db_index=True, max_length=60)),
            ],
            options={
                "verbose_name": "known word",
                "verbose_name_plural": "known words",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="SimilarPair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("distance", models.PositiveSmallIntegerField(verbose_name="distance")),
                ("different_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed as different")),
                (
                    "different_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="library.image"
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="library.image"
                    ),
                ),
            ],
            options={
                "verbose_name": "similarity",
                "verbose_name_plural": "similarities",
            },
        ),
        migrations.CreateModel(
            name="Synonym",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(max_length=100, unique=True, verbose_name="word")),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="synonyms", to="library.tag"
                    ),
                ),
            ],
            options={
                "verbose_name": "synonym",
                "verbose_name_plural": "synonyms",
                "ordering": ["word"],
            },
        ),
        migrations.CreateModel(
            name="LabelRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("label", models.CharField(max_length=100, unique=True, verbose_name="label")),
                (
                    "tag",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="labels",
                        to="library.tag",
                    ),
                ),
            ],
            options={
                "verbose_name": "label rule",
                "verbose_name_plural": "label rules",
                "ordering": ["label"],
            },
        ),
        migrations.CreateModel(
            name="Tagging",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("rekognition", "recognized by Rekognition"),
                            ("measured", "measured"),
                            ("recorded", "recorded answer"),
                            ("editor", "added by an editor"),
                            ("file", "from the file"),
                        ],
                        max_length=16,
                        verbose_name="source",
                    ),
                ),
                ("confidence", models.FloatField(blank=True, null=True, verbose_name="confidence")),
                ("boxes", models.JSONField(blank=True, default=list, verbose_name="boxes")),
                (
                    "state",
                    models.CharField(
                        choices=[("suggested", "suggested"), ("accepted", "accepted"), ("rejected", "rejected")],
                        db_index=True,
                        default="suggested",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("reviewed_at", models.DateTimeField(blank=True, null=True, verbose_name="reviewed")),
                ("created_key", mediahub.library.models.images.CreatedKeyField(editable=False)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="taggings", to="library.image"
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="taggings", to="library.tag"
                    ),
                ),
            ],
            options={
                "verbose_name": "tagging",
                "verbose_name_plural": "taggings",
                "ordering": [models.OrderBy(models.F("confidence"), descending=True, nulls_first=True), "tag__name"],
                "permissions": [("review_tagging", "Can accept, reject and add tags")],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("key", models.CharField(max_length=1024, verbose_name="key")),
                ("version_id", models.CharField(blank=True, max_length=1024, verbose_name="version in the bucket")),
                ("facts", models.JSONField(default=dict, verbose_name="file details")),
                ("files", models.JSONField(default=list, verbose_name="renditions")),
                ("rendition_bytes", models.PositiveBigIntegerField(default=0, editable=False)),
                ("current", models.BooleanField(default=True, verbose_name="in use")),
                ("waiting", models.BooleanField(db_default=False, default=False, verbose_name="waiting")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="received")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="library.image"
                    ),
                ),
            ],
            options={
                "verbose_name": "version",
                "verbose_name_plural": "versions",
                "ordering": ["image", "-number"],
            },
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["collection", "-at", "-id"], name="membership_newest"),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["collection", "-created_key", "image"], name="membership_by_image"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("collection", "image"), name="one_membership_a_collection"),
        ),
        migrations.AddConstraint(
            model_name="collection",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"), models.F("parent"), name="one_collection_a_name_below"
            ),
        ),
        migrations.AddConstraint(
            model_name="collection",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"),
                condition=models.Q(("parent", None)),
                name="one_collection_a_name_on_top",
            ),
        ),
        migrations.AddConstraint(
            model_name="rendition",
            constraint=models.UniqueConstraint(
                fields=("image", "name", "format"), name="one_rendition_a_name_and_format"
            ),
        ),
        migrations.AddConstraint(
            model_name="savedsearch",
            constraint=models.UniqueConstraint(fields=("owner", "name"), name="one_saved_search_a_name"),
        ),
        migrations.AddConstraint(
            model_name="similarpair",
            constraint=models.UniqueConstraint(fields=("first", "second"), name="one_similar_pair"),
        ),
        migrations.AddIndex(
            model_name="tagging",
            index=models.Index(fields=["tag", "state"], name="tagging_by_tag"),
        ),
        migrations.AddIndex(
            model_name="tagging",
            index=models.Index(fields=["tag", "-created_key", "image", "state"], name="tagging_newest"),
        ),
        migrations.AddConstraint(
            model_name="tagging",
            constraint=models.UniqueConstraint(fields=("image", "tag"), name="one_tagging_a_tag"),
        ),
        migrations.AddIndex(
            model_name="version",
            index=models.Index(condition=models.Q(("waiting", True)), fields=["image"], name="version_waiting"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(fields=("image", "number"), name="one_version_a_number"),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(
                condition=models.Q(("current", True)), fields=("image",), name="one_current_version"
            ),
        ),
        migrations.CreateModel(
            name="FigureRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16, unique=True)),
                ("after", models.BigIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "round of counting",
                "verbose_name_plural": "rounds of counting",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="CollectionFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("images", models.PositiveIntegerField(default=0)),
                (
                    "collection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="figures", to="library.collection"
                    ),
                ),
            ],
            options={
                "verbose_name": "figures of a collection",
                "verbose_name_plural": "figures of collections",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="TagFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("accepted", models.PositiveIntegerField(default=0)),
                ("suggested", models.PositiveIntegerField(default=0)),
                (
                    "audience",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="library.audience"),
                ),
                (
                    "tag",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="figures", to="library.tag"
                    ),
                ),
            ],
            options={
                "verbose_name": "figures of a tag",
                "verbose_name_plural": "figures of tags",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ImageFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("part", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("in_review", "in review"), ("published", "published"), ("archived", "archived")],
                        max_length=16,
                    ),
                ),
                ("deleted", models.BooleanField()),
                ("images", models.PositiveIntegerField(default=0)),
                ("without_alt_text", models.PositiveIntegerField(default=0)),
                ("month", models.DateField()),
                ("created", models.PositiveIntegerField(default=0)),
                ("labeled", models.PositiveIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("rendition_bytes", models.PositiveBigIntegerField(default=0)),
                ("earlier_bytes", models.PositiveBigIntegerField(default=0)),
                (
                    "audience",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="library.audience"),
                ),
            ],
            options={
                "verbose_name": "figures of images",
                "verbose_name_plural": "figures of images",
                "default_permissions": (),
                "indexes": [models.Index(fields=["part"], name="image_figures_by_part")],
            },
        ),
        migrations.CreateModel(
            name="Purge",
            fields=[
                (
                    "image_id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="image"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="time")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("sha256", models.CharField(blank=True, max_length=64, verbose_name="SHA-256")),
                ("keys", models.JSONField(default=list, editable=False)),
                ("downloads", models.JSONField(default=list, editable=False)),
                ("settles_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("erased_at", models.DateTimeField(blank=True, null=True, verbose_name="files erased")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "erased image",
                "verbose_name_plural": "erased images",
                "ordering": ["-at", "image_id"],
                "permissions": [("purge_image", "Can erase images for good")],
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["settles_at"],
                        name="purge_unfinished",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PurgedUpload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "purge",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="library.purge",
                    ),
                ),
            ],
            options={
                "verbose_name": "erased upload",
                "verbose_name_plural": "erased uploads",
                "default_permissions": (),
            },
        ),
    ]
