// SPDX-License-Identifier: Apache-2.0
// One task that breaks a rule is no reason to refuse the others of its accept.
#include "messages.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::test {
namespace {

TaskInfo make_task(const std::string& id) {
    TaskInfo task = plain_task();
    task.id = TaskId{id};
    return task;
}

Result<protocol::SchedulerCall> through_wire(std::vector<TaskInfo> tasks) {
    protocol::Accept accept;
    accept.offers = {OfferId{1, 1}};
    accept.operations = {{"", Launch{std::move(tasks)}}};
    return wire::decode<protocol::SchedulerCall>(
        encoded(protocol::SchedulerCall{std::move(accept)}));
}

}  // namespace

TEST_CASE("a task that breaks a rule is set apart from the others of its accept", "[wire]") {
    TaskInfo silent = make_task("silent");
    silent.command.shell.clear();
    const auto read = through_wire({make_task("good"), silent, make_task("fine")});
    REQUIRE(read.has_value());
    const auto& accept = std::get<protocol::Accept>(*read);
    const auto& launch = std::get<Launch>(accept.operations.at(0).action);
    REQUIRE(launch.tasks.size() == 2);
    CHECK(launch.tasks[0].id == TaskId{"good"});
    CHECK(launch.tasks[1].id == TaskId{"fine"});
    REQUIRE(launch.refused.size() == 1);
    CHECK(launch.refused[0].task == TaskId{"silent"});
    CHECK(launch.refused[0].why.who == "task silent");
}

TEST_CASE("a task that nobody can be told about makes its accept wrong", "[wire]") {
    CHECK_FALSE(through_wire({make_task("good"), make_task("")}).has_value());
    CHECK_FALSE(through_wire({make_task(std::string(limits::task_id_max + 1, 'x'))}).has_value());
    CHECK(through_wire({make_task(std::string(limits::task_id_max, 'x'))}).has_value());
}

}  // namespace offerkit::test
