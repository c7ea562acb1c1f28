// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A scheduler written in Python, as the drivers call it: the same concept as one in C++, so that
/// the runtime and the simulator cannot tell. Each handler takes the GIL first; an exception is
/// kept here, with its traceback, and raised again where Python called the driver.

#include <offerkit/framework/scheduler.hpp>

#include <pybind11/pybind11.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace offerkit::python {

namespace py = pybind11;

/// Says from another thread that a run shall end.
class Control {
public:
    void stop(bool teardown) { asked_ = teardown ? Asked::teardown : Asked::leave; }

    enum class Asked : unsigned char { nothing, leave, teardown };
    [[nodiscard]] Asked asked() const { return asked_; }

private:
    std::atomic<Asked> asked_ = Asked::nothing;
};

class PyScheduler {
public:
    /// `handlers`: name to (callable, takes replies), as offerkit/handlers.py makes it. With a
    /// `control` it is asked every so often, and so are Python's signals, which only the main
    /// thread can act on and only when it looks. `keeps_tasks`: Ctrl-C leaves the tasks running.
    explicit PyScheduler(const py::dict& handlers, const Control* control = nullptr,
                         bool keeps_tasks = false);

    void on_offers(std::span<const Offer> offers, Replies& replies);
    void on_status(const TaskStatus& status, Replies& replies);
    void on_subscribed(FrameworkId id, Replies& replies);
    void on_disconnected();
    void on_rescind(OfferId id);
    void on_agent_lost(AgentId id);
    void on_message(AgentId agent, const ExecutorId& executor, const std::string& data);
    void on_refused(const Refusal& refusal);
    void on_inverse_offer(const InverseOffer& asked, Replies& replies);
    void on_wake(Instant now, Replies& replies);
    [[nodiscard]] Instant next_wake();
    [[nodiscard]] bool is_done();

    /// Raises what a handler raised, if one did. Pre: the GIL is held.
    void raise_failure() const {
        if (failure_) throw py::error_already_set(*failure_);
    }
    [[nodiscard]] bool has_failed() const { return failure_.has_value(); }

private:
    enum Handler : std::size_t {
        offer,
        offers,
        status,
        subscribed,
        disconnected,
        rescind,
        agent_lost,
        message,
        refused,
        inverse_offer,
        wake,
        wake_time,
        done,
        handlers_count
    };
    struct Method {
        py::object call;  // Null: the author has not got it.
        bool takes_replies = false;
    };

    template <class... Args>
    py::object call(Handler which, Replies* replies, Args&&... args);
    template <class F>
    auto guarded(F&& f);
    [[nodiscard]] bool ends_tasks() const;
    [[nodiscard]] Instant author_wake();

    std::array<Method, handlers_count> methods_;
    const Control* control_;
    bool keeps_tasks_;
    Instant looked_{-1};  // Woken last.
    std::optional<py::error_already_set> failure_;
};

}  // namespace offerkit::python
