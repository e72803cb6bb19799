"""WSGI entry: pages and API."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from mes.loaded import load_and_freeze

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")
if settings.SECRET_KEY.startswith(("insecure", "change-me")):
    raise ImproperlyConfigured("Set DENCHI_SECRET_KEY to 50 random characters: sessions are signed by it.")
application = get_wsgi_application()
load_and_freeze()
