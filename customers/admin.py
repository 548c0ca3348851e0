"""Customers and organizations in the admin; both stand here, where keys, customers and their counts are known."""

from customers.staff.customers import CustomerAdmin

__all__ = ["CustomerAdmin"]
