"""The first counts, once the triggers of 0004 are there for everybody: what they have missed is what was there before.

Counting and adding are one statement, so nothing that is written meanwhile is missed or counted twice, and nobody waits.
"""

from django.db import migrations

FIRST_COUNTS = """
    INSERT INTO customers_customertally (organization_id, account_type, count)
    SELECT organization_id, account_type, sum(actual) - sum(kept) FROM (
        SELECT organization_id, account_type, count(*) AS actual, 0 AS kept FROM customers_customer GROUP BY 1, 2
        UNION ALL
        SELECT organization_id, account_type, 0, sum(count) FROM customers_customertally GROUP BY 1, 2
    ) AS counts
    GROUP BY 1, 2 HAVING sum(actual) <> sum(kept)
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_tallies")]
    operations = [migrations.RunSQL(FIRST_COUNTS, "DELETE FROM customers_customertally")]
