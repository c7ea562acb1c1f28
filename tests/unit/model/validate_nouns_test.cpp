// SPDX-License-Identifier: Apache-2.0
#include <offerkit/model/validate.hpp>
#include <offerkit/resources/text.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace offerkit {

namespace {

template <class T>
std::string refusal_of(const T& noun) {
    const auto valid = validate(noun);
    return valid ? "" : format_refusal(valid.error());
}

FrameworkInfo plain_framework() {
    FrameworkInfo framework;
    framework.name = "f";
    return framework;
}

AgentInfo plain_agent() {
    AgentInfo agent;
    agent.hostname = "h";
    agent.resources = parse_resources("cpus:4;ports:[1-9]").value();
    return agent;
}

Role role(const char* path) { return Role::parse(path).value(); }

}  // namespace

TEST_CASE("frameworks have a name and roles, each once") {
    CHECK(refusal_of(plain_framework()).empty());
    FrameworkInfo framework = plain_framework();
    framework.name.clear();
    CHECK(refusal_of(framework) == "framework: use its name: is empty; give one");
    framework = plain_framework();
    framework.roles.clear();
    CHECK(refusal_of(framework) ==
          "framework f: use its roles: are none; give at least one, such as *");
    framework.roles = {role("a"), role("b"), role("a")};
    CHECK(refusal_of(framework) == "framework f: use its roles: name a twice; name it once");
    framework = plain_framework();
    framework.failover_timeout = Duration{-1};
    CHECK(refusal_of(framework) ==
          "framework f: use its failover timeout: is negative; give zero or more");
    framework.failover_timeout = Duration::max();
    CHECK(validate(framework).error().code == RefusalCode::too_large);
    framework = plain_framework();
    framework.webui_url = "http://x\n";
    CHECK(refusal_of(framework) ==
          "framework f: use its web UI address: has a control character; write it on one line");
    framework = plain_framework();
    framework.foreign.assign(limits::task_data_max, '\xff');
    CHECK(refusal_of(framework).empty());
    framework.foreign += 'x';
    CHECK(validate(framework).error().code == RefusalCode::too_large);
}

TEST_CASE("agents have a name, resources within bounds, and attributes each once") {
    CHECK(refusal_of(plain_agent()).empty());
    AgentInfo agent = plain_agent();
    agent.hostname.clear();
    CHECK(refusal_of(agent) == "agent: use its hostname: is empty; give one");
    agent = plain_agent();
    agent.resources.amounts().set(0, limits::amount_per_agent_max + 1);
    CHECK(validate(agent).error().who == "agent h, resources");
    agent = plain_agent();
    agent.attributes = {{"rack", std::string("r1")}, {"rack", std::string("r2")}};
    CHECK(refusal_of(agent) == "agent h: use its attributes: name rack twice; give it once");
    agent = plain_agent();
    agent.domain.zone = "\xff";
    CHECK(refusal_of(agent) == "agent h: use its zone: is not UTF-8; encode it as UTF-8");
}

TEST_CASE("attributes are a name and one of four kinds of values") {
    const auto refusal = [](Attribute attribute) {
        const auto valid = validate(Attributes{std::move(attribute)}, {"agent", "h"});
        return valid ? std::string{} : valid.error().why;
    };
    CHECK(refusal({"rack", std::string("r1")}).empty());
    CHECK(refusal({"rack", std::string()}) == "is empty");
    CHECK(refusal({"1", std::string("r1")}).starts_with("1 is not a name"));
    CHECK(refusal({"slots", std::int64_t{-5}}).empty());
    CHECK(refusal({"slots", limits::amount_per_cluster_max}).empty());
    CHECK(refusal({"slots", limits::amount_per_cluster_max + 1}) ==
          "slots is beyond 2^53 thousandths");
    CHECK(refusal({"slots", -limits::amount_per_cluster_max}).empty());
    CHECK(refusal({"slots", -limits::amount_per_cluster_max - 1}) ==
          "slots is beyond 2^53 thousandths");
    CHECK(refusal({"ids", Ranges{{1, 5}, {9, 9}}}).empty());
    CHECK(refusal({"zones", std::vector<std::string>{"b", "a"}}).empty());
    CHECK(refusal({"zones", std::vector<std::string>{"a", ""}}) == "is empty");
}

