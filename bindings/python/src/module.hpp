// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The parts of the extension, one unit per floor. Each adds its names to the module; the order is
/// that of the floors, because a signature may only name what is bound already.

#include <pybind11/pybind11.h>

namespace offerkit::python {

void bind_core(pybind11::module_& m);
void bind_resources(pybind11::module_& m);
void bind_model(pybind11::module_& m);
void bind_policy(pybind11::module_& m);
void bind_replies(pybind11::module_& m);
void bind_run(pybind11::module_& m);
void bind_sim(pybind11::module_& m);

}  // namespace offerkit::python
