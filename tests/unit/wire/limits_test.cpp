// SPDX-License-Identifier: Apache-2.0
// Every limit of the wire at itself, where it is taken, and one past it, where it is refused.

#include "messages.hpp"

#include <functional>
#include <string>

namespace offerkit::test {

namespace {

/// `make(n)` has `n` of something that may be there at most `limit` times.
template <class Make>
void check_limit(std::string_view what, std::size_t limit, Make&& make) {
    INFO(what);
    check_taken(make(limit));
    check_refused(make(limit + 1), RefusalCode::too_large, "");
}

protocol::SchedulerCall call_of(protocol::SchedulerCall call) { return call; }
protocol::SchedulerEvent event_of(protocol::SchedulerEvent event) { return event; }
protocol::AgentMessage message_of(protocol::AgentMessage message) { return message; }

/// A task that `change` made different, in a message.
template <class Change>
protocol::MasterMessage task_with(Change&& change) {
    TaskInfo task = plain_task();
    change(task);
    return run(task);
}

template <class Change>
protocol::AgentMessage agent_with(Change&& change) {
    protocol::RegisterAgent registration;
    registration.info.hostname = "a";
    change(registration.info);
    return registration;
}

template <class Change>
protocol::SchedulerCall framework_with(Change&& change) {
    protocol::Subscribe subscribe;
    subscribe.info.name = "f";
    change(subscribe.info);
    return subscribe;
}

std::string text(std::size_t size) { return std::string(size, 'x'); }

Role numbered_role(std::size_t i) { return Role::parse("r" + std::to_string(i)).value(); }

Bundle numbered_bundle(std::size_t i) {
    Bundle bundle;
    bundle.id = {1, i + 1};
    bundle.amounts.set(0, 1);
    return bundle;
}

}  // namespace

TEST_CASE("limits of ids and names") {
    check_limit("task id", limits::task_id_max,
                [](std::size_t n) { return call_of(protocol::Kill{TaskId{text(n)}, {}}); });
    check_limit("executor id", limits::executor_id_max, [](std::size_t n) {
        return call_of(protocol::ToExecutor{AgentId{1, 1}, ExecutorId{text(n)}, ""});
    });
    check_limit("task name", limits::name_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.name = text(n); });
    });
    check_limit("framework name", limits::name_max, [](std::size_t n) {
        return framework_with([n](FrameworkInfo& framework) { framework.name = text(n); });
    });
    check_limit("principal", limits::principal_max, [](std::size_t n) {
        return framework_with([n](FrameworkInfo& framework) { framework.principal = text(n); });
    });
    check_limit("hostname", limits::name_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) { agent.hostname = text(n); });
    });
    check_limit("message", limits::message_text_max, [](std::size_t n) {
        return call_of(protocol::Decline{{OfferId{1, 1}}, {}, {}, text(n)});
    });
    check_limit("path", limits::path_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.command.working_directory = text(n); });
    });
}

TEST_CASE("limits of hellos") {
    check_limit("cluster", limits::name_max, [](std::size_t n) {
        protocol::Hello hello;
        hello.cluster = text(n);
        return hello;
    });
    check_limit("principal", limits::principal_max, [](std::size_t n) {
        protocol::Hello hello;
        hello.principal = text(n);
        return hello;
    });
    check_limit("token", limits::token_max, [](std::size_t n) {
        protocol::Hello hello;
        hello.token = text(n);
        return hello;
    });
}

TEST_CASE("the largest hello fits what a listener reads before it knows a peer") {
    protocol::Hello hello;
    hello.minor = 0xffffffff;
    hello.cluster = text(limits::name_max);
    hello.epoch_seen = ~std::uint64_t{0};
    hello.principal = text(limits::principal_max);
    hello.token = text(limits::token_max);
    CHECK(encoded(hello).size() <= limits::hello_max);
}

TEST_CASE("limits of labels and attributes") {
    check_limit("labels", limits::labels_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.labels.resize(n, {"k", "v"}); });
    });
    check_limit("label", limits::label_bytes_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.labels = {{"k", text(n - 1)}}; });
    });
    check_limit("attributes", limits::attributes_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            for (std::size_t i = 0; i < n; ++i) {
                agent.attributes.push_back({"a" + std::to_string(i), std::string("v")});
            }
        });
    });
    check_limit("attribute text", limits::label_bytes_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) { agent.attributes = {{"a", text(n)}}; });
    });
    check_limit("attribute items", limits::set_items_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            agent.attributes = {{"a", std::vector<std::string>(n, "v")}};
        });
    });
    check_limit("attribute item", limits::set_item_bytes_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            agent.attributes = {{"a", std::vector<std::string>{text(n)}}};
        });
    });
}