TEST_CASE("labels have a key of one line and a value of several") {
    const auto refusal = [](Label label) {
        const auto valid = validate(Labels{std::move(label)});
        return valid ? std::string{} : valid.error().why;
    };
    CHECK(refusal({"k", ""}).empty());
    CHECK(refusal({"k", "a\nb"}).empty());
    CHECK(refusal({"", "v"}) == "is empty");
    CHECK(refusal({"a\nb", "v"}) == "has a control character");
    CHECK(refusal({"k", "\xff"}) == "is not UTF-8 or has a NUL");
    CHECK(refusal({std::string(512, 'k'), std::string(512, 'v')}).empty());
    CHECK(refusal({std::string(512, 'k'), std::string(513, 'v')}).ends_with("1024 bytes"));
}

TEST_CASE("operations name what they change") {
    const Resources some = parse_resources("cpus:1").value();
    const BundleId volume{1, 2};
    CHECK(refusal_of(Operation{"op", Reserve{some, some}}).empty());
    CHECK(refusal_of(Operation{"", Unreserve{some}}).empty());
    CHECK(refusal_of(Operation{"", CreateVolume{some}}).empty());
    CHECK(refusal_of(Operation{"", DestroyVolume{volume}}).empty());
    CHECK(refusal_of(Operation{"", GrowVolume{volume, some}}).empty());
    CHECK(refusal_of(Operation{"", ShrinkVolume{volume, some}}).empty());
    CHECK(refusal_of(Operation{"", Launch{}}).empty());

    const std::string empty = "operation op: use its resources: are empty; name what to change";
    CHECK(refusal_of(Operation{"op", Reserve{some, {}}}) == empty);
    CHECK(refusal_of(Operation{"op", Unreserve{}}) == empty);
    CHECK(refusal_of(Operation{"op", CreateVolume{}}) == empty);
    CHECK(refusal_of(Operation{"op", GrowVolume{volume, {}}}) == empty);
    CHECK(refusal_of(Operation{"op", ShrinkVolume{volume, {}}}) == empty);
    const std::string unnamed = "operation op: use its volume: is not named; give its id";
    CHECK(refusal_of(Operation{"op", DestroyVolume{}}) == unnamed);
    CHECK(refusal_of(Operation{"op", GrowVolume{{}, some}}) == unnamed);
    CHECK(refusal_of(Operation{"op", ShrinkVolume{{}, some}}) == unnamed);
    CHECK(refusal_of(Operation{"a\nb", Unreserve{some}}) ==
          "operation a\nb: use its feedback id: has a control character; write it on one line");
}

TEST_CASE("what an operation contains is validated as well") {
    Resources too_much;
    too_much.amounts().set(0, limits::amount_per_agent_max + 1);
    const Resources some = parse_resources("cpus:1").value();
    const BundleId volume{1, 2};
    for (const Operation& operation :
         {Operation{"op", Reserve{too_much, some}}, Operation{"op", Reserve{some, too_much}},
          Operation{"op", Unreserve{too_much}}, Operation{"op", CreateVolume{too_much}},
          Operation{"op", GrowVolume{volume, too_much}},
          Operation{"op", ShrinkVolume{volume, too_much}}}) {
        const auto refused = validate(operation);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().who == "operation op, resources");
        CHECK(refused.error().code == RefusalCode::too_large);
    }
    TaskInfo task;
    task.id = TaskId{"t1"};
    CHECK(validate(Operation{"op", Launch{{task}}}).error().who == "task t1");
    CHECK(validate(Operation{"op", LaunchGroup{{}, {task}}}).error().who == "executor");
}

