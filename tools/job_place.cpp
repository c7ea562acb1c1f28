// SPDX-License-Identifier: Apache-2.0

#include "job_place.hpp"

#include <offerkit/resources/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>

namespace offerkit::tools {

namespace {

constexpr std::size_t waits_for_shown_max = 10;

const char* format_stage(JobStage stage) {
    switch (stage) {
        case JobStage::blocked:
            return "blocked";
        case JobStage::ready:
            return "waiting";
        case JobStage::launched:
            return "launched";
        case JobStage::retrying:
            return "retrying";
        case JobStage::finished:
            return "finished";
        case JobStage::failed:
            return "failed";
        case JobStage::not_run:
            return "not_run";
    }
    return "?";
}

}  // namespace

std::string format_place(const BatchScheduler& scheduler, const std::string& job) {
    const std::optional<JobPlace> place = scheduler.find(job);
    if (!place) return {};
    nlohmann::ordered_json json = {
        {"job", place->job->id},
        {"stage", format_stage(place->stage)},
        {"framework", scheduler.framework().is_none() ? "" : format_id(scheduler.framework())},
        {"wanted", format_resources(place->job->resources)},
        {"task", place->task.text()},
        {"waits_for", nlohmann::ordered_json::array()},
        {"waits_for_count", place->waits_for.size()},
        {"failures", place->failures}};
    const std::size_t shown = std::min(place->waits_for.size(), waits_for_shown_max);
    for (std::size_t i = 0; i < shown; ++i) {
        const Job& other = *place->waits_for[i];
        json["waits_for"].push_back(
            {{"job", other.id}, {"stage", format_stage(scheduler.find(other.id)->stage)}});
    }
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace offerkit::tools