TEST_CASE("limits of commands") {
    check_limit("shell", limits::command_bytes_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.command.shell = text(n); });
    });
    check_limit("arguments", limits::argv_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) {
            task.command = {};
            task.command.argv.resize(n, "a");
        });
    });
    check_limit("bytes of arguments", limits::command_bytes_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) {
            task.command = {};
            task.command.argv = {"a", text(n - 1)};
        });
    });
    check_limit("variables", limits::environment_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) {
            for (std::size_t i = 0; i < n; ++i) {
                task.command.environment.emplace_back(std::to_string(i), "");
            }
        });
    });
    check_limit("bytes of variables", limits::environment_bytes_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.command.environment = {{"a", text(n - 1)}}; });
    });
}

TEST_CASE("limits of tasks") {
    check_limit("data", limits::task_data_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.data = text(n); });
    });
    check_limit("foreign fields", limits::task_data_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.foreign = text(n); });
    });
    check_limit("discovery ports", limits::discovery_ports_max, [](std::size_t n) {
        return task_with([n](TaskInfo& task) { task.ports.resize(n, {"p", 80, "tcp"}); });
    });
    check_limit("kill grace", static_cast<std::size_t>(limits::kill_grace_max.count()),
                [](std::size_t n) {
                    return task_with([n](TaskInfo& task) {
                        task.kill_policy.grace = Duration{static_cast<std::int64_t>(n)};
                    });
                });
    check_limit(
        "data between executor and scheduler", limits::framework_data_max, [](std::size_t n) {
            return event_of(protocol::FromExecutor{AgentId{1, 1}, ExecutorId{"e"}, text(n)});
        });
}

TEST_CASE("limits of durations of frameworks") {
    check_limit(
        "refuse_for", static_cast<std::size_t>(limits::refuse_for_max.count()), [](std::size_t n) {
            return call_of(
                protocol::Decline{{OfferId{1, 1}}, Duration{static_cast<std::int64_t>(n)}, {}, ""});
        });
    check_limit("failover timeout", static_cast<std::size_t>(limits::failover_timeout_max.count()),
                [](std::size_t n) {
                    return framework_with([n](FrameworkInfo& framework) {
                        framework.failover_timeout = Duration{static_cast<std::int64_t>(n)};
                    });
                });
}

TEST_CASE("limits of lists of frameworks") {
    check_limit("roles", limits::roles_per_framework_max, [](std::size_t n) {
        return framework_with([n](FrameworkInfo& framework) {
            framework.roles.clear();
            for (std::size_t i = 0; i < n; ++i)
                framework.roles.push_back(numbered_role(i));
        });
    });
    check_limit("revived roles", limits::roles_per_framework_max,
                [](std::size_t n) { return call_of(protocol::Revive{std::vector<Role>(n)}); });
    check_limit("filters", limits::filters_per_subscribe_max, [](std::size_t n) {
        protocol::Subscribe subscribe;
        subscribe.info.name = "f";
        protocol::LiveFilter filter;
        filter.agent = {1, 1};
        subscribe.filters.resize(n, filter);
        return call_of(std::move(subscribe));
    });
    check_limit("offers of a call", limits::offers_per_call_max, [](std::size_t n) {
        protocol::Accept accept;
        accept.offers.resize(n, OfferId{1, 1});
        return call_of(accept);
    });
    check_limit("operations", limits::operations_per_accept_max, [](std::size_t n) {
        protocol::Accept accept;
        accept.offers = {OfferId{1, 1}};
        accept.operations.resize(n, Operation{"", DestroyVolume{BundleId{1, 1}}});
        return call_of(accept);
    });
    check_limit("tasks of a launch", limits::tasks_per_agent_max, [](std::size_t n) {
        protocol::Accept accept;
        accept.offers = {OfferId{1, 1}};
        accept.operations = {{"", Launch{std::vector<TaskInfo>(n, plain_task())}}};
        return call_of(accept);
    });
    check_limit("demands", limits::roles_per_framework_max, [](std::size_t n) {
        return call_of(protocol::StateDemand{std::vector<Demand>(n)});
    });
    check_limit("shapes", limits::demand_shapes_max, [](std::size_t n) {
        return call_of(protocol::StateDemand{{{Role{}, std::vector<DemandShape>(n)}}});
    });
    check_limit("receipts", limits::statuses_per_message_max, [](std::size_t n) {
        const protocol::StatusReceipt receipt{AgentId{1, 1}, TaskId{"t"}, StatusId{1, 1}};
        return call_of(protocol::Acknowledge{std::vector<protocol::StatusReceipt>(n, receipt)});
    });
    check_limit("questions", limits::tasks_per_reconcile_max, [](std::size_t n) {
        return call_of(
            protocol::Reconcile{std::vector<protocol::Reconcile::Question>(n, {TaskId{"t"}, {}})});
    });
}

