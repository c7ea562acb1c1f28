// SPDX-License-Identifier: Apache-2.0
// Floor 6 in Python: the simulated world, driving schedulers and policies of Python.

#include "errors.hpp"
#include "module.hpp"
#include "policy.hpp"
#include "resources.hpp"
#include "scheduler.hpp"
#include "times.hpp"

#include <offerkit/allocation/policies.hpp>
#include <offerkit/model/validate.hpp>
#include <offerkit/sim/world.hpp>

#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::python {

namespace {

/// Ctrl-C is looked for every so many instants: soon enough for people, too seldom to cost
/// anything.
constexpr std::uint32_t instants_between_looks = 256;

/// A world and the schedulers that live in it. What a handler or a hook raises ends the world: it
/// stopped half way through an instant.
class PyWorld {
public:
    PyWorld(std::uint64_t seed, const std::vector<AnyResources>& agents, const py::object& policy,
            bool timeline, bool checks) {
        sim::WorldOptions options;
        options.seed = seed;
        for (const AnyResources& agent : agents)
            options.agents.push_back(agent.value);
        options.timeline = timeline;
        options.checks = checks;
        if (py::isinstance<py::str>(policy)) {
            const auto name = policy.cast<std::string>();
            static_cast<void>(value_or_raise(make_allocator(name)));  // Refuses names it has not.
            options.make_allocator = [name] { return value_or_raise(make_allocator(name)); };
        } else if (!policy.is_none()) {
            options.make_allocator = allocators_of(policy, policy_failure_);
        }
        world_ = std::make_unique<sim::World>(std::move(options));
    }

    std::uint32_t add_framework(const py::dict& handlers, const std::string& name,
                                const std::vector<std::string>& roles, Seconds failover_timeout) {
        sim::World& to = resting_world();
        FrameworkInfo info;
        info.name = name;
        info.failover_timeout = failover_timeout.value;
        info.roles.clear();
        for (const std::string& role : roles)
            info.roles.push_back(value_or_raise(Role::parse(role)));
        value_or_raise(validate(info));
        schedulers_.push_back(std::make_unique<PyScheduler>(handlers));
        return to.add_framework(*schedulers_.back(), std::move(info));
    }

    void run_for(Seconds length) {
        drive([&](sim::World& world) {
            return world.run_until([&] { return is_interrupted(); }, length.value);
        });
    }

    bool run_until(const py::function& done, Seconds limit) {
        return drive([&](sim::World& world) {
            return world.run_until(
                [&] { return is_interrupted() || static_cast<bool>(py::bool_(done())); },
                limit.value);
        });
    }

    // In slices, which make the same run: this one takes no predicate. A slice in which nothing
    // happened leaves the clock where it was, so the next one is longer.
    bool run_until_idle(Seconds limit) {
        return drive([&](sim::World& world) {
            Duration left = limit.value;
            Duration slice = std::chrono::seconds{1};
            while (!is_interrupted(1)) {
                const Instant before = world.now();
                if (world.run_until_idle(std::min(slice, left))) return true;
                if (slice >= left) return false;
                const Duration passed = world.now() - before;
                left -= passed;
                if (passed == Duration{0}) slice *= 2;
            }
            return false;
        });
    }

    bool run_until_ended(Seconds limit) {
        return drive([&](sim::World& world) {
            const auto have_ended = [&] {
                for (std::uint32_t i = 0; i < world.frameworks(); ++i) {
                    if (!world.has_ended(i)) return false;
                }
                return true;
            };
            return world.run_until([&] { return is_interrupted() || have_ended(); }, limit.value);
        });
    }

    /// To look at. Pre, refused otherwise: nothing has failed so far.
    sim::World& world() {
        if (has_failed_) {
            refuse(RefusalCode::conflict, "world", "go on",
                   "a handler or a hook has failed in the middle of it", "make a new world");
        }
        return *world_;
    }

