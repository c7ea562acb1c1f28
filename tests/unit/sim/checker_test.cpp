// SPDX-License-Identifier: Apache-2.0
#include "watched_checker.hpp"

#include <catch2/catch.hpp>

using namespace offerkit;
using namespace offerkit::literals;
using namespace offerkit::testing;
using namespace std::chrono_literals;

TEST_CASE("the checker is content with a life that adds up", "[sim][checker]") {
    Watched w;
    w.offers(1, 4_cpus + 1_GiB);
    w.tells(master::AgentUsagePut{member, {}, 4_cpus + 1_GiB});
    w.wants("t", 1_cpus);
    w.accepts(1);
    w.runs("t", 1_cpus);
    w.offers(2, 3_cpus + 1_GiB);
    w.tells(master::AgentUsagePut{member, 1_cpus, 3_cpus + 1_GiB});
    w.starts("t");
    w.is_told(Watched::status("t", TaskState::running, 1));
    w.ends("t");
    w.agent_reports(Watched::status("t", TaskState::finished, 2));
    w.is_told(Watched::status("t", TaskState::finished, 2));
    w.tells(master::AgentUsagePut{member, {}, 3_cpus + 1_GiB});
    protocol::AcknowledgeStatuses receipts;
    receipts.receipts.push_back({owner, TaskId{"t"}, StatusId{1, 2}});
    w.does(master::SendAgent{agent_peer, receipts});
    w.declines(2, 1min);
    w.tells(master::FrameworkRemoved{owner, "done"});
    w.tells(master::AgentRemoved{member, "done"});
    CHECK(w.complaint() == "none");
}

TEST_CASE("the checker notices what the master gives away wrongly", "[sim][checker]") {
    Watched w;
    SECTION("an offer of more than there is") {
        w.offers(1, 5_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("there are only cpus:4"));
    }
    SECTION("the same resources offered twice") {
        w.offers(1, 3_cpus);
        w.offers(2, 2_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("there are only cpus:1"));
    }
    SECTION("a task in what is still offered to somebody") {
        w.offers(1, 4_cpus);
        w.wants("t", 1_cpus);
        w.runs("t", 1_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("is sent to agent a1-1, which has"));
    }
    SECTION("a task that nobody wants") {
        w.runs("t", 1_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("nobody wants it"));
    }
    SECTION("readers are told something else") {
        w.offers(1, 1_cpus);
        w.tells(master::AgentUsagePut{member, {}, 2_cpus});
        CHECK_THAT(w.complaint(), Catch::Contains("is told to have given away cpus:2"));
    }
    SECTION("an offer of an agent that drains") {
        master::registry::apply(w.registry, master::registry::SetAgentMode{
                                                member, master::registry::AgentMode::draining, {}});
        w.offers(1, 1_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("taken out of use"));
    }
    SECTION("an offer of an agent that is no member") {
        master::registry::apply(w.registry, master::registry::RemoveAgent{member});
        w.offers(1, 1_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("no member"));
    }
    SECTION("an offer of what was declined just now") {
        w.offers(1, 4_cpus + 1_GiB);
        w.declines(1, 1min);
        w.offers(2, 4_cpus + 1_GiB);
        CHECK_THAT(w.complaint(), Catch::Contains("was declined shortly before"));
    }
    SECTION("an offer of more than was declined is another thing") {
        w.offers(1, 1_cpus);
        w.declines(1, 1min);
        w.offers(2, 4_cpus + 1_GiB);
        CHECK(w.complaint() == "none");
    }
    SECTION("an offer in a role that was suppressed") {
        w.hears(master::SchedulerSaid{scheduler_peer, protocol::Suppress{}});
        w.offers(1, 1_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("suppressed role"));
        w.hears(master::SchedulerSaid{scheduler_peer, protocol::Revive{}});
        w.offers(2, 1_cpus);
        CHECK(w.checker.violations().size() == 1);
    }
    SECTION("a framework that is removed with an offer left") {
        w.offers(1, 1_cpus);
        w.tells(master::FrameworkRemoved{owner, "gone"});
        CHECK_THAT(w.complaint(), Catch::Contains("with offer o1-1 outstanding"));
    }
    SECTION("an agent that is removed with an offer left") {
        w.offers(1, 1_cpus);
        w.tells(master::AgentRemoved{member, "gone"});
        CHECK_THAT(w.complaint(), Catch::Contains("1 offers left"));
    }
}

