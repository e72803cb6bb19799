"""The Django project. Celery's app is loaded with it so that shared tasks find their broker in every process."""

from mes.celery import app as celery_app

__all__ = ["celery_app"]
