// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/allocation/policies.hpp>
#include <offerkit/record/replay.hpp>
#include <offerkit/sim/world.hpp>

#include <map>
#include <set>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

namespace {

/// Launches the tasks it is given, one per offer, and remembers all that it hears.
class Recorder {
public:
    std::vector<std::string> commands;
    Duration refuse_for = 1s;
    bool ends = true;

    std::vector<Offer> offers;
    std::vector<Instant> wakes;
    std::map<TaskId, std::vector<TaskState>> states;
    std::vector<OfferId> rescinded;
    int subscriptions = 0;

    OfferReply on_offer(const Offer& offer) {
        offers.push_back(offer);
        if (launched_ < commands.size()) {
            Accept accept;
            accept.offer = offer.id;
            TaskInfo task;
            task.id = TaskId{"t" + std::to_string(launched_)};
            task.resources = 1_cpus + 256_MiB;
            task.command.shell = commands[launched_++];
            accept.launch.push_back(task);
            return accept;
        }
        Decline decline;
        decline.offer = offer.id;
        decline.refuse_for = refuse_for;
        return decline;
    }
    void on_status(const TaskStatus& status) {
        states[status.task].push_back(status.state);
        if (is_terminal(status.state)) ended_.insert(status.task);
    }
    void on_subscribed(FrameworkId) { ++subscriptions; }
    void on_rescind(OfferId id) { rescinded.push_back(id); }
    bool is_done() const { return ends && !commands.empty() && ended_.size() == commands.size(); }

    std::size_t ended() const { return ended_.size(); }

private:
    std::size_t launched_ = 0;
    std::set<TaskId> ended_;
};

FrameworkInfo named(std::string name) {
    FrameworkInfo info;
    info.name = std::move(name);
    info.failover_timeout = 10min;
    return info;
}

sim::WorldOptions one_agent(std::uint64_t seed = 7) {
    sim::WorldOptions options;
    options.seed = seed;
    options.agents = {4_cpus + 1_GiB};
    return options;
}

}  // namespace

SCENARIO("a batch framework runs from end to end", "[sim][world]") {
    GIVEN("two agents and a framework with three commands") {
        sim::WorldOptions options = one_agent();
        options.agents.push_back(4_cpus + 1_GiB);
        sim::World world{std::move(options)};
        Recorder scheduler;
        scheduler.commands = {"true", "sleep 3", "exit 4"};
        world.add_framework(scheduler, named("batch"));
        for (const auto kind : {sim::MachineKind::master, sim::MachineKind::agent,
                                sim::MachineKind::executor, sim::MachineKind::framework}) {
            world.record(kind);
        }

        WHEN("the world runs until the framework has ended") {
            REQUIRE(world.run_until_ended(1min));

            THEN("each command ran once, as long and with the end that it says") {
                using Life = std::vector<TaskState>;
                CHECK(scheduler.states.at(TaskId{"t0"}) ==
                      Life{TaskState::running, TaskState::finished});
                CHECK(scheduler.states.at(TaskId{"t1"}) ==
                      Life{TaskState::running, TaskState::finished});
                CHECK(scheduler.states.at(TaskId{"t2"}) ==
                      Life{TaskState::running, TaskState::failed});
                CHECK(world.now() > Instant{} + 3s);
                CHECK(world.now() < Instant{} + 4s);
                CHECK_FALSE(world.ended_why(0));
            }
            THEN("nothing is left of it") {
                REQUIRE(world.run_until_idle());
                CHECK(world.check().empty());
                CHECK(world.processes_running() == 0);
                CHECK(world.master().state().frameworks.size() == 0);
                CHECK(world.master().state().tasks.size() == 0);
                CHECK(world.master().state().offers.empty());
                CHECK(world.master().state().agents.size() == 2);
            }
            THEN("every machine's event log replays to the same effects, byte for byte") {
                for (const auto kind : {sim::MachineKind::master, sim::MachineKind::agent,
                                        sim::MachineKind::executor, sim::MachineKind::framework}) {
                    INFO("machine " << static_cast<int>(kind));
                    const auto replay = record::replay(world.log_of(kind));
                    REQUIRE(replay);
                    CHECK_FALSE(replay->difference);
                    CHECK_FALSE(replay->cut_off);
                    CHECK(replay->events > 3);
                    CHECK(replay->effects > 3);
                }
            }
            THEN("a log that is cut off replays as far as it goes") {
                const std::string_view log = world.log_of(sim::MachineKind::master);
                const auto whole = record::replay(log);
                const auto part = record::replay(log.substr(0, log.size() - 1));
                REQUIRE(whole);
                REQUIRE(part);
                CHECK(part->cut_off);
                CHECK(part->steps == whole->steps - 1);
                CHECK_FALSE(part->difference);
            }
            THEN("another policy's master does otherwise, and the first difference is named") {
                record::ReplayOptions options;
                options.make_allocator = [](std::string_view, std::uint64_t) {
                    CycleOptions one_call;
                    one_call.hook_calls_max = 1;
                    return make_allocator("drf", one_call);
                };
                const auto replay = record::replay(world.log_of(sim::MachineKind::master), options);
                REQUIRE(replay);
                REQUIRE(replay->difference);
                CHECK_THAT(replay->difference->what, Catch::Contains("recorded"));
            }
            THEN("another build refuses the log") {
                record::ReplayOptions options;
                options.build = "another";
                const auto replay = record::replay(world.log_of(sim::MachineKind::agent), options);
                REQUIRE_FALSE(replay);
                CHECK(replay.error().code == RefusalCode::unsupported);
            }
        }
    }
}