TEST_CASE("the checker notices what is visible before it is durable", "[sim][checker]") {
    Watched w;
    SECTION("an agent") {
        w.does(master::SendAgent{PeerId{0, 9}, protocol::AgentRegistered{{1, 7}, {}, 1, {}}});
        CHECK_THAT(w.complaint(), Catch::Contains("agent a1-7 is told before it is durable"));
    }
    SECTION("a framework") {
        w.does(master::SendScheduler{PeerId{0, 9}, protocol::Subscribed{{1, 7}, {}, 1, {}}});
        w.checker.master_tells({}, Instant{3});
        CHECK_THAT(w.complaint(), Catch::Contains("framework f1-7 is subscribed before"));
    }
    SECTION("a framework, but for one whose end became durable with it") {
        w.does(master::SendScheduler{PeerId{0, 9}, protocol::Subscribed{{1, 7}, {}, 1, {}}});
        w.does(master::SendScheduler{PeerId{0, 9}, protocol::SubscriptionEnded{}});
        w.checker.master_tells({}, Instant{3});
        CHECK(w.complaint() == "none");
    }
    SECTION("an operator's call") {
        w.hears(master::OperatorAsked{5, "op", protocol::DeactivateAgent{member}});
        w.does(master::AnswerOperator{5, true, {}});
        CHECK_THAT(w.complaint(), Catch::Contains("accepted before it is durable"));
    }
    SECTION("a launch") {
        protocol::LaunchTask launch;
        launch.framework = owner;
        launch.task = task_named("t", 1_cpus);
        w.checker.agent_does(0, agent::SendExecutor{{}, launch}, w.checkpoint, true, Instant{2});
        CHECK_THAT(w.complaint(), Catch::Contains("launched before it is durable"));
    }
    SECTION("a status, unless the disk is full") {
        agent::checkpoint::PutTask put;
        put.task.framework = owner;
        put.task.info = task_named("t", 1_cpus);
        agent::checkpoint::apply(w.checkpoint, put);
        protocol::UpdateStatuses update;
        update.updates.push_back({owner, Watched::status("t", TaskState::running, 1)});
        w.checker.agent_does(0, agent::SendMaster{update}, w.checkpoint, false, Instant{2});
        CHECK(w.complaint() == "none");
        w.checker.agent_does(0, agent::SendMaster{update}, w.checkpoint, true, Instant{2});
        CHECK_THAT(w.complaint(), Catch::Contains("status s1-1 of task t is told before"));
    }
}