TEST_CASE("limits of lists of agents") {
    check_limit("tasks to run", limits::tasks_per_agent_max, [](std::size_t n) {
        protocol::RunTasks run;
        run.framework = {1, 1};
        run.tasks.resize(n, plain_task());
        return protocol::MasterMessage{run};
    });
    check_limit("tasks of an agent", limits::tasks_per_agent_max, [](std::size_t n) {
        protocol::RegisterAgent registration;
        registration.info.hostname = "a";
        registration.tasks.resize(n, {FrameworkId{1, 1}, Role{}, plain_task(), {}});
        return message_of(std::move(registration));
    });
    check_limit("frameworks of an agent", limits::frameworks_max, [](std::size_t n) {
        protocol::RegisterAgent registration;
        registration.info.hostname = "a";
        registration.frameworks.resize(n, FrameworkId{1, 1});
        return message_of(std::move(registration));
    });
    check_limit("statuses", limits::statuses_per_message_max, [](std::size_t n) {
        TaskStatus status;
        status.task = TaskId{"t"};
        return message_of(protocol::UpdateStatuses{
            std::vector<protocol::StatusUpdate>(n, {FrameworkId{1, 1}, status})});
    });
    check_limit("offers", limits::offers_per_call_max, [](std::size_t n) {
        Offer offer;
        offer.id = {1, 1};
        offer.framework = {1, 1};
        offer.agent = {1, 1};
        return event_of(protocol::Offers{std::vector<Offer>(n, offer)});
    });
}

TEST_CASE("limits of amounts") {
    for (std::size_t slot = 0; slot < builtin_scalar_count; ++slot) {
        check_limit(builtin_names[slot], static_cast<std::size_t>(limits::amount_per_agent_max),
                    [slot](std::size_t n) {
                        return agent_with([&](AgentInfo& agent) {
                            agent.resources.amounts().set(slot, static_cast<std::int64_t>(n));
                        });
                    });
    }
    check_limit("a named kind", static_cast<std::size_t>(limits::amount_per_agent_max),
                [](std::size_t n) {
                    return agent_with([n](AgentInfo& agent) {
                        agent.resources.put_named("licenses", static_cast<std::int64_t>(n));
                    });
                });
}

TEST_CASE("limits of resources") {
    check_limit("kinds", limits::named_kinds_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            for (std::size_t i = 0; i < n; ++i) {
                agent.resources.put_named("k" + std::to_string(i), 1);
            }
        });
    });
    check_limit("ranges", limits::ranges_per_kind_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            Ranges ranges;
            for (std::size_t i = n; i > 0; --i)
                ranges.add({i * 2, i * 2});
            agent.resources.put_ranges("ports", ranges);
        });
    });
    check_limit("items", limits::set_items_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            std::vector<std::string> items;
            for (std::size_t i = 0; i < n; ++i)
                items.push_back(std::to_string(i));
            agent.resources.put_set("zones", items);
        });
    });
    check_limit("bundles", limits::bundles_per_agent_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            for (std::size_t i = 0; i < n; ++i)
                agent.resources.put_bundle(numbered_bundle(i));
        });
    });
    check_limit("reservations", limits::role_depth_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            Bundle bundle = numbered_bundle(0);
            std::string path;
            for (std::size_t i = 0; i < n; ++i) {
                path += i == 0 ? "r" : "/r";
                bundle.reservations.push_back({path, "", {}, ReservationKind::refined});
            }
            agent.resources.put_bundle(bundle);
        });
    });
    check_limit("gpu cards", limits::gpu_cards_max, [](std::size_t n) {
        return agent_with([n](AgentInfo& agent) {
            agent.resources.put_gpu_cards(std::vector<std::int64_t>(n, 1000));
        });
    });
}

TEST_CASE("unknown fields may be nested as deep as the limit, and no deeper") {
    // Groups of field 99: opened n times, closed n times.
    const auto nested = [](std::size_t depth) {
        wire::Bytes bytes = encoded(protocol::SchedulerCall{protocol::Beat{}});
        for (std::size_t i = 0; i < depth; ++i)
            bytes += "\x9b\x06";
        for (std::size_t i = 0; i < depth; ++i)
            bytes += "\x9c\x06";
        return bytes;
    };
    CHECK(wire::decode<protocol::SchedulerCall>(nested(limits::frame_depth_max)).has_value());
    check_refused<protocol::SchedulerCall>(std::string_view{nested(limits::frame_depth_max + 1)},
                                           RefusalCode::malformed, "nested too deep");
}

TEST_CASE("more bytes than a frame has are refused unread") {
    check_refused<protocol::SchedulerCall>(
        std::string_view{std::string(limits::frame_max + 1, '\0')}, RefusalCode::malformed, "");
}

}  // namespace offerkit::test
