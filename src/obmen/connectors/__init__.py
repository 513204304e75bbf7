"""One folder per vendor, all of the same shape."""
