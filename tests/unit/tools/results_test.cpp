// SPDX-License-Identifier: Apache-2.0
#include <support/temporary_folder.hpp>
#include <tools/results.hpp>
#include <tools/results_file.hpp>

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::tools;
using offerkit::testing::TemporaryFolder;

namespace {

std::vector<Job> make_jobs() {
    std::vector<Job> jobs(3);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        jobs[i].id = std::string(1, static_cast<char>('a' + i));
        jobs[i].command.shell = "do " + jobs[i].id;
        jobs[i].line = i + 1;
    }
    return jobs;
}

JobEnd make_end(std::size_t job, JobEnd::How how = JobEnd::How::finished) {
    JobEnd end;
    end.job = job;
    end.how = how;
    end.attempts = 1;
    end.status.task = TaskId{"t"};
    end.status.state = how == JobEnd::How::failed ? TaskState::failed : TaskState::finished;
    return end;
}

nlohmann::json line_of(const JobEnd& end, const SavedOutput& saved = {}) {
    const std::string line = format_result(make_jobs(), end, saved);
    REQUIRE(line.back() == '\n');
    REQUIRE(line.find('\n') == line.size() - 1);
    return nlohmann::json::parse(line);
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>{file}, {}};
}

void put(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("a result says how the job ended, where, when and after how many attempts") {
    JobEnd end = make_end(1, JobEnd::How::failed);
    end.status.exit = ExitStatus{3, 0};
    end.status.reason = StatusReason::command_exited;
    end.status.message = "a \"message\"\nof two lines, and a bad byte: \xff";
    end.status.agent = AgentId{1, 2};
    end.status.sandbox = "f1/b";
    end.status.at = WallTime{1'700'000'000'000'000'000};
    end.started = WallTime{1'699'999'999'500'000'000};
    end.attempts = 2;
    const nlohmann::json json = line_of(end, {"out/b.stdout", "out/b.stderr", ""});
    CHECK(json["id"] == "b");
    CHECK(json["state"] == "failed");
    CHECK(json["exit_code"] == 3);
    CHECK(json["signal"].is_null());
    CHECK(json["reason"] == "command_exited");
    CHECK(json["attempts"] == 2);
    CHECK(json["task"] == "t");
    CHECK(json["agent"] == "a1-2");
    CHECK(json["started_at"] == "2023-11-14T22:13:19.500Z");
    CHECK(json["ended_at"] == "2023-11-14T22:13:20.000Z");
    CHECK(json["sandbox"] == "f1/b");
    CHECK(json["stdout"] == "out/b.stdout");
    CHECK(json["stderr"] == "out/b.stderr");
    CHECK(json["output_error"].is_null());
    CHECK(json["definition"].get<std::string>().size() == 16);
}

TEST_CASE("a result of a signal, of a job that was not run, and of one that was interrupted") {
    JobEnd end = make_end(0, JobEnd::How::failed);
    end.status.exit = ExitStatus{0, 9};
    CHECK(line_of(end)["signal"] == 9);
    CHECK(line_of(end)["exit_code"].is_null());

    JobEnd not_run = make_end(2, JobEnd::How::not_run);
    not_run.status = {};
    not_run.attempts = 0;
    not_run.cause = 1;
    const nlohmann::json json = line_of(not_run);
    CHECK(json["state"] == "not_run");
    CHECK(json["reason"] == "dependency_failed");
    CHECK(json["message"] == "it waits for job b, which did not finish");
    CHECK(json["task"].is_null());
    CHECK(json["agent"].is_null());
    CHECK(json["ended_at"].is_null());

    CHECK(line_of(make_end(0, JobEnd::How::interrupted))["state"] == "interrupted");
    CHECK(line_of(make_end(0, JobEnd::How::interrupted))["ended_at"].is_null());
}

TEST_CASE("of results only what finished is done, and the last word on a job holds") {
    const std::vector<Job> jobs = make_jobs();
    const auto line = [&](std::size_t job, JobEnd::How how) {
        return format_result(jobs, make_end(job, how), {});
    };
    const Earlier earlier =
        read_results(line(0, JobEnd::How::failed) + line(1, JobEnd::How::finished) +
                         line(2, JobEnd::How::finished) + line(0, JobEnd::How::finished) +
                         line(2, JobEnd::How::interrupted),
                     jobs);
    CHECK(earlier.bad == 0);
    CHECK(earlier.finished == std::vector<std::uint32_t>{0, 1});
    CHECK(read_results("", jobs).finished.empty());
}

TEST_CASE("results of jobs that are not in the file are counted and nothing else") {
    std::vector<Job> jobs = make_jobs();
    const std::string text = format_result(jobs, make_end(1), {});
    jobs.erase(jobs.begin() + 1);
    const Earlier earlier = read_results(text, jobs);
    CHECK(earlier.of_other_jobs == 1);
    CHECK(earlier.bad == 0);
}

TEST_CASE("a job that has finished with another command stands against resuming") {
    std::vector<Job> jobs = make_jobs();
    const std::string text = format_result(jobs, make_end(1), {}) +
                             format_result(jobs, make_end(2, JobEnd::How::failed), {});
    jobs[1].command.shell += " otherwise";
    jobs[2].command.shell += " otherwise";  // It did not finish: it is run anyway.
    const Earlier earlier = read_results(text, jobs);
    REQUIRE(earlier.bad == 1);
    CHECK(earlier.refusals[0].who == "line 1");
    CHECK(earlier.refusals[0].code == RefusalCode::conflict);
    CHECK_THAT(earlier.refusals[0].why, Catch::Matchers::Contains("job b has finished"));
    CHECK_THAT(earlier.refusals[0].why, Catch::Matchers::Contains("line 2 of the jobs file"));
}

TEST_CASE("lines that are no results are refused with their number") {
    const std::vector<Job> jobs = make_jobs();
    const Earlier earlier =
        read_results("nonsense\n{}\n[1]\n\n{\"id\":\"a\",\"state\":\"finished\"}\n", jobs);
    CHECK(earlier.bad == 5);
    CHECK(earlier.refusals[0].who == "line 1");
    CHECK(earlier.refusals[4].who == "line 5");
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += "x\n";
    CHECK(read_results(many, jobs).bad == 100);
    CHECK(read_results(many, jobs).refusals.size() == Earlier::refusals_max);
}

TEST_CASE("a results file takes lines, and is not written over") {
    const TemporaryFolder folder;
    const std::string path = folder.file("results");
    {
        auto file = ResultsFile::open(path, false);
        REQUIRE(file.has_value());
        (*file)->append("one\n");
        CHECK(text_of(path) == "one\n");  // At once.
        (*file)->append("two\n");
        CHECK((*file)->finish().has_value());
    }
    const auto again = ResultsFile::open(path, false);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == RefusalCode::already_exists);
    CHECK(text_of(path) == "one\ntwo\n");
    auto resumed = ResultsFile::open(path, true);
    REQUIRE(resumed.has_value());
    CHECK((*resumed)->take_earlier() == "one\ntwo\n");
    (*resumed)->append("three\n");
    CHECK(text_of(path) == "one\ntwo\nthree\n");
}

