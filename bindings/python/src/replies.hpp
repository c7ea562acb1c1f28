// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a scheduler in Python answers with, and the `Replies` that it is lent.

#include "errors.hpp"

#include <offerkit/framework/scheduler.hpp>

#include <pybind11/pybind11.h>

#include <memory>

namespace offerkit::python {

namespace py = pybind11;

/// `Replies` as Python holds them: void once the handler that they were lent to has returned.
class LentReplies {
public:
    explicit LentReplies(Replies& replies) : replies_(&replies) {}

    void take_back() { replies_ = nullptr; }

    [[nodiscard]] Replies& value() const {
        if (replies_ == nullptr) {
            refuse(RefusalCode::conflict, "replies", "use them",
                   "the handler that they were handed to has returned",
                   "answer while it runs, or in on_wake");
        }
        return *replies_;
    }

private:
    Replies* replies_;
};

/// Raises TypeError for what is no reply. `handler` returned it.
[[nodiscard]] OfferReply reply_of(const py::object& returned, const char* handler);

}  // namespace offerkit::python