    /// To change. Pre, refused otherwise: as `world`, and it does not run. A handler or a hook is
    /// called in the middle of an instant, and another thread comes in while it is.
    sim::World& resting_world() {
        if (is_running_) {
            refuse(RefusalCode::conflict, "world", "change or run it", "it is running already",
                   "wait until run_for and the like have returned; in a handler ask with replies");
        }
        return world();
    }

    sim::World& with_agent(std::uint32_t agent) {
        sim::World& found = resting_world();
        if (agent >= found.agents()) refuse_index("agent", agent, found.agents());
        return found;
    }

    sim::World& with_framework(std::uint32_t framework) {
        sim::World& found = resting_world();
        find_framework(framework);
        return found;
    }

    bool has_ended(std::uint32_t framework) {
        find_framework(framework);
        return world().has_ended(framework);
    }

private:
    [[noreturn]] static void refuse_index(const char* what, std::uint32_t index,
                                          std::uint32_t count) {
        refuse(RefusalCode::not_found, std::string(what) + " " + std::to_string(index), "find it",
               "there are " + std::to_string(count), "count from zero, in the order of adding");
    }

    void find_framework(std::uint32_t framework) {
        const std::uint32_t count = world().frameworks();
        if (framework >= count) refuse_index("framework", framework, count);
    }

    /// True when the run shall end here: a hook has failed, or Python has raised something for a
    /// signal, which is then pending.
    bool is_interrupted(std::uint32_t between_looks = instants_between_looks) {
        if (policy_failure_->error) return true;
        return ++instants_ % between_looks == 0 && PyErr_CheckSignals() != 0;
    }

    struct Running {
        explicit Running(bool& flag) : is_running(flag) { is_running = true; }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running() { is_running = false; }
        bool& is_running;
    };

    template <class Run>
    bool drive(Run&& run) {
        sim::World& on = resting_world();
        const Running running{is_running_};
        bool result = false;
        try {
            result = run(on);
        } catch (...) {
            has_failed_ = true;
            for (const auto& scheduler : schedulers_)
                scheduler->raise_failure();
            throw;
        }
        if (policy_failure_->error) {
            has_failed_ = true;
            throw py::error_already_set(*policy_failure_->error);
        }
        // Between two instants: the world may go on afterwards.
        if (PyErr_Occurred() != nullptr) throw py::error_already_set();
        return result;
    }

    std::shared_ptr<PolicyFailure> policy_failure_ = std::make_shared<PolicyFailure>();
    std::vector<std::unique_ptr<PyScheduler>> schedulers_;  // The world holds on to them.
    std::unique_ptr<sim::World> world_;
    bool has_failed_ = false;
    bool is_running_ = false;
    std::uint32_t instants_ = 0;
};

sim::Link link_of(PyWorld& world, std::optional<std::uint32_t> agent,
                  std::optional<std::uint32_t> framework) {
    if (agent.has_value() == framework.has_value()) {
        refuse(RefusalCode::invalid, "link", "find it", "it is of one agent or of one framework",
               "give agent= or framework=");
    }
    if (agent) return world.with_agent(*agent), sim::agent_link(*agent);
    return world.with_framework(*framework), sim::framework_link(*framework);
}

void bind_faults(py::class_<PyWorld>& world) {
    world
        .def(
            "crash_master", [](PyWorld& w) { w.resting_world().crash_master(); },
            "The master's process dies; `restart_master` brings the next one.")
        .def("restart_master", [](PyWorld& w) { w.resting_world().restart_master(); })
        .def(
            "crash_agent", [](PyWorld& w, std::uint32_t i) { w.with_agent(i).crash_agent(i); },
            py::arg("agent"), "The agent's process dies; its tasks go on.")
        .def(
            "crash_machine", [](PyWorld& w, std::uint32_t i) { w.with_agent(i).crash_machine(i); },
            py::arg("agent"), "The whole machine is gone at once, its tasks too.")
        .def(
            "restart_agent", [](PyWorld& w, std::uint32_t i) { w.with_agent(i).restart_agent(i); },
            py::arg("agent"))
        .def(
            "stop_agent",
            [](PyWorld& w, std::uint32_t i, Seconds grace) {
                w.with_agent(i).stop_agent(i, grace.value);
            },
            py::arg("agent"), py::arg("grace"), "A graceful stop: tasks are ended.")
        .def(
            "kill_framework",
            [](PyWorld& w, std::uint32_t i) { w.with_framework(i).kill_framework(i); },
            py::arg("framework"), "The scheduler's process dies; the object stays what it is.")
        .def(
            "restart_framework",
            [](PyWorld& w, std::uint32_t i) { w.with_framework(i).restart_framework(i); },
            py::arg("framework"))
        .def(
            "break_link",
            [](PyWorld& w, std::optional<std::uint32_t> agent,
               std::optional<std::uint32_t> framework) {
                w.resting_world().break_link(link_of(w, agent, framework));
            },
            py::kw_only(), py::arg("agent") = py::none(), py::arg("framework") = py::none(),
            "Both ends hear that the connection is gone.")
        .def(
            "cut",
            [](PyWorld& w, std::optional<std::uint32_t> agent,
               std::optional<std::uint32_t> framework) {
                w.resting_world().cut(link_of(w, agent, framework));
            },
            py::kw_only(), py::arg("agent") = py::none(), py::arg("framework") = py::none(),
            "Nothing passes any more, and nobody is told, until `heal`.")
        .def(
            "heal",
            [](PyWorld& w, std::optional<std::uint32_t> agent,
               std::optional<std::uint32_t> framework) {
                w.resting_world().heal(link_of(w, agent, framework));
            },
            py::kw_only(), py::arg("agent") = py::none(), py::arg("framework") = py::none());
}

}  // namespace

