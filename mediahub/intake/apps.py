from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "mediahub.intake"
