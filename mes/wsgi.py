"""WSGI entry: pages and API."""

import gc
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")
if settings.SECRET_KEY.startswith(("insecure", "change-me")):
    raise ImproperlyConfigured("Set DENCHI_SECRET_KEY to 50 random characters: sessions are signed by it.")
application = get_wsgi_application()
# Everything is loaded before the first machine asks; and never looked through for garbage again, which takes 70 to
# 130 ms in the middle of an answer.
get_resolver().url_patterns  # noqa: B018 - reading it loads them
gc.collect()
gc.freeze()