void bind_sim(py::module_& m) {
    py::class_<PyWorld> world(m, "World");
    world
        .def(py::init<std::uint64_t, const std::vector<AnyResources>&, const py::object&, bool,
                      bool>(),
             py::kw_only(), py::arg("seed") = 1, py::arg("agents") = py::tuple(),
             py::arg("policy") = py::none(), py::arg("timeline") = false, py::arg("checks") = true)
        .def(
            "add_agent",
            [](PyWorld& w, const AnyResources& resources) {
                return w.resting_world().add_agent(resources.value);
            },
            py::arg("resources"), "Returns its number: they count from zero.")
        .def("_add_framework", &PyWorld::add_framework, py::arg("handlers"), py::arg("name"),
             py::arg("roles"), py::arg("failover_timeout"))
        .def("run_for", &PyWorld::run_for, py::arg("length"),
             "Runs for so long on the world's clock.")
        .def("run_until", &PyWorld::run_until, py::arg("done"), py::arg("limit") = 3600,
             "Runs until `done()`, asked after every instant. False if that does not come.")
        .def("run_until_idle", &PyWorld::run_until_idle, py::arg("limit") = 3600,
             "Runs until nothing is under way but timers. False if that does not come.")
        .def("run_until_ended", &PyWorld::run_until_ended, py::arg("limit") = 3600,
             "Runs until all frameworks have ended. False if that does not come.")
        .def_property_readonly(
            "now", [](PyWorld& w) { return seconds_of(w.world().now()); },
            "Seconds since the world began.")
        .def_property_readonly(
            "fingerprint", [](PyWorld& w) { return w.world().fingerprint(); },
            "Over every event and effect so far: equal for equal runs.")
        .def_property_readonly(
            "events", [](PyWorld& w) { return w.world().machine_events(); },
            "How many events the machines have handled.")
        .def_property_readonly(
            "timeline", [](PyWorld& w) { return w.world().timeline(); },
            "A line for each interesting step, if `timeline` was asked for.")
        .def(
            "check", [](PyWorld& w) { return w.resting_world().check(); },
            "What contradicts OfferKit's promises so far, in words; an empty list: nothing.")
        .def("has_ended", &PyWorld::has_ended, py::arg("framework"));
    bind_faults(world);
}

}  // namespace offerkit::python
