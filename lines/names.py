"""Master data carries its name in both languages; screens show the reader's."""

from django.db import models
from django.utils.translation import get_language


class Bilingual(models.Model):
    name_en = models.CharField(max_length=120)
    name_ja = models.CharField(max_length=120)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        return self.name_ja if (get_language() or "en").startswith("ja") else self.name_en
