"""A simulated 1C:Enterprise: it writes exchange files from the seeded world and carries them to a site.

It shares no code with the reader of such files, so a common mistake cannot hide.
"""
