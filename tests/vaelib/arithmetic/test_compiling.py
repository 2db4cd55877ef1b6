"""A compiled function is the function; where nothing can be compiled, that is said."""

from __future__ import annotations

import pytest
import torch

from vaelib.arithmetic import compiling
from vaelib.errors import UserError


@pytest.mark.skipif(not compiling.is_available(), reason="there is no C++ compiler")
def test_it_computes_the_same() -> None:
    x = torch.linspace(-2.0, 2.0, 50)
    function = compiling.compiled(lambda x: (x.sin() * x.exp()).cumsum(0))
    torch.testing.assert_close(function(x), (x.sin() * x.exp()).cumsum(0))


@pytest.mark.skipif(not compiling.is_available(), reason="there is no C++ compiler")
def test_a_process_compiles_as_many_steps_as_it_trains_models() -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        return 2.0 * x

    for size in range(2, 3 + torch._dynamo.config.recompile_limit):
        x = torch.ones(size)
        torch.testing.assert_close(compiling.compiled(double)(x), 2.0 * x)


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "is_available", lambda: False)
    with pytest.raises(UserError, match="install a C\\+\\+ compiler"):
        compiling.compiled(torch.sin)


def test_a_compiler_that_fails_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> object:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(compiling, "_compile", fail)
    compiling.is_available.cache_clear()
    assert not compiling.is_available()
    compiling.is_available.cache_clear()
