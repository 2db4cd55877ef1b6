"""Where a number comes from, and devices that are not there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from companion.runs import rounding
from companion.runs.provenance import check_device, environment, installed_versions
from vaelib.errors import UserError


def test_environment_names_what_changes_bits() -> None:
    found = environment(device="cpu")
    assert found["torch"] == torch.__version__
    assert found["threads"] == torch.get_num_threads()
    assert found["numpy"] == np.__version__
    assert found["rounding"] == rounding.here("cpu")
    assert found["device"] == "cpu"


def test_cpu_is_there() -> None:
    assert check_device("cpu") == "cpu"


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("gpu", "device 'gpu' is not known"),
        ("meta", "device 'meta' is not supported"),
        ("cuda:99", "device 'cuda:99' is not there"),
    ],
)
def test_other_devices_are_refused_in_one_sentence(device: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        check_device(device)
    assert "\n" not in str(caught.value)


def test_a_device_that_is_no_name_is_named() -> None:
    with pytest.raises(UserError, match=r"^device None is not known: use 'cpu' or 'cuda'$"):
        check_device(None)  # type: ignore[arg-type]


def test_a_package_that_is_not_installed_is_told() -> None:
    assert installed_versions(["numpy", "no-such-package"]) == {
        "numpy": np.__version__,
        "no-such-package": "not installed",
    }
