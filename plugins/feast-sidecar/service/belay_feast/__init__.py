"""A small HTTP service over Feast's SDK, for belay's plugins: Feast pins versions through its SDK only.

Never decides what to restore: it tells what is there, and does one thing when the caller knows what is there.
"""

API = 1
"""The version of what it answers. It moves when an older plugin would misunderstand."""
