"""Keys in the admin (apikeys/staff)."""

from apikeys.staff.admin import ApiKeyAdmin

__all__ = ["ApiKeyAdmin"]
