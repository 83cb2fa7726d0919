"""The vector data plane: numpy over whole flows, one link after the other."""

from overlaysim.planes.vector.plane import VectorPlane

__all__ = ["VectorPlane"]
