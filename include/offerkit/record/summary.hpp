// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The state of a machine for people, at any moment of a replay: some facts and a few tables.

#include <offerkit/agent/agent.hpp>
#include <offerkit/executor/executor.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/master/master.hpp>

#include <string>
#include <utility>
#include <vector>

namespace offerkit::record {

struct SummaryTable {
    std::string title;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  // Each as long as `columns`.
};

struct Summary {
    std::vector<std::pair<std::string, std::string>> facts;
    std::vector<SummaryTable> tables;
};

[[nodiscard]] Summary summarize(const master::Master& machine);
[[nodiscard]] Summary summarize(const agent::Agent& machine);
[[nodiscard]] Summary summarize(const framework::Framework& machine);
[[nodiscard]] Summary summarize(const executor::Executor& machine);

}  // namespace offerkit::record