TEST_CASE("statuses carry texts within bounds") {
    TaskStatus status;
    status.task = TaskId{"t"};
    CHECK(refusal_of(status).empty());
    status.message = "\xff";
    CHECK(refusal_of(status) ==
          "status of task t: use its message: is not UTF-8 or has a NUL; encode it as UTF-8");
    status = {};
    CHECK(refusal_of(status) == "status of task: use its task: is empty; give one");
    status.task = TaskId{"t"};
    status.executor = ExecutorId{"a/b"};
    CHECK(validate(status).error().what == "use its executor");
    status.executor = {};
    status.exit = ExitStatus{-1, -1};
    CHECK(refusal_of(status) ==
          "status of task t: use its exit status: has a negative signal; give 0 if there was "
          "none");
    status.exit = ExitStatus{-1, 9};
    CHECK(refusal_of(status).empty());
    status.data.assign(limits::task_data_max + 1, 'x');
    CHECK(validate(status).error().code == RefusalCode::too_large);
    CHECK(validate(OperationStatus{}).has_value());
    OperationStatus operation;
    operation.message.assign(limits::message_text_max + 1, 'x');
    CHECK(validate(operation).error().code == RefusalCode::too_large);
}

TEST_CASE("demand has shapes that can be met") {
    Demand demand{role("a"), {{parse_resources("cpus:1").value(), 10, 2, Duration{5}}}};
    CHECK(refusal_of(demand).empty());
    demand.shapes[0].gang = 0;
    CHECK(refusal_of(demand) ==
          "demand of role a: use its gang size: is 0; give 1 if each task alone is useful");
    demand.shapes[0].gang = 1;
    demand.shapes[0].run_time_estimate = Duration{-1};
    CHECK_FALSE(validate(demand).has_value());
    demand.shapes[0].run_time_estimate = Duration::max();
    demand.shapes[0].resources.amounts().set(0, limits::amount_per_agent_max + 1);
    CHECK(validate(demand).error().who == "demand of role a, resources");
}

TEST_CASE("the configuration of a role has a weight and a quota in bounds") {
    RoleConfig config;
    config.role = role("a");
    for (const std::int64_t weight : {std::int64_t{1}, limits::weight_max}) {
        config.weight = weight;
        CHECK(refusal_of(config).empty());
    }
    for (const std::int64_t weight : {std::int64_t{0}, limits::weight_max + 1}) {
        config.weight = weight;
        CHECK(refusal_of(config) ==
              "role a: use its weight: is not from 0.001 to 1000; give a weight in that range");
    }
    config.weight = 1000;
    config.quota.guarantee.amounts().set(0, limits::amount_per_cluster_max);
    config.quota.limits = {{"cpus", 0}, {"mem", limits::amount_per_cluster_max}};
    CHECK(refusal_of(config).empty());
    config.quota.limits = {{"mem", 1}, {"cpus", 1}};
    CHECK(validate(config).error().why == "are not sorted, or name cpus twice");
    config.quota.limits = {{"mem", 1}, {"mem", 1}};
    CHECK(validate(config).error().why == "are not sorted, or name mem twice");
    config.quota.limits = {{"mem", -1}};
    CHECK(validate(config).error().why == "mem has a bad name or amount");
    config.quota.limits = {{"9", 1}};
    CHECK(validate(config).error().why == "9 has a bad name or amount");
    config.quota.limits = {{"mem", limits::amount_per_cluster_max + 1}};
    CHECK(validate(config).error().why == "mem has a bad name or amount");
}

TEST_CASE("a refusal of offers ends within a year, or never") {
    CHECK(validate_refuse_for({"decline"}, Duration{0}).has_value());
    CHECK(validate_refuse_for({"decline"}, limits::refuse_for_max).has_value());
    CHECK(validate_refuse_for({"decline"}, Duration::max()).has_value());
    CHECK_FALSE(validate_refuse_for({"decline"}, limits::refuse_for_max + Duration{1}).has_value());
    CHECK_FALSE(validate_refuse_for({"decline"}, Duration{-1}).has_value());
}

}  // namespace offerkit
