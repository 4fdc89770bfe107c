"""Storage outside the warehouse: places, and the objects in them.

Imports nothing of the project: flows write landing files with it, the embedded warehouse reads its external stages.
"""

from deployments.storage.objects import Storage, StorageError, StoredObject
from deployments.storage.place import Place

__all__ = ["Place", "Storage", "StorageError", "StoredObject"]
