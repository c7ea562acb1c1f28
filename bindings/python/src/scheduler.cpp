// SPDX-License-Identifier: Apache-2.0
#include "scheduler.hpp"

#include "enums.hpp"
#include "errors.hpp"
#include "model.hpp"
#include "replies.hpp"
#include "times.hpp"

#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

namespace offerkit::python {

namespace {

constexpr const char* handler_names[] = {
    "on_offer",   "on_offers",     "on_status",  "on_subscribed", "on_disconnected",
    "on_rescind", "on_agent_lost", "on_message", "on_refused",    "on_inverse_offer",
    "on_wake",    "next_wake",     "is_done"};

/// How long Ctrl-C may take to be seen.
constexpr Duration look_every = std::chrono::milliseconds{50};
/// As the runtime: one that was woken and wants it again at once must not stop a virtual clock.
constexpr Duration wake_pause = std::chrono::milliseconds{1};

}  // namespace

static_assert(Scheduler<PyScheduler>);

PyScheduler::PyScheduler(const py::dict& handlers, const Control* control, bool keeps_tasks)
    : control_(control), keeps_tasks_(keeps_tasks) {
    for (std::size_t i = 0; i < handlers_count; ++i) {
        if (!handlers.contains(handler_names[i])) continue;
        const py::tuple entry = handlers[handler_names[i]];
        methods_[i] = {entry[0], entry[1].cast<bool>()};
    }
}

/// Whether the tasks end with a run that ends here. Ctrl-C, where the id is kept, is somebody who
/// comes back; any other failure leaves an author of whom nobody knows what it still remembers.
bool PyScheduler::ends_tasks() const {
    if (control_ != nullptr && control_->asked() != Control::Asked::nothing) {
        return control_->asked() == Control::Asked::teardown;
    }
    return !(keeps_tasks_ && failure_ && failure_->matches(PyExc_KeyboardInterrupt));
}

/// Takes the GIL, and keeps what `f` raises: the driver would only keep its text. Once a stop was
/// asked for, the author is not called any more: what it would answer comes too late, and what it
/// was not told must not count as told.
template <class F>
auto PyScheduler::guarded(F&& f) {
    const py::gil_scoped_acquire gil;
    if (control_ != nullptr && control_->asked() != Control::Asked::nothing) {
        throw runtime::StopRun{ends_tasks()};
    }
    try {
        return f();
    } catch (const py::error_already_set& error) {
        failure_ = error;
    } catch (const RefusalError& error) {
        failure_ = python_error(error);
    } catch (const py::builtin_exception& error) {
        failure_ = python_error(error);
    }
    throw runtime::StopRun{ends_tasks()};
}

/// Pre: the author has this handler, the GIL is held.
template <class... Args>
py::object PyScheduler::call(Handler which, Replies* replies, Args&&... args) {
    const Method& method = methods_[which];
    if (replies == nullptr || !method.takes_replies) {
        return method.call(std::forward<Args>(args)...);
    }
    struct Lent {
        std::shared_ptr<LentReplies> replies;
        ~Lent() { replies->take_back(); }
    } lent{std::make_shared<LentReplies>(*replies)};
    return method.call(std::forward<Args>(args)..., lent.replies);
}

void PyScheduler::on_offers(std::span<const Offer> given, Replies& replies) {
    guarded([&] {
        if (methods_[offers].call) {
            py::list list;
            for (const Offer& each : given)
                list.append(py::cast(each));
            call(offers, &replies, list);
            return;
        }
        for (const Offer& each : given)
            replies.reply(reply_of(call(offer, &replies, each), handler_names[offer]));
    });
}

void PyScheduler::on_status(const TaskStatus& given, Replies& replies) {
    guarded([&] { call(status, &replies, given); });
}

void PyScheduler::on_subscribed(FrameworkId id, Replies& replies) {
    if (methods_[subscribed].call) guarded([&] { call(subscribed, &replies, id); });
}

void PyScheduler::on_disconnected() {
    if (methods_[disconnected].call) guarded([&] { call(disconnected, nullptr); });
}

void PyScheduler::on_rescind(OfferId id) {
    if (methods_[rescind].call) guarded([&] { call(rescind, nullptr, id); });
}

void PyScheduler::on_agent_lost(AgentId id) {
    if (methods_[agent_lost].call) guarded([&] { call(agent_lost, nullptr, id); });
}

void PyScheduler::on_message(AgentId agent, const ExecutorId& executor, const std::string& data) {
    if (!methods_[message].call) return;
    guarded([&] { call(message, nullptr, agent, executor, py::bytes(data)); });
}

void PyScheduler::on_refused(const Refusal& refusal) {
    if (methods_[refused].call) guarded([&] { call(refused, nullptr, make_exception(refusal)); });
}

void PyScheduler::on_inverse_offer(const InverseOffer& asked, Replies& replies) {
    if (methods_[inverse_offer].call) guarded([&] { call(inverse_offer, &replies, asked); });
}

/// Pre: the GIL is held.
Instant PyScheduler::author_wake() {
    return methods_[wake_time].call ? read_instant(call(wake_time, nullptr)) : Instant::never();
}

Instant PyScheduler::next_wake() {
    Instant next = Instant::never();
    if (methods_[wake_time].call) next = guarded([&] { return author_wake(); });
    if (next <= looked_) next = looked_ + wake_pause;
    return control_ == nullptr ? next : std::min(next, looked_ + look_every);
}

void PyScheduler::on_wake(Instant now, Replies& replies) {
    looked_ = now;
    guarded([&] {
        if (control_ != nullptr && PyErr_CheckSignals() != 0) throw py::error_already_set();
        if (!methods_[wake].call || author_wake() > now) return;
        call(wake, &replies, seconds_of(now));
    });
}

bool PyScheduler::is_done() {
    if (!methods_[done].call) return false;
    return guarded([&] {
        const int is_true = PyObject_IsTrue(call(done, nullptr).ptr());
        if (is_true < 0) throw py::error_already_set();
        return is_true != 0;
    });
}

}  // namespace offerkit::python
