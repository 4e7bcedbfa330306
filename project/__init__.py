"""The composition root: the only package that knows every app, imported by none of them."""

from project.celery import app as celery_app

__all__ = ["celery_app"]
