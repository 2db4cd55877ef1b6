"""How the shape of an array stands in an annotation: `x: Float[Tensor, "M n_pixels"]`.

A name is a size, the same wherever it stands in one call, results included. `*batch` is any number
of dimensions, `1` a size, `_` a size that is not said, and "" a 0-d tensor.

For whoever uses vaelib, and for its own rules, the annotation is the array's type and nothing else.
The tests look at the shapes in every call (`tests/shapes.py`, with jaxtyping and beartype).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["Bool", "Float", "Int"]

if TYPE_CHECKING:
    # As jaxtyping does, which a user's type checker need not find.
    from typing import Annotated as Bool
    from typing import Annotated as Float
    from typing import Annotated as Int
else:

    class _Inert:
        def __class_getitem__(cls, array_and_shape: tuple[Any, str]) -> Any:
            return array_and_shape[0]

    Bool = Float = Int = _Inert