SCENARIO("a refused agent is offered again when its refuse filter expires", "[sim][world]") {
    GIVEN("a framework that has declined its only offer for five seconds") {
        sim::WorldOptions options = one_agent();
        options.network.delay = {1ms, 1ms};
        sim::World world{std::move(options)};
        Recorder scheduler;
        scheduler.refuse_for = 5s;
        world.add_framework(scheduler, named("f"));
        REQUIRE(world.run_until([&] { return scheduler.offers.size() == 1; }, 1s));
        world.run_for(10ms);
        const Duration since_decline = 10ms;

        THEN("nothing is offered before the time is over") {
            world.run_for(5s - since_decline - 10ms);
            CHECK(scheduler.offers.size() == 1);
        }
        THEN("the same resources are offered soon afterwards") {
            world.run_for(5s + 10ms);
            REQUIRE(scheduler.offers.size() == 2);
            CHECK(scheduler.offers[1].resources == 4_cpus + 1_GiB);
        }
    }
}

TEST_CASE("the same options and calls give the same run, another seed another one",
          "[sim][world]") {
    const auto run = [](std::uint64_t seed) {
        sim::World world{one_agent(seed)};
        Recorder scheduler;
        scheduler.commands = {"some command", "another"};
        world.add_framework(scheduler, named("f"));
        REQUIRE(world.run_until_ended(1min));
        return std::pair{world.fingerprint(), world.now().ns};
    };
    CHECK(run(1) == run(1));
    CHECK(run(1) != run(2));
}

SCENARIO("a broken connection is made again, and nothing is lost", "[sim][world][faults]") {
    GIVEN("a task that runs") {
        sim::World world{one_agent()};
        Recorder scheduler;
        scheduler.commands = {"sleep 30"};
        world.add_framework(scheduler, named("f"));
        world.run_for(1s);
        REQUIRE(scheduler.states.at(TaskId{"t0"}).back() == TaskState::running);

        WHEN("the scheduler's connection breaks") {
            world.break_link(sim::framework_link(0));
            THEN("it subscribes again and hears how its task ends") {
                REQUIRE(world.run_until_ended(2min));
                CHECK(scheduler.subscriptions == 2);
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.check().empty());
            }
        }
        WHEN("the agent's connection breaks") {
            world.break_link(sim::agent_link(0));
            THEN("the task goes on, and its end is told") {
                REQUIRE(world.run_until_ended(2min));
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.check().empty());
            }
        }
        WHEN("the agent's link is cut in silence for longer than the master waits") {
            world.cut(sim::agent_link(0));
            world.run_for(3min);
            THEN("the task counts as unreachable, and after healing its end is told") {
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::unreachable);
                world.heal(sim::agent_link(0));
                REQUIRE(world.run_until_ended(2min));
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.check().empty());
            }
        }
        WHEN("the scheduler's process dies and starts again") {
            world.kill_framework(0);
            world.run_for(10s);
            world.restart_framework(0);
            THEN("it is the same framework and hears how its task ends") {
                REQUIRE(world.run_until_ended(2min));
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.check().empty());
            }
        }
        WHEN("the agent is asked to stop") {
            world.stop_agent(0, 1s);
            THEN("the task is ended and told so, and the agent is forgotten") {
                world.run_for(30s);
                CHECK(scheduler.ended() == 1);
                CHECK(world.has_stopped(0));
                CHECK(world.processes_running() == 0);
                CHECK(world.master().state().agents.size() == 0);
                CHECK(world.check().empty());
            }
        }
        WHEN("the machine crashes and boots again") {
            world.crash_machine(0);
            world.run_for(20s);
            world.restart_machine(0);
            THEN("the task is told to be over, once, and the machine is used again") {
                world.run_for(2min);
                CHECK(scheduler.ended() == 1);
                CHECK(world.master().state().agents.size() == 1);
                CHECK(world.check().empty());
            }
        }
        WHEN("the agent's process dies, and starts again after the task has ended") {
            world.crash_agent(0);
            world.run_for(40s);
            CHECK(world.processes_running() == 0);
            world.restart_agent(0);
            THEN("how it ended is told as it was") {
                REQUIRE(world.run_until_ended(2min));
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.reached().of(sim::Fault::agent_crashed) == 1);
                CHECK(world.check().empty());
            }
        }
        WHEN("the disk of the agent is full when the task ends") {
            world.set_full({sim::MachineKind::agent, 0}, true);
            world.run_for(40s);
            world.set_full({sim::MachineKind::agent, 0}, false);
            THEN("its end is told all the same, and later it is durable") {
                REQUIRE(world.run_until_ended(2min));
                world.run_for(1min);
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.reached().of(sim::Fault::store_failed) > 0);
                CHECK(world.checkpoint(0).tasks.empty());
                CHECK(world.check().empty());
            }
        }
        WHEN("the master is away for a while") {
            world.crash_master();
            world.run_for(10s);
            CHECK_FALSE(world.has_master());
            CHECK(world.registry().agents.size() == 1);
            CHECK(world.registry().frameworks.size() == 1);
            world.restart_master();
            THEN("the next one finds the registry, and everybody comes back") {
                world.run_for(10s);
                CHECK(world.master().state().agents.size() == 1);
                CHECK(world.master().state().frameworks.size() == 1);
                REQUIRE(world.run_until_ended(2min));
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.check().empty());
            }
        }
        WHEN("the scheduler's link is slow and cut one way") {
            world.slow(sim::framework_link(0), 5s);
            world.cut(sim::framework_link(0), true, false);
            world.run_for(1min);
            world.heal(sim::framework_link(0));
            THEN("it hears how its task ends") {
                REQUIRE(world.run_until_ended(3min));
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.reached().of(sim::Fault::cut_to_master) == 1);
                CHECK(world.check().empty());
            }
        }
        WHEN("the master dies and starts with the next epoch") {
            world.restart_master();
            THEN("agent and framework come back, and the task's end is told") {
                REQUIRE(world.run_until_ended(3min));
                CHECK(scheduler.states.at(TaskId{"t0"}).back() == TaskState::finished);
                CHECK(world.check().empty());
            }
        }
    }
}

