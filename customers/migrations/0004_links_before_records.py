"""What a deleted customer was answered goes links first: below row-level security a link is seen through its record.

A function is replaced in one step, and locks no table."""

from django.db import migrations

POSTGRESQL = """
CREATE OR REPLACE FUNCTION customers_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    customer customers_customer := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    moment timestamptz := date_trunc('milliseconds', clock_timestamp());
    records bigint[];
BEGIN
    INSERT INTO customers_customerchange (organization_id, customer_id, type, occurred_at)
    VALUES (customer.organization_id, customer.id, TG_ARGV[0], moment);
    IF TG_OP = 'DELETE' THEN
        INSERT INTO customers_tombstone (id, organization_id, created_at, deleted_at)
        VALUES (customer.id, customer.organization_id, customer.created_at, moment);
        records := ARRAY(SELECT record_id FROM customers_idempotencylink AS mine WHERE mine.customer_id = customer.id);
        DELETE FROM customers_idempotencylink AS link WHERE link.record_id = ANY (records);
        DELETE FROM customers_idempotencyrecord AS record WHERE record.id = ANY (records);
    END IF;
    RETURN NULL;
END $$;
"""


def lay(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_triggers")]
    operations = [migrations.RunPython(lay, migrations.RunPython.noop)]
