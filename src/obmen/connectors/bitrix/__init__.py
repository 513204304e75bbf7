"""The 1C-Bitrix shop."""
