"""Orders between the hub and 1C: documents out, documents back."""
