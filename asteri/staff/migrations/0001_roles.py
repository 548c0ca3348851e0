from django.db import migrations

from asteri.staff.roles import Role, give


def make_groups(apps, schema_editor):
    using = schema_editor.connection.alias
    groups = apps.get_model("auth", "Group").objects.using(using)
    for role in Role:
        groups.get_or_create(name=role.value)
    give(apps.get_model("auth", "Permission").objects.using(using).select_related("content_type"), groups)


class Migration(migrations.Migration):
    """Makes the roles; going back leaves them, since staff belong to them."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
