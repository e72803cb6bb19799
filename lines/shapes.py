"""Shapes of the API's documentation that every app uses."""

from typing import Any

from rest_framework import serializers


class Shape(serializers.Serializer[Any]):
    """Documentation only."""


class BothLanguages(Shape):
    en = serializers.CharField()
    ja = serializers.CharField()


class CodeShape(Shape):
    """A stable code: what happened and what to do."""

    code = serializers.CharField()
    what = BothLanguages()
    cure = BothLanguages()
    detail = serializers.CharField(allow_blank=True)


class ErrorShape(CodeShape):
    items = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="MES-L-0219: what is wrong with each unit."
    )
    retry_after_s = serializers.IntegerField(required=False, help_text="MES-L-0218: as in the header Retry-After.")
