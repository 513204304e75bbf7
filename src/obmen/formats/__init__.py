"""File formats shared by several vendors."""
