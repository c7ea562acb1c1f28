// SPDX-License-Identifier: Apache-2.0
#pragma once

/// An allocation policy written in Python, behind the same interface as one in C++.

#include <offerkit/allocation/allocator.hpp>

#include <pybind11/pybind11.h>

#include <functional>
#include <memory>
#include <optional>

namespace offerkit::python {

namespace py = pybind11;

/// What a hook raised first, for whoever drives the cycle: the cycle itself only keeps its text.
struct PolicyFailure {
    std::optional<py::error_already_set> error;
};

/// Makes an allocator for each start of a master: of `policy`'s class a new instance, or of an
/// instance that one. Raises `Refusal` for a policy without `rank`, or whose hooks contradict.
[[nodiscard]] std::function<std::unique_ptr<Allocator>()> allocators_of(
    const py::object& policy, std::shared_ptr<PolicyFailure> failure);

}  // namespace offerkit::python
