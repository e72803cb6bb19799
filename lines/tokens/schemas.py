"""Bodies and answers of the token API for its documentation."""

from rest_framework import serializers

from lines.shapes import Shape
from lines.tokens.queries import TokenState

# By name for the documentation (ENUM_NAME_OVERRIDES in the settings).
TOKEN_STATES = TokenState.values


class TokenRequest(Shape):
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Without: it does not expire.")
    operations = serializers.ListField(
        child=serializers.CharField(max_length=24), required=False, help_text="Without: all of the station's."
    )
    certificate_sha256 = serializers.CharField(
        required=False, max_length=95, help_text="Of the client certificate it is bound to; colons may stay."
    )


class TokenShape(Shape):
    id = serializers.IntegerField()
    station = serializers.CharField()
    state = serializers.ChoiceField(choices=TOKEN_STATES)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    operations = serializers.ListField(child=serializers.CharField(), help_text="Empty: all of the station's.")
    certificate_sha256 = serializers.CharField(allow_null=True)
    made_by = serializers.CharField()
    replaces = serializers.IntegerField(allow_null=True)


class NewTokenShape(TokenShape):
    token = serializers.CharField(help_text="In plain text, only in this answer.")


class TokenList(Shape):
    items = TokenShape(many=True)
