"""How a value becomes bytes, and bytes the same value again.

============================  ==========================================================
`DefaultSerializer`           MessagePack, with the Python types kept (tuples stay tuples)
`OrjsonSerializer`            JSON, for what JSON can say
`ArrowSerializer`             data frames and tables, as an Arrow IPC stream
`EncryptionWrapper`           any of these, sealed
============================  ==========================================================

Each keeps a value as it is or refuses it with `SerializationError`: none changes it silently.
Nothing third-party is imported before a serializer needs it.
"""

from cachekit._native import DefaultSerializer, EncryptionWrapper, OrjsonSerializer
from cachekit.serializers._arrow import ArrowSerializer
from cachekit.typing import Serializer

StandardSerializer = DefaultSerializer

__all__ = [
    "ArrowSerializer",
    "DefaultSerializer",
    "EncryptionWrapper",
    "OrjsonSerializer",
    "Serializer",
    "StandardSerializer",
]