TEST_CASE("a line that a crash has cut off is taken away when the run is resumed") {
    const TemporaryFolder folder;
    const std::string path = folder.file("results");
    for (const std::string whole : {"", "one\n", "one\ntwo\n"}) {
        put(path, whole + "cut o");
        auto file = ResultsFile::open(path, true);
        REQUIRE(file.has_value());
        CHECK((*file)->take_earlier() == whole);
        (*file)->append("next\n");
        CHECK(text_of(path) == whole + "next\n");
    }
}

TEST_CASE("a run may be resumed that never began") {
    const TemporaryFolder folder;
    auto file = ResultsFile::open(folder.file("results"), true);
    REQUIRE(file.has_value());
    CHECK((*file)->take_earlier().empty());
}

TEST_CASE("two runs do not write one file") {
    const TemporaryFolder folder;
    const auto one = ResultsFile::open(folder.file("results"), false);
    REQUIRE(one.has_value());
    const auto other = ResultsFile::open(folder.file("results"), true);
    REQUIRE_FALSE(other.has_value());
    CHECK(other.error().code == RefusalCode::conflict);
}

TEST_CASE("a results file that cannot be opened or written says so") {
    const TemporaryFolder folder;
    const auto nowhere = ResultsFile::open(folder.file("no/such/folder"), false);
    REQUIRE_FALSE(nowhere.has_value());
    CHECK(nowhere.error().code == RefusalCode::unavailable);

    auto full = ResultsFile::open("/dev/full", false);
    REQUIRE(full.has_value());
    CHECK_FALSE((*full)->failure());
    (*full)->append("one\n");
    REQUIRE((*full)->failure());
    CHECK_THAT((*full)->failure()->why, Catch::Matchers::Contains("No space"));
    CHECK_FALSE((*full)->finish().has_value());
    CHECK_FALSE(ResultsFile::open("/dev/null", true).has_value());
}
