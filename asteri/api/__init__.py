"""What every public resource shares, knowing none of them."""

CONTRACT_VERSION = "2026-03-23.preview"
