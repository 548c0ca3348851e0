"""Customers and organizations in the admin; both stand here, where keys, customers and their counts are known."""

from customers.staff.customers import CustomerAdmin
from customers.staff.organizations import TenantAdmin

__all__ = ["CustomerAdmin", "TenantAdmin"]
