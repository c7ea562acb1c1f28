// SPDX-License-Identifier: Apache-2.0
// Bytes that only another implementation, another version or an attacker would send.

#include "messages.hpp"

#include <offerkit/wire/proto/agent.pb.h>
#include <offerkit/wire/proto/executor.pb.h>
#include <offerkit/wire/proto/hello.pb.h>
#include <offerkit/wire/proto/scheduler.pb.h>

#include <functional>
#include <string>

namespace offerkit::test {

namespace {

namespace pb = offerkit::v1;

template <class T, class Wire>
void refuse(const Wire& message, RefusalCode code, std::string_view why) {
    check_refused<T>(std::string_view{message.SerializeAsString()}, code, why);
}

/// A valid run of one task, as protobuf, for a test to spoil.
pb::MasterMessage wire_run() {
    pb::MasterMessage message;
    message.ParseFromString(encoded(run(plain_task())));
    return message;
}

pb::TaskInfo& task_of(pb::MasterMessage& message) {
    return *message.mutable_run_tasks()->mutable_tasks(0);
}

template <class Spoil>
void refuse_task(Spoil&& spoil, RefusalCode code, std::string_view why) {
    pb::MasterMessage message = wire_run();
    spoil(task_of(message));
    refuse<protocol::MasterMessage>(message, code, why);
}

template <class Spoil>
void refuse_resources(Spoil&& spoil, RefusalCode code, std::string_view why) {
    refuse_task([&](pb::TaskInfo& task) { spoil(*task.mutable_resources()); }, code, why);
}

pb::SchedulerEvent wire_status() {
    pb::SchedulerEvent event;
    pb::TaskStatus& status = *event.mutable_statuses()->add_statuses();
    status.set_task("t1");
    status.set_state(pb::TASK_STATE_RUNNING);
    status.set_source(pb::STATUS_SOURCE_AGENT);
    status.set_reason(pb::STATUS_REASON_NONE);
    return event;
}

}  // namespace

TEST_CASE("fields of a later version are skipped, at every level") {
    for_each_message_type([]<class T>(MessageType<T> type) {
        RandomValues values{9};
        const T message = make_message<T>(values, 0);
        INFO(type.name);
        // Field 1000 as number, 64 bits, bytes and 32 bits.
        const wire::Bytes unknown = std::string("\xc0\x3e\x05\xc1\x3e", 5) + "12345678" +
                                    "\xc2\x3e\x03xyz" + "\xc5\x3e" + "1234";
        const auto read = wire::decode<T>(unknown + encoded(message) + unknown);
        REQUIRE(read.has_value());
        CHECK(read.value() == message);
    });
    pb::MasterMessage message = wire_run();
    task_of(message).mutable_resources()->mutable_unknown_fields()->append("\xc2\x3e\x03xyz");
    task_of(message).mutable_unknown_fields()->append("\xc2\x3e\x03xyz");
    const auto read = wire::decode<protocol::MasterMessage>(message.SerializeAsString());
    REQUIRE(read.has_value());
    CHECK(read.value() == run(plain_task()));
}

TEST_CASE("a message with no body, or two, is refused") {
    check_refused<protocol::SchedulerCall>(std::string_view{}, RefusalCode::unsupported, "no body");
    check_refused<protocol::SchedulerEvent>(std::string_view{}, RefusalCode::unsupported,
                                            "no body");
    check_refused<protocol::AgentMessage>(std::string_view{}, RefusalCode::unsupported, "no body");
    pb::SchedulerCall call;
    call.mutable_beat();
    call.mutable_teardown();
    refuse<protocol::SchedulerCall>(call, RefusalCode::malformed, "more than one body");
    pb::SchedulerCall accept;
    accept.mutable_accept()->add_offers(1);
    accept.mutable_accept()->add_operations();
    refuse<protocol::SchedulerCall>(accept, RefusalCode::unsupported, "no body");
}

TEST_CASE("a hello of another major version is read as far as its version") {
    pb::Hello hello;
    hello.set_major(2);
    hello.set_minor(7);
    hello.set_token(std::string(10'000, 'x'));
    const auto read = wire::decode<protocol::Hello>(hello.SerializeAsString());
    REQUIRE(read.has_value());
    CHECK(read->major == 2);
    CHECK(read->minor == 7);
    CHECK(read->token.empty());
}

TEST_CASE("a hello without a kind that is known is refused") {
    pb::Hello hello;
    hello.set_major(1);
    refuse<protocol::Hello>(hello, RefusalCode::unsupported, "is missing");
    // Field 3 with the value 77.
    check_refused<protocol::Hello>("\x08\x01\x18\x4d", RefusalCode::unsupported, "does not know");
}

TEST_CASE("states that are unknown are refused, reasons that are unknown have a stand-in") {
    pb::SchedulerEvent event = wire_status();
    REQUIRE(wire::decode<protocol::SchedulerEvent>(event.SerializeAsString()).has_value());
    pb::TaskStatus& status = *event.mutable_statuses()->mutable_statuses(0);
    status.clear_state();
    refuse<protocol::SchedulerEvent>(event, RefusalCode::unsupported, "is missing");
    status.set_state(pb::TASK_STATE_RUNNING);
    status.clear_source();
    refuse<protocol::SchedulerEvent>(event, RefusalCode::unsupported, "is missing");
    status.set_source(pb::STATUS_SOURCE_AGENT);
    status.clear_reason();
    status.mutable_unknown_fields()->append("\x38\x63");  // Reason 99.
    const auto read = wire::decode<protocol::SchedulerEvent>(event.SerializeAsString());
    REQUIRE(read.has_value());
    CHECK(std::get<protocol::Statuses>(read.value()).statuses.at(0).reason ==
          StatusReason::foreign);

    pb::SchedulerCall decline;
    decline.mutable_decline()->add_offers(1);
    const auto declined = wire::decode<protocol::SchedulerCall>(decline.SerializeAsString());
    REQUIRE(declined.has_value());
    CHECK(std::get<protocol::Decline>(declined.value()).reason == DeclineReason::unspecified);

    pb::Refusal refusal;
    refusal.set_why("because");
    const Refusal shown = wire::decode_refusal(refusal.SerializeAsString());
    CHECK(shown.code == RefusalCode::invalid);
    CHECK(shown.why == "because");
}

TEST_CASE("lengths of time below zero are refused") {
    refuse_task([](auto& task) { task.mutable_kill_policy()->set_grace(-1); }, RefusalCode::invalid,
                "is negative");
    refuse_task([](auto& task) { task.set_run_time_max(-1); }, RefusalCode::invalid, "is negative");
    pb::SchedulerCall call;
    call.mutable_accept()->add_offers(1);
    call.mutable_accept()->set_refuse_for(-1);
    refuse<protocol::SchedulerCall>(call, RefusalCode::invalid, "is negative");
    call.Clear();
    call.mutable_kill()->set_task("t");
    call.mutable_kill()->set_grace(-1);
    refuse<protocol::SchedulerCall>(call, RefusalCode::invalid, "is negative");
}

TEST_CASE("ids that are missing are refused") {
    pb::SchedulerCall call;
    call.mutable_accept();
    refuse<protocol::SchedulerCall>(call, RefusalCode::invalid, "are none");
    call.mutable_accept()->add_offers(0);
    refuse<protocol::SchedulerCall>(call, RefusalCode::invalid, "is missing");
    call.Clear();
    call.mutable_kill();
    refuse<protocol::SchedulerCall>(call, RefusalCode::invalid, "is empty");
    call.Clear();
    call.mutable_acknowledge()->add_receipts();
    refuse<protocol::SchedulerCall>(call, RefusalCode::invalid, "is missing");
    pb::MasterMessage message = wire_run();
    message.mutable_run_tasks()->clear_framework();
    refuse<protocol::MasterMessage>(message, RefusalCode::invalid, "is missing");
    message = wire_run();
    message.mutable_run_tasks()->clear_role();
    refuse<protocol::MasterMessage>(message, RefusalCode::invalid, "is empty");
    refuse_task([](auto& task) { task.clear_id(); }, RefusalCode::invalid, "is empty");
}

TEST_CASE("texts outside their alphabets are refused") {
    refuse_task([](auto& task) { task.set_id("a/b"); }, RefusalCode::invalid, "/ or");
    refuse_task([](auto& task) { task.set_name("\xff"); }, RefusalCode::invalid, "is not UTF-8");
    refuse_task([](auto& task) { task.add_labels()->set_key("\n"); }, RefusalCode::invalid,
                "control character");
    refuse_task([](auto& task) { task.mutable_command()->set_shell(std::string("a\0b", 3)); },
                RefusalCode::invalid, "NUL");
    refuse_task([](auto& task) { task.mutable_command()->add_environment()->set_name("A=B"); },
                RefusalCode::invalid, "= in its name");
    pb::MasterMessage message = wire_run();
    message.mutable_run_tasks()->set_role("a//b");
    refuse<protocol::MasterMessage>(message, RefusalCode::invalid, "empty part");
}

TEST_CASE("a refused task is named") {
    pb::MasterMessage message = wire_run();
    task_of(message).mutable_command()->add_argv("too");
    const auto read = wire::decode<protocol::MasterMessage>(message.SerializeAsString());
    REQUIRE_FALSE(read.has_value());
    CHECK(format_refusal(read.error()) ==
          "task t1: use its command: has both shell and argv; give one of the two");
}

TEST_CASE("ports above 65535 are refused") {
    refuse_task([](auto& task) { task.add_ports()->set_number(65536); }, RefusalCode::invalid,
                "is 65536");
}

TEST_CASE("amounts below zero, beyond the limit or without a kind are refused") {
    refuse_resources([](auto& r) { r.set_cpus(-1); }, RefusalCode::invalid, "negative");
    refuse_resources([](auto& r) { r.set_mem(std::numeric_limits<std::int64_t>::min()); },
                     RefusalCode::invalid, "negative");
    refuse_resources([](auto& r) { r.set_disk(std::numeric_limits<std::int64_t>::max()); },
                     RefusalCode::too_large, "more than");
    refuse_resources([](auto& r) { r.set_gpus(-1); }, RefusalCode::invalid, "negative");
    refuse_resources([](auto& r) { r.add_amounts()->set_units(1); }, RefusalCode::malformed,
                     "a kind's name");
    refuse_resources([](auto& r) { r.add_amounts()->set_name("cpus"); }, RefusalCode::invalid,
                     "given twice");
    refuse_resources([](auto& r) { r.add_amounts()->set_name(std::string(65, 'k')); },
                     RefusalCode::malformed, "a kind's name");
}

TEST_CASE("gpu cards that are no cards are refused") {
    const auto cards = [](std::int64_t gpus, std::vector<std::int64_t> each) {
        return [=](pb::Resources& r) {
            r.set_gpus(gpus);
            for (const std::int64_t card : each)
                r.add_gpu_cards(card);
        };
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuse_resources(cards(500, {-500, 1000}), RefusalCode::invalid, "negative or more");
    refuse_resources(cards(500, {501}), RefusalCode::invalid, "negative or more");
    refuse_resources(cards(most, {most, most}), RefusalCode::invalid, "negative or more");
    refuse_resources(cards(3000, {1001}), RefusalCode::invalid, "between 0 and 1");
}

TEST_CASE("ranges that are not in their one form are refused") {
    const auto ports = [](std::vector<std::uint64_t> bounds) {
        return [=](pb::Resources& r) {
            for (const std::uint64_t bound : bounds)
                r.add_ports(bound);
        };
    };
    constexpr std::uint64_t most = ~std::uint64_t{0};
    refuse_resources(ports({1}), RefusalCode::invalid, "lack a bound");
    refuse_resources(ports({2, 1}), RefusalCode::invalid, "run backwards");
    refuse_resources(ports({5, 6, 1, 2}), RefusalCode::invalid, "run backwards");
    refuse_resources(ports({1, 2, 3, 4}), RefusalCode::invalid, "touch");
    refuse_resources(ports({1, most, 0, 0}), RefusalCode::invalid, "run backwards");
    refuse_resources([](pb::Resources& r) { r.add_ranges()->set_name("cpus"); },
                     RefusalCode::invalid, "given twice");
}

TEST_CASE("sets and bundles that are not in order are refused") {
    refuse_resources(
        [](pb::Resources& r) {
            r.add_sets()->set_name("zones");
            r.mutable_sets(0)->add_items("a");
            r.mutable_sets(0)->add_items("a");
        },
        RefusalCode::invalid, "twice");
    refuse_resources(
        [](pb::Resources& r) {
            r.add_sets()->set_name("zones");
            r.mutable_sets(0)->add_items("\xff");
        },
        RefusalCode::invalid, "UTF-8");
    refuse_resources([](pb::Resources& r) { r.add_bundles(); }, RefusalCode::malformed, "no id");
    refuse_resources(
        [](pb::Resources& r) {
            r.add_bundles()->set_id(1);
            r.add_bundles()->set_id(1);
        },
        RefusalCode::invalid, "twice");
    refuse_resources(
        [](pb::Resources& r) {
            r.add_bundles()->set_id(1);
            r.mutable_bundles(0)->mutable_content()->add_bundles()->set_id(2);
        },
        RefusalCode::invalid, "bundles inside");
    refuse_resources(
        [](pb::Resources& r) {
            r.add_bundles()->set_id(1);
            r.mutable_bundles(0)->set_copies(2);
        },
        RefusalCode::invalid, "only a shared bundle");
    refuse_resources(
        [](pb::Resources& r) {
            r.add_bundles()->set_id(1);
            r.mutable_bundles(0)->add_reservations()->set_role("*/x");
        },
        RefusalCode::invalid, "in a part");
}

TEST_CASE("bundles in bundles without end are refused before they are read") {
    pb::Resources innermost;
    innermost.set_cpus(1);
    wire::Bytes content = innermost.SerializeAsString();
    for (std::size_t i = 0; i < limits::frame_depth_max; ++i) {
        pb::Bundle bundle;
        bundle.mutable_content()->ParseFromString(content);
        pb::Resources outer;
        *outer.add_bundles() = bundle;
        content = outer.SerializeAsString();
    }
    pb::AgentMessage message;
    message.mutable_register_agent()->mutable_info()->mutable_resources()->ParseFromString(content);
    refuse<protocol::AgentMessage>(message, RefusalCode::malformed, "nested too deep");
}

TEST_CASE("attributes have one value") {
    const auto refuse_attribute = [](auto&& spoil) {
        pb::AgentMessage message;
        pb::AgentInfo& info = *message.mutable_register_agent()->mutable_info();
        info.set_hostname("a");
        info.add_attributes()->set_name("rack");
        spoil(*info.mutable_attributes(0));
        refuse<protocol::AgentMessage>(message, RefusalCode::invalid, "no value, or more");
    };
    refuse_attribute([](pb::Attribute&) {});
    refuse_attribute([](pb::Attribute& attribute) {
        attribute.set_text("a");
        attribute.set_scalar(1);
    });
}

TEST_CASE("a group's tasks are the group's executor's") {
    protocol::RunGroup group;
    group.framework = {1, 1};
    group.executor = plain_executor();
    check_refused(protocol::MasterMessage{group}, RefusalCode::invalid, "are none");
    group.tasks = {plain_task()};
    group.tasks[0].command = {};
    check_taken(protocol::MasterMessage{group});
    group.tasks[0].executor = plain_executor();
    check_refused(protocol::MasterMessage{group}, RefusalCode::invalid, "in a group");
}

}  // namespace offerkit::test