SCENARIO("an operator asks in a simulated world", "[sim][world]") {
    GIVEN("a world with an idle framework") {
        sim::World world{one_agent()};
        Recorder scheduler;
        scheduler.refuse_for = 1h;
        world.add_framework(scheduler, named("f"));
        world.run_for(1s);

        WHEN("the operator tears the framework down") {
            world.ask_operator(protocol::TeardownFramework{FrameworkId{1, 1}});
            world.run_for(1s);
            THEN("the call is accepted and the framework ends with a reason") {
                REQUIRE(world.answers().size() == 1);
                CHECK(world.answers()[0].accepted);
                CHECK(world.has_ended(0));
                CHECK(world.ended_why(0).has_value());
            }
        }
        WHEN("the operator names a framework that does not exist") {
            world.ask_operator(protocol::TeardownFramework{FrameworkId{1, 77}});
            world.run_for(1s);
            THEN("the call is refused") {
                REQUIRE(world.answers().size() == 1);
                CHECK_FALSE(world.answers()[0].accepted);
            }
        }
    }
}

TEST_CASE("tasks go on when their agent leaves them, and when their launcher dies",
          "[sim][world][fault]") {
    sim::World world{one_agent()};
    Recorder scheduler;
    scheduler.commands = {"sleep 20"};
    world.add_framework(scheduler, named("one"));
    world.run_for(3s);
    world.leave_agent(0);
    world.run_for(1s);
    CHECK(world.find_agent(0) == nullptr);
    CHECK_FALSE(world.has_stopped(0));
    CHECK(world.processes_running() == 1);
    world.restart_agent(0);
    world.run_for(5s);
    world.restart_launcher(0);
    REQUIRE(world.run_until_ended(1min));
    CHECK(scheduler.states[TaskId{"t0"}] == std::vector{TaskState::running, TaskState::finished});
    CHECK(world.check().empty());
}

TEST_CASE("how a task ended is not known when its supervisor dies with the launcher",
          "[sim][world][fault]") {
    sim::World world{one_agent()};
    Recorder scheduler;
    scheduler.commands = {"sleep 20", "sleep 21", "sleep 22", "sleep 23"};
    world.add_framework(scheduler, named("four"));
    world.run_for(10s);
    REQUIRE(world.processes_running() == 4);
    world.restart_launcher(0, true);
    const std::size_t running = world.processes_running();
    REQUIRE((running > 0 && running < 4));
    REQUIRE(world.run_until_ended(1min));
    std::size_t finished = 0;
    for (const auto& [task, states] : scheduler.states) {
        CHECK(states.size() == 2);
        finished += states.back() == TaskState::finished ? 1 : 0;
    }
    CHECK(scheduler.states.size() == 4);
    CHECK(finished == running);
    CHECK(world.check().empty());
}