TEST_CASE("the checker notices untrue stories about tasks", "[sim][checker]") {
    Watched w;
    w.wants("t", 1_cpus);
    SECTION("one that is started twice") {
        w.starts("t");
        w.ends("t");
        CHECK(w.complaint() == "none");
        w.starts("t", 1);
        CHECK_THAT(w.complaint(), Catch::Contains("was started twice"));
    }
    SECTION("one of which something was left out") {
        w.starts("t");
        w.agent_tells(TaskState::running, 1);
        w.agent_tells(TaskState::killing, 2);
        w.is_told(Watched::status("t", TaskState::running, 1));
        w.is_told(Watched::status("t", TaskState::killing, 2));
        CHECK(w.complaint() == "none");
        w.checker.forget_framework(owner);
        w.is_told(Watched::status("t", TaskState::killing, 2));
        CHECK_THAT(w.complaint(), Catch::Contains("killing s1-2, and was not told s1-1"));
    }
    SECTION("what is acknowledged need not be told to the next process") {
        w.starts("t");
        w.agent_tells(TaskState::running, 1);
        w.agent_tells(TaskState::killing, 2);
        w.is_told(Watched::status("t", TaskState::running, 1));
        w.does(master::SendAgent{
            agent_peer, protocol::AcknowledgeStatuses{{{owner, TaskId{"t"}, StatusId{1, 1}}}}});
        w.checker.forget_framework(owner);
        w.is_told(Watched::status("t", TaskState::killing, 2));
        CHECK(w.complaint() == "none");
    }
    SECTION("one that its agent does not report, though it runs there") {
        protocol::RegisterAgent registration;
        registration.id = member;
        registration.tasks.push_back({owner, {}, task_named("t", 1_cpus), TaskState::running});
        const auto registers = [&](std::uint32_t machine) {
            w.checker.agent_does(machine, agent::SendMaster{registration}, w.checkpoint, true,
                                 Instant{6});
        };
        w.starts("t");
        registers(0);
        registration.tasks.clear();
        registers(1);
        CHECK(w.complaint() == "none");
        registers(0);
        CHECK_THAT(w.complaint(), Catch::Contains("registers without task t of f1-2"));
    }
    SECTION("one that nobody has asked for") {
        w.starts("u");
        CHECK_THAT(w.complaint(), Catch::Contains("its framework has not asked for it"));
    }
    SECTION("more than fit on the machine") {
        w.wants("u", 4_cpus);
        w.starts("t");
        w.starts("u");
        CHECK_THAT(w.complaint(), Catch::Contains("machine 0 has cpus:3"));
    }
    SECTION("one that is told to have ended, and runs") {
        w.starts("t");
        w.is_told(Watched::status("t", TaskState::failed, 1));
        CHECK_THAT(w.complaint(), Catch::Contains("is told failed s1-1, and runs"));
    }
    SECTION("one that failed, and is told finished") {
        w.starts("t");
        w.ends("t", 1);
        w.is_told(Watched::status("t", TaskState::finished, 1));
        CHECK_THAT(w.complaint(), Catch::Contains("its process failed"));
    }
    SECTION("one that is started after its end") {
        w.is_told(Watched::status("t", TaskState::dropped));
        w.starts("t");
        CHECK_THAT(w.complaint(), Catch::Contains("started after its end"));
    }
    SECTION("one that lives again") {
        w.starts("t");
        w.ends("t");
        w.is_told(Watched::status("t", TaskState::finished, 2));
        w.is_told(Watched::status("t", TaskState::unknown));
        w.is_told(Watched::status("t", TaskState::finished));
        CHECK(w.complaint() == "none");
        w.is_told(Watched::status("t", TaskState::running, 3));
        CHECK_THAT(w.complaint(), Catch::Contains("and had ended finished"));
    }
    SECTION("its statuses in another order; told again in the same order is nothing") {
        w.starts("t");
        w.is_told(Watched::status("t", TaskState::running, 2));
        w.is_told(Watched::status("t", TaskState::running, 2));
        CHECK(w.complaint() == "none");
        w.is_told(Watched::status("t", TaskState::running, 1));
        CHECK_THAT(w.complaint(), Catch::Contains("after s1-2"));
    }
    SECTION("a new process of a framework hears them from the first that is not acknowledged") {
        w.starts("t");
        w.is_told(Watched::status("t", TaskState::running, 2));
        w.checker.forget_framework(owner);
        w.is_told(Watched::status("t", TaskState::running, 1));
        w.is_told(Watched::status("t", TaskState::running, 2));
        CHECK(w.complaint() == "none");
    }
    SECTION("a receipt for what its scheduler was never told") {
        protocol::AcknowledgeStatuses receipts;
        receipts.receipts.push_back({owner, TaskId{"t"}, StatusId{1, 1}});
        w.does(master::SendAgent{agent_peer, receipts});
        CHECK_THAT(w.complaint(), Catch::Contains("its scheduler was never told"));
    }
    SECTION("an end that is never told") {
        w.starts("t");
        w.ends("t");
        const auto yes = [](auto) { return true; };
        const auto no = [](auto) { return false; };
        CHECK_THAT(w.checker.find_untold(yes, no), Catch::Contains("was never told"));
        CHECK(w.checker.find_untold(no, no).empty());
        CHECK(w.checker.find_untold(yes, yes).empty());
        w.is_told(Watched::status("t", TaskState::finished));
        CHECK(w.checker.find_untold(yes, no).empty());
    }
}
