// SPDX-License-Identifier: Apache-2.0
// offerkit-agent: offers a machine's resources to a master, and runs tasks on it.
#include <daemons/agent/options.hpp>
#include <daemons/agent/wiring.hpp>
#include <daemons/common/process.hpp>

#include <utility>

int main(int argc, char** argv) {
    offerkit::daemons::ignore_broken_pipes();
    auto options = offerkit::daemons::read_agent_options(argc, argv);
    if (!options) return offerkit::daemons::tell_refusal("offerkit-agent", options.error());
    if (!options->problems.empty()) {
        return offerkit::daemons::tell_refusals("offerkit-agent", options->problems);
    }
    return offerkit::daemons::run_agent(std::move(options).value());
}
