"""Indexes for the admin's lists of keys and the API's, made while the table is in use."""

from django.db import migrations, models

from asteri.indexes import AddIndexInUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("apikeys", "0001_initial")]
    operations = [
        AddIndexInUse(
            model_name="apikey",
            index=models.Index(fields=["-created_at", "-id"], name="api_keys_newest"),
        ),
        AddIndexInUse(
            model_name="apikey",
            index=models.Index(fields=["organization", "-created_at", "-id"], name="api_keys_newest_of_one"),
        ),
        AddIndexInUse(
            model_name="apikey",
            index=models.Index(
                fields=["expires_at", "id"], condition=models.Q(("revoked_at", None)), name="api_keys_by_expiry"
            ),
        ),
    ]
