// SPDX-License-Identifier: Apache-2.0
#include <offerkit/model/validate.hpp>
#include <offerkit/resources/text.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <string>

namespace offerkit {

namespace {

TaskInfo plain_task() {
    TaskInfo task;
    task.id = TaskId{"t1"};
    task.resources = parse_resources("cpus:1;mem:64;licenses:2").value();
    task.command.shell = "true";
    return task;
}

ExecutorInfo plain_executor() {
    ExecutorInfo executor;
    executor.id = ExecutorId{"e1"};
    executor.command.argv = {"run"};
    return executor;
}

struct Row {
    const char* name;
    std::function<void(TaskInfo&)> change;
    std::string refusal;  // Empty: it is taken.
};

void check(const Row& row) {
    INFO(row.name);
    TaskInfo task = plain_task();
    row.change(task);
    const auto valid = validate(task);
    CHECK((valid ? std::string{} : format_refusal(valid.error())) == row.refusal);
}

Resources text(const char* resources) { return parse_resources(resources).value(); }

}  // namespace

TEST_CASE("commands are one of two things, and what a process can be given") {
    const Row rows[] = {
        {"shell", [](TaskInfo&) {}, ""},
        {"argv", [](TaskInfo& t) { t.command = {"", {"prog", ""}, {}, "", ""}; }, ""},
        {"neither", [](TaskInfo& t) { t.command.shell.clear(); },
         "task t1: use its command: has neither shell nor argv; give one of the two"},
        {"both", [](TaskInfo& t) { t.command.argv = {"a"}; },
         "task t1: use its command: has both shell and argv; give one of the two"},
        {"no program", [](TaskInfo& t) { t.command = {"", {"", "a"}, {}, "", ""}; },
         "task t1: use its argv: begins with an empty program; name the program first"},
        {"NUL in argv",
         [](TaskInfo& t) { t.command = {"", {"a", std::string("\0", 1)}, {}, "", ""}; },
         "task t1: use its argv: has a NUL; remove it"},
        {"a variable", [](TaskInfo& t) { t.command.environment = {{"A", "b=\xff\n"}}; }, ""},
        {"no name", [](TaskInfo& t) { t.command.environment = {{"", "b"}}; },
         "task t1: use its environment: variable  has no name, a = in its name, or a NUL; "
         "rename or remove it"},
        {"= in a name", [](TaskInfo& t) { t.command.environment = {{"A=", "b"}}; },
         "task t1: use its environment: variable A= has no name, a = in its name, or a NUL; "
         "rename or remove it"},
        {"NUL in a value",
         [](TaskInfo& t) { t.command.environment = {{"A", std::string("\0", 1)}}; },
         "task t1: use its environment: variable A has no name, a = in its name, or a NUL; "
         "rename or remove it"},
        {"a variable twice",
         [](TaskInfo& t) { t.command.environment = {{"B", "1"}, {"A", ""}, {"B", "1"}}; },
         "task t1: use its environment: variable B is given twice; give it once"},
        {"an absolute folder", [](TaskInfo& t) { t.command.working_directory = "/a/../b"; }, ""},
        {"a folder below", [](TaskInfo& t) { t.command.working_directory = "a/..b/..."; }, ""},
        {"a folder above", [](TaskInfo& t) { t.command.working_directory = "a/../.."; },
         "task t1: use its working directory: is relative and has a part ..; stay below the "
         "sandbox, or give an absolute path"},
        {"only above", [](TaskInfo& t) { t.command.working_directory = ".."; },
         "task t1: use its working directory: is relative and has a part ..; stay below the "
         "sandbox, or give an absolute path"},
        {"a user of two lines", [](TaskInfo& t) { t.command.user = "a\nb"; },
         "task t1: use its user: has a control character; write it on one line"},
    };
    for (const Row& row : rows)
        check(row);
}

TEST_CASE("tasks have an id, take something, and stay below their ceilings") {
    const Row rows[] = {
        {"no id", [](TaskInfo& t) { t.id = {}; }, "task: use its id: is empty; give one"},
        {"a path as id", [](TaskInfo& t) { t.id = TaskId{"../x"}; },
         "task ../x: use its id: has a control or non-ASCII character, / or \\; use letters, "
         "digits, - _ and ."},
        {"nothing taken", [](TaskInfo& t) { t.resources = {}; },
         "task t1: use its resources: are empty; ask for what it needs, such as "
         "cpus:0.1;mem:32"},
        {"a ceiling", [](TaskInfo& t) { t.limits = text("cpus:2;licenses:2"); }, ""},
        {"a ceiling of another kind", [](TaskInfo& t) { t.limits = text("disk:1"); }, ""},
        {"a ceiling too low", [](TaskInfo& t) { t.limits = text("cpus:2;mem:63.999"); },
         "task t1: use its limits: are below the request for mem; raise the limit, or leave it "
         "out"},
        {"a named ceiling too low", [](TaskInfo& t) { t.limits = text("licenses:1"); },
         "task t1: use its limits: are below the request for licenses; raise the limit, or "
         "leave it out"},
        {"a ceiling of ports", [](TaskInfo& t) { t.limits = text("ports:[1-2]"); },
         "task t1: use its limits: have more than plain amounts; limit amounts only"},
        {"too much of something",
         [](TaskInfo& t) { t.resources.amounts().set(0, limits::amount_per_agent_max + 1); },
         "task t1, resources: take cpus: 70368744177.665 is more than the most allowed, "
         "70368744177.664; give less"},
        {"in local form", [](TaskInfo& t) { t.resources.amounts().set(9, 1); },
         "task t1, resources: take slot 9: it has no name outside one machine; send the amount "
         "by its kind's name"},
        {"a port without number", [](TaskInfo& t) { t.ports = {{"web", 0, "tcp"}}; },
         "task t1: use its ports: have one with the number 0; give it a number from 1 to 65535"},
        {"a negative grace", [](TaskInfo& t) { t.kill_policy.grace = Duration{-1}; },
         "task t1: use its kill grace: is negative; give zero or more"},
        {"a long grace",
         [](TaskInfo& t) { t.kill_policy.grace = limits::kill_grace_max + Duration{1}; },
         "task t1: use its kill grace: is longer than 86400 s; shorten it"},
        {"a negative run time", [](TaskInfo& t) { t.run_time_max = Duration{-1}; },
         "task t1: use its run_time_max: is negative; give zero or more"},
        {"a label without key", [](TaskInfo& t) { t.labels = {{"", "v"}}; },
         "task t1: use its label key: is empty; give one"},
    };
    for (const Row& row : rows)
        check(row);
}

TEST_CASE("checks say whom to ask, how often and how long") {
    const auto with = [](auto change) {
        return [change](TaskInfo& task) {
            Check check;
            check.kind = Check::Kind::http;
            check.port = 80;
            check.path = "/";
            change(check);
            task.health_check = check;
        };
    };
    const Row rows[] = {
        {"http", with([](Check&) {}), ""},
        {"tcp", with([](Check& c) { c.kind = Check::Kind::tcp, c.path = ""; }), ""},
        {"command", with([](Check& c) { c.kind = Check::Kind::command, c.command.shell = "x"; }),
         ""},
        {"a command that is none", with([](Check& c) { c.kind = Check::Kind::command; }),
         "task t1: use its command: has neither shell nor argv; give one of the two"},
        {"no port", with([](Check& c) { c.port = 0; }),
         "task t1: use its check: has no port; give it a number from 1 to 65535"},
        {"a relative path", with([](Check& c) { c.path = "x"; }),
         "task t1: use its check: has a path that does not begin with /; begin it with /"},
        {"no interval", with([](Check& c) { c.interval = Duration{0}; }),
         "task t1: use its check: has no interval or no timeout; give lengths above zero"},
        {"no timeout", with([](Check& c) { c.timeout = Duration{-1}; }),
         "task t1: use its check: has no interval or no timeout; give lengths above zero"},
        {"a negative delay", with([](Check& c) { c.delay = Duration{-1}; }),
         "task t1: use its check: has a negative delay or grace; give zero or more"},
        {"a negative grace", with([](Check& c) { c.grace = Duration{-1}; }),
         "task t1: use its check: has a negative delay or grace; give zero or more"},
        {"no failures", with([](Check& c) { c.failures_max = 0; }),
         "task t1: use its check: allows 0 failures in a row; give at least 1"},
    };
    for (const Row& row : rows)
        check(row);
    TaskInfo task = plain_task();
    task.ready_check = Check{};
    CHECK_FALSE(validate(task).has_value());
}

TEST_CASE("executors are validated as what they are, and inside their tasks") {
    CHECK(validate(plain_executor()).has_value());
    ExecutorInfo executor = plain_executor();
    executor.command = {};
    CHECK(format_refusal(validate(executor).error()) ==
          "executor e1: use its command: has neither shell nor argv; give one of the two");
    TaskInfo task = plain_task();
    task.executor = executor;
    CHECK(validate(task).error().who == "executor e1");
    executor = plain_executor();
    executor.resources.amounts().set(1, limits::amount_per_agent_max + 1);
    CHECK(validate(executor).error().who == "executor e1, resources");
    task.executor = executor;
    CHECK(validate(task).error().who == "task t1, resources");
    executor = plain_executor();
    executor.shutdown_grace = Duration{-1};
    CHECK_FALSE(validate(executor).has_value());
}

TEST_CASE("a task of a custom executor needs no command") {
    TaskInfo task = plain_task();
    task.executor = plain_executor();
    CHECK(validate(task).has_value());
    task.command = {};
    CHECK(validate(task).has_value());
    task.command.user = "me";
    CHECK_FALSE(validate(task).has_value());
}

TEST_CASE("a group has tasks, and they have no executors of their own") {
    std::vector<TaskInfo> tasks;
    CHECK(format_refusal(validate_group(plain_executor(), tasks).error()) ==
          "task group of executor e1: use its tasks: are none; give at least one");
    tasks = {plain_task(), plain_task()};
    tasks[1].command = {};
    CHECK(validate_group(plain_executor(), tasks).has_value());
    tasks[1].resources = {};
    CHECK(validate_group(plain_executor(), tasks).error().who == "task t1");
    tasks[1] = plain_task();
    tasks[1].executor = plain_executor();
    CHECK(validate_group(plain_executor(), tasks).error().what == "use its executor");
    tasks[1].executor.reset();
    CHECK_FALSE(validate_group(ExecutorInfo{}, tasks).has_value());
}

}  // namespace offerkit
