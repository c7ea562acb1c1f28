// SPDX-License-Identifier: Apache-2.0
#include "module.hpp"

PYBIND11_MODULE(_core, m) {
    using namespace offerkit::python;
    m.doc() = "The part of offerkit that is written in C++. Import offerkit instead.";
    bind_core(m);
    bind_resources(m);
    bind_model(m);
    bind_policy(m);
    bind_replies(m);
    bind_run(m);
    bind_sim(m);
}
